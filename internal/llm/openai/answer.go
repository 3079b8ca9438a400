package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/wire"
	"github.com/tmaxmax/go-sse"
)

// maxTools bounds the tool calls of one answer.
const maxTools = 128

// answer is a chat completion, as far as it is looked at.
type answer struct {
	ID      string          `json:"id,omitempty"`
	Object  string          `json:"object,omitempty"`
	Created int64           `json:"created,omitempty"`
	Model   string          `json:"model,omitempty"`
	Choices []choice        `json:"choices"`
	Usage   *usage          `json:"usage,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

type choice struct {
	Index        int      `json:"index"`
	FinishReason string   `json:"finish_reason"`
	Message      *message `json:"message"`
}

type message struct {
	Role      string     `json:"role"`
	Content   *string    `json:"content"`
	Refusal   string     `json:"refusal,omitempty"`
	Thought   string     `json:"reasoning_content,omitempty"`
	Reasoning string     `json:"reasoning,omitempty"` // OpenRouter's and Groq's name for it
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
}

type toolCall struct {
	Index    *int     `json:"index,omitempty"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Function function `json:"function"`
}

type function struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

type usage struct {
	In      int64 `json:"prompt_tokens"`
	Out     int64 `json:"completion_tokens"`
	Total   int64 `json:"total_tokens"`
	Details *struct {
		Cached int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details,omitempty"`
	OutDetails *struct {
		Thought int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details,omitempty"`
}

// told is the usage, where there is one that can be.
func (u *usage) told() (llm.Usage, bool) {
	if u == nil || u.In <= 0 || u.Out < 0 {
		return llm.Usage{}, false
	}
	out := llm.Usage{In: u.In, Out: u.Out}
	if u.Details != nil {
		out.Cached = min(max(u.Details.Cached, 0), u.In)
	}
	if u.OutDetails != nil {
		out.Thought = max(u.OutDetails.Thought, 0)
	}
	// Some count thoughts beside the answer, some among it: the total tells. They are paid for like the answer.
	if out.Thought > 0 && u.Total == u.In+u.Out+out.Thought {
		out.Out += out.Thought
	}
	out.Thought = min(out.Thought, out.Out)
	return out, true
}

// fault is what is wrong with an answer; no text: nothing is.
func (c *choice) fault() (llm.Kind, string) {
	m := c.Message
	switch {
	case m.Refusal != "" || c.FinishReason == "content_filter":
		return llm.KindRefused, "the model refused to answer"
	case c.FinishReason == "length":
		return llm.KindCut, "the answer was cut at its most tokens; a model that thinks before it answers needs more than omc grants"
	case len(m.ToolCalls) == 0 && (m.Content == nil || *m.Content == ""):
		return llm.KindBroken, "the answer is empty"
	case len(m.ToolCalls) > maxTools:
		return llm.KindBroken, fmt.Sprintf("the answer has more than %d tool calls", maxTools)
	}
	return "", ""
}

// tell tells a whole answer to whom listens for its parts.
func (m *message) tell(listen func(llm.Delta) error) error {
	parts := []llm.Delta{{Thought: m.Thought + m.Reasoning}}
	if m.Content != nil {
		parts = append(parts, llm.Delta{Text: *m.Content})
	}
	for i, c := range m.ToolCalls {
		parts = append(parts, llm.Delta{Call: i, Tool: c.Function.Name, Args: c.Function.Arguments})
	}
	for _, d := range parts {
		if d.Text == "" && d.Thought == "" && d.Tool == "" && d.Args == "" {
			continue
		}
		if err := listen(d); err != nil {
			return err
		}
	}
	return nil
}

// complete gives tool calls what some servers leave out: arguments where there are none, and an id to answer to.
func (m *message) complete() {
	for i := range m.ToolCalls {
		c := &m.ToolCalls[i]
		if c.Index = nil; c.Function.Arguments == "" {
			c.Function.Arguments = "{}"
		}
		if c.ID == "" {
			c.ID = fmt.Sprintf("call_%d", i)
		}
		if c.Type == "" {
			c.Type = "function"
		}
	}
}

// chunk is one event of a streamed answer.
type chunk struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
	Choices []struct {
		Index        int     `json:"index"`
		Delta        message `json:"delta"`
		FinishReason string  `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage `json:"usage"`
	Groq  struct {
		Usage *usage `json:"usage"`
	} `json:"x_groq"`
	Error json.RawMessage `json:"error"`
}

// assembly makes one answer of chunks.
type assembly struct {
	out     answer
	text    strings.Builder
	thought strings.Builder
	refusal strings.Builder
	calls   []toolCall
	args    [][]byte
	at      map[int]int // by the index that the provider gave
	last    int         // the call that came last
	finish  string
	size    int
	listen  func(llm.Delta) error
}

// assemble reads a streamed answer and makes it the whole one that would have come at once.
func (m *Model) assemble(ctx context.Context, r io.Reader, c *call) ([]byte, error) {
	a := &assembly{at: map[int]int{}, last: -1, listen: c.listen}
	fail := func(e llm.Error) ([]byte, error) {
		e.Status = http.StatusOK
		return nil, m.wire.Failed(ctx, e)
	}
	done := false
	for ev, err := range sse.Read(r, &sse.ReadConfig{MaxEventSize: wire.MaxAnswer}) {
		if err != nil {
			return fail(llm.Error{Kind: llm.KindBroken, Text: "the answer broke off: " + err.Error()})
		}
		if ev.Data == "" {
			continue
		}
		if ev.Data == "[DONE]" {
			done = true
			break
		}
		var k chunk
		if err := json.Unmarshal([]byte(ev.Data), &k); err != nil {
			return fail(llm.Error{Kind: llm.KindBroken, Text: "the answer broke off: an event is no JSON of a chat completion"})
		}
		if len(k.Error) > 0 && string(k.Error) != "null" {
			return fail(wire.Broken([]byte(ev.Data)))
		}
		if kind, err := a.add(&k); err != nil {
			return fail(llm.Error{Kind: kind, Text: err.Error()})
		}
	}
	c.usage = a.out.Usage
	if a.finish == "" {
		text := "the answer broke off before its end"
		if done && a.size == 0 {
			text = "the answer is empty"
		}
		return fail(llm.Error{Kind: llm.KindBroken, Text: text})
	}
	whole := a.whole()
	if kind, text := whole.Choices[0].fault(); text != "" {
		return fail(llm.Error{Kind: kind, Text: text})
	}
	return json.Marshal(whole)
}

// add takes one chunk. Of several choices the first is the answer: omc asks for one.
func (a *assembly) add(k *chunk) (llm.Kind, error) {
	if k.ID != "" {
		a.out.ID, a.out.Model, a.out.Created = k.ID, k.Model, k.Created
	}
	for _, u := range []*usage{k.Groq.Usage, k.Usage} {
		if u != nil {
			a.out.Usage = u
		}
	}
	for i := range k.Choices {
		c := &k.Choices[i]
		if c.Index != 0 {
			continue
		}
		if c.FinishReason != "" {
			a.finish = c.FinishReason
		}
		if kind, err := a.delta(&c.Delta); err != nil {
			return kind, err
		}
	}
	return "", nil
}

func (a *assembly) delta(d *message) (llm.Kind, error) {
	tell := func(x llm.Delta) (llm.Kind, error) {
		if a.size += len(x.Text) + len(x.Thought) + len(x.Tool) + len(x.Args); a.size > wire.MaxAnswer {
			return llm.KindBroken, fmt.Errorf("the answer has more than %d bytes", wire.MaxAnswer)
		}
		if err := a.listen(x); err != nil {
			return llm.KindStopped, err
		}
		return "", nil
	}
	a.refusal.WriteString(d.Refusal)
	if a.size += len(d.Refusal); d.Thought == "" {
		d.Thought = d.Reasoning
	}
	if d.Thought != "" {
		a.thought.WriteString(d.Thought)
		if kind, err := tell(llm.Delta{Thought: d.Thought}); err != nil {
			return kind, err
		}
	}
	if d.Content != nil && *d.Content != "" {
		a.text.WriteString(*d.Content)
		if kind, err := tell(llm.Delta{Text: *d.Content}); err != nil {
			return kind, err
		}
	}
	for i := range d.ToolCalls {
		c := &d.ToolCalls[i]
		n, fresh := a.place(c)
		if n >= maxTools {
			return llm.KindBroken, fmt.Errorf("the answer has more than %d tool calls", maxTools)
		}
		if fresh {
			a.calls, a.args = append(a.calls, toolCall{Type: "function"}), append(a.args, nil)
		}
		to := &a.calls[n]
		if c.ID != "" {
			to.ID = c.ID
		}
		name := ""
		if c.Function.Name != "" && to.Function.Name == "" {
			name, to.Function.Name = c.Function.Name, c.Function.Name
		}
		a.args[n] = append(a.args[n], c.Function.Arguments...)
		if name == "" && c.Function.Arguments == "" {
			continue
		}
		if kind, err := tell(llm.Delta{Call: n, Tool: name, Args: c.Function.Arguments}); err != nil {
			return kind, err
		}
	}
	return "", nil
}

// place is which call a fragment belongs to: by its index, and where a server gives none, by its id; without either it goes on with the last.
func (a *assembly) place(c *toolCall) (n int, fresh bool) {
	switch {
	case c.Index != nil:
		n, ok := a.at[*c.Index]
		if !ok {
			n, fresh = len(a.calls), true
			a.at[*c.Index] = n
		}
		a.last = n
		return n, fresh
	case a.last < 0 || c.ID != "" && c.ID != a.calls[a.last].ID:
		a.last = len(a.calls)
		return a.last, true
	}
	return a.last, false
}

func (a *assembly) whole() *answer {
	text := a.text.String()
	m := &message{Role: "assistant", Content: &text, Refusal: a.refusal.String(), Thought: a.thought.String()}
	for i := range a.calls {
		a.calls[i].Function.Arguments = string(a.args[i])
	}
	m.ToolCalls = a.calls
	m.complete()
	a.out.Object, a.out.Choices = "chat.completion", []choice{{FinishReason: a.finish, Message: m}}
	return &a.out
}
