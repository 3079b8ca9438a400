// Package research owns the records of the lab: sessions, what was said and done in them, trials, artifacts.
// It runs nothing.
package research

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Status is where a lab session stands.
type Status string

// The statuses. Done, Failed and Cancelled end a session's turn; a new message may open another turn.
const (
	Running   Status = "running"
	Waiting   Status = "waiting" // for a person's answer
	Paused    Status = "paused"  // stopped by Ctrl-C or a shutdown; resume goes on
	Done      Status = "done"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Session is one research conversation with a goal.
type Session struct {
	ID        string    `json:"id"`
	UserID    string    `json:"user_id"`
	Goal      string    `json:"goal"`
	Model     string    `json:"model"` // "builtin", later provider/model
	Options   Options   `json:"options"`
	Status    Status    `json:"status"`
	Error     string    `json:"error,omitempty"`
	Question  *Question `json:"question,omitempty"` // what it waits for
	Turn      int       `json:"turn"`               // counts messages that started work, from 1
	Trials    int       `json:"trials"`
	Best      string    `json:"best,omitempty"` // algorithm id of the best candidate
	Verdict   string    `json:"verdict,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Options bound a session.
type Options struct {
	Markets     []string `json:"markets,omitempty"`  // empty: chosen from the goal, else from the ledger
	Interval    string   `json:"interval,omitempty"` // empty: chosen from the goal
	From        string   `json:"from,omitempty"`     // RFC 3339 or date; empty: all there is
	To          string   `json:"to,omitempty"`       // nothing at or after it is visible to the session
	MaxTrials   int      `json:"max_trials,omitempty"`
	Cash        string   `json:"cash,omitempty"`
	MaxMissing  float64  `json:"max_missing,omitempty"` // share of a window's bars that may be missing; 0: the setting data.max_missing
	Interactive bool     `json:"interactive"`           // a person is there to answer
	Seed        uint64   `json:"seed,omitempty"`
}

// Question is what a session asks a person.
type Question struct {
	Key     string   `json:"key"`
	Text    string   `json:"text"`
	Choices []string `json:"choices,omitempty"` // answers may be a choice's number from 1, its text, or (unless Closed) free text
	Default string   `json:"default,omitempty"` // what is taken where no person is there
	Closed  bool     `json:"closed,omitempty"`  // only the choices are answers
}

// Choice gives the choice that an answer names, by its number from 1 or by any part of its text, upper or lower case alike.
func (q *Question) Choice(answer string) (string, bool) {
	answer = strings.TrimSpace(answer)
	if i, err := strconv.Atoi(answer); err == nil {
		if i >= 1 && i <= len(q.Choices) {
			return q.Choices[i-1], true
		}
		return "", false
	}
	for _, c := range q.Choices {
		if answer != "" && strings.Contains(strings.ToLower(c), strings.ToLower(answer)) {
			return c, true
		}
	}
	return "", false
}

// Check refuses an answer that the question cannot take: a number that no choice has, or, where it is closed, anything but a choice.
func (q *Question) Check(answer string) error {
	if len(q.Choices) == 0 {
		return nil
	}
	if _, ok := q.Choice(answer); ok {
		return nil
	}
	_, err := strconv.Atoi(strings.TrimSpace(answer))
	if err == nil || q.Closed {
		return fmt.Errorf("%.60q is none of the choices: answer with a number from 1 to %d, or with a choice's words", answer, len(q.Choices))
	}
	return nil
}

// Event is one line of a session's stream. Seq rises by one from 1 within a session and never changes once stored.
type Event struct {
	Session string          `json:"session"`
	Seq     int64           `json:"seq"`
	Time    time.Time       `json:"time"`
	Kind    EventKind       `json:"kind"`
	Agent   string          `json:"agent,omitempty"` // which node spoke
	Text    string          `json:"text,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"` // shape by kind: see the kinds
}

// EventKind says what an event is.
type EventKind string

// The kinds of events, with the shape of Data.
const (
	EventUser     EventKind = "user"     // a person's message
	EventText     EventKind = "text"     // an agent's words; whole paragraphs
	EventDelta    EventKind = "delta"    // a piece of streaming text: never stored, Seq 0
	EventPlan     EventKind = "plan"     // Data: []PlanStep, the whole plan anew
	EventTool     EventKind = "tool"     // Data: ToolCall, started
	EventResult   EventKind = "result"   // Data: ToolResult
	EventTrial    EventKind = "trial"    // Data: Trial
	EventQuestion EventKind = "question" // Data: Question
	EventVerdict  EventKind = "verdict"  // Data: Verdict
	EventStatus   EventKind = "status"   // Text: the new Status
	EventError    EventKind = "error"
)

// PlanStep is one line of the plan.
type PlanStep struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	State  string `json:"state"` // pending, running, done, skipped, failed
	Detail string `json:"detail,omitempty"`
}

// ToolCall is a tool call as it starts; ToolResult as it ends. Ref ("r17") is what figures in a report refer to.
type ToolCall struct {
	Ref  string          `json:"ref"`
	Tool string          `json:"tool"`
	Args json.RawMessage `json:"args"`
}

// ToolResult is the outcome of a tool call, bounded in size.
type ToolResult struct {
	Ref     string          `json:"ref"`
	Tool    string          `json:"tool"`
	Summary string          `json:"summary"` // one line for people
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"`
	Millis  int64           `json:"millis"`
}

// Trial is one backtest of one candidate. Every one is recorded before its result is shown; none is ever removed.
type Trial struct {
	Session   string             `json:"session"`
	N         int                `json:"n"` // from 1 within the session
	Algorithm string             `json:"algorithm"`
	Strategy  string             `json:"strategy"`
	Params    map[string]float64 `json:"params"`
	Markets   []string           `json:"markets"`
	From      time.Time          `json:"from"`
	To        time.Time          `json:"to"`
	Stage     string             `json:"stage"` // train, walk-forward, check
	Sharpe    *float64           `json:"sharpe"`
	Return    *float64           `json:"return"`
	Drawdown  *float64           `json:"max_drawdown"`
	Turnover  *float64           `json:"turnover_per_year"`
	Trades    int                `json:"trades"`
	CreatedAt time.Time          `json:"created_at"`
}

// Verdict is what a session concludes, with the reasons, each with a stable code.
type Verdict struct {
	Deserves  bool     `json:"deserves_money"`
	Headline  string   `json:"headline"`
	Reasons   []Reason `json:"reasons"`
	Algorithm string   `json:"algorithm,omitempty"` // the best candidate, whatever the verdict
}

// Reason is one criterion of a verdict or a gate: what was measured, what was asked, and whether it held.
type Reason struct {
	Code     string `json:"code"`
	Passed   bool   `json:"passed"`
	Text     string `json:"text"`
	Advisory bool   `json:"advisory,omitempty"` // stated, and refuses nothing where it does not hold
}

// Artifact is something a session made and keeps: a report, a chart's data.
type Artifact struct {
	ID        string    `json:"id"` // SHA-256 of the content
	Session   string    `json:"session"`
	Kind      string    `json:"kind"` // report, dataset, chart
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Size      int64     `json:"size"`
	CreatedAt time.Time `json:"created_at"`
}
