package openai_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/openai"
	"github.com/ohmycoins/omc/internal/llm/openai/fake"
	"github.com/tmc/langchaingo/llms"
)

const key = "sk-canary-0123456789abcdef"

func serve(t *testing.T, s *fake.Server) string {
	t.Helper()
	if s.Model == "" {
		s.Model = "small"
	}
	if s.Answer == nil {
		s.Answer = func(fake.Request) string { return "hello" }
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

func call(t *testing.T, c openai.Config) (*llms.ContentResponse, error) {
	t.Helper()
	m, err := openai.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m.GenerateContent(t.Context(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeSystem, "be short"), llms.TextParts(llms.ChatMessageTypeHuman, "say hello")}, llms.WithMaxTokens(77))
}

func TestOneAnswerWithItsUsage(t *testing.T) {
	s := &fake.Server{Key: key}
	r, err := call(t, openai.Config{BaseURL: serve(t, s) + "/", Key: key, Model: "small"})
	if err != nil || r.Choices[0].Content != "hello" {
		t.Fatal(r, err)
	}
	if u, told := llm.UsageOf(r); !told || u.In != 17/4+3 || u.Out != 2 {
		t.Error(u, told)
	}
	if asked := s.Asked(); len(asked) != 1 || asked[0].Most != 77 || len(asked[0].Messages) != 2 || asked[0].Messages[1].Content != "say hello" {
		t.Errorf("%+v", asked)
	}
	s.Fail(fake.NoUsage)
	if r, err = call(t, openai.Config{BaseURL: serve(t, s), Key: key, Model: "small"}); err != nil {
		t.Fatal(err)
	}
	if u, told := llm.UsageOf(r); told {
		t.Error("usage that nobody told:", u)
	}
}

func TestAModelOfOnesOwnMachineGetsNoKey(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", key)
	if _, err := call(t, openai.Config{BaseURL: serve(t, &fake.Server{}), Model: "small"}); err != nil {
		t.Error(err)
	}
}

func TestFailuresAreToldAndNeverSentAgain(t *testing.T) {
	for _, c := range []struct {
		fault  fake.Fault
		key    string
		model  string
		status int
		unsent bool
		after  time.Duration
		text   string
	}{
		{fault: fake.Limited, status: 429, unsent: true, after: 7 * time.Second, text: "Rate limit reached"},
		{fault: fake.Broken, status: 500, text: "The server had an error"},
		{fault: fake.HTML, status: 200, text: "no JSON"},
		{fault: fake.Truncated, status: 200, text: "broke off"},
		{fault: fake.Empty, status: 200, text: "no choice"},
		{fault: fake.Length, status: 200, text: "cut"},
		{fault: fake.Slow, text: "no answer in time"},
		{fault: fake.Echo, status: 500, text: "while serving Bearer ********"},
		{key: "sk-canary-wrong", status: 401, unsent: true, text: "Incorrect API key provided: ********"},
		{model: "large", status: 404, unsent: true, text: "does not exist"},
	} {
		t.Run(string(c.fault)+c.key+c.model, func(t *testing.T) {
			t.Parallel()
			s := &fake.Server{Key: key}
			s.Fail(c.fault)
			o := openai.Config{BaseURL: serve(t, s), Key: key, Model: "small", Timeout: time.Minute}
			if c.fault == fake.Slow {
				o.Timeout = 50 * time.Millisecond
			}
			if c.key != "" {
				o.Key = c.key
			}
			if c.model != "" {
				o.Model = c.model
			}
			_, err := call(t, o)
			var e *llm.Error
			if !errors.As(err, &e) || e.Status != c.status || e.Unsent != c.unsent || e.RetryAfter != c.after || !strings.Contains(e.Text, c.text) {
				t.Errorf("%+v", err)
			}
			if err != nil && (strings.Contains(err.Error(), key) || strings.Contains(err.Error(), o.Key)) {
				t.Error("the key is in the error:", err)
			}
			if s.Sent() != 1 {
				t.Errorf("%d requests went over the wire", s.Sent())
			}
		})
	}
}

func TestNobodyThereIsNotCharged(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := call(t, openai.Config{BaseURL: server.URL, Key: key, Model: "small"})
	var e *llm.Error
	if !errors.As(err, &e) || !e.Unsent || e.Status != 0 {
		t.Errorf("%+v", err)
	}
}

func TestTheKeyFollowsNoRedirect(t *testing.T) {
	other := &fake.Server{Key: key}
	to := serve(t, other)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+"/chat/completions", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	if _, err := call(t, openai.Config{BaseURL: server.URL, Key: key, Model: "small"}); err == nil || other.Sent() != 0 {
		t.Error(err, other.Sent())
	}
}

func TestEndlessAnswersEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	if _, err := call(t, openai.Config{BaseURL: server.URL, Key: key, Model: "small"}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// conversation asks for tools, answers them and asks on.
func conversation(t *testing.T, m *openai.Model, listen func(llm.Delta) error) (*llms.ContentResponse, error) {
	t.Helper()
	tools := []llms.Tool{{Type: "function", Function: &llms.FunctionDefinition{Name: "look", Description: "looks", Parameters: map[string]any{"type": "object", "properties": map[string]any{}}}}}
	messages := []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeSystem, "be short"), llms.TextParts(llms.ChatMessageTypeHuman, "look at both")}
	ctx := t.Context()
	if listen != nil {
		ctx = llm.Listen(ctx, listen)
	}
	for range 3 {
		r, err := m.GenerateContent(ctx, messages, llms.WithTools(tools))
		if err != nil || len(r.Choices[0].ToolCalls) == 0 {
			return r, err
		}
		messages = append(messages, llm.Calls(r.Choices[0].Content, r.Choices[0].ToolCalls))
		for _, c := range r.Choices[0].ToolCalls {
			messages = append(messages, llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{
				llms.ToolCallResponse{ToolCallID: c.ID, Name: c.FunctionCall.Name, Content: "seen " + c.FunctionCall.Arguments}}})
		}
	}
	t.Fatal("it never stops")
	return nil, nil
}

// lookTwice is a server that first calls a tool twice at once.
func lookTwice() *fake.Server {
	return &fake.Server{Key: key, Calls: func(r fake.Request) []fake.Call {
		if len(r.Messages) > 2 {
			return nil
		}
		return []fake.Call{{ID: "call_a", Tool: "look", Args: `{"at":"BTC/AUD","text":"ä \"quoted\""}`}, {ID: "call_b", Tool: "look", Args: `{"at":"ETH/AUD"}`}}
	}}
}

func TestStreamedAndWholeAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	var asked [2][]fake.Request
	var answers [2]string
	for i, listens := range []bool{false, true} {
		s := lookTwice()
		m, err := openai.New(openai.Config{BaseURL: serve(t, s), Key: key, Model: "small"})
		if err != nil {
			t.Fatal(err)
		}
		var text, first, second strings.Builder
		var tools []string
		var listen func(llm.Delta) error
		if listens {
			listen = func(d llm.Delta) error {
				text.WriteString(d.Text)
				if d.Tool != "" {
					tools = append(tools, d.Tool)
				}
				if d.Call == 0 {
					first.WriteString(d.Args)
				} else {
					second.WriteString(d.Args)
				}
				return nil
			}
		}
		r, err := conversation(t, m, listen)
		if err != nil {
			t.Fatal(err)
		}
		if u, ok := llm.UsageOf(r); !ok || u.In == 0 || u.Cached != 2 || u.Thought != 1 || u.Out != 2 {
			t.Errorf("usage %+v", u)
		}
		asked[i], answers[i] = s.Asked(), r.Choices[0].Content+" "+r.Choices[0].StopReason
		for k := range asked[i] {
			if asked[i][k].Stream != listens || asked[i][k].Warm {
				t.Errorf("asked for %+v", asked[i][k])
			}
			asked[i][k].Stream = false
		}
		if listens && (text.String() != "hellohello" || first.String() != `{"at":"BTC/AUD","text":"ä \"quoted\""}` || second.String() != `{"at":"ETH/AUD"}` || len(tools) != 2) {
			t.Errorf("heard %q, %v %q %q", text.String(), tools, first.String(), second.String())
		}
	}
	if !reflect.DeepEqual(asked[0], asked[1]) || answers[0] != answers[1] || len(asked[0]) != 2 {
		t.Errorf("%+v %q\n%+v %q", asked[0], answers[0], asked[1], answers[1])
	}
	if last := asked[0][1].Messages; len(last) != 5 || len(last[2].Calls) != 2 || last[3].CallID != "call_a" || last[4].Content != `seen {"at":"ETH/AUD"}` {
		t.Errorf("%+v", last)
	}
}

func TestStreamedFailuresAreTold(t *testing.T) {
	for _, c := range []struct {
		fault fake.Fault
		kind  llm.Kind
		text  string
	}{
		{fake.Limited, llm.KindRate, "Rate limit"},
		{fake.Poor, llm.KindQuota, "quota"},
		{fake.Long, llm.KindContext, "maximum context length"},
		{fake.Filtered, llm.KindRefused, "filtered"},
		{fake.Broken, llm.KindOverloaded, "had an error"},
		{fake.HTML, llm.KindBroken, "no JSON"},
		{fake.Midway, llm.KindOverloaded, "Provider returned error"},
		{fake.CutOff, llm.KindBroken, "broke off"},
		{fake.Quiet, llm.KindSilent, "no answer in time"},
		{fake.Garbage, llm.KindBroken, "no JSON"},
		{fake.Huge, llm.KindBroken, "more than"},
		{fake.Length, llm.KindCut, "cut"},
		{fake.Unstream, "", ""},
		{fake.NoUsage, "", ""},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			s := &fake.Server{Key: key}
			s.Fail(c.fault)
			o := openai.Config{BaseURL: serve(t, s), Key: key, Model: "small"}
			if c.fault == fake.Quiet {
				o.Timeout = 100 * time.Millisecond
			}
			m, err := openai.New(o)
			if err != nil {
				t.Fatal(err)
			}
			var heard strings.Builder
			r, err := conversation(t, m, func(d llm.Delta) error { heard.WriteString(d.Text); return nil })
			if c.text == "" {
				if err != nil || r.Choices[0].Content != "hello" || heard.String() != "hello" {
					t.Error(r, err, heard.String())
				}
				return
			}
			var e *llm.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Text, c.text) || e.Unsent && e.Status == 200 {
				t.Errorf("%+v", err)
			}
			if s.Sent() != 1 {
				t.Errorf("%d requests went over the wire", s.Sent())
			}
		})
	}
}

func TestWhoListensMayStop(t *testing.T) {
	t.Parallel()
	s := &fake.Server{Key: key}
	m, err := openai.New(openai.Config{BaseURL: serve(t, s), Key: key, Model: "small"})
	if err != nil {
		t.Fatal(err)
	}
	var e *llm.Error
	if _, err := conversation(t, m, func(llm.Delta) error { return errors.New("enough") }); !errors.As(err, &e) || e.Kind != llm.KindStopped {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Fail(fake.Quiet)
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = m.GenerateContent(llm.Listen(ctx, func(llm.Delta) error { return nil }), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "x")})
	if !errors.As(err, &e) || e.Kind != llm.KindStopped {
		t.Error(err)
	}
}
