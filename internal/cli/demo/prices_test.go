package demo

import (
	"testing"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

func TestOnlyTheCoinsTheGoalNames(t *testing.T) {
	t.Parallel()
	var rows []ledger.Coverage
	for _, c := range []market.Coin{"BTC", "ETH", "SOL"} {
		rows = append(rows, ledger.Coverage{Market: market.Market{Base: c, Quote: "USDT"}})
	}
	for goal, want := range map[string]int{
		defaultGoal: 2, "momentum on eth.": 1, "SOL/USDT, please": 1, "something that works": 3, "": 3, "BTCETH": 3,
	} {
		if got := len(named(rows, goal)); got != want {
			t.Errorf("%q: %d markets, want %d", goal, got, want)
		}
	}
}
