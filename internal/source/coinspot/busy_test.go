package coinspot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
)

// A market that trades faster than its turn comes is asked more often; what its list did not hold all the same is a gap that names it.
func TestABusyMarketIsAskedMoreOftenAndItsHolesAreGaps(t *testing.T) {
	t.Parallel()
	x, c, clk, _ := exchange(t)
	var markets []market.Market
	for i := range 60 { // four polls a round: two minutes
		m := market.Market{Base: market.Coin(fmt.Sprintf("C%02d", i)), Quote: "AUD"}
		markets = append(markets, m)
		x.Quote(m, "1", "2", "1.5")
	}
	busy := markets[40]
	every := 2 * time.Second
	traded := 0 // a trade each so often
	begin := clk.Now()
	world := func() {
		traded = int(clk.Now().Sub(begin) / every)
		var rows []json.RawMessage
		for n := traded; n > max(0, traded-20); n-- {
			at := begin.Add(time.Duration(n) * every)
			rows = append(rows, json.RawMessage(fmt.Sprintf(`{"rate":1.5,"amount":%d,"coin":"%s","market":"%s/AUD","solddate":%q}`, n, busy.Base, busy.Base, at.UTC().Format("2006-01-02T15:04:05.000Z"))))
		}
		x.Completed(busy, fake.Orders{Buys: rows})
	}
	f := feedOf(t, c, "coinspot.trades")
	var cursor []byte
	seen := map[string]bool{}
	var gaps []ledger.FeedGap
	ask := func(polls int) (read int) {
		for range polls {
			clk.Advance(30 * time.Second)
			world()
			h, err := f.Poll(t.Context(), cursor)
			if err != nil {
				t.Fatal(err)
			}
			cursor = h.Cursor
			for _, tr := range h.Trades {
				seen[tr.Amount.String()] = true
				read++
			}
			gaps = append(gaps, h.Gaps...)
		}
		return read
	}
	ask(8)
	// A list of forty seconds, asked every thirty: nothing is missed any more.
	gaps, seen = nil, map[string]bool{}
	first := traded + 1
	ask(20)
	for n := first; n <= traded; n++ {
		if !seen[fmt.Sprint(n)] {
			t.Errorf("trade %d of %d was never read", n, traded)
		}
	}
	if len(gaps) > 0 {
		t.Errorf("nothing is missing, and %+v", gaps)
	}
	// It trades faster than it can be asked: twenty in ten seconds.
	before := clk.Now()
	every, begin = 500*time.Millisecond, before
	ask(6)
	if len(gaps) < 5 {
		t.Fatalf("%d gaps of six looks: %+v", len(gaps), gaps)
	}
	for _, g := range gaps {
		if g.From.Before(before.Add(-31*time.Second)) || !strings.HasPrefix(g.Reason, "trades of C40/AUD: ") || g.To.Sub(g.From) > 60*time.Second {
			t.Errorf("%+v", g)
		}
	}
}
