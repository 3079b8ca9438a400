package openai_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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

func TestStreamingIsRefused(t *testing.T) {
	m, err := openai.New(openai.Config{BaseURL: "http://localhost", Model: "small"})
	if err != nil {
		t.Fatal(err)
	}
	var e *llm.Error
	if _, err := m.GenerateContent(t.Context(), nil, llms.WithStreamingFunc(func(context.Context, []byte) error { return nil })); !errors.As(err, &e) || !e.Unsent {
		t.Error(err)
	}
}
