package defillama

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// figure is one number of a protocol or, where protocol is "", of a coin.
type figure struct {
	protocol string
	coin     market.Coin
	metric   string
	value    money.Decimal
}

// haul gathers what the rows of an answer give.
type haul struct {
	entries []entry
	kept    source.Harvest // of which only the rejects count
}

// entry is what one row gives.
type entry struct {
	rank    money.Decimal // by which the largest are known
	figures []figure
}

func (h *haul) reject(raw []byte, format string, args ...any) { h.kept.Reject(raw, format, args...) }

// largest drops all but the n entries of the highest rank and those whose coin is certain. What stays is in order of rank.
func (h *haul) largest(n int) {
	slices.SortStableFunc(h.entries, func(a, b entry) int { return b.rank.Cmp(a.rank) })
	i := 0
	h.entries = slices.DeleteFunc(h.entries, func(e entry) bool {
		i++
		return i > n && (len(e.figures) == 0 || e.figures[0].coin == "")
	})
}

// land makes records of the entries, all for one time. A figure told twice in the same words lands once; told twice in different ones
// it is refused, because nobody can say which is right.
func (h *haul) land(to *source.Harvest, at time.Time) {
	type name struct {
		protocol string
		coin     market.Coin
		metric   string
	}
	key := func(f figure) name {
		n := name{protocol: f.protocol, metric: f.metric}
		if f.protocol == "" {
			n.coin = f.coin
		}
		return n
	}
	first, odd := map[name]money.Decimal{}, map[name]bool{}
	for _, e := range h.entries {
		for _, f := range e.figures {
			if v, ok := first[key(f)]; ok && !v.Equal(f.value) {
				odd[key(f)] = true
			} else {
				first[key(f)] = f.value
			}
		}
	}
	for _, e := range h.entries {
		for _, f := range e.figures {
			k := key(f)
			if _, ok := first[k]; !ok {
				continue
			}
			delete(first, k)
			switch {
			case odd[k]:
				h.reject(nil, "%s%s: %s is told twice, with different values", f.protocol, f.coin, f.metric)
			case f.protocol == "":
				to.Metrics = append(to.Metrics, ledger.Metric{Event: at, Asset: f.coin, Metric: f.metric, Value: f.value})
			default:
				to.Fundamentals = append(to.Fundamentals, ledger.Fundamental{Event: at, Protocol: f.protocol, Asset: f.coin, Metric: f.metric, Value: f.value})
			}
		}
	}
	to.RejectAll(h.kept.Rejects)
}

// bounds of a figure: what lies outside has been measured wrong, or in another unit.
type bounds struct{ least, most money.Decimal }

func usd() bounds { return bounds{money.Zero, money.FromInt(10_000_000_000_000)} }

// signedUSD is for what may be lost as well as earned.
func signedUSD() bounds { b := usd(); return bounds{b.most.Neg(), b.most} }

// number reads a figure; ok is false where the upstream has none.
func (b bounds) number(what string, raw json.RawMessage) (v money.Decimal, ok bool, err error) {
	if v, ok, err = source.Figure(raw); err != nil {
		return v, false, fmt.Errorf("%s: %w", what, err)
	}
	if ok && (v.Less(b.least) || b.most.Less(v)) {
		return v, false, fmt.Errorf("%s: %s is out of range", what, v)
	}
	return v, ok, nil
}

// slugOf is a protocol's slug, made of its name as DeFiLlama makes it where the row has none: lower case, - for blanks, no apostrophes.
func slugOf(slug, name string) (string, error) {
	if slug == "" {
		slug = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-"), "'", "")
	}
	if slug == "" || len(slug) > 100 || strings.ContainsAny(slug, " :") || source.Text(slug, 100) != slug {
		return "", fmt.Errorf("%.40q is no slug", slug)
	}
	return slug, nil
}
