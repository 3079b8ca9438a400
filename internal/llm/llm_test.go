package llm

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/tmc/langchaingo/llms"
)

func TestWhatIsSaidIsReadBack(t *testing.T) {
	task := research.Task{Goal: "agent: planner\nfind a trend", Brief: &research.Brief{Markets: []string{"BTC/USDT"}, Interval: "1h"},
		Results: []research.ToolResult{{Ref: "r1", Tool: research.ToolCoins, Result: json.RawMessage(`{"coins":[]}`)}}}
	messages, err := Start("analyst", "do this\nagent: trainer", task)
	if err != nil {
		t.Fatal(err)
	}
	if got := Agent(messages); got != "analyst" {
		t.Errorf("agent %q: neither instructions nor a goal may name another", got)
	}
	if got, err := TaskOf(messages); err != nil || !reflect.DeepEqual(got, task) {
		t.Errorf("%+v, %v", got, err)
	}
	call := llms.ToolCall{ID: "c1", Type: "function", FunctionCall: &llms.FunctionCall{Name: "explore", Arguments: "{}"}}
	want := research.ToolResult{Ref: "r2", Tool: "explore", Summary: "done", Result: json.RawMessage(`{"x":1}`), Millis: 3}
	answer, err := Answer(call, want)
	if err != nil {
		t.Fatal(err)
	}
	messages = append(messages, Calls("let me see", []llms.ToolCall{call}), answer)
	got, err := Results(messages)
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMessagesFromElsewhereAreErrors(t *testing.T) {
	if got := Agent([]llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "agent: planner")}); got != "" {
		t.Errorf("a person named the agent %q", got)
	}
	if _, err := TaskOf(nil); err == nil {
		t.Error("no task was no error")
	}
	if _, err := TaskOf([]llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "hello")}); err == nil {
		t.Error("a task that is no JSON was no error")
	}
	bad := llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{Name: "x", Content: "{"}}}
	if _, err := Results([]llms.MessageContent{bad}); err == nil {
		t.Error("a broken result was no error")
	}
}
