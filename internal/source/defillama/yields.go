package defillama

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// mostPools is how many pools are followed: the largest by value locked.
const mostPools = 300

// pools reads GET /pools.
func (n *names) pools(s *stream) (*haul, error) {
	h := &haul{}
	status, found := "", false
	err := s.document(func() error {
		return s.object(map[string]func() error{
			"status": func() error { return s.value(&status) },
			"data": func() error {
				found = true
				return s.rows(func(raw json.RawMessage) { n.pool(h, raw) })
			},
		})
	})
	if err == nil && (!found || status != "success") {
		err = fmt.Errorf("%w: status %.20q", upstream.ErrMalformed, status)
	}
	h.largest(mostPools)
	h.entries = h.entries[:min(len(h.entries), mostPools)]
	return h, err
}

type poolRow struct {
	Project string          `json:"project"`
	Pool    string          `json:"pool"`
	TVL     json.RawMessage `json:"tvlUsd"`
	APY     json.RawMessage `json:"apy"`
	Outlier bool            `json:"outlier"`
}

func (n *names) pool(h *haul, raw json.RawMessage) {
	var r poolRow
	if err := json.Unmarshal(raw, &r); err != nil {
		h.reject(raw, "a pool of another shape: %v", err)
		return
	}
	project, err := slugOf(r.Project, "")
	if err == nil && (r.Pool == "" || len(r.Pool) > 80 || strings.ContainsAny(r.Pool, " :") || source.Text(r.Pool, 80) != r.Pool) {
		err = fmt.Errorf("%.40q is no pool's id", r.Pool)
	}
	if err != nil {
		h.reject(raw, "pool: %v", err)
		return
	}
	tvl, ok, err := usd().number("tvlUsd", r.TVL)
	if err != nil {
		h.reject(raw, "%s: %v", r.Pool, err)
		return
	}
	if !ok || r.Outlier { // DeFiLlama itself does not believe it
		return
	}
	name, coin := project+":"+r.Pool, n.coin("", "", project)
	e := entry{tvl, []figure{{name, coin, "pool_tvl_usd", tvl}}}
	apy, ok, err := bounds{money.FromInt(-100), money.FromInt(1_000_000)}.number("apy", r.APY)
	switch {
	case err != nil:
		h.reject(raw, "%s: %v", r.Pool, err)
		return
	case ok:
		e.figures = append(e.figures, figure{name, coin, "pool_apy_pct", apy})
	}
	h.entries = append(h.entries, e)
}
