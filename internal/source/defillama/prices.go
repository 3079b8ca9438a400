package defillama

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// pricePath asks for the prices of all certain coins at once.
func pricePath() string {
	var ids []string
	for _, t := range tokens() {
		ids = append(ids, "coingecko:"+t.gecko)
	}
	return "/prices/current/" + strings.Join(ids, ",")
}

// prices reads GET /prices/current/{coins}. A coin that DeFiLlama does not know is missing from the answer.
func (n *names) prices(s *stream, now time.Time, to *source.Harvest) error {
	h := &haul{}
	var all map[string]json.RawMessage
	err := s.document(func() error {
		return s.object(map[string]func() error{"coins": func() error { return s.value(&all) }})
	})
	if err == nil && all == nil {
		err = fmt.Errorf("%w: no coins", upstream.ErrMalformed)
	}
	for _, t := range tokens() { // in a fixed order
		key := "coingecko:" + t.gecko
		raw, ok := all[key]
		if !ok {
			continue
		}
		delete(all, key)
		m, err := price(raw, t.coin, now)
		if err != nil {
			h.reject(raw, "%s: %v", key, err)
			continue
		}
		to.Metrics = append(to.Metrics, m)
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		h.reject(all[key], "%.100q was not asked for", key)
	}
	to.RejectAll(h.kept.Rejects)
	return err
}

type priceRow struct {
	Price      json.RawMessage `json:"price"`
	Timestamp  json.RawMessage `json:"timestamp"`
	Confidence json.RawMessage `json:"confidence"`
}

func price(raw json.RawMessage, coin market.Coin, now time.Time) (m ledger.Metric, err error) {
	var r priceRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return m, fmt.Errorf("a price of another shape: %w", err)
	}
	at, err := moment(r.Timestamp, now)
	if err != nil {
		return m, err
	}
	trust, ok, err := bounds{money.Zero, money.One}.number("confidence", r.Confidence)
	if err == nil && (!ok || trust.Less(money.New(8, 1))) {
		err = fmt.Errorf("confidence %s is below 0.8", trust)
	}
	if err != nil {
		return m, err
	}
	v, _, err := bounds{money.Zero, money.FromInt(1_000_000_000)}.number("price", r.Price)
	if err == nil && v.IsZero() {
		err = fmt.Errorf("no price above zero")
	}
	return ledger.Metric{Event: at, Asset: coin, Metric: "price_usd", Value: v}, err
}

// moment reads unix seconds, as a number or as text.
func moment(raw json.RawMessage, now time.Time) (time.Time, error) {
	text := strings.Trim(string(raw), `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is no time", text)
	}
	at := time.Unix(n, 0).UTC()
	return at, source.Past(at, now)
}
