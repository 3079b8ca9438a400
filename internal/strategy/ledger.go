package strategy

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/market"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// ledgerSeries is one function of the module ledger.
type ledgerSeries struct {
	kind      fact.Kind
	signature string
	window    string   // default
	names     string   // the argument that narrows it, "" where there is none
	outputs   []string // what each means
	doc       string
}

func ledgerKinds() []ledgerSeries {
	return []ledgerSeries{
		{fact.Sentiment, `ledger.sentiment(window="24h", platforms=[])`, "24h", "platforms",
			[]string{"mean: mean score of the texts about the coin, −1 to 1; None without one", "count: how many", "positive: share with a score above 0.05", "negative: share below −0.05"},
			"Texts published within the window: news and posts. `platforms` narrows it: \"news\", \"reddit\", \"x\", or publishers."},
		{fact.Events, `ledger.events(window="7d", types=[], min_impact=0.0)`, "7d", "types",
			[]string{"impact: the greatest within the window, 0 without one", "count: how many", "hours_since: hours since the newest of them", "hours_until: hours until the next that is known to come", "next_impact: its impact, of several at that moment the greatest"},
			"Catalysts of the coin: filings, listings, halts, unlocks, …"},
		{fact.Flows, `ledger.flows(window="48h", over="24h")`, "48h", "",
			[]string{"net_usd: the newest net flow of each token of that symbol within the window, added", "buying: wallets that bought, None where nobody counts them, as with the flows of 24h", "selling: wallets that sold", "hours_since: age of the newest"},
			"What skilled wallets did with the coin. A flow is the sum over some time, and there are those of \"24h\" and of \"1h\": `over` says which, they are never added to each other."},
		{fact.Metric, `ledger.metric(name, window=None, source="", protocol="")`, "", "",
			[]string{"value: the newest; None before the first, or where it is older than the window", "hours_since: its age"},
			"A figure of the coin's chain or protocols, like \"tvl_usd\" or \"active_addresses\" (`omc data stats` lists them). Where several sources have it, say which."},
	}
}

// ledgerModule is the predeclared name ledger.
func (h *host) ledgerModule() starlark.Value {
	members := starlark.StringDict{}
	for _, k := range ledgerKinds() {
		members[string(k.kind)] = starlark.NewBuiltin("ledger."+string(k.kind), func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			v, err := h.declareSeries(k, b, args, kwargs)
			if err != nil && !strings.HasPrefix(err.Error(), b.Name()) {
				err = fmt.Errorf("%s: %w", b.Name(), err)
			}
			return v, err
		})
	}
	return &starlarkstruct.Module{Name: "ledger", Members: members}
}

func (h *host) declareSeries(k ledgerSeries, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var (
		coin, name, source, protocol string
		window, over                 = k.window, "24h"
		lag                          starlark.Value
		names                        *starlark.List
		impact                       starlark.Value = starlark.Float(0)
		keep                                        = defaultKeep
	)
	pairs := []any{"window?", &window, "coin?", &coin, "keep?", &keep, "lag?", &lag}
	switch k.kind {
	case fact.Metric:
		pairs = append([]any{"name", &name}, append(pairs, "source?", &source, "protocol?", &protocol)...)
	case fact.Events:
		pairs = append(pairs, "min_impact?", &impact)
	case fact.Flows:
		pairs = append(pairs, "over?", &over)
	}
	if k.names != "" {
		pairs = append(pairs, k.names+"?", &names)
	}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, pairs...); err != nil {
		return nil, err
	}
	switch {
	case !h.loading:
		return nil, fmt.Errorf("declare series at the top level, so that their past is there before the first bar")
	case len(h.series) == maxIndicators:
		return nil, fmt.Errorf("at most %d indicators and series are allowed", maxIndicators)
	case keep < 2 || keep > maxKeep:
		return nil, fmt.Errorf("keep: want a whole number from 2 to %d", maxKeep)
	}
	q := &fact.Query{Kind: k.kind, Coin: "BTC", Source: source, Protocol: protocol}
	var err error
	if window != "" {
		if q.WindowMS, err = span(window); err != nil {
			return nil, fmt.Errorf("window: %w", err)
		}
	}
	if k.kind == fact.Flows {
		if q.OverMS, err = span(over); err != nil {
			return nil, fmt.Errorf("over: %w", err)
		}
	}
	if lag != nil && lag != starlark.None {
		text, ok := starlark.AsString(lag)
		if !ok {
			return nil, fmt.Errorf(`lag: want a time like "1d", got %s`, lag.Type())
		}
		if q.LagMS, err = span(text); err != nil {
			return nil, fmt.Errorf("lag: %w", err)
		}
		q.Assumed = true
	}
	if q.MinImpact, err = number(impact); err != nil {
		return nil, fmt.Errorf("min_impact: %w", err)
	}
	if name != "" || k.kind == fact.Metric {
		q.Names = []string{name}
	}
	for i := 0; names != nil && i < names.Len(); i++ {
		s, ok := starlark.AsString(names.Index(i))
		if !ok {
			return nil, fmt.Errorf("%s: want strings, got %s", k.names, names.Index(i).Type())
		}
		q.Names = append(q.Names, s)
	}
	slices.Sort(q.Names)
	if err := q.Check(); err != nil {
		return nil, err
	}
	if q.Coin = ""; coin != "" {
		c, err := market.ParseCoin(coin)
		if err != nil {
			return nil, err
		}
		q.Coin = c
	}
	v := &indicatorValue{h: h, ask: q, keep: keep, warmup: 1,
		spec: indicator.Spec{Name: string(k.kind), Inputs: []string{"close"}, Outputs: k.kind.Outputs()}, inputs: []int{inClose}}
	h.series = append(h.series, v)
	return v, nil
}

// span reads a length of time: a whole number of m, h or d.
func span(s string) (int64, error) {
	units := map[string]int64{"m": 60_000, "h": 3_600_000, "d": 86_400_000}
	if n := len(s); n > 1 {
		if unit, ok := units[s[n-1:]]; ok {
			if v, err := strconv.ParseUint(s[:n-1], 10, 31); err == nil && int64(v) <= math.MaxInt64/unit {
				return int64(v) * unit, nil
			}
		}
	}
	return 0, fmt.Errorf(`%q: want a whole number of minutes, hours or days, like "30m", "24h" or "7d"`, clipLine(s))
}

// question is the stream of a declared series on market m. Two that ask the same are one question.
func (h *host) question(v *indicatorValue, m int) (*askedStream, error) {
	q := *v.ask
	if q.Coin == "" {
		q.Coin = h.spec.Markets[m].Base
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(h.spec.Ledgers, func(o fact.Query) bool { return reflect.DeepEqual(o, q) })
	if at < 0 {
		if at = len(h.spec.Ledgers); at == fact.MaxQueries {
			return nil, fmt.Errorf("more than %d questions to the ledgers: one is asked for each market", fact.MaxQueries)
		}
		h.spec.Ledgers = append(h.spec.Ledgers, q)
	}
	s := &askedStream{query: at, out: make([]float64, len(q.Kind.Outputs()))}
	s.Reset()
	h.asked = append(h.asked, s)
	return s, nil
}

// bindBook opens the book that the asked series read.
func (h *host) bindBook() error {
	if len(h.asked) == 0 {
		return nil
	}
	book, err := fact.NewBook(h.spec.Ledgers)
	if err != nil {
		return h.fail("%v", err)
	}
	h.book = book
	for _, s := range h.asked {
		s.book = book
	}
	return nil
}

// askedStream reads a question's numbers as of each bar's close; it makes a ledger's series look like an indicator that reads no prices.
type askedStream struct {
	book  *fact.Book
	query int
	out   []float64
}

// Update implements indicator.Stream.
func (s *askedStream) Update([]float64) { copy(s.out, s.book.Values(s.query)) }

// Out implements indicator.Stream.
func (s *askedStream) Out() []float64 { return s.out }

// Warmup implements indicator.Stream.
func (*askedStream) Warmup() int { return 1 }

// Reset implements indicator.Stream.
func (s *askedStream) Reset() {
	for i := range s.out {
		s.out[i] = math.NaN()
	}
}
