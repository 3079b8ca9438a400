// Package builtin is omc's own research procedure behind the model port: deterministic, with no key and no network.
// It reads the same task and calls the same tools as a language model would. It is never presented as one.
package builtin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/tmc/langchaingo/llms"
)

// Name is how the procedure is named where a model is chosen.
const Name = "builtin"

// Model answers as the agent that the system prompt names. The zero value is ready; it keeps nothing between calls.
type Model struct{}

// move is one answer: words, tool calls, or both. No calls ends the agent's step.
type move struct {
	say   string
	calls []call
}

type call struct {
	tool string
	args any
}

// view is what an agent knows: its task and every result so far, the session's and its own.
type view struct {
	task    research.Task
	results []research.ToolResult
	own     int // how many of results came in this step
}

// agents are the roles and what each does next.
var agents = map[string]func(view) (move, error){
	"orchestrator": orchestrate,
	"planner":      plan,
	"retriever":    retrieve,
	"analyst":      analyse,
	"trainer":      train,
	"evaluator":    evaluate,
	"reporter":     reportOn,
}

// GenerateContent decides the agent's next move from the messages alone: the same messages give the same answer.
func (Model) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	agent := llm.Agent(messages)
	decide := agents[agent]
	if decide == nil {
		return nil, fmt.Errorf("builtin model: no such agent %q", agent)
	}
	task, err := llm.TaskOf(messages)
	if err != nil {
		return nil, fmt.Errorf("builtin model: %w", err)
	}
	own, err := llm.Results(messages)
	if err != nil {
		return nil, fmt.Errorf("builtin model: %w", err)
	}
	v := view{task: task, results: append(append([]research.ToolResult{}, task.Results...), own...), own: len(own)}
	m, err := decide(v)
	if err != nil {
		return nil, fmt.Errorf("builtin model: %s: %w", agent, err)
	}
	return answer(ctx, m, len(own), options)
}

// Call is part of the port; the procedure has no use for a bare prompt.
func (Model) Call(context.Context, string, ...llms.CallOption) (string, error) {
	return "", fmt.Errorf("builtin model: it works through the lab's agents, not from a bare prompt; choose a language model for that")
}

func answer(ctx context.Context, m move, turn int, options []llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, f := range options {
		f(&o)
	}
	if o.StreamingFunc != nil && m.say != "" {
		for _, word := range strings.SplitAfter(m.say, " ") {
			if err := o.StreamingFunc(ctx, []byte(word)); err != nil {
				return nil, err
			}
		}
	}
	c := &llms.ContentChoice{Content: m.say, StopReason: "stop"}
	for i, k := range m.calls {
		args, err := json.Marshal(k.args)
		if err != nil {
			return nil, fmt.Errorf("builtin model: arguments of %s: %w", k.tool, err)
		}
		c.ToolCalls = append(c.ToolCalls, llms.ToolCall{ID: fmt.Sprintf("call_%d_%d", turn, i), Type: "function",
			FunctionCall: &llms.FunctionCall{Name: k.tool, Arguments: string(args)}})
		c.StopReason = "tool_calls"
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{c}}, nil
}

// found is one tool result decoded, with the reference that a report names it by.
type found[T any] struct {
	ref string
	val T
}

// all returns every successful result of a tool, oldest first.
func all[T any](v view, tool string) ([]found[T], error) {
	var out []found[T]
	for _, r := range v.results {
		if r.Tool != tool || r.Error != "" {
			continue
		}
		f := found[T]{ref: r.Ref}
		if err := json.Unmarshal(r.Result, &f.val); err != nil {
			return nil, fmt.Errorf("result %s of %s: %w", r.Ref, tool, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// last returns the newest successful result of a tool, or nil.
func last[T any](v view, tool string) (*found[T], error) {
	fs, err := all[T](v, tool)
	if err != nil || len(fs) == 0 {
		return nil, err
	}
	return &fs[len(fs)-1], nil
}

// tried counts this step's calls of a tool, failed ones too, so that a failing tool is not called for ever.
func tried(v view, tool string) int {
	n := 0
	for _, r := range v.results[len(v.results)-v.own:] {
		if r.Tool == tool {
			n++
		}
	}
	return n
}
