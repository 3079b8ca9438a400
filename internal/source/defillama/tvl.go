package defillama

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxDays bounds a history; DeFiLlama begins in 2017.
const maxDays = 10_000

// series is one daily history of value locked.
type series struct {
	key      string // of the cursor
	path     string
	protocol string // "": of a coin
	coin     market.Coin
}

// histories are the series to follow: of all chains, of each main chain, and of the protocols watched.
func histories(n *names, watch []string) []series {
	out := []series{{key: "chains", path: "/v2/historicalChainTvl", protocol: allChains}}
	for _, c := range chains() {
		out = append(out, series{key: "chain:" + c.name, path: "/v2/historicalChainTvl/" + c.name, coin: c.coin})
	}
	for _, slug := range watch {
		out = append(out, series{key: "protocol:" + slug, path: "/protocol/" + slug, protocol: slug, coin: n.coin("", "", slug)})
	}
	return out
}

// day is one figure of a history.
type day struct {
	at    time.Time // midnight UTC
	value money.Decimal
}

// read reads a history. Points come in the order of time, one a day at midnight UTC, then perhaps one of this very hour: that is no
// day's figure, and protocols has it. Days do not end anywhere else, whatever clocks do.
func (s series) read(in *stream, now time.Time) ([]day, *haul, error) {
	h := &haul{}
	var days []day
	row := func(raw json.RawMessage) {
		d, ok, err := readDay(raw, now)
		if err == nil && ok && len(days) > 0 && d.at.Before(days[len(days)-1].at) {
			err = fmt.Errorf("%s comes after a later day", d.at.Format(time.DateOnly))
		}
		switch {
		case err != nil:
			h.reject(raw, "%s: %v", s.key, err)
		case ok && (len(days) == 0 || d.at.After(days[len(days)-1].at)):
			days = append(days, d)
		}
	}
	found := s.path != "/protocol/"+s.protocol
	err := in.document(func() error {
		if found {
			return in.rows(row)
		}
		return in.object(map[string]func() error{"tvl": func() error { found = true; return in.rows(row) }})
	})
	switch {
	case err == nil && !found:
		err = fmt.Errorf("%w: %s has no tvl", upstream.ErrMalformed, s.key)
	case err == nil && len(days) > maxDays:
		err = fmt.Errorf("%w: %s: %d days", upstream.ErrMalformed, s.key, len(days))
	}
	return days, h, err
}

// dayRow is a row of either kind of history.
type dayRow struct {
	Date  json.RawMessage `json:"date"`
	TVL   json.RawMessage `json:"tvl"`
	Total json.RawMessage `json:"totalLiquidityUSD"`
}

// readDay reads a row of either kind of history.
func readDay(raw json.RawMessage, now time.Time) (d day, ok bool, err error) {
	var r dayRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return d, false, fmt.Errorf("a day of another shape: %w", err)
	}
	at, err := moment(r.Date, now)
	if err != nil {
		return d, false, err
	}
	if r.TVL == nil {
		r.TVL = r.Total
	}
	v, ok, err := usd().number("tvl", r.TVL)
	return day{at.Truncate(24 * time.Hour), v}, ok, err
}

// months sums up what a history said, by month. A month whose sum has changed lands again: so the whole past lands once, then what
// is new, and a revision however late, without keeping the past.
func months(days []day) map[string]uint32 {
	out := map[string]uint32{}
	for len(days) > 0 {
		m := month(days[0].at)
		n := slices.IndexFunc(days, func(d day) bool { return month(d.at) != m })
		if n < 0 {
			n = len(days)
		}
		sum := fnv.New32a()
		for _, d := range days[:n] {
			fmt.Fprintf(sum, "%d:%s\n", d.at.Unix(), d.value) // never fails
		}
		out[m] = sum.Sum32()
		days = days[n:]
	}
	return out
}

func month(t time.Time) string { return t.Format("0601") }

// land makes records of the days in months that are not as they were.
func (s series) land(to *source.Harvest, days []day, was, is map[string]uint32) {
	for _, d := range days {
		m := month(d.at)
		if old, ok := was[m]; ok && old == is[m] {
			continue
		}
		if s.protocol == "" {
			to.Metrics = append(to.Metrics, ledger.Metric{Event: d.at, Asset: s.coin, Metric: "chain_tvl_usd", Value: d.value})
			continue
		}
		to.Fundamentals = append(to.Fundamentals, ledger.Fundamental{Event: d.at, Protocol: s.protocol, Asset: s.coin, Metric: "tvl_daily_usd", Value: d.value})
	}
}
