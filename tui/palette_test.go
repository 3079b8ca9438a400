package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/tui/page"
)

// say opens the palette on a page, writes a command, and leaves the palette open.
func say(t *testing.T, m *Model, command string) *palette {
	t.Helper()
	press(m, ":")
	write(m, command)
	p, ok := m.over.(*palette)
	if !ok {
		t.Fatalf("no palette after %q", command)
	}
	return p
}

func titles(es []page.Entry) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Title
	}
	return out
}

func TestThePaletteTakesTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command string
		want    []string
	}{
		{"algo promote ema-cross", []string{"[3 Algorithms]", "Promote ema-cross @a41f09 from validated to paper?"}},
		{"omc algo promote a41f09", []string{"[3 Algorithms]", "Promote ema-cross @a41f09"}},
		{"algo promote donchian", []string{"donchian-breakout @09c2a4 cannot be promoted to live yet"}},
		{"algo retire ema-cross", []string{"Retire ema-cross @a41f09?"}},
		{"floor start donchian-breakout", []string{"[4 Floor]", "donchian-breakout"}},
		{"floor start donchian-breakout --paper --feed sim", []string{"[4 Floor]", "left out: --feed sim"}},
		{"floor start ema-cross", []string{"[3 Algorithms]", "start: it is validated, not paper"}},
		{"floor stop ema-cross", []string{"[4 Floor]", "Stop ema-cross?"}},
		{"data gaps eth/usdt", []string{"[2 Ledgers]", "[Gaps]", "ETH/USDT"}},
		{"data prices SHIB", []string{"[2 Ledgers]", "SHIB/USDT"}},
		{"lab show 5e55001", []string{"[1 Lab]"}},
		{"lab resume mean reversion", []string{"[1 Lab]", "resume: it is done"}},
		{"lab sessions", []string{"[Sessions]"}},
		{"lab run \"try ETH instead\"", []string{"[1 Lab]", "› try ETH instead"}},
		{"help", []string{"every key"}},
	} {
		t.Run(c.command, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			m := open(t, f, "daemon", 90, 30)
			say(t, m, c.command)
			press(m, "enter")
			shows(t, m, c.want...)
			if len(f.did()) != 0 {
				t.Errorf("it was done without a question: %v", f.did())
			}
		})
	}
}

func TestWordsThatNameNothingAreSaidAndDoNothing(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 90, 30)
	say(t, m, "algo promote momentum")
	shows(t, m, "nothing here is called “momentum”", "algo promote ema-cross @a41f09")
	press(m, "enter")
	if _, ok := m.over.(*palette); !ok {
		t.Fatal("enter took another algorithm than the one that was asked for")
	}
	press(m, "down", "enter")
	if _, ok := m.over.(*palette); ok {
		t.Error("a chosen line does nothing")
	}
}

func TestThePaletteRanksWordsBeforePieces(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{"help": "help", "ETH": "data prices ETH/USDT", "algo": "algo", "kill": "floor kill", "quit": "quit", "fk": "floor kill", "donch": "algo show donchian-breakout @09c2a4"} {
		m := open(t, &fake{}, "lab", 90, 30)
		if got := titles(say(t, m, query).found); len(got) == 0 || got[0] != want {
			t.Errorf("%s: %q, want %q first", query, got, want)
		}
	}
	m := open(t, &fake{}, "lab", 90, 30)
	for _, title := range titles(say(t, m, "ETH").found) {
		if title == "quit" || strings.HasPrefix(title, "floor") {
			t.Errorf("ETH finds %q", title)
		}
	}
}

func TestACommandInFullFindsNoOther(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 90, 30)
	for _, title := range titles(say(t, m, "algo promote e").found) {
		if !strings.HasPrefix(title, "algo promote ") {
			t.Errorf("algo promote finds %q", title)
		}
	}
}

// Every entry that reads as a command is one, and says what it acts on.
func TestThePaletteNamesOnlyCommandsThatExist(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 90, 30)
	press(m, "2", "3", "4", "5", "1")
	p := say(t, m, "")
	nouns := map[string]bool{"lab": true, "data": true, "algo": true, "floor": true, "daemon": true, "collect": true}
	for _, title := range titles(append(p.all, p.deep...)) {
		words := strings.Fields(title)
		if !nouns[words[0]] || len(words) == 1 {
			continue
		}
		doc := filepath.Join("..", "docs", "cli", "omc_"+words[0]+"_"+words[1]+".md")
		if _, err := os.Stat(doc); err != nil {
			t.Errorf("%q is offered, and there is no such command", title)
		}
		switch words[1] {
		case "promote", "retire", "stop", "resume", "cancel", "show", "prices", "gaps", "watch", "pause", "quarantine":
			if len(words) < 3 {
				t.Errorf("%q does not say which", title)
			}
		}
	}
	for _, want := range []string{"algo promote ema-cross @a41f09", "floor stop donchian-breakout @f10077", "Lab: stop turn @5e5510 find a momentum strateg…"} {
		if !strings.Contains(strings.Join(titles(p.all), "\n"), want) {
			t.Errorf("%q is missing from\n%s", want, strings.Join(titles(p.all), "\n"))
		}
	}
}
