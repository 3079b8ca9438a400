package fake

import (
	"fmt"
	"hash/fnv"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// world is Ethereum as it might be at one time: the same at the same time, always.
type world struct{ now time.Time }

const slot = 12 * time.Second

// genesis is when this world begins, at block 24,000,000.
func genesis() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (w world) height() int64 { return 24_000_000 + int64(w.now.Sub(genesis())/slot) }

// wave is between 0 and 1, different for each name.
func wave(name string, at time.Time, period time.Duration) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return (1 + math.Sin(2*math.Pi*float64(at.Unix()%(400*86_400))/period.Seconds()+float64(h.Sum32()%628)/100)) / 2
}

func text(f float64, decimals int) string { return strconv.FormatFloat(f, 'f', decimals, 64) }

// answer is what module and action give.
func (w world) answer(q url.Values) string {
	switch q.Get("module") + " " + q.Get("action") {
	case "gastracker gasoracle":
		base := 0.4 + 20*wave("gas", w.now, 9*time.Hour)
		return envelope("1", "OK", map[string]string{"LastBlock": strconv.FormatInt(w.height(), 10), "SafeGasPrice": text(base+0.01, 9), "ProposeGasPrice": text(base+0.1, 9),
			"FastGasPrice": text(base+0.7, 9), "suggestBaseFee": text(base, 9), "gasUsedRatio": "0.51,0.47,0.99,0.12,0.5"})
	case "proxy eth_getBlockByNumber":
		if q.Get("tag") != "latest" || q.Get("boolean") != "false" {
			return encode(map[string]any{"jsonrpc": "2.0", "id": 1, "error": map[string]any{"code": -32602, "message": "invalid argument 0: hex string without 0x prefix"}})
		}
		return w.block()
	case "stats ethprice":
		at := strconv.FormatInt(w.now.Truncate(time.Minute).Unix(), 10)
		return envelope("1", "OK", map[string]string{"ethbtc": text(0.03+0.004*wave("ratio", w.now, 50*time.Hour), 5), "ethbtc_timestamp": at,
			"ethusd": text(2600+900*wave("price", w.now, 31*time.Hour), 2), "ethusd_timestamp": at})
	case "stats ethsupply2":
		days := int64(w.now.Sub(genesis()) / (24 * time.Hour))
		eth := func(n int64) string { return strconv.FormatInt(n, 10) + "217800000000000000" }
		return envelope("1", "OK", map[string]string{"EthSupply": eth(122_373_866), "Eth2Staking": eth(5_940_327 + 2_600*days), "BurntFees": eth(4_610_942 + 90*days), "WithdrawnTotal": eth(7_618_584 + 40_000*days)})
	case "stats nodecount":
		day := w.now.UTC().AddDate(0, 0, -1)
		return envelope("1", "OK", map[string]string{"UTCDate": day.Format(time.DateOnly), "TotalNodeCount": strconv.Itoa(9000 + int(900*wave("nodes", day.Truncate(24*time.Hour), 90*24*time.Hour)))})
	case "account balancemulti":
		return w.balances(strings.Split(q.Get("address"), ","))
	}
	return envelope("0", "NOTOK", "Error! Missing Or invalid Action name")
}

// block is the newest, which has the time of its slot.
func (w world) block() string {
	at := w.now.Truncate(slot)
	hex := func(n int64) string { return fmt.Sprintf("0x%x", n) }
	hashes := make([]string, 120+int(80*wave("transactions", at, 7*time.Minute)))
	for i := range hashes {
		hashes[i] = fmt.Sprintf("0x%060x%04x", at.Unix(), i)
	}
	return encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": map[string]any{"number": hex(w.height()), "timestamp": hex(at.Unix()), "gasLimit": hex(60_000_000),
		"gasUsed": hex(int64(20_000_000 + 3e7*wave("used", at, 11*time.Minute))), "baseFeePerGas": hex(int64(4e8 + 2e10*wave("gas", w.now, 9*time.Hour))),
		"hash": fmt.Sprintf("0x%064x", at.Unix()), "difficulty": "0x0", "uncles": []string{}, "transactions": hashes}})
}

// balances has a row for each address, at most twenty.
func (w world) balances(addresses []string) string {
	good := regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
	var rows []map[string]string
	for _, a := range addresses {
		if !good.MatchString(a) || len(addresses) > 20 {
			return envelope("0", "NOTOK", "Error! Invalid address format")
		}
		rows = append(rows, map[string]string{"account": a, "balance": strconv.Itoa(1000+int(400_000*wave(a, w.now.Truncate(10*time.Minute), 90*time.Hour))) + "123456789012345678"})
	}
	return envelope("1", "OK", rows)
}
