package daemon

import (
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// judge scores what collectors bring. It implements collect.Judge.
type judge struct{}

// Sentiment scores a text.
func (judge) Sentiment(string) ledger.Sentiment { return ledger.Sentiment{} }

// Coins finds the coins a text speaks of.
func (judge) Coins(string) []market.Coin { return nil }

// Impact scores an event.
func (judge) Impact(*ledger.Event, []ledger.EventRow) (float64, string) { return 0, "" }
