package lab

import (
	"encoding/json"
	"strings"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/research"
)

// State is what travels through the graph and is checkpointed after each step. Large things (bars, reports) are named, not held.
type State struct {
	Session research.Session `json:"session"` // as it was when the turn began
	Task    research.Task    `json:"task"`    // what the agents are told
	Refs    int              `json:"refs"`    // tool calls so far in the session: the next is r<Refs+1>
	Report  string           `json:"report"`  // the rendered report's artifact id
	Best    string           `json:"best"`    // algorithm id
}

// plan returns a copy of the plan with one step's state changed; copies, because a node may be run again on the old state.
func (s State) plan(node, state, detail string) []research.PlanStep {
	p := append([]research.PlanStep(nil), s.Task.Plan...)
	for i := range p {
		if p[i].Name == node {
			p[i].State = state
			if detail != "" {
				p[i].Detail = detail
			}
		}
	}
	return p
}

// question is what a person is asked, from the graph's interrupt.
func (s State) question(e *graph.Interrupted) *research.Question {
	if len(e.Questions) == 0 {
		return nil
	}
	var q research.Question
	if err := json.Unmarshal(e.Questions[0].Question, &q); err != nil {
		q.Text = "please answer"
	}
	q.Key = e.Questions[0].Key
	return &q
}

// firstLine is text cut to its first line and 160 characters, for one-line details.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if r := []rune(line); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return line
}
