package openai_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/openai"
	"github.com/ohmycoins/omc/internal/llm/replay"
	"github.com/tmc/langchaingo/llms"
)

// recorded is a recorded request, as far as omc makes such.
type recorded struct {
	Model    string `json:"model"`
	Stream   bool   `json:"stream"`
	Messages []struct {
		Role       string          `json:"role"`
		Content    json.RawMessage `json:"content"`
		ToolCallID string          `json:"tool_call_id"`
		ToolCalls  []struct {
			ID       string `json:"id"`
			Function struct {
				Name      string `json:"name"`
				Arguments string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	} `json:"messages"`
	Tools []struct {
		Function struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Parameters  any    `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
}

func plainText(raw json.RawMessage) string {
	text := ""
	var parts []struct{ Text string }
	if json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &parts) == nil {
		for _, p := range parts {
			text += p.Text
		}
	}
	return text
}

// shape is what of a request must be the same in omc's.
func (r *recorded) shape() string {
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString(m.Role + " " + plainText(m.Content) + " " + m.ToolCallID + "\n")
		for _, c := range m.ToolCalls {
			b.WriteString("  " + c.ID + " " + c.Function.Name + " " + c.Function.Arguments + "\n")
		}
	}
	for _, x := range r.Tools {
		p, _ := json.Marshal(x.Function.Parameters) // of JSON
		b.WriteString(x.Function.Name + " " + x.Function.Description + " " + string(p) + "\n")
	}
	return b.String()
}

func (r *recorded) conversation() (messages []llms.MessageContent, tools []llms.Tool) {
	for _, m := range r.Messages {
		switch m.Role {
		case "system", "developer":
			messages = append(messages, llms.TextParts(llms.ChatMessageTypeSystem, plainText(m.Content)))
		case "user":
			messages = append(messages, llms.TextParts(llms.ChatMessageTypeHuman, plainText(m.Content)))
		case "assistant":
			var calls []llms.ToolCall
			for _, c := range m.ToolCalls {
				calls = append(calls, llms.ToolCall{ID: c.ID, Type: "function", FunctionCall: &llms.FunctionCall{Name: c.Function.Name, Arguments: c.Function.Arguments}})
			}
			messages = append(messages, llm.Calls(plainText(m.Content), calls))
		case "tool":
			messages = append(messages, llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: m.ToolCallID, Content: plainText(m.Content)}}})
		}
	}
	for _, x := range r.Tools {
		tools = append(tools, llms.Tool{Type: "function", Function: &llms.FunctionDefinition{Name: x.Function.Name, Description: x.Function.Description, Parameters: x.Function.Parameters}})
	}
	return messages, tools
}

// said is an answer, read from the recorded bytes in the plainest way.
type said struct {
	text, finish string
	tools        []string // name and arguments, in order
	ids          []string
	in, out      int64
	broken       bool
}

func readAnswer(t *testing.T, body []byte, stream bool) (s said) {
	t.Helper()
	type call struct {
		Index    int
		ID       string
		Function struct{ Name, Arguments string }
	}
	type part struct {
		Content   string
		ToolCalls []call `json:"tool_calls"`
	}
	type event struct {
		Error   json.RawMessage
		Choices []struct {
			Delta, Message part
			FinishReason   string `json:"finish_reason"`
		}
		Usage *struct {
			Prompt     int64 `json:"prompt_tokens"`
			Completion int64 `json:"completion_tokens"`
			Total      int64 `json:"total_tokens"`
			Details    struct {
				Reasoning int64 `json:"reasoning_tokens"`
			} `json:"completion_tokens_details"`
		}
	}
	var events []event
	if stream {
		lines := bufio.NewScanner(bytes.NewReader(body))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "[DONE]" {
				var e event
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				events = append(events, e)
			}
		}
	} else {
		var e event
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		events = []event{e}
	}
	calls := map[int]*call{}
	for _, e := range events {
		s.broken = s.broken || len(e.Error) > 0
		if u := e.Usage; u != nil {
			if s.in, s.out = u.Prompt, u.Completion; u.Total == u.Prompt+u.Completion+u.Details.Reasoning {
				s.out = u.Total - u.Prompt
			}
		}
		for _, c := range e.Choices {
			s.text += c.Delta.Content + c.Message.Content
			if c.FinishReason != "" {
				s.finish = c.FinishReason // OpenRouter says it twice
			}
			for i, x := range append(c.Delta.ToolCalls, c.Message.ToolCalls...) {
				if !stream {
					x.Index = i
				}
				k := calls[x.Index]
				if k == nil {
					k = &call{}
					calls[x.Index] = k
				}
				k.ID += x.ID
				k.Function.Name += x.Function.Name
				k.Function.Arguments += x.Function.Arguments
			}
		}
	}
	for _, i := range slices.Sorted(maps.Keys(calls)) {
		s.tools = append(s.tools, calls[i].Function.Name+" "+calls[i].Function.Arguments)
		s.ids = append(s.ids, calls[i].ID)
	}
	return s
}

// failures are what the recorded failures are.
var failures = map[string]llm.Kind{
	"azure/classic-errors/00": llm.KindModel, "azure/classic-errors/01": llm.KindModel, "azure/classic-errors/02": llm.KindModel,
	"azure/classic-reasoning/01": llm.KindModel, "azure/classic-reasoning/02": llm.KindModel, "azure/classic-reasoning/03": llm.KindModel,
	"azure/error-auth/00": llm.KindAuth, "azure/error-context-length/00": llm.KindRate, "ollama/error-auth/00": llm.KindAuth, "ollama/error-context-length/00": llm.KindContext,
	"openai/error-auth-deepseek/00": llm.KindAuth, "openai/error-context-length-deepseek/00": llm.KindContext, "openai/otel-chat_completion_404/00": llm.KindModel,
	"openrouter/error-auth/00": llm.KindAuth, "openrouter/error-context-length/00": llm.KindContext, "openrouter/test_openrouter_errors_raised/00": llm.KindRate,
	"openrouter/test_openrouter_errors_raised/01": llm.KindRate, "openrouter/test_openrouter_errors_raised/02": llm.KindRate,
}

// Every recorded exchange of chat completions: omc sends what was sent, and reads what was answered, whole and streamed.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	all := replay.Exchanges(t, "/chat/completions")
	failed := 0
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			var want, got recorded
			if err := json.Unmarshal(e.Request, &want); err != nil {
				t.Fatal(err)
			}
			s := e.Serve(t)
			c := openai.Config{BaseURL: s.URL + "/v1", Key: key, Model: want.Model}
			if u, err := url.Parse(e.URL); err != nil {
				t.Fatal(err)
			} else if _, rest, ok := strings.Cut(u.Path, "/openai/deployments/"); ok {
				c.BaseURL, c.APIVersion = s.URL, u.Query().Get("api-version")
				c.Deployment, _, _ = strings.Cut(rest, "/")
				defer func() {
					if s.Path != u.RequestURI() || s.Header.Get("Api-Key") != key || s.Header.Get("Authorization") != "" {
						t.Errorf("asked %s, %v", s.Path, s.Header)
					}
				}()
			}
			m, err := openai.New(c)
			if err != nil {
				t.Fatal(err)
			}
			messages, tools := want.conversation()
			ctx, heard := t.Context(), strings.Builder{}
			if want.Stream {
				ctx = llm.Listen(ctx, func(d llm.Delta) error { heard.WriteString(d.Text); return nil })
			}
			r, err := m.GenerateContent(ctx, messages, llms.WithTools(tools), llms.WithMaxTokens(1000))
			if s.Sent != 1 || json.Unmarshal(s.Body, &got) != nil {
				t.Fatalf("%d requests, the last %s", s.Sent, s.Body)
			}
			for i := range want.Messages {
				if want.Messages[i].Role == "developer" {
					want.Messages[i].Role = "system"
				}
			}
			if got.shape() != want.shape() || got.Stream != want.Stream {
				t.Errorf("sent:\n%s\nrecorded:\n%s", got.shape(), want.shape())
			}
			var f *llm.Error
			if errors.As(err, &f) && strings.Contains(f.Text, key) {
				t.Error("the key is in the error")
			}
			if kind, ok := failures[e.Name]; ok || e.Status != 200 {
				if f == nil || f.Kind != kind || f.Status != e.Status || f.Text == "without a message" || !f.Unsent {
					t.Errorf("%+v", f)
				}
				return
			}
			a := readAnswer(t, e.Body, want.Stream)
			switch {
			case a.broken:
				if f == nil || f.Unsent || !f.Kind.Again() && f.Kind != llm.KindRefused {
					t.Errorf("broken: %+v", f)
				}
				return
			case a.finish == "length":
				if f == nil || f.Kind != llm.KindCut {
					t.Errorf("cut: %+v", f)
				}
				return
			case a.finish == "content_filter":
				if f == nil || f.Kind != llm.KindRefused {
					t.Errorf("filtered: %+v", f)
				}
				return
			case a.finish == "":
				if f == nil || f.Kind != llm.KindBroken {
					t.Errorf("not complete: %+v", f)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			x := r.Choices[0]
			var made, ids []string
			for _, k := range x.ToolCalls {
				made, ids = append(made, k.FunctionCall.Name+" "+k.FunctionCall.Arguments), append(ids, k.ID)
			}
			if x.Content != a.text || !slices.Equal(made, a.tools) || !slices.Equal(ids, a.ids) || x.StopReason != a.finish || want.Stream && heard.String() != a.text {
				t.Errorf("read %q %v %v %s, heard %q\nwant %q %v %v %s", x.Content, made, ids, x.StopReason, heard.String(), a.text, a.tools, a.ids, a.finish)
			}
			if u, ok := llm.UsageOf(r); ok != (a.in > 0) || u.In != a.in || u.Out != a.out {
				t.Errorf("usage %+v, want %d and %d", u, a.in, a.out)
			}
		})
		if _, ok := failures[e.Name]; ok {
			failed++
		}
	}
	if failed != len(failures) {
		t.Errorf("%d of %d failures were replayed", failed, len(failures))
	}
}
