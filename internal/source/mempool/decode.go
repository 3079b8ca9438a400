package mempool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	coin     = "BTC"
	hashRate = "hash_rate_ehs"
	maxRows  = 5_000 // of a list; three years have 1,100 days
	maxKept  = 4_096 // bytes of a reject
)

// figures are what an answer gives, and the pieces of it that could not be taken.
type figures struct {
	metrics []ledger.Metric
	rejects []ledger.Reject
}

// bounds of a figure, in the unit it is sent in: what lies outside has been measured wrong, or in another unit.
type bounds struct{ least, most money.Decimal }

func within(least, most string) bounds {
	return bounds{money.MustParse(least), money.MustParse(most)}
}

// add lands one figure in its unit, which is what was sent times scale. A figure that is missing or no number is a reject.
func (f *figures) add(at time.Time, metric string, raw json.RawMessage, b bounds, scale money.Decimal) {
	v, ok, err := source.Figure(raw)
	switch {
	case err != nil:
	case !ok:
		err = errors.New("it is missing")
	case v.Less(b.least) || b.most.Less(v):
		err = fmt.Errorf("%s is out of range", v)
	}
	if err != nil {
		f.reject(raw, metric, err)
		return
	}
	f.metrics = append(f.metrics, ledger.Metric{Event: at, Asset: coin, Metric: metric, Value: v.Mul(scale)})
}

func (f *figures) reject(raw []byte, metric string, err error) {
	f.rejects = append(f.rejects, ledger.Reject{Reason: source.Text(metric+": "+err.Error(), source.MaxTitle), Bytes: head(raw)})
}

func head(b []byte) []byte { return bytes.Clone(b[:min(len(b), maxKept)]) }

// object reads a JSON object that has at least the named fields.
func object(body []byte, fields ...string) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	for _, f := range fields {
		if _, ok := m[f]; !ok {
			return nil, fmt.Errorf("it has no %s", f)
		}
	}
	return m, nil
}

func decodeFees(body []byte, now time.Time) (figures, error) {
	var f figures
	m, err := object(body, "fastestFee", "halfHourFee", "hourFee")
	if err != nil {
		return f, err
	}
	at := now.Truncate(time.Minute)
	rate := within("0", "1000000")
	f.add(at, "fees_fastest_sat_vb", m["fastestFee"], rate, money.One)
	f.add(at, "fees_half_hour_sat_vb", m["halfHourFee"], rate, money.One)
	f.add(at, "fees_hour_sat_vb", m["hourFee"], rate, money.One)
	f.add(at, "fees_economy_sat_vb", m["economyFee"], rate, money.One)
	f.add(at, "fees_minimum_sat_vb", m["minimumFee"], rate, money.One)
	return f, nil
}

func decodeQueue(body []byte, now time.Time) (figures, error) {
	var f figures
	m, err := object(body, "count", "vsize", "total_fee")
	if err != nil {
		return f, err
	}
	at := now.Truncate(time.Minute)
	f.add(at, "mempool_transactions", m["count"], within("0", "100000000"), money.One)
	f.add(at, "mempool_size_vb", m["vsize"], within("0", "100000000000"), money.One)
	f.add(at, "mempool_fees_btc", m["total_fee"], within("0", "2100000000000000"), money.MustParse("0.00000001"))
	return f, nil
}

// decodeTip reads a height, which is sent as bare text. Half a number is a number too: one that is far from a block every ten minutes
// since the first, of which there have been a few per cent more, is refused.
func decodeTip(body []byte, now time.Time) (figures, error) {
	var f figures
	height, ok, err := source.Figure(body)
	expected := int64(now.Sub(ledger.Earliest) / (10 * time.Minute))
	switch {
	case err != nil:
		return f, err
	case !ok || height.Decimals() > 0 || height.Less(money.FromInt(expected/10*9)) || money.FromInt(expected/10*12).Less(height):
		return f, fmt.Errorf("%.40q is no height of these days", body)
	}
	f.metrics = []ledger.Metric{{Event: now.Truncate(time.Minute), Asset: coin, Metric: "block_height", Value: height}}
	return f, nil
}

func decodeAdjustment(body []byte, now time.Time) (figures, error) {
	var f figures
	m, err := object(body, "progressPercent", "difficultyChange", "remainingBlocks")
	if err != nil {
		return f, err
	}
	at := now.Truncate(time.Minute)
	f.add(at, "difficulty_change_pct", m["difficultyChange"], within("-100", "1000"), money.One)
	f.add(at, "difficulty_progress_pct", m["progressPercent"], within("0", "100"), money.One)
	f.add(at, "blocks_to_retarget", m["remainingBlocks"], within("0", "2016"), money.One)
	f.add(at, "block_interval_seconds", m["timeAvg"], within("0", "1000000000"), money.MustParse("0.001"))
	return f, nil
}

// decodeHashrate reads lists of days. Hash rates are whole numbers of 21 digits, which no integer of 64 bits holds.
func decodeHashrate(body []byte, now time.Time) (figures, error) {
	var f figures
	var lists struct{ Hashrates, Difficulty []json.RawMessage }
	if err := json.Unmarshal(body, &lists); err != nil {
		return f, err
	}
	if lists.Hashrates == nil || len(lists.Hashrates) > maxRows || len(lists.Difficulty) > maxRows {
		return f, fmt.Errorf("it has %d hash rates and %d difficulties", len(lists.Hashrates), len(lists.Difficulty))
	}
	rates, scale := within("0", "1e27"), money.MustParse("0.000000000000000001")
	for _, raw := range lists.Hashrates {
		if r, at, ok := f.row(hashRate, raw, now); ok {
			f.add(at, hashRate, r.AvgHashrate, rates, scale)
		}
	}
	difficulties := within("1", "1e27")
	for _, raw := range lists.Difficulty {
		if r, at, ok := f.row("difficulty", raw, now); ok {
			f.add(at, "difficulty", r.Difficulty, difficulties, money.One)
		}
	}
	return f, nil
}

// row is one of a list, of either kind.
type row struct {
	Timestamp   json.RawMessage // seconds
	Time        json.RawMessage // its other name
	AvgHashrate json.RawMessage
	Difficulty  json.RawMessage
}

// row reads a row of a list and its time.
func (f *figures) row(metric string, raw []byte, now time.Time) (r row, at time.Time, ok bool) {
	err := json.Unmarshal(raw, &r)
	if err == nil {
		if r.Timestamp == nil {
			r.Timestamp = r.Time
		}
		at, err = unix(r.Timestamp, now)
	}
	if err != nil {
		f.reject(raw, metric, err)
	}
	return r, at, err == nil
}

func decodePrices(body []byte, now time.Time) (figures, error) {
	var f figures
	m, err := object(body, "time", "USD")
	if err != nil {
		return f, err
	}
	at, err := unix(m["time"], now)
	if err != nil {
		return f, err
	}
	for _, p := range [][2]string{{"USD", "price_usd"}, {"AUD", "price_aud"}, {"EUR", "price_eur"}, {"GBP", "price_gbp"}, {"CAD", "price_cad"}, {"CHF", "price_chf"}, {"JPY", "price_jpy"}} {
		if raw, ok := m[p[0]]; ok {
			f.add(at, p[1], raw, within("1", "10000000000"), money.One)
		}
	}
	return f, nil
}

// unix reads seconds since 1970.
func unix(raw json.RawMessage, now time.Time) (time.Time, error) {
	var n int64
	if err := json.Unmarshal(raw, &n); err != nil || n == 0 {
		return time.Time{}, fmt.Errorf("%.40q is no time", raw)
	}
	at := time.Unix(n, 0).UTC()
	return at, source.Past(at, now)
}
