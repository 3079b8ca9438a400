package daemon

import (
	"github.com/ohmycoins/omc/internal/coin"
	"github.com/ohmycoins/omc/internal/impact"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sentiment"
)

// judge says of texts and events what no upstream says. It implements collect.Judge.
type judge struct {
	impact.Rule
}

func newJudge() judge {
	return judge{impact.Rule{Size: func(c market.Coin) impact.Tier { return impact.Tier(coin.Size(c)) }}} // the tiers are the same
}

// Sentiment scores a text.
func (judge) Sentiment(text string) ledger.Sentiment {
	r := sentiment.Score(text)
	return ledger.Sentiment{Label: string(r.Label), Score: r.Score, Scorer: sentiment.Method()}
}

// Coins finds the coins a text speaks of.
func (judge) Coins(text string) []market.Coin { return coin.Tag(text) }
