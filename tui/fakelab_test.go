package tui

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
)

func labSession() research.Session {
	q := question()
	return research.Session{ID: "5e55107", Goal: "find a momentum strategy on BTC, at most one trade a day", Model: "builtin", Status: research.Waiting, Question: &q, Turn: 1, Trials: 14,
		Best: "a41f09c2771b5d0e", CreatedAt: epoch.Add(-20 * time.Minute), UpdatedAt: epoch.Add(-time.Minute)}
}

func question() research.Question {
	return research.Question{Key: "trades", Text: "Two readings of “one trade a day” change the fees by 40 %:", Choices: []string{"one round trip", "one entry, exits free"}, Default: "one round trip"}
}

func labEvents() []research.Event {
	step := func(name, title, state, detail string) research.PlanStep {
		return research.PlanStep{Name: name, Title: title, State: state, Detail: detail}
	}
	es := []research.Event{
		{Kind: research.EventUser, Text: labSession().Goal},
		{Kind: research.EventPlan, Data: raw([]research.PlanStep{step("clarify", "Clarify the goal", "done", ""), step("retrieve", "Retrieve", "done", "BTC 1h"), step("explore", "Explore features", "done", "18"),
			step("train", "Train", "running", "3 of 5"), step("evaluate", "Evaluate", "pending", ""), step("report", "Report", "pending", "")})},
		{Kind: research.EventText, Agent: "planner", Text: "I will look at trend and momentum on BTC, with hourly bars.\nVolume features come second."},
		{Kind: research.EventTool, Agent: "retriever", Data: raw(research.ToolCall{Ref: "r1", Tool: research.ToolFetchPrices, Args: raw(research.FetchArgs{Market: "BTC/USDT", Interval: "1h"})})},
		{Kind: research.EventResult, Agent: "retriever", Data: raw(research.ToolResult{Ref: "r1", Tool: research.ToolFetchPrices, Summary: "17,520 bars of BTC/USDT, 1 missing", Result: raw(map[string]int{"bars": 17520}), Millis: 240})},
		{Kind: research.EventTool, Agent: "trainer", Data: raw(research.ToolCall{Ref: "r2", Tool: research.ToolWalkForward, Args: raw(map[string]string{"strategy": "ema-cross"})})},
		{Kind: research.EventResult, Agent: "trainer", Data: raw(research.ToolResult{Ref: "r2", Tool: research.ToolWalkForward, Summary: "return +31.2 %, Sharpe 1.08, drawdown −14.0 %", Millis: 2130})},
		{Kind: research.EventTool, Agent: "trainer", Data: raw(research.ToolCall{Ref: "r3", Tool: research.ToolWalkForward, Args: raw(map[string]string{"strategy": "macd-trend"})})},
		{Kind: research.EventQuestion, Agent: "orchestrator", Data: raw(question())},
		{Kind: research.EventStatus, Text: string(research.Waiting)},
	}
	for i := range es {
		es[i].Session, es[i].Seq, es[i].Time = "5e55107", int64(i+1), epoch
	}
	return es
}

func (f *fake) OpenSession(ctx context.Context, r api.LabRequest) (research.Session, error) {
	f.note("open " + r.Goal)
	s := labSession()
	s.ID, s.Goal, s.Status, s.Question = "ne3001", r.Goal, research.Running, nil
	return give(ctx, f, s)
}

func (f *fake) Sessions(ctx context.Context) ([]research.Session, error) {
	done := labSession()
	done.ID, done.Goal, done.Status, done.Question, done.CreatedAt = "5e55001", "is there anything in mean reversion on ETH?", research.Done, nil, epoch.Add(-26*time.Hour)
	return give(ctx, f, []research.Session{labSession(), done})
}

func (f *fake) Session(ctx context.Context, id string) (api.LabSession, error) {
	s := api.LabSession{Session: labSession(), Report: "# Momentum on BTC\n\nThe best of **14 trials** returned 31.2 % out of sample.\n\n- deflated Sharpe 0.61\n- turnover 41 a year\n\n## Verdict\n\nNothing here deserves money yet.\n"}
	s.ID = id
	return give(ctx, f, s)
}

func (f *fake) SessionEvents(ctx context.Context, id string, after int64, _ bool, emit func(research.Event) error) error {
	if f.empty || f.err != nil {
		return f.err
	}
	for _, e := range labEvents() {
		if e.Seq > after && id == e.Session {
			if err := emit(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fake) SendMessage(ctx context.Context, id, text string) (research.Session, error) {
	f.note("send " + id + " " + text)
	s := labSession()
	s.Status, s.Question = research.Running, nil
	return give(ctx, f, s)
}

func (f *fake) ResumeSession(ctx context.Context, id string) (research.Session, error) {
	f.note("resume " + id)
	return give(ctx, f, labSession())
}

func (f *fake) StopTurn(ctx context.Context, id string) (research.Session, error) {
	f.note("stop turn " + id)
	s := labSession()
	s.Status = research.Paused
	return give(ctx, f, s)
}

func (f *fake) CancelSession(ctx context.Context, id string) (research.Session, error) {
	f.note("cancel " + id)
	return give(ctx, f, labSession())
}

func (f *fake) Status(ctx context.Context) (api.Status, error) {
	parts := []api.Health{{Part: "store", OK: true, State: "ready", Detail: "sqlite, schema 3", Since: epoch.Add(-5 * time.Hour)}, {Part: "lab", OK: true, State: "ready", Since: epoch.Add(-5 * time.Hour)},
		{Part: "floor", OK: true, State: "trading", Detail: "2 sessions", Since: epoch.Add(-5 * time.Hour)}, {Part: "feed:coinspot", State: "failing", Detail: "HTTP 503, trying again in 8s", Since: epoch.Add(-40 * time.Second)}}
	s := api.Status{Version: api.Version{Version: "0.1.0", Commit: "c7e15b9", Go: "go1.26", Schema: 3}, Embedded: true, PID: 4242, DataDir: "/home/ada/.local/share/omc", Store: "sqlite", Bus: "memory",
		StartedAt: epoch.Add(-5 * time.Hour), Ready: true, Parts: parts, Memory: 96 << 20, DiskFree: 41 << 30, DataBytes: 212 << 20,
		Sources: []api.Source{{Name: "binance", State: "ok", LastOK: ptr(epoch.Add(-time.Minute)), Requests: 1204, Failures: 2}, {Name: "kraken", State: "idle"}}}
	if f.empty {
		s.Parts, s.Sources = nil, nil
		return give(ctx, &fake{slow: f.slow, err: f.err}, s)
	}
	return give(ctx, f, s)
}

func (f *fake) Logs(ctx context.Context, _ int64, _ int) ([]api.LogLine, error) {
	at := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
	return give(ctx, f, []api.LogLine{{Time: at(-90), Level: "INFO", Message: "daemon ready", Attrs: raw(map[string]any{"pid": 4242})}, {Time: at(-40), Level: "WARN", Message: "feed failed",
		Attrs: raw(map[string]any{"feed": "coinspot", "error": "HTTP 503"})}, {Time: at(-2), Level: "INFO", Message: "fill", Attrs: raw(map[string]any{"order": "o-12", "quantity": "0.0625"})}})
}
