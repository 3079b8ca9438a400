package impact

import (
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// The weights are judgement, not measurement: they order events by what such events have been seen to do, and are kept in one place
// so that a better judgement changes one line. docs/catalysts.md shows them as Tables writes them.

var types = []part{
	{ledger.EventIncident, 0.70},
	{ledger.EventDelisting, 0.60},
	{ledger.EventListing, 0.50},
	{ledger.EventHalt, 0.45},
	{ledger.EventUnlock, 0.45},
	{ledger.EventHearing, 0.40},
	{ledger.EventResume, 0.25},
	{ledger.EventAnnounce, 0.20},
	{ledger.EventMaintenance, 0.15},
}

const otherType = 0.10

// forms are the families of formOf; an 8-K that names its items is weighed by them.
var forms = []part{
	{"S-1", 0.35},
	{"SCHEDULE 13D", 0.35},
	{"10-K", 0.30},
	{"10-Q", 0.30},
	{"20-F", 0.30},
	{"8-K", 0.25},
	{"6-K", 0.25},
	{"S-3", 0.25},
	{"424B", 0.25},
	{"SCHEDULE 13G", 0.20},
	{"13F", 0.20},
	{"4", 0.10},
}

const (
	otherForm = 0.15
	amendment = 0.70
)

// eightK are the items of form 8-K that matter most to holders of what the filer holds.
var eightK = []part{
	{"1.03", 0.70}, // bankruptcy or receivership
	{"1.05", 0.60}, // material cybersecurity incident
	{"4.02", 0.55}, // earlier financial statements cannot be relied upon
	{"3.01", 0.50}, // notice of delisting
	{"1.01", 0.45}, // material agreement
	{"2.01", 0.45}, // acquisition or disposition completed
	{"1.02", 0.40}, // material agreement terminated
	{"8.01", 0.40}, // other events: where holdings of coins are told
	{"2.03", 0.35}, // new debt
	{"2.02", 0.35}, // results
	{"7.01", 0.35}, // Regulation FD: the other place for holdings
	{"3.02", 0.30}, // unregistered sale of shares
	{"5.02", 0.25}, // directors and officers
	{"9.01", 0.10}, // exhibits
}

const otherItem = 0.15

var venues = []struct {
	source, name string
	weight       float64
}{
	{"binance", "Binance", 1.40},
	{"coinbase", "Coinbase", 1.30},
	{"kraken", "Kraken", 1.10},
	{"coinspot", "CoinSpot", 0.90},
}

// filers whose filings have moved a coin, by CIK without zeros in front. Others weigh 1.
var filers = []struct {
	cik, name string
	weight    float64
}{
	{"1050446", "Strategy", 1.50},
	{"1980994", "iShares Bitcoin Trust", 1.30},
	{"1829311", "BitMine", 1.30},
	{"1679788", "Coinbase", 1.30},
	{"2000638", "iShares Ethereum Trust", 1.20},
	{"1588489", "Grayscale Bitcoin Trust", 1.20},
	{"1852317", "Fidelity Bitcoin Fund", 1.20},
	{"1318605", "Tesla", 1.20},
	{"1507605", "MARA", 1.10},
	{"1859392", "Galaxy", 1.10},
}

const (
	oneOfSeveral  = 0.40
	transfersOnly = 0.60
	textOnly      = 0.70
	noCoin        = 0.80
)

// By tier: unsized, small, mid, large, mega.
var (
	venueSizes  = [...]float64{1.00, 1.20, 1.00, 0.80, 0.60}
	filingSizes = [...]float64{0.90, 0.80, 0.90, 1.00, 1.20}
)

// news is the weight of an event with 0, 1, 2, and 3 or more like it.
var news = [...]float64{1.10, 1.00, 0.85, 0.70}

var sizes = map[Tier]string{
	Mega:  "BTC ETH",
	Large: "XRP BNB SOL DOGE TRX ADA USDT USDC",
	Mid: "LINK AVAX XLM SUI BCH HBAR LTC TON SHIB DOT XMR UNI AAVE NEAR ETC ICP APT ATOM FIL ALGO VET ARB OP POL MATIC PEPE TAO " +
		"RENDER ONDO KAS CRO OKB LEO HYPE MNT GT QNT INJ TIA SEI STX IMX GRT ENA BONK WIF JUP DAI WBTC MKR LDO",
}

// Size is the tier of coins that have stood among the largest for years, by market value; every other coin is Small, for exchanges
// list thousands of them. Tables of market value change slowly at this grain: two tiers up or down takes years.
func Size(c market.Coin) Tier {
	for tier, coins := range sizes {
		for coin := range strings.FieldsSeq(coins) {
			if market.Coin(coin) == c {
				return tier
			}
		}
	}
	return Small
}

// Tables writes the rule's weights as docs/catalysts.md shows them.
func Tables() string {
	var b strings.Builder
	table := func(head string, rows []part, rest string, other float64) {
		fmt.Fprintf(&b, "| %s | weight |\n|---|---|\n", head)
		for _, p := range rows {
			fmt.Fprintf(&b, "| %s | %.2f |\n", p.name, p.weight)
		}
		if rest != "" {
			fmt.Fprintf(&b, "| %s | %.2f |\n", rest, other)
		}
		b.WriteString("\n")
	}
	table("what happened", types, "anything else", otherType)
	table("form filed", forms, "any other form", otherForm)
	table("item of an 8-K", eightK, "any other item", otherItem)
	var v, f []part
	for _, x := range venues {
		v = append(v, part{x.name, x.weight})
	}
	for _, x := range filers {
		f = append(f, part{x.name + " (" + x.cik + ")", x.weight})
	}
	table("venue", v, "any other", 1)
	table("filer (CIK)", f, "any other", 1)
	table("what narrows it", []part{{"an amendment (form ends in /A)", amendment}, {"one market of several: listed where the coin is traded already, delisted where it still is", oneOfSeveral},
		{"transfers only, not trading", transfersOnly}, {"found by its text alone", textOnly}}, "", 0)
	b.WriteString("| size of the coin | at a venue | filing or hearing |\n|---|---|---|\n")
	for t := Mega; t >= Unsized; t-- {
		fmt.Fprintf(&b, "| %s | %.2f | %.2f |\n", t, venueSizes[t], filingSizes[t])
	}
	fmt.Fprintf(&b, "| no coin named | %.2f | %.2f |\n\n", noCoin, noCoin)
	table("how new", []part{{"first of its kind in 30 days", news[0]}, {"one like it", news[1]}, {"two like it", news[2]}}, "three or more", news[3])
	return b.String()
}
