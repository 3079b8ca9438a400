package defillama

import (
	"encoding/json"
	"fmt"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// stablecoins reads GET /stablecoins: what circulates of each coin that is pegged to the US dollar, in dollars, and the sum. Other pegs
// are counted in other currencies and left out. The sum counts coins whose ticker is not certain too, and is not given where a row
// could not be read: it would be too small.
func (n *names) stablecoins(s *stream) (*haul, error) {
	const metric = "stablecoin_circulating_usd"
	h := &haul{}
	var sum money.Decimal
	found := false
	err := s.document(func() error {
		return s.object(map[string]func() error{"peggedAssets": func() error {
			found = true
			return s.rows(func(raw json.RawMessage) {
				gecko, v, ok := pegged(h, raw)
				if !ok {
					return
				}
				sum = sum.Add(v)
				if coin := n.gecko[gecko]; coin != "" {
					h.entries = append(h.entries, entry{v, []figure{{"", coin, metric, v}}})
				}
			})
		}})
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: no peggedAssets", upstream.ErrMalformed)
	}
	if len(h.kept.Rejects) == 0 && !sum.IsZero() {
		h.entries = append(h.entries, entry{sum, []figure{{allChains, "", metric, sum}}})
	}
	return h, err
}

type stablecoinRow struct {
	Gecko       string          `json:"gecko_id"`
	Peg         string          `json:"pegType"`
	Circulating json.RawMessage `json:"circulating"`
}

// pegged reads one stablecoin; ok is false where it is no dollar or tells nothing.
func pegged(h *haul, raw json.RawMessage) (gecko string, v money.Decimal, ok bool) {
	var r stablecoinRow
	if err := json.Unmarshal(raw, &r); err != nil {
		h.reject(raw, "a stablecoin of another shape: %v", err)
		return "", v, false
	}
	if r.Peg != "peggedUSD" {
		if r.Peg == "" {
			h.reject(raw, "a stablecoin without a pegType")
		}
		return "", v, false
	}
	// An object by peg; where nothing is known, a bare 0 has been seen.
	amount := r.Circulating
	var by map[string]json.RawMessage
	if json.Unmarshal(r.Circulating, &by) == nil {
		amount = by["peggedUSD"]
	}
	v, ok, err := usd().number("circulating", amount)
	if err != nil {
		h.reject(raw, "%s: %v", r.Gecko, err)
		return "", v, false
	}
	return r.Gecko, v, ok && !v.IsZero()
}
