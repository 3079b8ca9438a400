package backtest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/fact/facttest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

var moods = []fact.Query{{Kind: fact.Sentiment, Coin: "BTC", WindowMS: 3_600_000}}

// moody buys on a good mood. An honest one reads the book as of the bar's close; the others read what they were told before its time.
type moody struct {
	quiet
	book  *fact.Book
	facts []fact.Fact
	leak  string
}

func (s *moody) Spec() strategy.Spec {
	return strategy.Spec{Name: "moody", Markets: []market.Market{btc}, Interval: market.FiveMinutes, Ledgers: moods}
}

func (s *moody) OnFacts(facts []fact.Fact) error {
	s.facts = append(s.facts, facts...)
	return s.book.Add(facts)
}

func (s *moody) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	now := ctx.Now().UnixMilli()
	score := 0.0
	switch s.leak {
	case "":
		s.book.At(now)
		score = s.book.Values(0)[0]
	case "event time for known time": // what was published by now, whenever it was known
		for _, f := range s.facts {
			if f.Event <= now && f.Event > now-3_600_000 {
				score += f.Values[0]
			}
		}
	case "newest revision": // as it is known today
		for _, f := range s.facts {
			if f.Known <= now {
				for _, g := range s.facts {
					if g.Key == f.Key && g.Known >= f.Known {
						f = g
					}
				}
				score = f.Values[0]
			}
		}
	case "mean of all": // a threshold fitted on the whole sample
		for _, f := range s.facts {
			score -= f.Values[0] / float64(len(s.facts))
		}
		s.book.At(now)
		score += s.book.Values(0)[0]
	}
	if score > 0 {
		ctx.Log("buy")
	}
	return nil
}

// Facts that are read before they were known are as much a look into the future as prices are.
func TestALookAtLaterFactsIsFound(t *testing.T) {
	t.Parallel()
	bars := [][]market.Bar{syntheticBars(400)}
	list := facttest.List(moods, bars, 9)
	for _, leak := range []string{"", "event time for known time", "newest revision", "mean of all"} {
		l, err := RunLookAhead(context.Background(), LookAheadInput{Bars: bars, Told: list, Settings: report.Default(), Cuts: 100,
			New: func([][]market.Bar) (strategy.Strategy, error) {
				book, err := fact.NewBook(moods)
				return &moody{book: book, leak: leak}, err
			}})
		if err != nil {
			t.Fatal(err)
		}
		if l.Finding.Passed != (leak == "") {
			t.Errorf("%q: %s", leak, l.Finding.Text)
		}
		if leak == "" && l.Lines < 20 {
			t.Errorf("only %d decisions: nothing would be found", l.Lines)
		}
	}
}

func TestReportsTellWhatWasAsked(t *testing.T) {
	t.Parallel()
	bars := [][]market.Bar{syntheticBars(400)}
	list := facttest.List(moods, bars, 9)
	end := (bars[0][399].Unix() + 300) * 1000
	early := len(slices.DeleteFunc(slices.Clone(list.Facts), func(f fact.Fact) bool { return f.Known > end }))
	run := func(l fact.List) *report.Report {
		t.Helper()
		book, err := fact.NewBook(moods)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := Run(context.Background(), Input{Strategy: &moody{book: book}, Bars: bars, Told: l, Settings: report.Default()})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	rep := run(list)
	if len(rep.Ledgers) != 1 || rep.Ledgers[0].Question != "sentiment of BTC over 1h" || rep.Ledgers[0].Facts != early || early == len(list.Facts) {
		t.Errorf("told %+v, want %d facts of %d", rep.Ledgers, early, len(list.Facts))
	}
	other := list
	other.Facts = slices.Clone(list.Facts)
	other.Facts[3].Values[0]++
	none := run(fact.List{Asked: moods, ReachMS: list.ReachMS})
	if run(other).DataHash == rep.DataHash || none.DataHash == rep.DataHash || run(list).DataHash != rep.DataHash {
		t.Error("the data's hash does not cover the facts")
	}
	if none.Ledgers[0].Facts != 0 || none.Ledgers[0].First != nil || !strings.Contains(strings.Join(none.Notes, "\n"), "sentiment of BTC over 1h: nothing was known") {
		t.Errorf("told nothing: %+v %q", none.Ledgers, none.Notes)
	}
	book, err := fact.NewBook(moods)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), Input{Strategy: &moody{book: book}, Bars: bars, Settings: report.Default()}); err == nil {
		t.Error("a strategy whose questions nobody asked was run")
	}
}
