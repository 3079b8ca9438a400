// Package anthropic speaks to Anthropic's models over the provider's own library. langchaingo's adapter keeps only the first part of an
// assistant's message, so that tool calls are lost, and sends neither cache marks nor thoughts back.
package anthropic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/packages/param"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/wire"
	"github.com/tmc/langchaingo/llms"
)

// Name is the provider's.
const Name = "anthropic"

// BaseURL is where its models are.
const BaseURL = "https://api.anthropic.com"

// defaultMost is the most tokens of an answer where the caller names none: the interface wants a number.
const defaultMost = 8192

// Config is where a model is.
type Config struct {
	BaseURL   string // "": BaseURL
	Key       string
	Model     string
	Timeout   time.Duration     // of silence; 0: wire.DefaultSilence
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Model implements llm.Model. Safe for concurrent use.
type Model struct {
	service sdk.MessageService
	config  Config
	wire    *wire.Transport
}

// New returns the model. Nothing is read from the environment: what the library finds there is not omc's.
func New(c Config) (*Model, error) {
	if c.BaseURL == "" {
		c.BaseURL = BaseURL
	}
	u, err := url.Parse(strings.TrimSuffix(c.BaseURL, "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("model at %s: base_url is no http address", Name)
	case c.Model == "":
		return nil, fmt.Errorf("model at %s: model is not set", Name)
	case c.Key == "":
		return nil, fmt.Errorf("model at %s: api_key is not set", Name)
	}
	m := &Model{config: c, wire: &wire.Transport{Provider: Name, Keys: []string{c.Key}, Silence: c.Timeout, Base: c.Transport}}
	m.service = sdk.NewMessageService(option.WithBaseURL(u.String()+"/"), option.WithAPIKey(c.Key), option.WithHTTPClient(m.wire.Client()), option.WithMaxRetries(0))
	return m, nil
}

// Call implements llm.Model.
func (m *Model) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, m, prompt, options...)
}

// mostWhole is up to how many tokens an answer may come whole: the library refuses what may take ten minutes.
const mostWhole = 16_000

// GenerateContent implements llm.Model: one request, one answer, streamed where somebody listens or the answer may be long. A failure is an
// *llm.Error.
func (m *Model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	o := llms.CallOptions{Temperature: math.NaN()}
	for _, set := range options {
		set(&o)
	}
	params, err := m.request(messages, &o)
	if err != nil {
		return nil, m.wire.Fail(llm.Error{Kind: llm.KindRequest, Unsent: true, Text: err.Error()})
	}
	listen := llm.Listener(ctx, &o)
	whole := listen == nil && params.MaxTokens <= mostWhole
	if listen == nil {
		listen = func(llm.Delta) error { return nil }
	}
	var answer *sdk.Message
	err = m.wire.Call(ctx, func(ctx context.Context) (err error) {
		if whole {
			answer, err = m.service.New(ctx, params)
			return err
		}
		answer, err = m.stream(ctx, params, listen)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.read(answer)
}

// stream asks, and puts the answer together.
func (m *Model) stream(ctx context.Context, params sdk.MessageNewParams, listen func(llm.Delta) error) (*sdk.Message, error) {
	s := m.service.NewStreaming(ctx, params)
	if err := s.Err(); err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	fail := func(kind llm.Kind, text string) (*sdk.Message, error) {
		return nil, m.wire.Failed(ctx, llm.Error{Kind: kind, Status: http.StatusOK, Text: text})
	}
	answer, ended, size := &sdk.Message{}, false, 0
	calls := map[int64]int{} // by content block
	for s.Next() {
		ev := s.Current()
		if err := answer.Accumulate(ev); err != nil {
			return fail(llm.KindBroken, "the answer broke off: "+err.Error())
		}
		d := llm.Delta{}
		switch ev.Type {
		case "content_block_start":
			if ev.ContentBlock.Type == "tool_use" {
				calls[ev.Index] = len(calls)
				d.Call, d.Tool = calls[ev.Index], ev.ContentBlock.Name
			}
		case "content_block_delta":
			d.Call = calls[ev.Index]
			d.Text, d.Thought, d.Args = ev.Delta.Text, ev.Delta.Thinking, ev.Delta.PartialJSON
		case "message_stop":
			ended = true
		}
		if d.Text == "" && d.Thought == "" && d.Tool == "" && d.Args == "" {
			continue
		}
		if size += len(d.Text) + len(d.Thought) + len(d.Tool) + len(d.Args); size > wire.MaxAnswer {
			return fail(llm.KindBroken, fmt.Sprintf("the answer has more than %d bytes", wire.MaxAnswer))
		}
		if err := listen(d); err != nil {
			return fail(llm.KindStopped, err.Error())
		}
	}
	if err := s.Err(); err != nil {
		// The library tells an error event as a text with the event in it.
		if _, event, ok := strings.Cut(err.Error(), "received error while streaming: "); ok {
			return nil, m.wire.Failed(ctx, wire.Broken([]byte(event)))
		}
		return nil, err
	}
	if !ended {
		return fail(llm.KindBroken, "the answer broke off before its end")
	}
	return answer, nil
}

// read makes langchaingo's answer of the provider's.
func (m *Model) read(a *sdk.Message) (*llms.ContentResponse, error) {
	c := &llms.ContentChoice{}
	for i := range a.Content {
		switch b := &a.Content[i]; b.Type {
		case "text":
			c.Content += b.Text
		case "thinking":
			c.ReasoningContent += b.Thinking
		case "tool_use":
			args := string(b.Input)
			if args == "" {
				args = "{}"
			}
			c.ToolCalls = append(c.ToolCalls, llms.ToolCall{ID: b.ID, Type: "function", FunctionCall: &llms.FunctionCall{Name: b.Name, Arguments: args}})
		}
	}
	fail := func(kind llm.Kind, text string) (*llms.ContentResponse, error) { // nothing is taken for an answer that is none
		return nil, m.wire.Fail(llm.Error{Kind: kind, Status: http.StatusOK, Text: text})
	}
	switch a.StopReason {
	case sdk.StopReasonMaxTokens:
		return fail(llm.KindCut, "the answer was cut at its most tokens; a model that thinks before it answers needs more than omc grants")
	case sdk.StopReasonRefusal:
		return fail(llm.KindRefused, "the model refused to answer")
	case "model_context_window_exceeded":
		return fail(llm.KindContext, "the conversation and the answer are longer than the model takes")
	case sdk.StopReasonToolUse:
		c.StopReason = "tool_calls"
	default:
		c.StopReason = "stop"
	}
	if c.Content == "" && len(c.ToolCalls) == 0 {
		return fail(llm.KindBroken, "the answer is empty")
	}
	r := &llms.ContentResponse{Choices: []*llms.ContentChoice{c}}
	// What went into a cache and came out of one is counted beside the rest.
	u := a.Usage
	usage := llm.Usage{In: u.InputTokens + u.CacheCreationInputTokens + u.CacheReadInputTokens, Cached: u.CacheReadInputTokens, Kept: u.CacheCreationInputTokens, Out: u.OutputTokens}
	if usage.In > 0 && usage.Out >= 0 && usage.Cached >= 0 && usage.Kept >= 0 && usage.Cached <= usage.In && usage.Kept <= usage.In {
		llm.TellUsage(r, usage)
	}
	kept, err := json.Marshal(a.ToParam().Content)
	if err != nil {
		return fail(llm.KindBroken, "the answer cannot be kept: "+err.Error())
	}
	llm.Keep(r, llm.Kept{Provider: Name, Data: kept})
	return r, nil
}

// request makes the provider's request. The instructions and tools, and the conversation so far, are marked to be cached: the next turn begins
// with the same bytes.
func (m *Model) request(messages []llms.MessageContent, o *llms.CallOptions) (sdk.MessageNewParams, error) {
	p := sdk.MessageNewParams{Model: m.config.Model, MaxTokens: defaultMost}
	if o.MaxTokens > 0 {
		p.MaxTokens = int64(o.MaxTokens)
	}
	if !math.IsNaN(o.Temperature) {
		p.Temperature = param.NewOpt(o.Temperature)
	}
	for _, x := range o.Tools {
		t, err := tool(x)
		if err != nil {
			return p, err
		}
		p.Tools = append(p.Tools, t)
	}
	for i := range messages {
		if err := add(&p, &messages[i]); err != nil {
			return p, err
		}
	}
	if len(p.Messages) == 0 {
		return p, errors.New("the conversation is empty")
	}
	mark := sdk.NewCacheControlEphemeralParam()
	if n := len(p.System); n > 0 {
		p.System[n-1].CacheControl = mark
	}
	last := p.Messages[len(p.Messages)-1].Content
	if n := len(last); n > 0 {
		if c := last[n-1].GetCacheControl(); c != nil {
			*c = mark
		}
	}
	return p, nil
}

func tool(x llms.Tool) (sdk.ToolUnionParam, error) {
	if x.Function == nil {
		return sdk.ToolUnionParam{}, errors.New("a tool without a function")
	}
	raw, err := json.Marshal(x.Function.Parameters)
	if err != nil {
		return sdk.ToolUnionParam{}, fmt.Errorf("tool %s: %w", x.Function.Name, err)
	}
	var schema struct {
		Properties any      `json:"properties"`
		Required   []string `json:"required"`
	}
	var rest map[string]any
	if err := errors.Join(json.Unmarshal(raw, &schema), json.Unmarshal(raw, &rest)); err != nil {
		return sdk.ToolUnionParam{}, fmt.Errorf("tool %s: its parameters are no JSON schema of an object: %w", x.Function.Name, err)
	}
	delete(rest, "type")
	delete(rest, "properties")
	delete(rest, "required")
	if schema.Properties == nil {
		schema.Properties = map[string]any{}
	}
	t := sdk.ToolParam{Name: x.Function.Name, InputSchema: sdk.ToolInputSchemaParam{Properties: schema.Properties, Required: schema.Required, ExtraFields: rest}}
	if x.Function.Description != "" {
		t.Description = param.NewOpt(x.Function.Description)
	}
	return sdk.ToolUnionParam{OfTool: &t}, nil
}

// add adds one message. The results of tools go back in one message, of the user's role; turns of one role are one message.
func add(p *sdk.MessageNewParams, m *llms.MessageContent) error {
	var blocks []sdk.ContentBlockParamUnion
	role := sdk.MessageParamRoleUser
	switch m.Role {
	case llms.ChatMessageTypeSystem:
		for _, x := range m.Parts {
			if t, ok := x.(llms.TextContent); ok && t.Text != "" {
				p.System = append(p.System, sdk.TextBlockParam{Text: t.Text})
			}
		}
		return nil
	case llms.ChatMessageTypeAI:
		role = sdk.MessageParamRoleAssistant
		if kept := llm.Own(m, Name); kept != nil {
			var raw []json.RawMessage
			if err := json.Unmarshal(kept, &raw); err != nil {
				return fmt.Errorf("what was kept of an answer: %w", err)
			}
			for _, b := range raw {
				blocks = append(blocks, param.Override[sdk.ContentBlockParamUnion](b))
			}
			p.Messages = append(p.Messages, sdk.MessageParam{Role: role, Content: blocks})
			return nil
		}
	}
	for _, x := range m.Parts {
		switch x := x.(type) {
		case llms.TextContent:
			if x.Text != "" { // the interface refuses an empty text
				blocks = append(blocks, sdk.NewTextBlock(x.Text))
			}
		case llms.ToolCall:
			if x.FunctionCall == nil || !json.Valid([]byte(x.FunctionCall.Arguments)) {
				return errors.New("a tool call without a function, or whose arguments are no JSON")
			}
			blocks = append(blocks, sdk.NewToolUseBlock(x.ID, json.RawMessage(x.FunctionCall.Arguments), x.FunctionCall.Name))
		case llms.ToolCallResponse:
			blocks = append(blocks, sdk.NewToolResultBlock(x.ToolCallID, x.Content, false))
		case llm.Kept: // another's
		default:
			return fmt.Errorf("a part of kind %T cannot be sent", x)
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	if n := len(p.Messages); n > 0 && p.Messages[n-1].Role == role {
		p.Messages[n-1].Content = append(p.Messages[n-1].Content, blocks...)
		return nil
	}
	p.Messages = append(p.Messages, sdk.MessageParam{Role: role, Content: blocks})
	return nil
}
