package fake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"
)

// coin is a token of the world.
type coin struct{ chain, address, symbol string }

func coins() []coin {
	out := []coin{}
	for i, c := range []string{"ethereum", "solana", "base", "bnb", "arbitrum"} {
		for j := range 30 {
			symbol := fmt.Sprintf("TOK%d%d", i, j)
			if j%7 == 3 {
				symbol = "🌱 " + symbol
			}
			address := fmt.Sprintf("0x%040x", hash(symbol+c))
			if c == "solana" {
				address = fmt.Sprintf("So1%dTokenMadeUp%016x", j, hash(symbol+c))
			}
			out = append(out, coin{c, address, symbol})
		}
	}
	return out
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

// noise is a number from 0 to 1 that depends on nothing but the text.
func noise(s string) float64 { return float64(hash(s)>>11) / (1 << 53) }

func wanted(chains []string, c coin) bool {
	return slices.Contains(chains, "all") || slices.Contains(chains, c.chain)
}

func row(v map[string]any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("nansen fake: %v", err)) // texts and numbers always encode
	}
	return b
}

// lazy makes a row when its page is asked for.
type lazy func() json.RawMessage

// netflow is every token's flow of the day. It moves every ten minutes.
func netflow(chains []string, rising bool, now time.Time) []lazy {
	type flow struct {
		coin
		net float64
	}
	var all []flow
	slot := now.Truncate(10 * time.Minute)
	for _, c := range coins() {
		if wanted(chains, c) {
			slow := math.Sin(float64(now.Unix())/86400 + 6*noise(c.address))
			all = append(all, flow{c, math.Round(1e6*(slow+0.1*noise(c.address+slot.Format(time.RFC3339)))) / 10})
		}
	}
	slices.SortStableFunc(all, func(a, b flow) int {
		if rising {
			a, b = b, a
		}
		return cmp.Compare(b.net, a.net)
	})
	var out []lazy
	for _, f := range all {
		out = append(out, func() json.RawMessage {
			return row(map[string]any{"chain": f.chain, "token_address": f.address, "token_symbol": f.symbol, "net_flow_1h_usd": f.net / 24, "net_flow_24h_usd": f.net,
				"net_flow_7d_usd": f.net * 3, "net_flow_30d_usd": f.net * 7, "token_sectors": []string{}, "trader_count": 1 + hash(f.address+now.Format(time.DateOnly))%40,
				"token_age_days": 100, "market_cap_usd": nil})
		})
	}
	return out
}

// trades are those of the last 24 hours, newest first: two or three a minute, each to be seen some minutes after it was made.
func trades(chains []string, now time.Time) []lazy {
	var out []lazy
	all := coins()
	for at := now.Truncate(24 * time.Second); at.After(now.Add(-24 * time.Hour)); at = at.Add(-24 * time.Second) {
		id := at.UTC().Format(time.RFC3339)
		if now.Sub(at) < time.Duration(noise("seen"+id)*float64(8*time.Minute)) {
			continue
		}
		b := all[hash("coin"+id)%uint64(len(all))]
		if !wanted(chains, b) {
			continue
		}
		out = append(out, func() json.RawMessage { return swap(all, b, at, id) })
	}
	return out
}

// swap is the trade of a moment: b is bought with another token of its chain.
func swap(all []coin, b coin, at time.Time, id string) json.RawMessage {
	pair := all[hash("pair"+id)%uint64(len(all))]
	for pair.chain != b.chain || pair == b {
		pair = all[(slices.Index(all, pair)+1)%len(all)]
	}
	return row(map[string]any{"chain": b.chain, "block_timestamp": at.UTC().Format("2006-01-02T15:04:05"), "transaction_hash": fmt.Sprintf("0x%064x", hash("tx"+id)),
		"trader_address": fmt.Sprintf("0x%040x", hash(fmt.Sprint("wallet", hash(id)%60))), "trader_address_label": "Smart Trader",
		"token_bought_address": b.address, "token_bought_symbol": b.symbol, "token_bought_amount": 10, "token_bought_age_days": 9, "token_bought_market_cap": nil, "token_bought_fdv": nil,
		"token_sold_address": pair.address, "token_sold_symbol": pair.symbol, "token_sold_amount": 3, "token_sold_age_days": 900, "token_sold_market_cap": 1e6, "token_sold_fdv": 1e6,
		"trade_value_usd": math.Round(noise("usd"+id)*1e6) / 100})
}
