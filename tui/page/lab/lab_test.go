package lab

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

// desk is a client whose session can be stopped.
type desk struct {
	Client
	stopped bool
}

func (d *desk) StopTurn(context.Context, string) (research.Session, error) {
	d.stopped = true
	s := session()
	s.Status = research.Paused
	return s, nil
}

func (d *desk) SessionEvents(context.Context, string, int64, bool, func(research.Event) error) error {
	return nil
}

func session() research.Session {
	return research.Session{ID: "5e55107", Goal: "find a momentum strategy on BTC and on ETH with at most one trade a day and little drawdown", Status: research.Running, Trials: 14, CreatedAt: time.Unix(0, 0)}
}

func opened(t *testing.T, d *desk) (*Page, *page.Runner) {
	t.Helper()
	run := page.NewRunner(context.Background(), 0)
	t.Cleanup(run.Close)
	p := New(d, run)
	p.loaded, p.all, p.chosen = true, []research.Session{session()}, "5e55107"
	return p, run
}

func drawnAt(p *Page, w, h int) string {
	th := theme.For(theme.NoColor)
	view, _ := p.View(page.Env{Theme: &th, Now: time.Unix(600, 0)}, w, h)
	return view
}

func notices(run *page.Runner) string {
	var out []string
	for _, m := range run.Sent() {
		if n, ok := m.(page.Notice); ok {
			out = append(out, n.Text)
		}
	}
	return strings.Join(out, "\n")
}

var ctrlC = tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}

func TestStoppingATurnLeavesTheInputSoThatRResumes(t *testing.T) {
	t.Parallel()
	d := &desk{}
	p, _ := opened(t, d)
	p.Do("i")
	p.Type(tea.KeyPressMsg{Code: 'x', Text: "x"})
	cmd := p.Type(ctrlC)
	if p.Typing() || cmd == nil {
		t.Fatal("r would be a letter of the message")
	}
	p.Update(cmd())
	if !d.stopped || p.session().Status != research.Paused {
		t.Fatal("the turn was not stopped")
	}
	for _, a := range p.Actions() {
		if a.Key == "r" && a.Off != "" {
			t.Errorf("r does not work: %s", a.Off)
		}
	}
	if p.Do("i"); p.input.Text() != "x" {
		t.Errorf("what was written is lost: %q", p.input.Text())
	}
}

func TestACallWithoutAResultIsStoppedWithItsTurn(t *testing.T) {
	t.Parallel()
	p, _ := opened(t, &desk{})
	call := func(seq int64, ref string) {
		b, err := json.Marshal(research.ToolCall{Ref: ref, Tool: "check_lookahead"})
		if err != nil {
			t.Fatal(err)
		}
		p.event(&research.Event{Seq: seq, Kind: research.EventTool, Agent: "evaluator", Data: b})
		p.rev++
	}
	call(1, "r1")
	if got := drawnAt(p, 80, 20); !strings.Contains(got, "running…") {
		t.Errorf("it runs, and it is drawn as\n%s", got)
	}
	p.event(&research.Event{Seq: 2, Kind: research.EventStatus, Text: string(research.Paused)})
	p.rev++
	if got := drawnAt(p, 80, 20); strings.Contains(got, "running…") || !strings.Contains(got, "– evaluator · check_lookahead    stopped") {
		t.Errorf("the turn is paused, and its call is drawn as\n%s", got)
	}
	p.event(&research.Event{Seq: 3, Kind: research.EventStatus, Text: string(research.Running)})
	call(4, "r2")
	if got := drawnAt(p, 80, 20); strings.Count(got, "stopped") != 1 || strings.Count(got, "running…") != 1 {
		t.Errorf("after it went on:\n%s", got)
	}
	p.all[0].Status = research.Failed // a session that ended without saying so in its stream
	if got := drawnAt(p, 80, 20); strings.Count(got, "stopped") != 2 {
		t.Errorf("the session is at rest:\n%s", got)
	}
}

func TestTooLongAPasteIsRefusedWhole(t *testing.T) {
	t.Parallel()
	p, run := opened(t, &desk{})
	p.all[0].Status = research.Done
	p.Do("i")
	p.Paste("short")
	p.Paste(strings.Repeat("ä", 2000))
	if got := p.input.Text(); got != "short" {
		t.Errorf("%d bytes of it were taken", len(got)-5)
	}
	if got := notices(run); got != "not pasted: with it the message has 4,005 bytes, the limit is 4,000" {
		t.Errorf("%q", got)
	}
	p.Paste(strings.Repeat("a", 3990))
	for range 5 {
		p.Type(tea.KeyPressMsg{Code: 'ä', Text: "ä"})
	}
	if cmd := p.Type(tea.KeyPressMsg{Code: tea.KeyEnter}); cmd != nil || p.input.Text() == "" {
		t.Error("a message over the limit was sent or lost")
	}
	if got := notices(run); !strings.Contains(got, "not sent: the message has 4,005 bytes") {
		t.Errorf("%q", got)
	}
}

func TestALongGoalIsCutAndNoColumnAfterIt(t *testing.T) {
	t.Parallel()
	p, _ := opened(t, &desk{})
	p.pane = sessions
	for _, w := range []int{60, 80} {
		got := drawnAt(p, w, 12)
		for _, want := range []string{"find a momentum", "…", "running", "14", "@5e5510", "10m"} {
			if !strings.Contains(got, want) {
				t.Errorf("%d columns: %q is missing from\n%s", w, want, got)
			}
		}
	}
}

func TestAPlanUsesTheRoomThatThereIs(t *testing.T) {
	t.Parallel()
	p, _ := opened(t, &desk{})
	p.plan = []research.PlanStep{{Title: "evaluate: deflate by the trials", State: "done", Detail: "584 days, 225 trials, walk-forward Sharpe 1.19, deflated to 0.01"}, {Title: "report", State: "pending"}}
	got := drawnAt(p, 120, 36)
	for _, want := range []string{"deflated to 0.01", "little drawdown", "walk-forward"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is cut above empty lines:\n%s", want, got)
		}
	}
	p.pane = plan
	if short := drawnAt(p, 60, 12); !strings.Contains(short, "report") || !strings.Contains(short, "state") {
		t.Errorf("where lines are few the plan's end is missing:\n%s", short)
	}
	p.plan, p.all[0].Status = nil, research.Done
	if got := drawnAt(p, 120, 36); strings.Contains(got, "no plan yet") {
		t.Error("a session that is done has no plan yet")
	}
}
