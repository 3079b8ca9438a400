package blockchain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	maxPoints  = 100_000 // of one answer; two months have 86,400 minutes
	maxKept    = 4_096   // bytes of a reject
	maxRejects = 50      // of one answer, with their bytes; more tell nothing new
)

// chart is one of blockchain.com's, and the metric it becomes.
type chart struct {
	name, metric string
	unit         string        // must be part of what the chart calls its unit
	scale        money.Decimal // of the metric, from what is sent
	limit        money.Decimal // of what is sent: more has been measured wrong, or in another unit
	most         int           // days that are asked for at first and at most
}

// charts are those that are read, in the order of the first time.
func charts() []chart {
	const all = 7_000 // days: more than Bitcoin is old
	c := func(name, metric, limit string) chart {
		return chart{name: name, metric: metric, scale: money.One, limit: money.MustParse(limit), most: all}
	}
	rate := c("hash-rate", "hash_rate_ehs", "1e12")
	rate.unit, rate.scale = "TH/s", money.MustParse("0.000001")
	queue := c("mempool-size", "mempool_size_bytes", "1e12")
	queue.most = 60 // each day has a hundred points, or more
	return []chart{
		c("market-price", "price_usd", "1e9"), rate, c("n-unique-addresses", "active_addresses", "1e9"), c("n-transactions", "transaction_count", "1e9"),
		c("transaction-fees", "fees_btc", "1e6"), c("miners-revenue", "miner_revenue_usd", "1e12"), c("difficulty", "difficulty", "1e24"),
		c("mvrv", "mvrv_ratio", "1e4"), c("trade-volume", "exchange_volume_usd", "1e13"), queue,
	}
}

// decode reads a chart's points. A point that is told twice lands once, and is refused the second time where it differs.
func (ch chart) decode(body []byte, now time.Time) ([]ledger.Metric, []ledger.Reject, error) {
	var env struct {
		Status, Unit string
		Values       []json.RawMessage
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, nil, err
	}
	switch {
	case env.Status != "ok":
		return nil, nil, fmt.Errorf("its status is %.40q", env.Status)
	case env.Values == nil || len(env.Values) > maxPoints:
		return nil, nil, fmt.Errorf("it has %d points", len(env.Values))
	case !strings.Contains(env.Unit, ch.unit):
		return nil, nil, fmt.Errorf("its unit is %.40q, not %s", env.Unit, ch.unit)
	}
	var points []ledger.Metric
	var rejects []ledger.Reject
	seen := make(map[int64]money.Decimal, len(env.Values))
	for _, raw := range env.Values {
		m, err := ch.point(raw, now)
		if err == nil {
			v, again := seen[m.Event.Unix()]
			if again && v.Equal(m.Value) {
				continue
			}
			if again {
				err = fmt.Errorf("%s has two values", m.Event.Format(time.RFC3339))
			}
		}
		if err != nil {
			if len(rejects) < maxRejects {
				rejects = append(rejects, ledger.Reject{Reason: source.Text(ch.name+": "+err.Error(), source.MaxTitle), Bytes: head(raw)})
			}
			continue
		}
		seen[m.Event.Unix()] = m.Value
		points = append(points, m)
	}
	return points, rejects, nil
}

func (ch chart) point(raw []byte, now time.Time) (ledger.Metric, error) {
	var p struct {
		X *int64
		Y json.RawMessage
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return ledger.Metric{}, err
	}
	if p.X == nil {
		return ledger.Metric{}, errors.New("it has no time")
	}
	at := time.Unix(*p.X, 0).UTC()
	if err := source.Past(at, now); err != nil {
		return ledger.Metric{}, err
	}
	v, ok, err := source.Figure(p.Y)
	switch {
	case err != nil:
		return ledger.Metric{}, err
	case !ok:
		return ledger.Metric{}, errors.New("it has no value")
	case v.Sign() < 0 || ch.limit.Less(v):
		return ledger.Metric{}, fmt.Errorf("%s is out of range", v)
	}
	return ledger.Metric{Event: at, Asset: "BTC", Metric: ch.metric, Value: v.Mul(ch.scale)}, nil
}

func head(b []byte) []byte { return bytes.Clone(b[:min(len(b), maxKept)]) }
