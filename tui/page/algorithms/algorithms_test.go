package algorithms

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

// store holds two algorithms of one lab session, which found nothing.
type store struct {
	Client
	gone bool // the session cannot be read
}

func made(id string) api.Algorithm {
	return api.Algorithm{Algorithm: strategy.Algorithm{ID: id, Name: "momentum", State: strategy.Draft, Content: strategy.Content{Markets: []market.Market{{Base: "BTC", Quote: "USDT"}}, Interval: 3600},
		Provenance: strategy.Provenance{Session: "5e55107"}},
		Gate: []research.Reason{{Code: "walk_forward", Passed: true, Text: "4 folds, return -3.1 %"}, {Code: "beats_holding", Advisory: true, Text: "Sharpe 0.9 against 1.6"}}}
}

func (s *store) Algorithms(context.Context) ([]api.Algorithm, error) {
	return []api.Algorithm{made("aaaaaa1"), made("bbbbbb2")}, nil
}

func (s *store) Algorithm(_ context.Context, id string) (api.Algorithm, error) { return made(id), nil }

func (s *store) SessionEvents(_ context.Context, _ string, _ int64, follow bool, emit func(research.Event) error) error {
	if s.gone || follow {
		return errors.New("no such session")
	}
	b, err := json.Marshal(research.Verdict{Headline: "Nothing here deserves money. The best one falls -20.2 %.", Algorithm: "aaaaaa1"})
	if err != nil {
		return err
	}
	return emit(research.Event{Seq: 1, Kind: research.EventVerdict, Data: b})
}

// open makes the page over a store; give runs commands to their end and gathers what the page sends to the program.
func open(t *testing.T, s *store) (p *Page, give func(tea.Cmd) []tea.Msg) {
	t.Helper()
	run := page.NewRunner(context.Background(), 0)
	t.Cleanup(run.Close)
	p = New(s, run)
	give = func(cmd tea.Cmd) []tea.Msg {
		var sent []tea.Msg
		for queue := []tea.Cmd{cmd}; len(queue) > 0; queue = queue[1:] {
			if queue[0] == nil {
				continue
			}
			switch msg := queue[0]().(type) {
			case tea.BatchMsg:
				queue = append(queue, msg...)
			default:
				queue = append(queue, p.Update(msg))
			}
			sent = append(sent, run.Sent()...)
		}
		return append(sent, run.Sent()...)
	}
	give(p.Poll(time.Unix(1, 0)))
	return p, give
}

func TestPromotionStatesWhatSpeaksAgainstItFirst(t *testing.T) {
	t.Parallel()
	p, give := open(t, &store{})
	sent := give(p.Do("p"))
	if len(sent) != 1 {
		t.Fatalf("%v", sent)
	}
	c, ok := sent[0].(page.Confirm)
	if !ok || c.Off != "" || len(c.Lines) < 3 {
		t.Fatalf("%+v", sent[0])
	}
	if want := "! the lab's verdict: Nothing here deserves money. The best one falls −20.2 %."; c.Lines[0] != want {
		t.Errorf("%q, want %q", c.Lines[0], want)
	}
	if want := "! beats holding: Sharpe 0.9 against 1.6"; c.Lines[1] != want {
		t.Errorf("%q, want %q", c.Lines[1], want)
	}
	if last := c.Lines[len(c.Lines)-1]; last != "✓ walk-forward: 4 folds, return −3.1 %" {
		t.Errorf("%q stands last", last)
	}
}

func TestAnAlgorithmWithoutItsSessionIsStillShown(t *testing.T) {
	t.Parallel()
	p, give := open(t, &store{gone: true})
	sent := give(p.Do("p"))
	if c, ok := sent[0].(page.Confirm); !ok || strings.Contains(c.Lines[0], "verdict") {
		t.Errorf("%+v", sent[0])
	}
}

func TestACommandSelectsItsRowAndOpensItsDialog(t *testing.T) {
	t.Parallel()
	p, give := open(t, &store{})
	sent := give(p.Update(page.Act{Noun: "algo", Verb: "promote", ID: "bbbbbb2"}))
	c, ok := sent[0].(page.Confirm)
	if !ok || !strings.Contains(c.Title, "@bbbbbb") || p.chosen != "bbbbbb2" || p.cursor.Cursor != 1 {
		t.Fatalf("%+v, chosen %s", sent, p.chosen)
	}
	sent = give(p.Update(page.Act{Noun: "algo", Verb: "floor start", ID: "aaaaaa1"}))
	if n, ok := sent[0].(page.Notice); !ok || n.Text != "start: it is draft, not paper" {
		t.Errorf("%+v", sent)
	}
	if sent = give(p.Update(page.Act{Noun: "lab", Verb: "show", ID: "aaaaaa1"})); len(sent) != 0 {
		t.Errorf("another page's command gave %v", sent)
	}
}

func TestNarrowPanesNameTheirAlgorithm(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	p, give := open(t, &store{})
	give(p.Do("enter"))
	for w, want := range map[int]string{80: " momentum @aaaaaa ─", 60: " momentum ─"} {
		view, _ := p.View(page.Env{Theme: &th, Now: time.Unix(1, 0)}, w, 16)
		if head, _, _ := strings.Cut(view, "\n"); !strings.Contains(head, want) || !strings.Contains(head, "[Figures]") {
			t.Errorf("%d columns: %q", w, head)
		}
	}
	wide, _ := p.View(page.Env{Theme: &th, Now: time.Unix(1, 0), Embedded: true}, 200, 40)
	if !strings.Contains(wide, "Press q first") {
		t.Errorf("a command is advised that is refused while this omc runs:\n%s", wide)
	}
}
