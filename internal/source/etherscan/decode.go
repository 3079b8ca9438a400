package etherscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	coin            = "ETH"
	maxKept         = 4_096 // bytes of a reject
	maxTransactions = 20_000
	wei             = "0.000000000000000001"
	gwei            = "0.000000001" // of what is sent in wei
)

// figures are what an answer gives, and the pieces of it that could not be taken.
type figures struct {
	metrics []ledger.Metric
	rejects []ledger.Reject
}

// add lands one figure, which is what was sent times scale; most bounds what is sent. A figure that is missing, below zero or no number
// is a reject.
func (f *figures) add(at time.Time, metric string, raw json.RawMessage, most, scale string) {
	v, ok, err := source.Figure(raw)
	switch {
	case err != nil:
	case !ok:
		err = errors.New("it is missing")
	case v.Sign() < 0 || money.MustParse(most).Less(v):
		err = fmt.Errorf("%s is out of range", v)
	}
	if err != nil {
		f.reject(raw, metric, err)
		return
	}
	f.land(at, metric, v.Mul(money.MustParse(scale)))
}

func (f *figures) land(at time.Time, metric string, v money.Decimal) {
	f.metrics = append(f.metrics, ledger.Metric{Event: at, Asset: coin, Metric: metric, Value: v})
}

func (f *figures) reject(raw []byte, metric string, err error) {
	f.rejects = append(f.rejects, ledger.Reject{Reason: source.Text(metric+": "+err.Error(), source.MaxTitle), Bytes: head(raw)})
}

func head(b []byte) []byte { return bytes.Clone(b[:min(len(b), maxKept)]) }

// object reads a result with at least the named fields.
func object(result json.RawMessage, fields ...string) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(result, &m); err != nil {
		return nil, err
	}
	for _, f := range fields {
		if _, ok := m[f]; !ok {
			return nil, fmt.Errorf("it has no %s", f)
		}
	}
	return m, nil
}

func decodeGas(result json.RawMessage, now time.Time) (figures, error) {
	var f figures
	m, err := object(result, "SafeGasPrice", "ProposeGasPrice", "FastGasPrice")
	if err != nil {
		return f, err
	}
	at := now.Truncate(time.Minute)
	f.add(at, "gas_safe_gwei", m["SafeGasPrice"], "1e6", "1")
	f.add(at, "gas_propose_gwei", m["ProposeGasPrice"], "1e6", "1")
	f.add(at, "gas_fast_gwei", m["FastGasPrice"], "1e6", "1")
	if raw, ok := m["suggestBaseFee"]; ok { // not before the London fork
		f.add(at, "gas_base_fee_gwei", raw, "1e6", "1")
	}
	return f, nil
}

// decodeBlock reads a block as Ethereum's nodes tell it: numbers are hexadecimal texts.
func decodeBlock(result json.RawMessage, now time.Time) (figures, error) {
	var f figures
	var b struct {
		Number, Timestamp, GasUsed, GasLimit, BaseFeePerGas string
		Transactions                                        []json.RawMessage
	}
	if err := json.Unmarshal(result, &b); err != nil {
		return f, err
	}
	number, err := hex("number", b.Number, 1e12)
	if err != nil {
		return f, err
	}
	seconds, err := hex("timestamp", b.Timestamp, 1e12)
	if err != nil {
		return f, err
	}
	at := time.Unix(seconds, 0).UTC()
	if err := source.Past(at, now); err != nil {
		return f, err
	}
	if len(b.Transactions) > maxTransactions {
		return f, fmt.Errorf("it has %d transactions", len(b.Transactions))
	}
	f.land(at, "block_height", money.FromInt(number))
	f.land(at, "block_transactions", money.FromInt(int64(len(b.Transactions))))
	used, err := hex("gasUsed", b.GasUsed, 1e12)
	limit, errLimit := hex("gasLimit", b.GasLimit, 1e12)
	switch {
	case err != nil || errLimit != nil:
		f.reject(head(result), "block_gas_used_pct", errors.Join(err, errLimit))
	case used > limit || limit == 0:
		f.reject(head(result), "block_gas_used_pct", fmt.Errorf("%d of %d cannot be", used, limit))
	default:
		share, err := money.FromInt(used * 100).Quo(money.FromInt(limit))
		if err != nil {
			return figures{}, err
		}
		f.land(at, "block_gas_used_pct", share.RoundHalfEven(6))
	}
	if b.BaseFeePerGas != "" { // not before the London fork
		if fee, err := hex("baseFeePerGas", b.BaseFeePerGas, 1e15); err != nil {
			f.reject(head(result), "block_base_fee_gwei", err)
		} else {
			f.land(at, "block_base_fee_gwei", money.FromInt(fee).Mul(money.MustParse(gwei)))
		}
	}
	return f, nil
}

// hex reads a number like 0x1f.
func hex(what, s string, most int64) (int64, error) {
	digits, ok := strings.CutPrefix(s, "0x")
	n, err := strconv.ParseUint(digits, 16, 63)
	if !ok || err != nil || int64(n) > most {
		return 0, fmt.Errorf("its %s %.40q is no number like 0x1f, or out of range", what, s)
	}
	return int64(n), nil
}

func decodePrice(result json.RawMessage, now time.Time) (figures, error) {
	var f figures
	m, err := object(result, "ethusd", "ethusd_timestamp", "ethbtc", "ethbtc_timestamp")
	if err != nil {
		return f, err
	}
	for _, p := range [][3]string{{"ethusd", "price_usd", "1e7"}, {"ethbtc", "price_btc", "1e3"}} {
		at, err := seconds(m[p[0]+"_timestamp"], now)
		if err != nil {
			f.reject(m[p[0]+"_timestamp"], p[1], err)
			continue
		}
		if string(m[p[0]]) == `"0"` || string(m[p[0]]) == "0" {
			f.reject(m[p[0]], p[1], errors.New("a price of zero is none"))
			continue
		}
		f.add(at, p[1], m[p[0]], p[2], "1")
	}
	return f, nil
}

// seconds reads a time, sent as text.
func seconds(raw json.RawMessage, now time.Time) (time.Time, error) {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is no time", raw)
	}
	at := time.Unix(n, 0).UTC()
	return at, source.Past(at, now)
}

// decodeSupply reads amounts in wei, of up to 27 digits.
func decodeSupply(result json.RawMessage, now time.Time) (figures, error) {
	var f figures
	m, err := object(result, "EthSupply")
	if err != nil {
		return f, err
	}
	at := now.Truncate(time.Minute)
	for _, p := range [][2]string{{"EthSupply", "supply_eth"}, {"Eth2Staking", "staking_rewards_eth"}, {"BurntFees", "burnt_fees_eth"}, {"WithdrawnTotal", "withdrawn_eth"}} {
		f.add(at, p[1], m[p[0]], "1e27", wei)
	}
	return f, nil
}

func decodeNodes(result json.RawMessage, now time.Time) (figures, error) {
	var f figures
	m, err := object(result, "UTCDate", "TotalNodeCount")
	if err != nil {
		return f, err
	}
	day, err := time.Parse(time.DateOnly, strings.Trim(string(m["UTCDate"]), `"`))
	if err != nil {
		return f, fmt.Errorf("its day %.40q is none", m["UTCDate"])
	}
	if err := source.Past(day, now); err != nil {
		return f, err
	}
	f.add(day, "node_count", m["TotalNodeCount"], "1e8", "1")
	return f, nil
}
