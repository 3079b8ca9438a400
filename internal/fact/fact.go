// Package fact owns what a strategy may know beside prices: a declared question about the ledgers, the facts that answer it, each with the
// moment at which it was known, and the book that turns them into numbers as of a moment. It does no I/O, and never shows a fact before its time.
package fact

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
)

// Kind says which ledger a question is about.
type Kind string

// The kinds.
const (
	Sentiment Kind = "sentiment" // texts: Values[0] is the score, −1 to 1
	Events    Kind = "events"    // catalysts: Values[0] is the impact, 0 to 1
	Flows     Kind = "flows"     // smart money: net USD, buying wallets, selling wallets; both wallet counts 0 where nobody counted
	Metric    Kind = "metric"    // one figure of a chain or a protocol: Values[0]
)

// Bounds of what one run may ask and be told.
const (
	MaxQueries = 64
	MaxFacts   = 2_000_000
	maxNames   = 20
	maxWindow  = 3660 * 24 * time.Hour
)

// Query is one declared question. The zero Lag and false Assumed mean: only what omc had seen by then.
type Query struct {
	Kind      Kind        `json:"kind"`
	Coin      market.Coin `json:"coin"`
	Names     []string    `json:"names,omitempty"`      // platforms or publishers, kinds of event, or the one metric; sorted
	Source    string      `json:"source,omitempty"`     // of a metric, "" where there is but one
	Protocol  string      `json:"protocol,omitempty"`   // of a metric, "" where there is but one
	WindowMS  int64       `json:"window_ms,omitempty"`  // how far back event times count; of a metric how old it may be, 0: any age
	OverMS    int64       `json:"over_ms,omitempty"`    // of flows: the length of time that each is the sum over
	MinImpact float64     `json:"min_impact,omitempty"` // of events
	// Assumed takes what landed late, because its history was fetched afterwards, as known LagMS after it happened.
	Assumed bool  `json:"assumed,omitempty"`
	LagMS   int64 `json:"lag_ms,omitempty"`
}

// Fact is one answer: what became known of one item at one moment. A later fact with the same key replaces it.
type Fact struct {
	Query  int        `json:"q"` // index of the declared question
	Key    uint64     `json:"k"` // the item's
	Group  uint64     `json:"g,omitempty"`
	Event  int64      `json:"e"` // when it happened, or is to happen; Unix milliseconds
	Known  int64      `json:"t"` // when it was known, Unix milliseconds
	Gone   bool       `json:"x,omitempty"`
	Values [3]float64 `json:"v"`
}

// KeyOf names an item by the texts that make it one.
func KeyOf(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// Compare orders facts by when they were known; of one moment what ends comes before what begins.
func Compare(a, b Fact) int {
	switch {
	case a.Known != b.Known:
		return sign(a.Known < b.Known)
	case a.Query != b.Query:
		return sign(a.Query < b.Query)
	case a.Gone != b.Gone:
		return sign(a.Gone)
	case a.Event != b.Event:
		return sign(a.Event < b.Event)
	case a.Key != b.Key:
		return sign(a.Key < b.Key)
	}
	return 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Outputs are the numbers that a question of this kind has at each moment, the main one first.
func (k Kind) Outputs() []string {
	switch k {
	case Sentiment:
		return []string{"mean", "count", "positive", "negative"}
	case Events:
		return []string{"impact", "count", "hours_since", "hours_until", "next_impact"}
	case Flows:
		return []string{"net_usd", "buying", "selling", "hours_since"}
	case Metric:
		return []string{"value", "hours_since"}
	}
	return nil
}

// Check says what is wrong with a question.
func (q *Query) Check() error {
	window := time.Duration(q.WindowMS) * time.Millisecond
	switch {
	case q.Kind.Outputs() == nil:
		return fmt.Errorf("ledger.%.20s: there are sentiment, events, flows and metric", q.Kind)
	case q.Coin == "" || len(q.Coin) > 32:
		return fmt.Errorf("ledger.%s: it needs a coin", q.Kind)
	case len(q.Names) > maxNames:
		return fmt.Errorf("ledger.%s: %d names, at most %d are allowed", q.Kind, len(q.Names), maxNames)
	case q.WindowMS < 0 || q.WindowMS > maxWindow.Milliseconds() || q.WindowMS == 0 && q.Kind != Metric:
		return fmt.Errorf("ledger.%s: a window of %s: it must be above zero and at most ten years", q.Kind, window)
	case q.Kind == Flows && (q.OverMS < 1000 || q.OverMS > maxWindow.Milliseconds() || q.OverMS%1000 != 0), q.Kind != Flows && q.OverMS != 0:
		return fmt.Errorf("ledger.%s: flows over %d ms: a flow is the sum over some time, like \"24h\"", q.Kind, q.OverMS)
	case math.IsNaN(q.MinImpact) || q.MinImpact < 0 || q.MinImpact > 1:
		return fmt.Errorf("ledger.%s: a least impact of %v: it must be from 0 to 1", q.Kind, q.MinImpact)
	case q.LagMS < 0 || q.LagMS > maxWindow.Milliseconds() || q.LagMS > 0 && !q.Assumed:
		return fmt.Errorf("ledger.%s: a lag of %d ms: it must be from 0 to ten years", q.Kind, q.LagMS)
	case q.Kind == Metric && len(q.Names) != 1:
		return fmt.Errorf("ledger.metric: it needs one metric's name")
	}
	for _, name := range append([]string{q.Source, q.Protocol}, q.Names...) {
		if len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '�' }) {
			return fmt.Errorf("ledger.%s: %.40q is no name", q.Kind, name)
		}
	}
	if slices.Contains(q.Names, "") {
		return fmt.Errorf("ledger.%s: a name is empty", q.Kind)
	}
	return nil
}

// String says for people what is asked: "sentiment of BTC (reddit) over 24h0m0s".
func (q *Query) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s", q.Kind, q.Coin)
	if len(q.Names) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(q.Names, ", "))
	}
	if q.Source != "" || q.Protocol != "" {
		fmt.Fprintf(&b, " from %s", strings.Trim(q.Source+":"+q.Protocol, ":"))
	}
	if q.OverMS > 0 {
		fmt.Fprintf(&b, " of %s each", spoken(q.OverMS))
	}
	if q.WindowMS > 0 {
		fmt.Fprintf(&b, " over %s", spoken(q.WindowMS))
	}
	if q.MinImpact > 0 {
		fmt.Fprintf(&b, ", impact from %v", q.MinImpact)
	}
	return b.String()
}

// spoken writes a length of time as a script would.
func spoken(ms int64) string {
	const hour = 3_600_000
	switch {
	case ms%(24*hour) == 0:
		return fmt.Sprintf("%dd", ms/(24*hour))
	case ms%hour == 0:
		return fmt.Sprintf("%dh", ms/hour)
	case ms%60_000 == 0:
		return fmt.Sprintf("%dm", ms/60_000)
	}
	return (time.Duration(ms) * time.Millisecond).String()
}

// Lag says for people what is assumed; "" where nothing is.
func (q *Query) Lag() string {
	if !q.Assumed {
		return ""
	}
	return spoken(q.LagMS)
}

// fixed is a fact's bytes in a block.
const fixed = 2 + 1 + 8*4 + 8*3

// Append adds the facts to a block of fixed-width little-endian records.
func Append(b []byte, facts []Fact) []byte {
	b = slices.Grow(b, len(facts)*fixed)
	for i := range facts {
		f := &facts[i]
		b = binary.LittleEndian.AppendUint16(b, uint16(f.Query))
		gone := byte(0)
		if f.Gone {
			gone = 1
		}
		b = append(b, gone)
		b = binary.LittleEndian.AppendUint64(b, f.Key)
		b = binary.LittleEndian.AppendUint64(b, f.Group)
		b = binary.LittleEndian.AppendUint64(b, uint64(f.Event))
		b = binary.LittleEndian.AppendUint64(b, uint64(f.Known))
		for _, v := range f.Values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}

// Parse adds the facts of a block to those there are. Values that are no finite numbers, and times outside 1970 to 2255, are errors.
func Parse(to []Fact, block []byte) ([]Fact, error) {
	if len(block)%fixed != 0 {
		return to, fmt.Errorf("facts: a block of %d bytes is cut off", len(block))
	}
	if n := len(to) + len(block)/fixed; n > MaxFacts {
		return to, fmt.Errorf("facts: %d, at most %d are allowed", n, MaxFacts)
	}
	for ; len(block) > 0; block = block[fixed:] {
		f := Fact{Query: int(binary.LittleEndian.Uint16(block)), Gone: block[2] == 1}
		if block[2] > 1 {
			return to, fmt.Errorf("facts: mark %d is neither 0 nor 1", block[2])
		}
		u := func(i int) uint64 { return binary.LittleEndian.Uint64(block[3+8*i:]) }
		f.Key, f.Group, f.Event, f.Known = u(0), u(1), int64(u(2)), int64(u(3))
		for i := range f.Values {
			f.Values[i] = math.Float64frombits(u(4 + i))
		}
		if err := f.Check(); err != nil {
			return to, err
		}
		to = append(to, f)
	}
	return to, nil
}

const maxMilli = 9_000_000_000_000

// Check says what is wrong with a fact.
func (f *Fact) Check() error {
	for _, v := range f.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("fact %d of question %d has a value that is no number", f.Key, f.Query)
		}
	}
	if f.Event < 0 || f.Event > maxMilli || f.Known < 0 || f.Known > maxMilli || f.Query < 0 || f.Query >= MaxQueries {
		return fmt.Errorf("fact %d of question %d, at %d, known %d: out of range", f.Key, f.Query, f.Event, f.Known)
	}
	return nil
}

// same reports that two questions have the same facts: they may differ in how far back they look.
func (q *Query) same(o *Query) bool {
	return q.Kind == o.Kind && q.Coin == o.Coin && slices.Equal(q.Names, o.Names) && q.Source == o.Source && q.Protocol == o.Protocol &&
		q.MinImpact == o.MinImpact && q.Assumed == o.Assumed && q.LagMS == o.LagMS
}

// List is facts with the questions that they answer, for runs whose parameters may change how far back is looked.
type List struct {
	Asked   []Query
	ReachMS int64  // how far before the first bar they reach
	Facts   []Fact // in order of Compare
}

// For returns the facts as answers to the wanted questions. One that was not asked, or looks farther back, is an error.
func (l *List) For(wanted []Query) ([]Fact, error) {
	to := make([][]int, len(l.Asked)) // by question asked, the wanted ones
	straight := len(wanted) == len(l.Asked)
	for i := range wanted {
		w := &wanted[i]
		at := slices.IndexFunc(l.Asked, func(a Query) bool { return a.same(w) })
		switch {
		case at < 0:
			return nil, fmt.Errorf("the strategy asks the ledgers for %s, which it did not with the parameters that it was loaded with: only windows may depend on parameters", w)
		case w.Kind != Metric && w.WindowMS > l.ReachMS:
			return nil, fmt.Errorf("the strategy looks %s back, facts were read for %s: give the parameter a smaller range", spoken(w.WindowMS), spoken(l.ReachMS))
		}
		to[at] = append(to[at], i)
		straight = straight && at == i
	}
	if straight {
		return l.Facts, nil
	}
	out := make([]Fact, 0, len(l.Facts))
	for _, f := range l.Facts {
		if f.Query >= len(to) {
			return nil, fmt.Errorf("a fact of question %d, %d were asked", f.Query, len(to))
		}
		for _, i := range to[f.Query] {
			f.Query = i
			out = append(out, f)
		}
	}
	if len(out) > MaxFacts {
		return nil, fmt.Errorf("%d facts, at most %d are allowed: ask the ledgers less", len(out), MaxFacts)
	}
	slices.SortStableFunc(out, Compare)
	return out, nil
}
