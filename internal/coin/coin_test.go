package coin

import (
	"slices"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
)

func TestTag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Bitcoin and ether slip as stocks fall":                         "BTC ETH",
		"Bitcoins biggest week":                                         "BTC",
		"Ethereum's upgrade is live":                                    "ETH",
		"XRP and DOGE lead":                                             "DOGE XRP",
		"xrp in lower case is no ticker":                                "",
		"aping into $sol and $Link tonight":                             "LINK SOL",
		"Bitcoin Cash forks again":                                      "BCH",
		"Wrapped Bitcoin supply shrinks":                                "WBTC",
		"Ethereum Classic miners celebrate":                             "ETC",
		"Binance Smart Chain halts":                                     "BNB",
		"Fetch.ai announces a fund":                                     "FET",
		"NEAR Protocol raises money":                                    "NEAR",
		"Bitcoin trades near $40,000":                                   "BTC",
		"Near a record, bitcoin pauses":                                 "BTC",
		"The ONE thing bitcoin needs":                                   "BTC",
		"ONE token jumps 12%":                                           "ONE",
		"Click this LINK to claim your crypto":                          "",
		"LINK price doubles":                                            "LINK",
		"Top picks: BTC, LINK, ONE and SAND":                            "BTC LINK ONE SAND",
		"GAS prices are high as ethereum fills up":                      "ETH GAS",
		"ETH gas fees rise":                                             "ETH",
		"That was SUPER fun for crypto":                                 "",
		"Wear a MASK at the crypto conference":                          "",
		"FOR SALE: crypto mining rigs":                                  "",
		"Hotel sued under the ADA over accessibility of its crypto ATM": "",
		"ADA rallies as bitcoin sleeps":                                 "ADA BTC",
		"Disabilities act, known as ADA, turns thirty":                  "",
		"SOL beer is on sale":                                           "",
		"SOL and AVAX jump as crypto recovers":                          "AVAX SOL",
		"Bored Ape buyers return":                                       "",
		"APE coin sold off":                                             "APE",
		"Hot summer, cold DOT on the map":                               "",
		"ATOM staking yields drop":                                      "ATOM",
		"Polygon raises $450 million for crypto apps":                   "MATIC",
		"A polygon has many sides":                                      "",
		"Avalanche kills three in the Alps":                             "",
		"Avalanche price falls":                                         "AVAX",
		"Terra's stablecoin lost its peg":                               "LUNA",
		"Compound interest explained":                                   "",
		"Compound (COMP) bug hits DeFi users":                           "COMP",
		"Harmony (ONE) bridge drained":                                  "ONE",
		"Living in harmony with nature":                                 "",
		"Maker of chips beats estimates":                                "",
		"Maker protocol votes":                                          "MKR",
		"EVERYONE BUY BITCOIN AND ONE FOR ALL NEAR THE TOP":             "BTC",
		"$TSLA and $COIN rally with bitcoin":                            "BTC",
		"$ZZTOP token launches today":                                   "ZZTOP",
		"$100 of nothing":                                               "",
		"Optimism returns to crypto markets":                            "",
		"Optimism token airdrop begins":                                 "OP",
		"Tether prints another billion":                                 "",
		"USDT, USDC and DAI hold their pegs":                            "DAI USDC USDT",
		"":                                                              "",
	} {
		var got []string
		for _, c := range Tag(text) {
			got = append(got, string(c))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", text, s, want)
		}
	}
}

func TestTextPastTheBoundIsNotRead(t *testing.T) {
	t.Parallel()
	if got := Tag(strings.Repeat("x ", MaxBytes/2) + "bitcoin"); got != nil {
		t.Errorf("read past the bound: %v", got)
	}
}

func TestOtherSystemsNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   func(string) (market.Coin, bool)
		name string
		want market.Coin
	}{
		{FromGecko, "avalanche-2", "AVAX"}, {FromGecko, "matic-network", "MATIC"}, {FromGecko, "no-such", ""},
		{FromCoinMetrics, "btc", "BTC"}, {FromCoinMetrics, "usdt_trx", "USDT"}, {FromCoinMetrics, "usdt_mars", ""},
		{FromKraken, "XXBT", "BTC"}, {FromKraken, "XBT", "BTC"}, {FromKraken, "XDG", "DOGE"}, {FromKraken, "XETH", "ETH"},
		{FromKraken, "DOT.S", "DOT"}, {FromKraken, "LUNA", "LUNC"}, {FromKraken, "ZAUD", ""}, {FromKraken, "XTZ", "XTZ"},
	} {
		if got, ok := c.of(c.name); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	all := All()
	if len(all) < 240 || !slices.IsSorted(all) {
		t.Errorf("%d coins, sorted %v", len(all), slices.IsSorted(all))
	}
	if Size("BTC") != Mega || Size("XRP") != Large || Size("NOSUCH") != Unsized || Names("BTC")[0] != "bitcoin" {
		t.Error("BTC, XRP or an unknown coin is not what the table says")
	}
	for _, bad := range []string{"BTC 4 0|a", "BTC 9 0|a|b", "btc 4 0|a|b", "BTC 4 0|a|b\nBTC 4 0|c|d", "BTC 4 0|a|b\nETH 4 0|a|c", "BTC 4 0|a|"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("table %q is taken", bad)
		}
	}
}

func FuzzTag(f *testing.F) {
	for _, s := range []string{"$sol", "Harmony (ONE)", "\xff\x00$", "BTC/ETH,ONE", "binance smart", "("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Tag(s)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("not sorted and distinct: %v", got)
		}
		for _, c := range got {
			if p, err := market.ParseCoin(string(c)); err != nil || p != c {
				t.Errorf("%q is no coin", c)
			}
		}
	})
}

func BenchmarkTag(b *testing.B) {
	for b.Loop() {
		Tag("Polygon-based studio raises $12 million as bitcoin and ether slip, ADA and SOL accelerate")
	}
}
