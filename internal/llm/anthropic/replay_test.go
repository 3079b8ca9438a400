package anthropic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/anthropic"
	"github.com/ohmycoins/omc/internal/llm/replay"
	"github.com/tmc/langchaingo/llms"
)

const key = "sk-ant-canary-0123456789abcdef"

type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	Signature string          `json:"signature"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

// blocks reads a content, which may be a text.
func blocks(raw json.RawMessage) (out []block) {
	text := ""
	if json.Unmarshal(raw, &text) == nil {
		return []block{{Type: "text", Text: text}}
	}
	_ = json.Unmarshal(raw, &out) // nothing of what is none
	return out
}

type recorded struct {
	Model    string          `json:"model"`
	Stream   bool            `json:"stream"`
	System   json.RawMessage `json:"system"`
	Thinking json.RawMessage `json:"thinking"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name        string         `json:"name"`
		Description string         `json:"description"`
		InputSchema map[string]any `json:"input_schema"`
	} `json:"tools"`
}

func compact(raw json.RawMessage) string {
	var v any
	_ = json.Unmarshal(raw, &v) // of recorded JSON
	b, _ := json.Marshal(v)
	return string(b)
}

// shape is what of a request must be the same in omc's. Texts of one role after another are one.
func (r *recorded) shape() string {
	var b strings.Builder
	for _, x := range blocks(r.System) {
		b.WriteString("system " + x.Text + "\n")
	}
	for _, m := range r.Messages {
		b.WriteString(m.Role + "\n")
		for _, x := range blocks(m.Content) {
			content := ""
			for _, c := range blocks(x.Content) {
				content += c.Text
			}
			fmt.Fprintf(&b, " %s %q %q %q %s %s %s %s %q\n", x.Type, x.Text, x.Thinking, x.Signature, x.ID, x.Name, compact(x.Input), x.ToolUseID, content)
		}
	}
	for _, t := range r.Tools {
		s, _ := json.Marshal(t.InputSchema)
		fmt.Fprintf(&b, "%s %s %s\n", t.Name, t.Description, s)
	}
	return b.String()
}

func (r *recorded) conversation() (messages []llms.MessageContent, tools []llms.Tool) {
	for _, x := range blocks(r.System) {
		messages = append(messages, llms.TextParts(llms.ChatMessageTypeSystem, x.Text))
	}
	for _, m := range r.Messages {
		var calls []llms.ToolCall
		text := ""
		for _, x := range blocks(m.Content) {
			switch x.Type {
			case "text":
				text += x.Text
			case "tool_use":
				calls = append(calls, llms.ToolCall{ID: x.ID, Type: "function", FunctionCall: &llms.FunctionCall{Name: x.Name, Arguments: string(x.Input)}})
			case "tool_result":
				content := ""
				for _, c := range blocks(x.Content) {
					content += c.Text
				}
				messages = append(messages, llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: x.ToolUseID, Content: content}}})
			}
		}
		switch {
		case m.Role == "assistant" && strings.Contains(string(m.Content), `"thinking"`):
			messages = append(messages, llm.Calls(text, calls, llm.Kept{Provider: anthropic.Name, Data: m.Content}))
		case m.Role == "assistant":
			messages = append(messages, llm.Calls(text, calls))
		case text != "":
			messages = append(messages, llms.TextParts(llms.ChatMessageTypeHuman, text))
		}
	}
	for _, t := range r.Tools {
		tools = append(tools, llms.Tool{Type: "function", Function: &llms.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: t.InputSchema}})
	}
	return messages, tools
}

// said is an answer, read from the recorded bytes in the plainest way.
type said struct {
	text, thought, stop string
	tools               []string
	in, cached, kept    int64
	out                 int64
}

type usage struct {
	Input    *int64 `json:"input_tokens"`
	Creation *int64 `json:"cache_creation_input_tokens"`
	Read     *int64 `json:"cache_read_input_tokens"`
	Output   *int64 `json:"output_tokens"`
}

func (s *said) count(u usage, to *[4]int64) {
	for i, v := range []*int64{u.Input, u.Creation, u.Read, u.Output} {
		if v != nil {
			to[i] = *v
		}
	}
	s.in, s.kept, s.cached, s.out = to[0]+to[1]+to[2], to[1], to[2], to[3]
}

func readAnswer(t *testing.T, body []byte, stream bool) (s said) {
	t.Helper()
	var n [4]int64
	if !stream {
		var m struct {
			Content []block
			Stop    string `json:"stop_reason"`
			Usage   usage
		}
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		for _, b := range m.Content {
			s.text, s.thought = s.text+b.Text, s.thought+b.Thinking
			if b.Type == "tool_use" {
				s.tools = append(s.tools, b.ID+" "+b.Name+" "+compact(b.Input))
			}
		}
		s.stop = m.Stop
		s.count(m.Usage, &n)
		return s
	}
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 1<<20)
	var open []block
	var args []string
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct {
			Type    string
			Index   int
			Message struct{ Usage usage }
			Usage   usage
			Block   block `json:"content_block"`
			Delta   struct {
				Text, Thinking string
				Partial        string `json:"partial_json"`
				Stop           string `json:"stop_reason"`
			}
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		switch e.Type {
		case "message_start":
			s.count(e.Message.Usage, &n)
		case "content_block_start":
			open, args = append(open, e.Block), append(args, "")
		case "content_block_delta":
			args[e.Index] += e.Delta.Partial
			s.text, s.thought = s.text+e.Delta.Text, s.thought+e.Delta.Thinking
		case "message_delta":
			s.stop = e.Delta.Stop
			s.count(e.Usage, &n)
		}
	}
	for i, b := range open {
		if b.Type == "tool_use" {
			if args[i] == "" {
				args[i] = "{}"
			}
			s.tools = append(s.tools, b.ID+" "+b.Name+" "+compact(json.RawMessage(args[i])))
		}
	}
	return s
}

var failures = map[string]llm.Kind{
	"anthropic/error-auth/00": llm.KindAuth, "anthropic/error-context-length/00": llm.KindContext, "anthropic/test_model_name_suggestion_anthropic/00": llm.KindModel,
}

// Every recorded exchange: omc sends what was sent, reads what was answered, and what it keeps of an answer goes back as it came.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	failed := 0
	for _, e := range replay.Exchanges(t, "/v1/messages") {
		if _, ok := failures[e.Name]; ok {
			failed++
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			var want, got recorded
			if err := json.Unmarshal(e.Request, &want); err != nil {
				t.Fatal(err)
			}
			s := e.Serve(t)
			m, err := anthropic.New(anthropic.Config{BaseURL: s.URL, Key: key, Model: want.Model})
			if err != nil {
				t.Fatal(err)
			}
			messages, tools := want.conversation()
			ctx, heard, thought := t.Context(), strings.Builder{}, strings.Builder{}
			if want.Stream {
				ctx = llm.Listen(ctx, func(d llm.Delta) error {
					heard.WriteString(d.Text)
					thought.WriteString(d.Thought)
					return nil
				})
			}
			r, err := m.GenerateContent(ctx, messages, llms.WithTools(tools), llms.WithMaxTokens(4000))
			if s.Sent != 1 || json.Unmarshal(s.Body, &got) != nil {
				t.Fatalf("%d requests, the last %s (%v)", s.Sent, s.Body, err)
			}
			if got.shape() != want.shape() || got.Stream != want.Stream {
				t.Errorf("sent:\n%s\nrecorded:\n%s", got.shape(), want.shape())
			}
			if s.Header.Get("X-Api-Key") != key || s.Header.Get("Authorization") != "" || s.Header.Get("Anthropic-Version") != "2023-06-01" {
				t.Errorf("%v", s.Header)
			}
			var f *llm.Error
			if kind, ok := failures[e.Name]; ok || e.Status != 200 {
				if !errors.As(err, &f) || f.Kind != kind || f.Status != e.Status || f.Text == "without a message" || !f.Unsent || strings.Contains(f.Text, key) {
					t.Errorf("%+v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			a, x := readAnswer(t, e.Body, want.Stream), r.Choices[0]
			var made []string
			for _, k := range x.ToolCalls {
				made = append(made, k.ID+" "+k.FunctionCall.Name+" "+compact(json.RawMessage(k.FunctionCall.Arguments)))
			}
			stop := map[string]string{"end_turn": "stop", "tool_use": "tool_calls"}[a.stop]
			if x.Content != a.text || !slices.Equal(made, a.tools) || x.StopReason != stop || x.ReasoningContent != a.thought || want.Stream && (heard.String() != a.text || thought.String() != a.thought) {
				t.Errorf("read %q %q %v %s, heard %q\nwant %+v", x.Content, x.ReasoningContent, made, x.StopReason, heard.String(), a)
			}
			if u, ok := llm.UsageOf(r); !ok || u.In != a.in || u.Out != a.out || u.Cached != a.cached || u.Kept != a.kept {
				t.Errorf("usage %+v, want %+v", u, a)
			}
			// What was kept goes back whole.
			kept, ok := llm.KeptOf(r)
			if !ok {
				t.Fatal("nothing was kept")
			}
			next := append(slices.Clone(messages), llm.Calls(x.Content, x.ToolCalls, kept))
			for _, k := range x.ToolCalls {
				next = append(next, llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: k.ID, Content: "done"}}})
			}
			if _, err := m.GenerateContent(ctx, next, llms.WithTools(tools)); err != nil {
				t.Fatal(err)
			}
			var again recorded
			if err := json.Unmarshal(s.Body, &again); err != nil {
				t.Fatal(err)
			}
			echo := blocks(again.Messages[len(want.Messages)].Content)
			text, thoughts, calls := "", "", 0
			for _, b := range echo {
				text, thoughts = text+b.Text, thoughts+b.Thinking
				if b.Type == "tool_use" {
					calls++
				}
				if b.Type == "thinking" && b.Signature == "" {
					t.Error("a thought without its signature")
				}
			}
			if text != a.text || thoughts != a.thought || calls != len(a.tools) {
				t.Errorf("sent back: %+v", echo)
			}
		})
	}
	if failed != len(failures) {
		t.Errorf("%d of %d failures were replayed", failed, len(failures))
	}
}
