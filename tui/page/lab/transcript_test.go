package lab

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

func TestDeltasStreamAndGiveWayToTheParagraph(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	p := New(nil, nil)
	for _, s := range []string{"Vol", "ume ", "helps"} {
		p.event(&research.Event{Kind: research.EventDelta, Agent: "analyst", Text: s})
	}
	p.rev++
	if got := strings.Join(p.conversation(&th, 60), "\n"); !strings.Contains(got, "analyst      Volume helps ▌") {
		t.Errorf("%q", got)
	}
	p.event(&research.Event{Seq: 1, Kind: research.EventText, Agent: "analyst", Text: "Volume helps in 4 of 5 folds."})
	p.rev++
	if got := strings.Join(p.conversation(&th, 60), "\n"); strings.Contains(got, "▌") || strings.Count(got, "Volume") != 1 {
		t.Errorf("%q", got)
	}
	p.event(&research.Event{Seq: 1, Kind: research.EventText, Agent: "analyst", Text: "again"})
	if len(p.events) != 1 {
		t.Error("a repeated event was taken twice")
	}
}

func TestAVerdictStatesItsReasons(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	p := New(nil, nil)
	b, err := json.Marshal(research.Verdict{Headline: "Nothing here deserves money", Reasons: []research.Reason{{Code: "deflated_sharpe", Text: "0.61, wanted 0.95"}, {Code: "folds", Passed: true, Text: "5 of 5"}}})
	if err != nil {
		t.Fatal(err)
	}
	p.event(&research.Event{Seq: 1, Kind: research.EventVerdict, Data: b})
	got := strings.Join(p.conversation(&th, 60), "\n")
	for _, want := range []string{"verdict: no money", "Nothing here deserves money", "✗ deflated Sharpe: 0.61, wanted 0.95  deflated_sharpe", "✓ folds: 5 of 5"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
}

func FuzzConversation(f *testing.F) {
	f.Add("tool", "trainer", "x", `{"ref":"r1","tool":"walk_forward","args":{"a":1}}`, 60)
	f.Add("question", "o", "", `{"text":"which?","choices":["a","b"]}`, 12)
	f.Add("delta", "o", "a\x1b]0;x\x07\nb 漢字", ``, 80)
	f.Add("verdict", "", "", `{"headline":"no","reasons":[{"code":"c","text":"t"}]}`, 40)
	f.Fuzz(func(t *testing.T, kind, agent, text, data string, w int) {
		if w < 40 || w > 250 {
			return
		}
		th := theme.For(theme.NoColor)
		p := New(nil, nil)
		p.open = true
		p.event(&research.Event{Seq: 1, Kind: research.EventKind(kind), Agent: agent, Text: text, Data: []byte(data)})
		for _, l := range p.conversation(&th, w) {
			if strings.ContainsAny(l, "\x1b\n\r\x07") {
				t.Fatalf("%q", l)
			}
			if widget.Width(l) > w {
				t.Fatalf("%d columns: %q", widget.Width(l), l)
			}
		}
	})
}
