// Package openai speaks to models behind OpenAI's chat completions: OpenAI's own, and any server that speaks the same. It never streams,
// never sends a request twice, and never lets the key into an error.
package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/tmc/langchaingo/llms"
	chat "github.com/tmc/langchaingo/llms/openai"
)

// Name is the provider's.
const Name = "openai"

// Bounds.
const (
	maxAnswer      = 1 << 20 // bytes of a whole answer
	maxText        = 300     // bytes of a provider's message in an error
	defaultTimeout = time.Minute
	maxRetryAfter  = 24 * time.Hour
)

// Config is where a model is.
type Config struct {
	BaseURL string // with its version: https://api.openai.com/v1
	Key     string // "": none is sent
	Model   string
	Timeout time.Duration // of one request; 0: a minute
	Client  *http.Client  // nil: one of its own that follows no redirect, so that the key goes nowhere else
}

// Model implements llm.Model. Safe for concurrent use.
type Model struct {
	inner  *chat.LLM
	config Config
	legacy bool
}

// New returns the model.
func New(c Config) (*Model, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("model: llm.providers.openai.base_url is no http address")
	}
	if c.Model == "" {
		return nil, errors.New("model: llm.providers.openai.model is not set")
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Client == nil {
		c.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	m := &Model{config: c}
	// OpenAI's reasoning models refuse max_tokens; other servers may know nothing but it, and ignore what they do not know: unbounded answers.
	host := u.Hostname()
	m.legacy = !strings.HasSuffix(host, "openai.com") && !strings.HasSuffix(host, "azure.com")
	token := c.Key
	if token == "" {
		token = "none" // langchaingo would look for one in the environment; Do takes it off again
	}
	m.inner, err = chat.New(chat.WithToken(token), chat.WithModel(c.Model), chat.WithBaseURL(strings.TrimSuffix(c.BaseURL, "/")), chat.WithHTTPClient(m))
	if err != nil {
		return nil, fmt.Errorf("model: %s", m.mask(err.Error()))
	}
	return m, nil
}

// Call implements llm.Model.
func (m *Model) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// failure is how Do tells its caller what langchaingo turns into a plain text.
type failure struct{ err *llm.Error }

type failureKey struct{}

// GenerateContent implements llm.Model: one request, one answer. A failure is an *llm.Error.
func (m *Model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	if o.StreamingFunc != nil || o.StreamingReasoningFunc != nil {
		return nil, &llm.Error{Provider: Name, Unsent: true, Text: "streaming is not supported: langchaingo merges parallel tool calls and mixes them into the text"}
	}
	if m.legacy {
		options = append(options, chat.WithLegacyMaxTokensField())
	}
	ctx, cancel := context.WithTimeout(ctx, m.config.Timeout)
	defer cancel()
	var f failure
	r, err := m.inner.GenerateContent(context.WithValue(ctx, failureKey{}, &f), messages, options...)
	if f.err != nil {
		return nil, f.err
	}
	if err != nil {
		return nil, &llm.Error{Provider: Name, Text: m.mask(err.Error())}
	}
	return r, nil
}

// Do implements langchaingo's client: it sends once, reads a bounded answer, and lets nothing pass that is no answer. langchaingo would
// take a page of HTML and an answer without choices for an empty success, and loses status and Retry-After.
func (m *Model) Do(req *http.Request) (*http.Response, error) {
	if m.config.Key == "" {
		req.Header.Del("Authorization")
	}
	fail := func(e llm.Error) (*http.Response, error) {
		e.Provider, e.Text = Name, m.mask(e.Text)
		if f, ok := req.Context().Value(failureKey{}).(*failure); ok {
			f.err = &e
		}
		return nil, &e
	}
	r, err := m.config.Client.Do(req)
	if err != nil {
		var op *net.OpError
		return fail(llm.Error{Unsent: errors.As(err, &op) && op.Op == "dial", Text: plain(err)})
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case r.StatusCode != http.StatusOK:
		return fail(llm.Error{Status: r.StatusCode, RetryAfter: retryAfter(r.Header), Unsent: r.StatusCode >= 300 && r.StatusCode < 500, Text: said(body)})
	case err != nil:
		return fail(llm.Error{Status: r.StatusCode, Text: "the answer broke off: " + plain(err)})
	case len(body) > maxAnswer:
		return fail(llm.Error{Status: r.StatusCode, Text: fmt.Sprintf("the answer has more than %d bytes", maxAnswer)})
	}
	var shape struct {
		Choices []struct {
			FinishReason string `json:"finish_reason"`
			Message      *struct {
				Content   *string           `json:"content"`
				Refusal   string            `json:"refusal"`
				ToolCalls []json.RawMessage `json:"tool_calls"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(body, &shape); err != nil {
		return fail(llm.Error{Status: r.StatusCode, Text: "the answer is no JSON of a chat completion"})
	}
	if len(shape.Choices) == 0 || shape.Choices[0].Message == nil {
		return fail(llm.Error{Status: r.StatusCode, Text: "the answer holds no choice"})
	}
	switch c := shape.Choices[0]; {
	case c.Message.Refusal != "" || c.FinishReason == "content_filter":
		return fail(llm.Error{Status: r.StatusCode, Text: "the model refused to answer"})
	case c.FinishReason == "length":
		return fail(llm.Error{Status: r.StatusCode, Text: "the answer was cut at its most tokens; a model that thinks before it answers needs more than omc grants"})
	case len(c.Message.ToolCalls) == 0 && (c.Message.Content == nil || *c.Message.Content == ""):
		return fail(llm.Error{Status: r.StatusCode, Text: "the answer is empty"})
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

// mask takes the key out of a text: servers and libraries repeat what they were sent.
func (m *Model) mask(s string) string {
	if m.config.Key != "" {
		s = strings.ReplaceAll(s, m.config.Key, "********")
		// OpenAI repeats a wrong key as its first and last characters around stars.
		for w := range strings.FieldsSeq(s) {
			head, tail, starred := strings.Cut(strings.Trim(w, ".,;:'\""), "*")
			if starred && head != "" && strings.HasPrefix(m.config.Key, head) && strings.HasSuffix(m.config.Key, strings.TrimLeft(tail, "*")) {
				s = strings.ReplaceAll(s, w, "********")
			}
		}
	}
	return s
}

// plain is a network error without the URL, which may hold what nobody should see.
func plain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "given up: omc was stopping"
	}
	return err.Error()
}

// said is the message of an error's body: {"error":{"message":…}}, or {"error":"…"} as some servers have it.
func said(body []byte) string {
	var e struct {
		Error json.RawMessage `json:"error"`
	}
	text := ""
	if json.Unmarshal(body, &e) == nil && len(e.Error) > 0 {
		var whole struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(e.Error, &text) != nil && json.Unmarshal(e.Error, &whole) == nil {
			text = whole.Message
		}
	}
	if text == "" {
		text = "without a message"
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// retryAfter reads the header in milliseconds or seconds; a date is left aside.
func retryAfter(h http.Header) time.Duration {
	for _, x := range []struct {
		name string
		unit time.Duration
	}{{"Retry-After-Ms", time.Millisecond}, {"Retry-After", time.Second}} {
		if n, err := strconv.ParseFloat(h.Get(x.name), 64); err == nil && n > 0 {
			return min(time.Duration(min(n, 1e9)*float64(x.unit)), maxRetryAfter)
		}
	}
	return 0
}
