package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// Script is a strategy's source and what it is called in errors.
type Script struct {
	Name   string `json:"name"`
	Source string `json:"source"`
}

// Data is what a Bench evaluates over: the bars of each market, in time order, read only.
type Data struct {
	Markets  []market.Market
	Interval market.Interval
	Bars     [][]market.Bar
	Told     fact.List // answers to what the script asks of the ledgers
}

// dataMessage announces the bars: how many of each market follow, and how many facts.
type dataMessage struct {
	Markets  []market.Market `json:"markets"`
	Interval market.Interval `json:"interval"`
	Bars     []int           `json:"bars"`
	Asked    []fact.Query    `json:"asked"`
	ReachMS  int64           `json:"reach_ms"`
	Facts    int             `json:"facts"`
}

// Run is one evaluation. The same Run over the same Data gives the same report, byte for byte.
type Run struct {
	Params    map[string]float64 `json:"params"`
	Before    time.Time          `json:"before"` // bars that open at or after it are unknown to the run; zero: all are known
	Since     time.Time          `json:"since"`  // bars that open before it are left out, of the warm-up too; zero: none are
	From      time.Time          `json:"from"`   // as of backtest.Input
	To        time.Time          `json:"to"`
	Settings  report.Settings    `json:"settings"`
	Sources   []string           `json:"sources"`
	Simulated bool               `json:"simulated"`
	Algorithm string             `json:"algorithm"`
	Brief     bool               `json:"brief,omitempty"` // see backtest.Input
}

type runMessage struct {
	Run
	Trace bool `json:"trace"`
}

// Walk is a walk-forward test with parameters that are settled: Params[0] in every fold, or Params[n-1] in fold n.
type Walk struct {
	Run
	Folds      int                  `json:"folds"`
	FoldParams []map[string]float64 `json:"fold_params"`
}

// Look is a look-ahead test.
type Look struct {
	Run
	Seed   uint64 `json:"seed"`
	Cuts   int    `json:"cuts"`
	Budget int    `json:"budget"`
}

// Declared is what a script declares with some options.
type Declared struct {
	Spec    strategy.Spec    `json:"spec"`
	Content strategy.Content `json:"content"`
}

type helloMessage struct {
	Version int    `json:"version"`
	Missing string `json:"missing,omitempty"` // what does not contain the child
}

type beatMessage struct {
	Calls int64 `json:"calls"` // of the script so far
	Done  int   `json:"done"`  // bars
	Total int   `json:"total"`
}

// failure is an error on its way to the parent.
type failure struct {
	Kind   string                `json:"kind"` // script, no_bars, folds, settings or ""
	Text   string                `json:"text"`
	Script *strategy.ScriptError `json:"script,omitempty"`
}

var kinds = map[string]error{"no_bars": backtest.ErrNoBars, "folds": backtest.ErrFolds, "settings": report.ErrSettings}

func failed(err error) failure {
	f := failure{Text: clip(err.Error(), maxText)}
	if errors.As(err, &f.Script) {
		f.Kind = "script"
	}
	for name, sentinel := range kinds {
		if errors.Is(err, sentinel) {
			f.Kind = name
		}
	}
	return f
}

// err makes an error of it again: a *strategy.ScriptError, or one that Is what it was in the child.
func (f *failure) err() error {
	text := clip(f.Text, maxText)
	if f.Kind == "script" && f.Script != nil {
		s := *f.Script
		s.File, s.Func, s.Msg, s.Stack = clip(s.File, 200), clip(s.Func, 200), clip(s.Msg, maxText), clip(s.Stack, maxText)
		s.Line, s.Col = max(0, s.Line), max(0, s.Col)
		return &remoteError{text: text, is: &s}
	}
	return &remoteError{text: text, is: kinds[f.Kind]}
}

// remoteError says what the child said, and unwraps to what kind it was.
type remoteError struct {
	text string
	is   error
}

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Unwrap is the kind; nil where it is none in particular.
func (e *remoteError) Unwrap() error { return e.is }

// maxText bounds an error's text.
const maxText = 4 << 10

// clip bounds a text, and makes it one that any terminal bears.
func clip(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	s = strings.ToValidUTF8(s, "�")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return '�'
		}
		return r
	}, s)
}

// eventMessage is one call of a strategy with everything it may see during it.
type eventMessage struct {
	Kind   string      `json:"kind"` // init, bar, fill, timer, end or facts
	Market int         `json:"market"`
	Bar    []byte      `json:"bar,omitempty"` // one column block
	Fill   *trade.Fill `json:"fill,omitempty"`
	Timer  string      `json:"timer,omitempty"`
	Facts  []byte      `json:"facts,omitempty"` // one block
	View   view        `json:"view"`
}

// view is a strategy.Context's values.
type view struct {
	Now     time.Time     `json:"now"`
	Warming bool          `json:"warming"`
	Cash    money.Decimal `json:"cash"`
	Equity  money.Decimal `json:"equity"`
	Markets []marketView  `json:"markets"`
}

type marketView struct {
	Position trade.Position `json:"position"`
	Last     money.Decimal  `json:"last"`
	Orders   []trade.Order  `json:"orders"`
}

// see copies what a Context shows of n markets.
func see(c strategy.Context, n int) view {
	v := view{Now: c.Now(), Warming: c.WarmingUp(), Cash: c.Cash(), Equity: c.Equity(), Markets: make([]marketView, n)}
	for m := range v.Markets {
		v.Markets[m] = marketView{Position: c.Position(m), Last: c.Last(m), Orders: c.OpenOrders(m)}
	}
	return v
}

type answerMessage struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	View view   `json:"view"`
}

type timerMessage struct {
	Name   string `json:"name"`
	Second int64  `json:"second"` // of the unix epoch: a script may mean a year that no text has
	Nano   int64  `json:"nano"`
}

// check bounds what a child says of a script. source is the parent's own.
func (d *Declared) check(source string) error {
	s, c := &d.Spec, &d.Content
	switch {
	case len(s.Markets) == 0 || len(s.Markets) > 64 || len(s.Params) > 64 || len(c.Params) != len(s.Params):
		return fmt.Errorf("it declares %d markets and %d parameters", len(s.Markets), len(s.Params))
	case !s.Interval.Valid() || s.Warmup < 0:
		return fmt.Errorf("it declares an interval of %d s and a warm-up of %d bars", int64(s.Interval), s.Warmup)
	case len(s.Ledgers) > fact.MaxQueries:
		return fmt.Errorf("it asks the ledgers %d things", len(s.Ledgers))
	case c.Language != "starlark" || c.Script != source || c.Interval != s.Interval || len(c.Markets) != len(s.Markets):
		return errors.New("its content is not that of the script")
	}
	for i, m := range s.Markets {
		if m == (market.Market{}) || m != c.Markets[i] {
			return fmt.Errorf("its market %d has no name, or two", i+1)
		}
	}
	for _, p := range s.Params {
		if v, ok := c.Params[p.Name]; !ok || v != p.Value {
			return fmt.Errorf("its parameter %.40q has no value, or two", p.Name)
		}
	}
	for i := range s.Ledgers {
		if err := s.Ledgers[i].Check(); err != nil {
			return err
		}
	}
	s.Name, s.Description = clip(s.Name, 64), clip(s.Description, 1000)
	return nil
}
