package defillama

import (
	"encoding/json"
	"fmt"

	"github.com/ohmycoins/omc/internal/source/upstream"
)

// mostEarners is how many protocols are followed in each overview beside those whose coin is certain.
const mostEarners = 200

// allChains stands where a slug stands in figures of all chains together. It cannot be one: none has a blank.
const allChains = "all chains"

// overview reads GET /overview/fees and /overview/dexs: each protocol's last 24 hours, and the sum of all.
func (n *names) overview(s *stream, metric string) (*haul, error) {
	h := &haul{}
	var total json.RawMessage
	found := false
	err := s.document(func() error {
		return s.object(map[string]func() error{
			"total24h": func() error { return s.value(&total) },
			"protocols": func() error {
				found = true
				return s.rows(func(raw json.RawMessage) { n.earner(h, metric, raw) })
			},
		})
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: no protocols", upstream.ErrMalformed)
	}
	h.largest(mostEarners)
	h.total(total, figure{protocol: allChains, metric: metric})
	return h, err
}

// chainOverview reads the overview of one chain, of which only the sum is wanted.
func chainOverview(s *stream, c chain, metric string) (*haul, error) {
	h := &haul{}
	var total json.RawMessage
	err := s.document(func() error {
		return s.object(map[string]func() error{"total24h": func() error { return s.value(&total) }})
	})
	h.total(total, figure{coin: c.coin, metric: "chain_" + metric})
	return h, err
}

// total adds a sum, where the answer has one.
func (h *haul) total(raw json.RawMessage, f figure) {
	v, ok, err := signedUSD().number(f.metric, raw)
	if err != nil {
		h.reject(raw, "total: %v", err)
	} else if ok {
		f.value = v
		h.entries = append(h.entries, entry{figures: []figure{f}})
	}
}

type earnerRow struct {
	Slug   string          `json:"slug"`
	Name   string          `json:"name"`
	Parent string          `json:"parentProtocol"`
	Day    json.RawMessage `json:"total24h"`
}

func (n *names) earner(h *haul, metric string, raw json.RawMessage) {
	var r earnerRow
	if err := json.Unmarshal(raw, &r); err != nil {
		h.reject(raw, "a protocol of another shape: %v", err)
		return
	}
	slug, err := slugOf(r.Slug, r.Name)
	if err != nil {
		h.reject(raw, "protocol: %v", err)
		return
	}
	v, ok, err := signedUSD().number(metric, r.Day)
	switch {
	case err != nil:
		h.reject(raw, "%s: %v", slug, err)
	case ok:
		h.entries = append(h.entries, entry{v, []figure{{slug, n.coin("", r.Parent, slug), metric, v}}})
	}
}
