package upstream

import (
	"math"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
)

func TestCheckOpen(t *testing.T) {
	for _, c := range []struct {
		open int64
		iv   market.Interval
		ok   bool
	}{
		{0, market.Minute, true}, {1735689600, market.Hour, true}, {1735689600_000, market.Hour, false}, {1735689660, market.Hour, false},
		{1735776000, market.Week, false}, {1735516800, market.Week, true}, {-60, market.Minute, false},
		{math.MinInt64, market.Week, false}, {math.MaxInt64, market.Week, false},
	} {
		if err := CheckOpen(c.open, c.iv); (err == nil) != c.ok {
			t.Errorf("%d %s: %v", c.open, c.iv, err)
		}
	}
}
