// Package llm is the port to language models: langchaingo's llms.Model and messages, and the few conventions that every model
// behind it is spoken to with. It never acts on what a model says; the lab validates and runs tool calls.
package llm

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/tmc/langchaingo/llms"
)

// Model is what the lab talks to.
type Model = llms.Model

// agentLine is the first line of every system prompt: it names the agent, so that the builtin procedure knows its role.
const agentLine = "agent: "

// Start returns the first messages of an agent's step: its role's instructions and the task as JSON.
func Start(agent, instructions string, task research.Task) ([]llms.MessageContent, error) {
	b, err := json.Marshal(task)
	if err != nil {
		return nil, fmt.Errorf("task of %s: %w", agent, err)
	}
	return []llms.MessageContent{
		llms.TextParts(llms.ChatMessageTypeSystem, agentLine+agent+"\n"+instructions),
		llms.TextParts(llms.ChatMessageTypeHuman, string(b)),
	}, nil
}

// Agent returns the agent named in the system prompt, or "".
func Agent(messages []llms.MessageContent) string {
	for _, m := range messages {
		if m.Role != llms.ChatMessageTypeSystem {
			continue
		}
		line, _, _ := strings.Cut(text(m), "\n")
		if name, ok := strings.CutPrefix(line, agentLine); ok {
			return name
		}
	}
	return ""
}

// TaskOf returns the task given at the start.
func TaskOf(messages []llms.MessageContent) (research.Task, error) {
	for _, m := range messages {
		if m.Role != llms.ChatMessageTypeHuman {
			continue
		}
		var t research.Task
		if err := json.Unmarshal([]byte(text(m)), &t); err != nil {
			return research.Task{}, fmt.Errorf("task: %w", err)
		}
		return t, nil
	}
	return research.Task{}, fmt.Errorf("task: there is no message from the lab")
}

// Calls is the assistant's turn that asked for tools, as a message to append, with what its provider wants back.
func Calls(content string, calls []llms.ToolCall, kept ...Kept) llms.MessageContent {
	m := llms.MessageContent{Role: llms.ChatMessageTypeAI}
	if content != "" {
		m.Parts = append(m.Parts, llms.TextContent{Text: content})
	}
	for _, c := range calls {
		m.Parts = append(m.Parts, c)
	}
	for _, k := range kept {
		m.Parts = append(m.Parts, k)
	}
	return m
}

// Answer is one tool's result as a message to append; each result is a message of its own, as every provider takes it.
func Answer(call llms.ToolCall, r research.ToolResult) (llms.MessageContent, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return llms.MessageContent{}, fmt.Errorf("result of %s: %w", r.Tool, err)
	}
	return llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{
		llms.ToolCallResponse{ToolCallID: call.ID, Name: r.Tool, Content: string(b)},
	}}, nil
}

// Results returns the tool results in the conversation, oldest first.
func Results(messages []llms.MessageContent) ([]research.ToolResult, error) {
	var out []research.ToolResult
	for _, m := range messages {
		for _, p := range m.Parts {
			r, ok := p.(llms.ToolCallResponse)
			if !ok {
				continue
			}
			var t research.ToolResult
			if err := json.Unmarshal([]byte(r.Content), &t); err != nil {
				return nil, fmt.Errorf("result of %s: %w", r.Name, err)
			}
			out = append(out, t)
		}
	}
	return out, nil
}

func text(m llms.MessageContent) string {
	var b strings.Builder
	for _, p := range m.Parts {
		if t, ok := p.(llms.TextContent); ok {
			b.WriteString(t.Text)
		}
	}
	return b.String()
}
