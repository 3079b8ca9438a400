package defillama

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var start = time.Date(2026, 7, 3, 10, 20, 0, 0, time.UTC)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/defillama/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func in(body string) *stream { return newStream(strings.NewReader(body)) }

// said is a harvest in a line for each record and each reject.
func said(out source.Harvest) string {
	var b strings.Builder
	for _, f := range out.Fundamentals {
		fmt.Fprintf(&b, "%s %s/%s %s=%s\n", f.Event.Format("0102T1504"), f.Protocol, f.Asset, f.Metric, f.Value)
	}
	for _, m := range out.Metrics {
		fmt.Fprintf(&b, "%s %s %s=%s\n", m.Event.Format("0102T1504"), m.Asset, m.Metric, m.Value)
	}
	for _, r := range out.Rejects {
		fmt.Fprintf(&b, "reject %s\n", r.Reason)
	}
	return b.String()
}

func landed(h *haul) string {
	var out source.Harvest
	h.land(&out, time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC))
	return said(out)
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s:\n%swant:\n%s", what, got, want)
	}
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	n := newNames()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	prices := func(s *stream) (string, error) {
		var out source.Harvest
		err := n.prices(s, now, &out)
		return said(out), err
	}
	haulOf := func(read func(*stream) (*haul, error)) func(*stream) (string, error) {
		return func(s *stream) (string, error) {
			h, err := read(s)
			return landed(h), err
		}
	}
	days := func(name string) func(*stream) (string, error) {
		return func(s *stream) (string, error) {
			var out source.Harvest
			all := histories(n, []string{"maverick-v2"})
			for _, one := range all {
				if one.key == name {
					days, h, err := one.read(s, now)
					one.land(&out, days, nil, months(days))
					out.Rejects = h.kept.Rejects
					return said(out), err
				}
			}
			return "", fmt.Errorf("no series %s", name)
		}
	}
	for name, c := range map[string]struct {
		read func(*stream) (string, error)
		want string
		err  error
	}{
		"openapi-examples/protocols.200.json":           {haulOf(n.protocols), "0703T1000 aave/AAVE tvl_usd=5200000000", nil},
		"op-analytics/overview_dexs_orca_row.json":      {haulOf(func(s *stream) (*haul, error) { return n.overview(s, "x") }), "0703T1000 orca/ORCA x=400688463", nil},
		"openapi-examples/overview_fees.200.json":       {haulOf(func(s *stream) (*haul, error) { return n.overview(s, "x") }), "0703T1000 uniswap/UNI x=5000000", nil},
		"openapi-examples/overview_dexs.200.json":       {haulOf(func(s *stream) (*haul, error) { return n.overview(s, "x") }), "0703T1000 uniswap/UNI x=1500000000", nil},
		"openapi-examples/overview_dexs_chain.200.json": {haulOf(func(s *stream) (*haul, error) { return chainOverview(s, chains()[0], "x") }), "", nil},
		"op-analytics/stablecoins_row_odd_types.json":   {haulOf(n.stablecoins), "0703T1000 all chains/ stablecoin_circulating_usd=183727681018.3214\n0703T1000 USDT stablecoin_circulating_usd=183727681018.3214", nil},
		"openapi-examples/stablecoins.200.json":         {haulOf(n.stablecoins), "0703T1000 all chains/ stablecoin_circulating_usd=159510682147.76874", nil},
		"op-analytics/yields_pools_lido_row_2026-09-14.json": {haulOf(n.pools), "0703T1000 lido:747c1d2a-c668-4682-b9f9-296708a3dd90/LDO pool_tvl_usd=23908962564\n" +
			"0703T1000 lido:747c1d2a-c668-4682-b9f9-296708a3dd90/LDO pool_apy_pct=2.235", nil},
		"openapi-examples/pools.200.json": {haulOf(n.pools), "0703T1000 lido:747c1d2a-c668-4682-b9f9-296708a3dd90/LDO pool_tvl_usd=32493036117\n" +
			"0703T1000 lido:747c1d2a-c668-4682-b9f9-296708a3dd90/LDO pool_apy_pct=2.84", nil},
		"openapi-examples/v2_historicalChainTvl.200.json":       {days("chains"), "0101T0000 all chains/ tvl_daily_usd=15000000000", nil},
		"openapi-examples/v2_historicalChainTvl_chain.200.json": {days("chain:Ethereum"), "0101T0000 ETH chain_tvl_usd=45000000000", nil},
		"op-analytics/protocol_maverick-v2.head.json":           {days("protocol:maverick-v2"), "", upstream.ErrMalformed}, // its tvl was cut away
		"openapi-examples/protocol_protocol.200.json":           {days("protocol:maverick-v2"), "", upstream.ErrMalformed},
		"op-analytics/v2_chains_shaped.json":                    {days("chains"), "reject chains: \"\" is no time\nreject chains: \"\" is no time\nreject chains: \"\" is no time", nil},
		"coins-prices-current/00.body.json": {prices, "reject \"solana:2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo\" was not asked for\n" +
			"reject \"solana:J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn\" was not asked for", nil},
		"coins-prices-current/02.body.json":                                                     {prices, "0415T1217 BTC price_usd=74197.70064610628\n0415T1215 CRVUSD price_usd=0.9995966799539544", nil},
		"coins-prices-current/03.body.json":                                                     {prices, "0624T1540 BTC price_usd=60580.28121336298\n0624T1540 ETH price_usd=1631.5124365600311", nil},
		"coins-prices-current-empty/00.body.json":                                               {prices, "", nil},
		"coins-prices-current-empty/01.body.json":                                               {prices, "", nil},
		"rotki-test_defillama_with_api_key/00.body.json":                                        {prices, "1010T1124 ETH price_usd=2399", nil},
		"rotki-test_defillama_with_api_key/01.body.json":                                        {prices, "reject coingecko:dai: confidence 0 is below 0.8", nil}, // of a historical price
		"rotki-test_query_multiple_current_prices_False/00.body.json":                           {prices, "0306T1557 ARB price_usd=0.415488\n0306T1556 LINK price_usd=17.22\n0306T1556 DAI price_usd=0.99972", nil},
		"rotki-test_query_multiple_current_prices_False/01.body.json":                           {prices, "", upstream.ErrMalformed}, // another upstream's
		"rotki-test_query_multiple_current_prices_handles_exceptions_and_chunking/00.body.json": {prices, "0721T0629 ARB price_usd=0.495782\n0721T0628 LINK price_usd=19.83", nil},
		"rotki-test_query_multiple_current_prices_handles_exceptions_and_chunking/01.body.json": {prices, "0721T0629 USDT price_usd=1\n0721T0629 USDC price_usd=0.999803", nil},
		"rotki-test_query_solana_token_price_using_address/00.body.json":                        {prices, "reject \"solana:DtR4D9FtVoTX2569gaL837ZgrB6wNjj6tkmnX9Rdk9B2\" was not asked for", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.read(newStream(bytes.NewReader(fixture(t, name))))
			if !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Errorf("%v, want %v", err, c.err)
			}
			check(t, name, got, c.want)
		})
	}
}

func TestOddProtocols(t *testing.T) {
	t.Parallel()
	h, err := newNames().protocols(in(`[
		{"slug":"aave-v3","symbol":"AAVE","gecko_id":null,"parentProtocol":"parent#aave","tvl":2,"mcap":null,"new_key":{"a":[1,{}]}},
		{"slug":"uni-scam","symbol":"UNI","gecko_id":null,"tvl":1.5},
		{"name":"Bob's Bank","tvl":1},
		{"slug":"lido","gecko_id":"lido-dao","tvl":"7.25","mcap":0},
		{"slug":"none","tvl":null},
		{"slug":"nan","tvl":"NaN"},
		{"slug":"comma","tvl":"1,234"},
		{"slug":"huge","tvl":1e309},
		{"slug":"glitch","tvl":1e17},
		{"slug":"under","tvl":-1},
		{"slug":"zero","tvl":-0},
		{"slug":"two words","tvl":1},
		{"slug":"pool:x","tvl":1},
		{"slug":"e\u0000vil","tvl":1},
		{"tvl":1},
		null, 7, [], "x", {"slug":7}, {},
		{"slug":"twice","tvl":3}, {"slug":"twice","tvl":3},
		{"slug":"differs","tvl":3}, {"slug":"differs","tvl":4}]`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "rows", landed(h), `
0703T1000 lido/LDO tvl_usd=7.25
0703T1000 twice/ tvl_usd=3
0703T1000 aave-v3/AAVE tvl_usd=2
0703T1000 uni-scam/ tvl_usd=1.5
0703T1000 bobs-bank/ tvl_usd=1
0703T1000 zero/ tvl_usd=0
reject nan: tvl_usd: "NaN" is no number
reject comma: tvl_usd: "1,234" is no number
reject huge: tvl_usd: "1e309" is no number
reject glitch: tvl_usd: 100000000000000000 is out of range
reject under: tvl_usd: -1 is out of range
reject protocol: "two words" is no slug
reject protocol: "pool:x" is no slug
reject protocol: "e\x00vil" is no slug
reject protocol: "" is no slug
reject protocol: "" is no slug
reject a protocol of another shape: json: cannot unmarshal number into Go value of type defillama.protocolRow
reject a protocol of another shape: json: cannot unmarshal array into Go value of type defillama.protocolRow
reject a protocol of another shape: json: cannot unmarshal string into Go value of type defillama.protocolRow
reject a protocol of another shape: json: cannot unmarshal number into Go struct field protocolRow.slug of type string
reject protocol: "" is no slug
reject differs: tvl_usd is told twice, with different values
`)
}

func TestOddOverviews(t *testing.T) {
	t.Parallel()
	h, err := newNames().overview(in(`{"total24h":5.5,"allChains":[],"protocols":[{"slug":"lido","total24h":-3},{"slug":"x","total24h":null},{"slug":"y","total24h":"no"}]}`), "m")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "overview", landed(h), "0703T1000 lido/LDO m=-3\n0703T1000 all chains/ m=5.5\nreject y: m: \"no\" is no number")
	h, err = chainOverview(in(`{"protocols":[{"deep":[[{"a":"b"}]]}],"total24h":7}`), chain{"BSC", "BNB"}, "m")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "chain", landed(h), "0703T1000 BNB chain_m=7")
	for _, body := range []string{`{}`, `{"protocols":null}`, `{"protocols":[],"protocols":[]}`, `[]`, `{"protocols":[]}x`, `{"protocols":[1 2]}`, `{"protocols":[`, ``} {
		if h, err := newNames().overview(in(body), "m"); !errors.Is(err, upstream.ErrMalformed) || landed(h) != "" && !strings.Contains(body, "1 2") {
			t.Errorf("%s: %v %s", body, err, landed(h))
		}
	}
}

func TestOddStablecoins(t *testing.T) {
	t.Parallel()
	rows := `{"pegType":"peggedUSD","gecko_id":"tether","circulating":{"peggedUSD":"10.5"},"price":"1.0"},
		{"pegType":"peggedEUR","gecko_id":"x","circulating":{"peggedEUR":1}},{"pegType":"peggedUSD","gecko_id":"usd-coin","circulating":0},
		{"pegType":"peggedUSD","gecko_id":"imitation","symbol":"USDC","circulating":{"peggedUSD":4}},{"pegType":"peggedUSD","circulating":null}`
	h, err := newNames().stablecoins(in(`{"peggedAssets":[` + rows + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "stablecoins", landed(h), "0703T1000 all chains/ stablecoin_circulating_usd=14.5\n0703T1000 USDT stablecoin_circulating_usd=10.5")
	// Where one cannot be read there is no sum.
	h, err = newNames().stablecoins(in(`{"peggedAssets":[` + rows + `,{"pegType":"peggedUSD","gecko_id":"dai","circulating":{"peggedUSD":"NaN"}},null]}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "stablecoins", landed(h), "0703T1000 USDT stablecoin_circulating_usd=10.5\nreject dai: circulating: \"NaN\" is no number\nreject a stablecoin without a pegType")
}

func TestOddPools(t *testing.T) {
	t.Parallel()
	h, err := newNames().pools(in(`{"status":"success","data":[{"project":"p","pool":"a","tvlUsd":1,"apy":null},{"project":"p","pool":"b","tvlUsd":2,"apy":-5.5,"outlier":null},
		{"project":"p","pool":"c","tvlUsd":9,"apy":3,"outlier":true},{"project":"p","pool":"d","tvlUsd":9,"apy":1e9},{"project":"p","pool":"","tvlUsd":1},{"pool":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "pools", landed(h), `0703T1000 p:b/ pool_tvl_usd=2
0703T1000 p:b/ pool_apy_pct=-5.5
0703T1000 p:a/ pool_tvl_usd=1
reject d: apy: 1000000000 is out of range
reject pool: "" is no pool's id
reject pool: "" is no slug`)
	if _, err := newNames().pools(in(`{"status":"error","data":[]}`)); !errors.Is(err, upstream.ErrMalformed) {
		t.Error(err)
	}
}

func TestOddPrices(t *testing.T) {
	t.Parallel()
	var out source.Harvest
	now := start.Unix()
	row := func(price, confidence string, at int64) string {
		return fmt.Sprintf(`{"price":%s,"confidence":%s,"timestamp":%d}`, price, confidence, at)
	}
	err := newNames().prices(in(`{"coins":{"coingecko:bitcoin":`+row("1.5", "0.8", now)+`,"coingecko:ethereum":`+row("2", "0.79", now)+`,"coingecko:solana":`+row("0", "1", now)+
		`,"coingecko:ripple":`+row("1", "0.9", now*1000)+`,"coingecko:tron":`+row("1e-13", "0.9", now)+`,"coingecko:dai":null,"coingecko:cardano":`+row("1", "7", now)+`,"x":1}}`), start, &out)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "prices", said(out), `0703T1020 BTC price_usd=1.5
0703T1020 TRX price_usd=0.0000000000001
reject coingecko:ethereum: confidence 0.79 is below 0.8
reject coingecko:solana: no price above zero
reject coingecko:ripple: its time 58473-05-13T13:20:00Z is out of range or in another unit
reject coingecko:cardano: confidence: 7 is out of range
reject coingecko:dai: "" is no time
reject "x" was not asked for`)
}

// A point of this very hour after the one of midnight is no day's figure; where there is none of midnight yet it is the day's first.
func TestDays(t *testing.T) {
	t.Parallel()
	s := histories(newNames(), []string{"lido"})
	day := func(d int) int64 { return time.Date(2026, 7, d, 0, 0, 0, 0, time.UTC).Unix() }
	body := fmt.Sprintf(`{"name":"x","tvl":[{"date":%d,"totalLiquidityUSD":1},{"date":%d,"totalLiquidityUSD":2},{"date":%d,"totalLiquidityUSD":2.5},{"date":"%d","totalLiquidityUSD":9},
		{"date":%d,"totalLiquidityUSD":null},{"date":%d000,"totalLiquidityUSD":3},{"date":%d,"totalLiquidityUSD":4}],"tokens":[]}`,
		day(1), day(2), day(2)+7*3600, day(1), day(3), day(3), day(3)+10*3600)
	days, h, err := s[len(s)-1].read(in(body), start)
	if err != nil {
		t.Fatal(err)
	}
	var out source.Harvest
	s[len(s)-1].land(&out, days, nil, months(days))
	out.Rejects = h.kept.Rejects
	check(t, "days", said(out), `0701T0000 lido/LDO tvl_daily_usd=1
0702T0000 lido/LDO tvl_daily_usd=2
0703T0000 lido/LDO tvl_daily_usd=4
reject protocol:lido: 2026-07-01 comes after a later day
reject protocol:lido: its time 58472-03-09T00:00:00Z is out of range or in another unit`)
}

func TestAnswersThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"deep":      `{"x":` + strings.Repeat("[", 10_000),
		"long row":  `{"protocols":["` + strings.Repeat("x", 3*maxRow) + `"]}`,
		"long text": `{"x":"` + strings.Repeat("x", 3*maxRow) + `"}`,
		"many rows": `{"protocols":[` + strings.Repeat("0,", maxRows) + `0]}`,
		"number":    `{"x":` + strings.Repeat("9", 3*maxRow) + `}`,
	} {
		h, err := newNames().overview(in(body), "m")
		if !errors.Is(err, upstream.ErrMalformed) || len(h.kept.Rejects) > source.MaxRejects+1 {
			t.Errorf("%s: %v, %d rejects", name, err, len(h.kept.Rejects))
		}
	}
}

// sound fails where a record may not be passed on.
func sound(t *testing.T, out source.Harvest) {
	t.Helper()
	now := start.Add(240 * time.Hour)
	for _, f := range out.Fundamentals {
		if err := f.Check(now); err != nil || f.Protocol != source.Text(f.Protocol, source.MaxID) {
			t.Fatalf("%v: %+v", err, f)
		}
	}
	for _, m := range out.Metrics {
		if err := m.Check(now); err != nil {
			t.Fatalf("%v: %+v", err, m)
		}
	}
	for _, r := range out.Rejects {
		if r.Reason == "" || len(r.Reason) > source.MaxTitle || len(r.Bytes) > source.MaxPiece {
			t.Fatalf("reject %+v", r)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`[{"slug":"a","tvl":1,"mcap":"2","gecko_id":"aave"}]`)
	f.Add(`{"total24h":1,"protocols":[{"slug":"a","total24h":1}]}`)
	f.Add(`{"peggedAssets":[{"pegType":"peggedUSD","gecko_id":"tether","circulating":{"peggedUSD":1}}]}`)
	f.Add(`{"status":"success","data":[{"project":"lido","pool":"p","tvlUsd":1,"apy":2}]}`)
	f.Add(`{"coins":{"coingecko:bitcoin":{"price":1,"timestamp":1782315604,"confidence":0.99}}}`)
	f.Add(`[{"date":1767225600,"tvl":1},{"date":"1767312000","tvl":2}]`)
	f.Add(`{"tvl":[{"date":1767225600,"totalLiquidityUSD":1}]}`)
	n := newNames()
	f.Fuzz(func(t *testing.T, body string) {
		for _, read := range []func(*stream) (*haul, error){n.protocols, n.stablecoins, n.pools, func(s *stream) (*haul, error) { return n.overview(s, "m") },
			func(s *stream) (*haul, error) { return chainOverview(s, chains()[0], "m") }} {
			if h, err := read(in(body)); err == nil {
				var out source.Harvest
				h.land(&out, start)
				sound(t, out)
			}
		}
		var out source.Harvest
		if n.prices(in(body), start, &out) == nil {
			sound(t, out)
		}
		for _, s := range histories(n, []string{"lido"}) {
			if days, h, err := s.read(in(body), start); err == nil {
				out := source.Harvest{Rejects: h.kept.Rejects}
				s.land(&out, days, nil, months(days))
				for i := 1; i < len(days); i++ {
					if !days[i].at.After(days[i-1].at) {
						t.Fatal("days out of order")
					}
				}
				sound(t, out)
			}
		}
	})
}
