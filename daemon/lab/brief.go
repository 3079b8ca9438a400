package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
)

// askUser stops the run until the person has answered. Where nobody is there, the default is the answer and is said to be one.
func askUser(ctx context.Context, t *turn, key string, a research.AskArgs) (outcome, error) {
	q := a.Question
	if q.Text == "" || len(q.Text) > 2000 || len(q.Choices) > 10 {
		return outcome{}, refuse("a question has 1 to 2,000 characters and at most 10 choices")
	}
	if !t.state.Session.Options.Interactive {
		answer := resolveChoice(q.Default, q.Choices)
		return outcome{result: research.AskResult{Key: q.Key, Answer: q.Default, Assumed: true}, summary: "nobody is there to ask; assumed: " + firstLine(answer)}, nil
	}
	b, err := json.Marshal(q)
	if err != nil {
		return outcome{}, err
	}
	if err := t.emit(ctx, "question/"+key, research.Event{Kind: research.EventQuestion, Text: q.Text, Data: b}); err != nil {
		return outcome{}, err
	}
	answer, err := graph.Interrupt[string](ctx, t.step, "ask/"+key, q)
	if err != nil {
		return outcome{}, err
	}
	return outcome{result: research.AskResult{Key: q.Key, Answer: answer}, summary: "answered: " + firstLine(resolveChoice(answer, q.Choices))}, nil
}

// resolveChoice shows a choice's text for its number.
func resolveChoice(answer string, choices []string) string {
	var i int
	if _, err := fmt.Sscanf(answer, "%d", &i); err == nil && i >= 1 && i <= len(choices) && strings.TrimSpace(answer) == fmt.Sprint(i) {
		return choices[i-1]
	}
	return answer
}

func setBrief(_ context.Context, t *turn, _ string, b research.Brief) (outcome, error) {
	if len(b.Markets) > 20 || len(b.Families) > 20 || len(b.Assumptions) > 20 {
		return outcome{}, refuse("a brief has at most 20 markets, families and assumptions")
	}
	for _, m := range b.Markets {
		if _, err := market.ParseMarket(m); err != nil {
			return outcome{}, refuse("%v", err)
		}
	}
	if _, err := market.ParseInterval(b.Interval); err != nil {
		return outcome{}, refuse("%v", err)
	}
	t.state.Task.Brief = &b
	return outcome{result: b, summary: fmt.Sprintf("%s on %s, %s bars", strings.Join(b.Families, ", "), strings.Join(b.Markets, ", "), b.Interval)}, nil
}

func submitPlan(ctx context.Context, t *turn, key string, p research.PlanArgs) (outcome, error) {
	if len(p.Steps) == 0 || len(p.Steps) > 12 {
		return outcome{}, refuse("a plan has 1 to 12 steps")
	}
	steps := append([]research.PlanStep(nil), p.Steps...)
	for i := range steps {
		steps[i].State, steps[i].Title = "pending", firstLine(steps[i].Title)
	}
	t.state.Task.Plan = steps
	b, err := json.Marshal(steps)
	if err != nil {
		return outcome{}, err
	}
	if err := t.emit(ctx, "plan/"+key, research.Event{Kind: research.EventPlan, Data: b}); err != nil {
		return outcome{}, err
	}
	return outcome{result: research.Ack{OK: true}, summary: fmt.Sprintf("%d steps", len(steps))}, nil
}

func submitVerdict(ctx context.Context, t *turn, key string, v research.Verdict) (outcome, error) {
	if v.Headline == "" || len(v.Headline) > 2000 || len(v.Reasons) > 50 {
		return outcome{}, refuse("a verdict has a headline of at most 2,000 characters and at most 50 reasons")
	}
	t.state.Task.Verdict, t.state.Best = &v, v.Algorithm
	b, err := json.Marshal(v)
	if err != nil {
		return outcome{}, err
	}
	if err := t.emit(ctx, "verdict/"+key, research.Event{Kind: research.EventVerdict, Text: v.Headline, Data: b}); err != nil {
		return outcome{}, err
	}
	if v.Algorithm != "" {
		if err := t.lab.recordVerdict(ctx, t, v); err != nil {
			return outcome{}, err
		}
	}
	return outcome{result: v, summary: firstLine(v.Headline)}, nil
}

// writeReport puts the figures in and keeps the report as an artifact named by its content.
func writeReport(ctx context.Context, t *turn, _ string, a research.ReportArgs) (outcome, error) {
	if len(a.Markdown) == 0 || len(a.Markdown) > 256<<10 {
		return outcome{}, refuse("a report has 1 to 262,144 bytes, not %d", len(a.Markdown))
	}
	text, missing := render(a.Markdown, t.state.Task.Results)
	if len(missing) > 0 {
		return outcome{}, refuse("these references name no tool result: %s", strings.Join(missing, ", "))
	}
	sum := sha256.Sum256([]byte(text))
	art := research.Artifact{ID: hex.EncodeToString(sum[:]), Session: t.state.Session.ID, Kind: "report",
		Name: fmt.Sprintf("report-%d.md", t.state.Session.Turn), MediaType: "text/markdown", Size: int64(len(text)),
		CreatedAt: t.lab.Clock.Now().Truncate(time.Microsecond)}
	if err := t.lab.Store.PutArtifact(ctx, art, []byte(text)); err != nil {
		return outcome{}, err
	}
	t.state.Report = art.ID
	return outcome{result: research.Ack{OK: true}, summary: fmt.Sprintf("report %s, %d bytes", art.ID[:8], len(text))}, nil
}
