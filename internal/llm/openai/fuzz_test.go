package openai_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/openai"
	"github.com/tmc/langchaingo/llms"
)

// answered is a provider that answers with given bytes.
type answered struct {
	status int
	kind   string
	body   string
}

func (a answered) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {a.kind}}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// Whatever a server answers, there is an answer that can be used, or an error that can be shown.
func FuzzAnswer(f *testing.F) {
	f.Add(200, true, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	f.Add(200, true, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":7,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}},{\"function\":{\"arguments\":\"}\"}}]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":-1}}\n\n")
	f.Add(200, true, ": ping\ndata: {\"error\":{\"code\":502,\"message\":\""+key+"\"}}\n\n")
	f.Add(200, false, `{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"x","arguments":""}}]},"finish_reason":"tool_calls"}],"usage":null}`)
	f.Add(200, false, `{"choices":[{"finish_reason":"content_filter"}]}`)
	f.Add(429, false, `[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"48s"}]}}]`)
	f.Add(400, false, `{"code":"invalid-argument","error":"Incorrect API key provided: sk*****ef"}`)
	f.Fuzz(func(t *testing.T, status int, stream bool, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		a := answered{status, "application/json", body}
		ctx := t.Context()
		heard := 0
		if stream {
			a.kind = "text/event-stream"
			ctx = llm.Listen(ctx, func(d llm.Delta) error { heard += len(d.Text); return nil })
		}
		m, err := openai.New(openai.Config{BaseURL: "http://localhost/v1", Key: key, Model: "small", Transport: a})
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.GenerateContent(ctx, []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "x")})
		if err != nil {
			var e *llm.Error
			if !errors.As(err, &e) || e.Text == "" || len(e.Text) > 400 || strings.Contains(e.Text, key) || !utf8.ValidString(e.Text) || strings.ContainsAny(e.Text, "\n\r") || e.RetryAfter < 0 {
				t.Errorf("%#v", err)
			}
			return
		}
		if status != 200 || len(r.Choices) != 1 || r.Choices[0].Content == "" && len(r.Choices[0].ToolCalls) == 0 || stream && heard != len(r.Choices[0].Content) {
			t.Errorf("%d: %+v, heard %d", status, r, heard)
		}
		for _, c := range r.Choices[0].ToolCalls {
			if c.ID == "" || c.FunctionCall == nil || c.FunctionCall.Arguments == "" {
				t.Errorf("%+v", c)
			}
		}
		if u, ok := llm.UsageOf(r); ok && (u.In <= 0 || u.Out < 0 || u.Cached > u.In || u.Thought > u.Out || u.Cached < 0 || u.Thought < 0) {
			t.Errorf("%+v", u)
		}
	})
}
