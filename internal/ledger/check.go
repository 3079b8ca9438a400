package ledger

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Bounds of what a ledger keeps, in bytes.
const (
	maxID    = 600
	maxName  = 200
	maxText  = 10_000
	maxCoins = 100
	maxFacts = 50
	maxList  = 1_000 // wallets of one flow
)

// Earliest is the first event time that a record may have: Bitcoin's first day.
var Earliest = time.Date(2009, 1, 3, 0, 0, 0, 0, time.UTC)

// how far ahead of the clock a record of something that has happened, and of something scheduled, may lie
const (
	clocksDiffer = 24 * time.Hour
	scheduled    = 5 * 365 * 24 * time.Hour
)

// firstOf is the first thing that is wrong.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

var biggest = money.MustParse("1e30")

func checkTime(t, now time.Time, ahead time.Duration) error {
	if t.Before(Earliest) || t.After(now.Add(ahead)) {
		return fmt.Errorf("its time %s is out of range or in another unit", t.UTC().Format(time.RFC3339))
	}
	return nil
}

func checkText(what, s string, least, most int) error {
	switch {
	case len(s) < least:
		return fmt.Errorf("its %s is empty", what)
	case len(s) > most:
		return fmt.Errorf("its %s has %d bytes, the limit is %d", what, len(s), most)
	case !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("its %s is not text", what)
	}
	return nil
}

func checkFigure(v money.Decimal) error {
	if v.Abs().Cmp(biggest) > 0 {
		return fmt.Errorf("its value %s is beyond every figure", v)
	}
	return nil
}

func checkCoins(coins []market.Coin) error {
	if len(coins) > maxCoins {
		return fmt.Errorf("it names %d coins, the limit is %d", len(coins), maxCoins)
	}
	for _, c := range coins {
		if p, err := market.ParseCoin(string(c)); err != nil || p != c {
			return fmt.Errorf("coin %.40q is no ticker", c)
		}
	}
	return nil
}

func checkSentiment(s *Sentiment) error {
	if s.Label != "" && s.Label != "positive" && s.Label != "neutral" && s.Label != "negative" {
		return fmt.Errorf("sentiment %.40q is unknown", s.Label)
	}
	if math.IsNaN(s.Score) || s.Score < -1 || s.Score > 1 {
		return fmt.Errorf("sentiment score %v is not within -1 and 1", s.Score)
	}
	return checkText("scorer", s.Scorer, 0, maxName)
}

// CheckQuote says why a quote cannot be kept.
func CheckQuote(q *market.Quote, now time.Time) error {
	if q.Market.Base == "" || q.Market.Quote == "" {
		return errors.New("it has no market")
	}
	none := true
	for _, p := range []struct {
		name string
		v    money.Decimal
	}{{"bid", q.Bid}, {"ask", q.Ask}, {"last", q.Last}} {
		if p.v.Sign() < 0 {
			return fmt.Errorf("%s %s is below zero", p.name, p.v)
		}
		if err := checkFigure(p.v); err != nil {
			return err
		}
		none = none && p.v.Sign() == 0
	}
	if none {
		return errors.New("it has no price")
	}
	if q.Bid.Sign() > 0 && q.Ask.Sign() > 0 && q.Ask.Less(q.Bid) {
		return fmt.Errorf("crossed: bid %s above ask %s", q.Bid, q.Ask)
	}
	return checkTime(q.Time, now, clocksDiffer)
}

// Check says why a figure cannot be kept.
func (f *Fundamental) Check(now time.Time) error {
	return firstOf(checkText("protocol", f.Protocol, 1, maxName), checkText("metric", f.Metric, 1, maxName), checkOptional(f.Asset), checkFigure(f.Value),
		checkTime(f.Event, now, clocksDiffer))
}

// Check says why a figure cannot be kept.
func (m *Metric) Check(now time.Time) error {
	return firstOf(checkText("metric", m.Metric, 1, maxName), checkCoins([]market.Coin{m.Asset}), checkFigure(m.Value), checkTime(m.Event, now, clocksDiffer))
}

func checkOptional(c market.Coin) error {
	if c == "" {
		return nil
	}
	return checkCoins([]market.Coin{c})
}

// Check says why a flow cannot be kept.
func (f *Flow) Check(now time.Time) error {
	if f.Buying < 0 || f.Selling < 0 || len(f.Buyers) > maxList || len(f.Sellers) > maxList || f.Window <= 0 {
		return fmt.Errorf("%d buying and %d selling wallets over %s cannot be", f.Buying, f.Selling, f.Window)
	}
	for _, w := range append(append([]string{}, f.Buyers...), f.Sellers...) {
		if err := checkText("wallet", w, 1, maxName); err != nil {
			return err
		}
	}
	return firstOf(checkText("token", f.Token, 1, maxName), checkText("chain", f.Chain, 1, maxName), checkText("address", f.Address, 0, maxName),
		checkFigure(f.NetUSD), checkTime(f.Event, now, clocksDiffer))
}

// Check says why a text cannot be kept.
func (n *News) Check(now time.Time) error {
	return firstOf(checkText("id", n.ID, 1, maxID), checkText("publisher", n.Source, 1, maxName), checkText("title", n.Title, 1, maxText),
		checkText("summary", n.Summary, 0, maxText), checkText("url", n.URL, 0, maxText), checkCoins(n.Coins), checkSentiment(&n.Sentiment),
		checkTime(n.Published, now, clocksDiffer))
}

// Check says why a post cannot be kept.
func (p *Post) Check(now time.Time) error {
	if p.Engagement < 0 {
		return fmt.Errorf("its engagement %d is below zero", p.Engagement)
	}
	return firstOf(checkText("id", p.ID, 1, maxID), checkText("platform", p.Platform, 1, maxName), checkText("channel", p.Channel, 0, maxName),
		checkText("content", p.Content, 1, maxText), checkText("url", p.URL, 0, maxText), checkCoins(p.Coins), checkSentiment(&p.Sentiment),
		checkTime(p.Posted, now, clocksDiffer))
}

// Check says why an event cannot be kept.
func (e *Event) Check(now time.Time) error {
	if math.IsNaN(e.Impact) || e.Impact < 0 || e.Impact > 1 {
		return fmt.Errorf("its impact %v is not within 0 and 1", e.Impact)
	}
	if len(e.Facts) > maxFacts {
		return fmt.Errorf("it has %d facts, the limit is %d", len(e.Facts), maxFacts)
	}
	for k, v := range e.Facts {
		if err := firstOf(checkText("fact", k, 1, maxName), checkText("fact "+k, v, 0, maxText)); err != nil {
			return err
		}
	}
	return firstOf(checkText("id", e.ID, 1, maxID), checkText("source", e.Source, 1, maxName), checkText("type", e.Type, 1, maxName),
		checkText("title", e.Title, 1, maxText), checkText("description", e.Description, 0, maxText), checkText("url", e.URL, 0, maxText),
		checkText("reason", e.Why, 0, maxText), checkCoins(e.Coins), checkTime(e.Time, now, scheduled))
}

// Check says why a trade cannot be kept.
func (t *MarketTrade) Check(now time.Time) error {
	if t.Market.Base == "" || t.Market.Quote == "" {
		return errors.New("it has no market")
	}
	if t.Side != "buy" && t.Side != "sell" {
		return fmt.Errorf("side %.40q is neither buy nor sell", t.Side)
	}
	if t.Price.Sign() <= 0 || t.Amount.Sign() <= 0 {
		return fmt.Errorf("%s at %s cannot be", t.Amount, t.Price)
	}
	return firstOf(checkText("id", t.ID, 1, maxID), checkFigure(t.Price), checkFigure(t.Amount), checkTime(t.Time, now, clocksDiffer))
}
