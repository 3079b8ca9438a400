package defillama

import "encoding/json"

// mostProtocols is how many protocols are followed beside those whose coin is certain: the largest of 8,000.
const mostProtocols = 500

// protocols reads GET /protocols.
func (n *names) protocols(s *stream) (*haul, error) {
	h := &haul{}
	err := s.document(func() error {
		return s.rows(func(raw json.RawMessage) { n.protocol(h, raw) })
	})
	h.largest(mostProtocols)
	return h, err
}

type protocolRow struct {
	Slug   string          `json:"slug"`
	Name   string          `json:"name"`
	Gecko  string          `json:"gecko_id"`
	Parent string          `json:"parentProtocol"`
	TVL    json.RawMessage `json:"tvl"`
	Cap    json.RawMessage `json:"mcap"`
}

func (n *names) protocol(h *haul, raw json.RawMessage) {
	var r protocolRow
	if err := json.Unmarshal(raw, &r); err != nil {
		h.reject(raw, "a protocol of another shape: %v", err)
		return
	}
	slug, err := slugOf(r.Slug, r.Name)
	if err != nil {
		h.reject(raw, "protocol: %v", err)
		return
	}
	e := entry{}
	coin := n.coin(r.Gecko, r.Parent, slug)
	for _, f := range []struct {
		metric string
		raw    json.RawMessage
	}{{"tvl_usd", r.TVL}, {"mcap_usd", r.Cap}} {
		v, ok, err := usd().number(f.metric, f.raw)
		switch {
		case err != nil:
			h.reject(raw, "%s: %v", slug, err)
			return
		case !ok, f.metric == "mcap_usd" && v.IsZero(): // no market values a coin at nothing: the figure is not known
			continue
		case f.metric == "tvl_usd":
			e.rank = v
		}
		e.figures = append(e.figures, figure{slug, coin, f.metric, v})
	}
	if len(e.figures) > 0 {
		h.entries = append(h.entries, e)
	}
}
