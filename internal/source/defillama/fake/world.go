package fake

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"
)

// The world: protocols, chains and coins, each with a level around which its figures move.
type protocol struct {
	id, slug, name, symbol, gecko, parent string
	tvl                                   float64
}

func world() []protocol {
	out := []protocol{
		{"1", "lido", "Lido", "LDO", "lido-dao", "", 31e9},
		{"2", "aave-v3", "Aave V3", "AAVE", "", "parent#aave", 27e9},
		{"3", "uniswap-v3", "Uniswap V3", "UNI", "", "parent#uniswap", 2.7e9},
		{"4", "curve-dex", "Curve DEX", "CRV", "curve-dao-token", "parent#curve-finance", 1.9e9},
		{"5", "compound-v3", "Compound V3", "COMP", "", "parent#compound-finance", 2.1e9},
		{"6", "rocket-pool", "Rocket Pool", "RPL", "rocket-pool", "", 1.4e9},
		{"7", "pendle", "Pendle", "PENDLE", "pendle", "", 5.2e9},
		{"8", "convex-finance", "Convex Finance", "CVX", "convex-finance", "", 0.9e9},
		{"9", "ethena-usde", "Ethena USDe", "ENA", "", "parent#ethena", 8.8e9},
		{"10", "jito-liquid-staking", "Jito Liquid Staking", "JTO", "", "parent#jito", 2.3e9},
		{"11", "raydium-amm", "Raydium AMM", "RAY", "raydium", "parent#raydium", 1.6e9},
		{"12", "pancakeswap-amm", "PancakeSwap AMM", "CAKE", "", "parent#pancakeswap", 1.2e9},
	}
	for i := range 40 {
		n := strconv.Itoa(i + 1)
		out = append(out, protocol{id: "1" + n, slug: "harbour-" + n, name: "Harbour " + n, symbol: "-", tvl: 8e8 / float64(i+1)})
	}
	return out
}

type chain struct {
	name, symbol, gecko string
	tvl                 float64
}

func chainNames() []chain {
	return []chain{{"Ethereum", "ETH", "ethereum", 62e9}, {"Solana", "SOL", "solana", 9e9}, {"BSC", "BNB", "binancecoin", 6e9}, {"Bitcoin", "BTC", "bitcoin", 6.5e9},
		{"Tron", "TRX", "tron", 5e9}, {"Arbitrum", "ARB", "arbitrum", 2.6e9}, {"OP Mainnet", "OP", "optimism", 0.5e9}, {"Avalanche", "AVAX", "avalanche-2", 1.3e9},
		{"Polygon", "POL", "polygon-ecosystem-token", 1.1e9}, {"Sui", "SUI", "sui", 1.9e9}, {"Aptos", "APT", "aptos", 0.9e9}, {"Near", "NEAR", "near", 0.2e9},
		{"Cardano", "ADA", "cardano", 0.3e9}, {"Base", "", "", 4e9}}
}

func chainNamed(name string) (chain, bool) {
	for _, c := range chainNames() {
		if c.name == name {
			return c, true
		}
	}
	return chain{}, false
}

// noise is a number from -1 to 1 that depends on nothing but the text.
func noise(s string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11)/(1<<52) - 1
}

// wave is how a figure named so stands at a time: a slow wave and a little noise around its level.
func wave(name string, level float64, at time.Time) float64 {
	days := float64(at.Unix()) / 86400
	return level * (1 + 0.15*math.Sin(days/9+7*noise(name)) + 0.01*noise(name+at.Format(time.RFC3339)))
}

// level is a figure of the present. It moves once an hour, and in every fourth hour or so it is corrected half way through.
func (u *Upstream) level(name string, level float64, now time.Time) float64 {
	hour := now.Truncate(time.Hour)
	v := wave(name, level, hour)
	if now.Sub(hour) >= 30*time.Minute && noise("corrected"+hour.Format(time.RFC3339)) > 0.5 {
		v *= 1.001
	}
	return math.Round(v*100) / 100
}

// days is a history: a point each midnight from the start of 2026 or 60 days before now. The newest day is estimated and settles a day
// and a half later.
func (u *Upstream) days(name string, level float64, now time.Time) (at []time.Time, v []float64) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if begin := now.Truncate(24*time.Hour).AddDate(0, 0, -60); begin.Before(day) {
		day = begin
	}
	for ; !day.After(now); day = day.AddDate(0, 0, 1) {
		x := wave(name, level, day)
		if now.Sub(day) < 36*time.Hour {
			x *= 1.002
		}
		if f, ok := u.revised[name+day.Format(time.DateOnly)]; ok {
			x *= f
		}
		at, v = append(at, day), append(v, math.Round(x*100)/100)
	}
	return at, v
}

func (u *Upstream) protocols(now time.Time) any {
	out := []any{}
	for i, p := range world() {
		row := map[string]any{"id": p.id, "name": p.name, "symbol": p.symbol, "slug": p.slug, "url": "https://example.org", "category": "Dexs", "chains": []string{"Ethereum"},
			"gecko_id": nil, "cmcId": nil, "address": nil, "audits": "2", "listedAt": 1600000000 + i, "tvl": u.level(p.slug, p.tvl, now), "mcap": nil, "change_1d": nil,
			"chainTvls": map[string]float64{"Ethereum": p.tvl, "Ethereum-staking": 1e6, "staking": 1e6, "pool2": 0}}
		if p.gecko != "" {
			row["gecko_id"], row["mcap"] = p.gecko, u.level(p.slug+"cap", p.tvl/3, now)
		}
		if p.parent != "" {
			row["parentProtocol"] = p.parent
		}
		out = append(out, row)
	}
	return append(out, map[string]any{"id": "900", "name": "Empty", "symbol": "-", "slug": "empty", "tvl": nil, "chainTvls": map[string]any{}})
}

// protocol is one protocol's history, nil where there is none.
func (u *Upstream) protocol(slug string, now time.Time) any {
	for _, p := range world() {
		if p.slug != slug {
			continue
		}
		at, v := u.days(p.slug, p.tvl, now)
		rows := []any{}
		for i := range at {
			rows = append(rows, map[string]any{"date": at[i].Unix(), "totalLiquidityUSD": v[i]})
		}
		if hour := now.Truncate(time.Hour); hour.After(at[len(at)-1]) {
			rows = append(rows, map[string]any{"date": hour.Unix(), "totalLiquidityUSD": u.level(p.slug, p.tvl, now)})
		}
		return map[string]any{"id": p.id, "name": p.name, "symbol": p.symbol, "gecko_id": nil, "hallmarks": []any{[]any{1700000000, "launch"}},
			"chainTvls": map[string]any{"Ethereum": map[string]any{"tvl": rows, "tokens": []any{map[string]any{"date": at[0].Unix(), "tokens": map[string]float64{"WETH": 1}}}}},
			"tvl":       rows, "currentChainTvls": map[string]float64{"Ethereum": v[len(v)-1]}}
	}
	return nil
}

func (u *Upstream) chains(now time.Time) any {
	out := []any{}
	for _, c := range chainNames() {
		out = append(out, map[string]any{"name": c.name, "tokenSymbol": c.symbol, "gecko_id": c.gecko, "cmcId": "1", "chainId": nil, "tvl": u.level(c.name, c.tvl, now)})
	}
	return out
}

func (u *Upstream) chainDays(name string, level float64, now time.Time) any {
	at, v := u.days(name, level, now)
	rows := []any{}
	for i := range at {
		rows = append(rows, map[string]any{"date": at[i].Unix(), "tvl": v[i]})
	}
	return rows
}

func (u *Upstream) stablecoins(withPrices bool, now time.Time) any {
	rows := []any{}
	for i, c := range [][3]string{{"Tether", "USDT", "tether"}, {"USD Coin", "USDC", "usd-coin"}, {"Dai", "DAI", "dai"}, {"Harbour Dollar", "HUSD", ""}} {
		v := u.level(c[1], 150e9/math.Pow(3, float64(i)), now)
		row := map[string]any{"id": strconv.Itoa(i + 1), "name": c[0], "symbol": c[1], "gecko_id": c[2], "pegType": "peggedUSD", "pegMechanism": "fiat-backed",
			"circulating": map[string]float64{"peggedUSD": v}, "circulatingPrevDay": map[string]any{"peggedUSD": fmt.Sprint(v)}, "circulatingPrevMonth": 0,
			"chainCirculating": map[string]any{"Ethereum": map[string]any{"current": map[string]float64{"peggedUSD": v}}}, "chains": []string{"Ethereum"}}
		if withPrices {
			row["price"] = 1.0
		}
		rows = append(rows, row)
	}
	rows = append(rows, map[string]any{"id": "50", "name": "Euro Coin", "symbol": "EURC", "pegType": "peggedEUR", "circulating": map[string]float64{"peggedEUR": 1e8}})
	return map[string]any{"peggedAssets": rows}
}

func (u *Upstream) pools(now time.Time) any {
	rows := []any{}
	for i, p := range world() {
		rows = append(rows, map[string]any{"chain": "Ethereum", "project": p.slug, "symbol": "WETH-USDC", "tvlUsd": u.level(p.slug+"pool", p.tvl/10, now),
			"apyBase": 2.5, "apyReward": nil, "apy": u.level(p.slug+"apy", 4, now), "pool": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "stablecoin": false,
			"ilRisk": "yes", "exposure": "multi", "predictions": map[string]any{"predictedClass": nil}, "poolMeta": nil, "outlier": false, "underlyingTokens": nil})
	}
	return map[string]any{"status": "success", "data": rows}
}

// prices answers for coins by the name of CoinGecko; those it does not know are not in the answer.
func prices(asked string, now time.Time) any {
	known := map[string]float64{"bitcoin": 91000, "usd-coin": 1, "tether": 1, "dai": 1, "aave": 180, "uniswap": 7, "lido-dao": 0.8, "chainlink": 14}
	for i, c := range chainNames() {
		if _, ok := known[c.gecko]; !ok && c.gecko != "" {
			known[c.gecko] = 3000 / math.Pow(2, float64(i))
		}
	}
	out := map[string]any{}
	for key := range strings.SplitSeq(asked, ",") {
		id, ok := strings.CutPrefix(key, "coingecko:")
		level, known := known[id]
		if !ok || !known {
			continue
		}
		at := now.Truncate(5 * time.Minute)
		out[key] = map[string]any{"price": wave(id, level, at), "symbol": strings.ToUpper(id[:3]), "timestamp": at.Unix(), "confidence": 0.99}
	}
	return map[string]any{"coins": out}
}
