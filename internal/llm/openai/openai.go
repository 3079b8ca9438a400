// Package openai speaks to models behind chat completions: OpenAI's own, Azure's, and every server that speaks the same (OpenRouter, Groq,
// vLLM, LM Studio, Ollama under /v1). langchaingo makes the request and reads the answer. It falls short where an answer is streamed
// (interleaved parallel tool calls are merged, their JSON is mixed into the text, an error inside a stream is an empty success), where a
// temperature was not asked for (it sends 0, which some models refuse), and in failures (status and Retry-After are lost). So the request
// is put right, and the answer made whole, on their way over the wire.
package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/wire"
	"github.com/tmc/langchaingo/llms"
	chat "github.com/tmc/langchaingo/llms/openai"
)

// Name is the provider's, where Config names none.
const Name = "openai"

// defaultTimeout is how long a model may say nothing.
const defaultTimeout = time.Minute

// Config is where a model is.
type Config struct {
	Provider   string // for errors; "": Name
	BaseURL    string // with its version: https://api.openai.com/v1. Of an Azure deployment the resource's: https://mine.openai.azure.com
	Key        string // "": none is sent
	Model      string
	Deployment string            // of Azure's classic address: the model is what was deployed under this name
	APIVersion string            // of Azure's classic address
	Timeout    time.Duration     // of silence; 0: a minute
	Transport  http.RoundTripper // nil: http.DefaultTransport
}

// Model implements llm.Model. Safe for concurrent use.
type Model struct {
	inner  *chat.LLM
	config Config
	wire   *wire.Transport
	client *http.Client
	base   *url.URL
	legacy bool
}

// New returns the model.
func New(c Config) (*Model, error) {
	if c.Provider == "" {
		c.Provider = Name
	}
	u, err := url.Parse(strings.TrimSuffix(c.BaseURL, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("model at %s: base_url is no http address", c.Provider)
	}
	if c.Deployment != "" && c.APIVersion == "" {
		return nil, fmt.Errorf("model at %s: a deployment needs an api_version, like 2024-10-21", c.Provider)
	}
	if c.Model == "" && c.Deployment == "" {
		return nil, fmt.Errorf("model at %s: model is not set", c.Provider)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	m := &Model{config: c, base: u, wire: &wire.Transport{Provider: c.Provider, Keys: []string{c.Key}, Silence: c.Timeout, Base: c.Transport}}
	m.client = m.wire.Client()
	// OpenAI's reasoning models refuse max_tokens; other servers may know nothing but it, and ignore what they do not know: unbounded answers.
	m.legacy = !strings.HasSuffix(u.Hostname(), "openai.com") && !strings.HasSuffix(u.Hostname(), "azure.com")
	model := c.Model
	if model == "" {
		model = c.Deployment
	}
	// langchaingo would look for a token in the environment; Do sets the real one.
	m.inner, err = chat.New(chat.WithToken("none"), chat.WithModel(model), chat.WithBaseURL(u.String()), chat.WithHTTPClient(m))
	if err != nil {
		return nil, m.wire.Fail(llm.Error{Text: err.Error()})
	}
	return m, nil
}

// Call implements llm.Model.
func (m *Model) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// call is what Do has to know of a call, and finds out.
type call struct {
	listen func(llm.Delta) error // nil: the answer comes whole
	warm   bool                  // a temperature was asked for
	usage  *usage
}

type callKey struct{}

// GenerateContent implements llm.Model: one request, one answer, streamed where somebody listens. A failure is an *llm.Error.
func (m *Model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	o := llms.CallOptions{Temperature: math.NaN()}
	for _, set := range options {
		set(&o)
	}
	c := &call{listen: llm.Listener(ctx, &o), warm: !math.IsNaN(o.Temperature)}
	options = append(options[:len(options):len(options)], func(o *llms.CallOptions) { o.StreamingFunc, o.StreamingReasoningFunc = nil, nil })
	if m.legacy {
		options = append(options, chat.WithLegacyMaxTokensField())
	}
	var r *llms.ContentResponse
	err := m.wire.Call(ctx, func(ctx context.Context) (err error) {
		r, err = m.inner.GenerateContent(context.WithValue(ctx, callKey{}, c), llm.Plain(messages), options...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if u, ok := c.usage.told(); ok {
		llm.TellUsage(r, u)
	}
	return r, nil
}

// Do implements langchaingo's client: it puts the request right, sends it once, and gives back a whole answer or none. langchaingo would
// take a page of HTML and an answer without choices for an empty success.
func (m *Model) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil, errors.New("a request outside of a call")
	}
	if err := m.prepare(req, c); err != nil {
		return nil, m.wire.Failed(ctx, llm.Error{Kind: llm.KindRequest, Unsent: true, Text: err.Error()})
	}
	r, err := m.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Body.Close() }()
	var body []byte
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); c.listen != nil && kind == "text/event-stream" {
		body, err = m.assemble(ctx, r.Body, c)
	} else {
		body, err = m.whole(ctx, r.Body, c)
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{Status: r.Status, StatusCode: r.StatusCode, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}, nil
}

// prepare makes the request what the provider takes.
func (m *Model) prepare(req *http.Request, c *call) error {
	req.Header.Del("Authorization")
	switch {
	case m.config.Deployment != "":
		u := *m.base
		u.Path = strings.TrimSuffix(u.Path, "/") + "/openai/deployments/" + url.PathEscape(m.config.Deployment) + "/chat/completions"
		u.RawQuery = url.Values{"api-version": {m.config.APIVersion}}.Encode()
		req.URL = &u
		fallthrough
	case strings.HasSuffix(m.base.Hostname(), ".azure.com"):
		if m.config.Key != "" {
			req.Header.Set("Api-Key", m.config.Key)
		}
	case m.config.Key != "":
		req.Header.Set("Authorization", "Bearer "+m.config.Key)
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	if !c.warm {
		delete(body, "temperature")
	}
	delete(body, "stream")
	delete(body, "stream_options")
	if c.listen != nil {
		body["stream"], body["stream_options"] = json.RawMessage("true"), json.RawMessage(`{"include_usage":true}`)
		req.Header.Set("Accept", "text/event-stream")
	}
	if raw, err = json.Marshal(body); err != nil {
		return err
	}
	req.Body, req.ContentLength, req.GetBody = io.NopCloser(bytes.NewReader(raw)), int64(len(raw)), nil
	return nil
}

// whole reads an answer that comes at once.
func (m *Model) whole(ctx context.Context, r io.Reader, c *call) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, wire.MaxAnswer+1))
	if err != nil {
		return nil, err
	}
	fail := func(kind llm.Kind, text string) ([]byte, error) {
		return nil, m.wire.Failed(ctx, llm.Error{Kind: kind, Status: http.StatusOK, Text: text})
	}
	if len(body) > wire.MaxAnswer {
		return fail(llm.KindBroken, fmt.Sprintf("the answer has more than %d bytes", wire.MaxAnswer))
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return fail(llm.KindBroken, "the answer is no JSON of a chat completion")
	}
	if len(a.Error) > 0 && string(a.Error) != "null" {
		return nil, m.wire.Failed(ctx, wire.Broken(body))
	}
	if len(a.Choices) > 0 && a.Choices[0].Message == nil && a.Choices[0].FinishReason == "content_filter" {
		a.Choices[0].Message = &message{} // Azure leaves it out
	}
	if len(a.Choices) == 0 || a.Choices[0].Message == nil {
		return fail(llm.KindBroken, "the answer holds no choice")
	}
	c.usage = a.Usage
	if kind, text := a.Choices[0].fault(); text != "" {
		return fail(kind, text)
	}
	if c.listen != nil { // a server that does not stream
		if err := a.Choices[0].Message.tell(c.listen); err != nil {
			return nil, m.wire.Failed(ctx, llm.Error{Kind: llm.KindStopped, Status: http.StatusOK, Text: err.Error()})
		}
	}
	a.Choices = a.Choices[:1]
	a.Choices[0].Message.complete()
	return json.Marshal(&a)
}
