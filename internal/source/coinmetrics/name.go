package coinmetrics

import (
	"strings"

	"github.com/ohmycoins/omc/internal/money"
)

// name is what a metric of CoinMetrics is called here, and what it can be.
type name struct {
	theirs, ours string
	scale        money.Decimal // of ours, from what is sent
	least, most  money.Decimal // of what is sent: what lies outside has been measured wrong, or in another unit
}

// names are the metrics whose meaning is known.
func names() []name {
	n := func(theirs, ours, most string) name {
		return name{theirs: theirs, ours: ours, scale: money.One, most: money.MustParse(most)}
	}
	rate := n("HashRate", "hash_rate_ehs", "1e12")
	rate.scale = money.MustParse("0.000001")
	roi := n("ROI30d", "roi_30d_pct", "1e6")
	roi.least = money.FromInt(-100)
	return []name{
		n("AdrActCnt", "active_addresses", "1e11"), n("AdrBalCnt", "funded_addresses", "1e11"), n("TxCnt", "transaction_count", "1e11"), n("TxTfrCnt", "transfer_count", "1e11"),
		n("BlkCnt", "block_count", "1e9"), rate, n("PriceUSD", "price_usd", "1e9"), n("CapMrktCurUSD", "market_cap_usd", "1e15"), n("CapMVRVCur", "mvrv_ratio", "1e6"),
		n("SplyCur", "supply_native", "1e18"), n("IssTotNtv", "issuance_native", "1e18"), n("FeeTotNtv", "fees_native", "1e18"),
		n("FlowInExNtv", "exchange_inflow_native", "1e18"), n("FlowOutExNtv", "exchange_outflow_native", "1e18"), roi,
	}
}

// named is the name of a metric; of one whose meaning is not known, its own.
func named(theirs string) name {
	for _, n := range names() {
		if n.theirs == theirs {
			return n
		}
	}
	most := money.MustParse("1e27")
	return name{theirs: theirs, ours: "cm_" + strings.ToLower(theirs), scale: money.One, least: most.Neg(), most: most}
}
