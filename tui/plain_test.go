package tui

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
)

// goingOn is a fake whose floor sessions go on: their streams have no end.
type goingOn struct{ fake }

func (f *goingOn) FloorEvents(ctx context.Context, id string, after int64, emit func(api.FloorEvent) error) error {
	if err := f.fake.FloorEvents(ctx, id, after, emit); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func plain(t *testing.T, c Client, noun string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Plain(context.Background(), Options{Client: c, Clock: clock.NewManual(epoch)}, noun, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPlainIsWordsInOneColumn(t *testing.T) {
	t.Parallel()
	for noun, want := range map[string][]string{
		"lab": {"Plan of @5e5510", "running: Train, 3 of 5", "trainer calls walk_forward: return +31.2 %", "orchestrator asks: Two readings", "2: one entry, exits free", "Nothing here deserves money yet."},
		"data": {"BTC/USDT, 306,704 bars of 5m, from 2023-01-01, to 2026-11-22, 99.99% complete, from binance", "gap from 2023-03-24 12:40 to 2023-03-24 13:45, 14 bars missing",
			"the newest 163 bars of 1h: first ", ", low ", "SIM: made-up prices"},
		"algo":   {"ema-cross @a41f09, validated", "Return +31.2%, buy and hold +22.0%", "Equity: first 10,000.00 on ", "does not hold, refuses nothing: deflated Sharpe: measured", "def on_bar(ctx):"},
		"floor":  {"ema-cross @f2c0ff, PAPER, SIM: made-up prices, running, no price for 40s", "0.0625 BTC, average price with fees ", "log: breakout above ␛[31m86,100", "refused: max_notional"},
		"daemon": {"feed:coinspot: wrong, failing", "kraken: idle", "WARN: feed failed error=HTTP 503 feed=coinspot"},
	} {
		s := plain(t, &fake{}, noun)
		for _, w := range append(want, "PAPER 1, SIM 1, equity 10,231.44 USDT, today +84.10") {
			if !strings.Contains(s, w) {
				t.Errorf("%s: %q is missing from\n%s", noun, w, s)
			}
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return r == 0x1b || r >= 0x2500 && r < 0x2600 || r >= 0x2800 && r < 0x2900 }); i >= 0 {
			t.Errorf("%s draws %q in\n%s", noun, s[i:i+4], s)
		}
		for _, l := range strings.Split(s, "\n") {
			if strings.Contains(strings.TrimSpace(l), "   ") {
				t.Errorf("%s: more than one column: %q", noun, l)
			}
		}
	}
}

func TestPlainOfNothingSaysWhatFillsIt(t *testing.T) {
	t.Parallel()
	for noun, want := range map[string]string{"lab": "omc lab run GOAL", "data": "omc data import", "algo": "omc lab run GOAL", "floor": "omc floor start", "daemon": "Sources: 0"} {
		if s := plain(t, &fake{empty: true}, noun); !strings.Contains(s, want) {
			t.Errorf("%s: %q is missing from\n%s", noun, want, s)
		}
	}
}

func TestPlainTakesTheEventsOfASessionThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if s := plain(t, &goingOn{}, "floor"); !strings.Contains(s, "refused: max_notional") {
			t.Errorf("the events are missing from\n%s", s)
		}
	})
}
