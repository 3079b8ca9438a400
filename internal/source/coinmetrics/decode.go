package coinmetrics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	maxRows    = 10_000 // of a page, CoinMetrics' limit
	maxKept    = 4_096  // bytes of a reject
	maxRejects = 50     // of one page, with their bytes; more tell nothing new
	maxToken   = 1_000
	day        = 24 * time.Hour
)

// envelope is what all answers have.
type envelope struct {
	Data []json.RawMessage `json:"data"`
	Next string            `json:"next_page_token"`
}

// decodePage takes an answer apart. Its next_page_url is left alone: the token says as much, and leads to no other host.
func decodePage(body []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return envelope{}, err
	}
	switch {
	case e.Data == nil || len(e.Data) > maxRows:
		return envelope{}, fmt.Errorf("it has %d rows", len(e.Data))
	case len(e.Next) > maxToken || source.Text(e.Next, maxToken) != e.Next:
		return envelope{}, errors.New("its next_page_token is none")
	case e.Next != "" && len(e.Data) == 0:
		return envelope{}, errors.New("it has no rows, and a next page")
	}
	return e, nil
}

// decodeError reads why CoinMetrics refused something; ok is false where it was not CoinMetrics who did.
func decodeError(body []byte) (why string, ok bool) {
	var e struct {
		Error struct{ Type, Message string }
	}
	if json.Unmarshal(body, &e) != nil || e.Error.Type == "" {
		return "", false
	}
	return source.Text(e.Error.Type+": "+e.Error.Message, source.MaxTitle), true
}

// decodeCatalog adds to free which daily metrics of each asset are free, of those that are wanted. Rows that cannot be read are rejects.
func decodeCatalog(rows []json.RawMessage, wanted map[string]name, free map[string][]string) []ledger.Reject {
	var rejects []ledger.Reject
	for _, raw := range rows {
		var row struct {
			Asset   string
			Metrics []struct {
				Metric      string
				Frequencies []struct {
					Frequency string
					Community bool
				}
			}
		}
		if err := json.Unmarshal(raw, &row); err != nil || row.Asset == "" {
			rejects = reject(rejects, raw, fmt.Errorf("a row of the catalog cannot be read: %w", err))
			continue
		}
		for _, m := range row.Metrics {
			for _, f := range m.Frequencies {
				if _, ok := wanted[m.Metric]; ok && f.Frequency == "1d" && f.Community && !slices.Contains(free[row.Asset], m.Metric) {
					free[row.Asset] = append(free[row.Asset], m.Metric)
				}
			}
		}
		slices.Sort(free[row.Asset])
	}
	return rejects
}

// decodeRows makes figures of an asset's days. newest is the newest day among them.
func decodeRows(rows []json.RawMessage, asset string, metrics []name, now time.Time) (out []ledger.Metric, rejects []ledger.Reject, newest time.Time) {
	coin, err := market.ParseCoin(asset)
	if err != nil {
		return nil, reject(nil, nil, err), newest
	}
	seen := make(map[time.Time]bool, len(rows))
	for _, raw := range rows {
		row, at, err := decodeDay(raw, asset, now)
		if err == nil && seen[at] {
			err = fmt.Errorf("%s comes twice", at.Format(time.DateOnly))
		}
		if err != nil {
			rejects = reject(rejects, raw, err)
			continue
		}
		seen[at] = true
		if at.After(newest) {
			newest = at
		}
		for _, n := range metrics {
			v, ok, err := source.Figure(row[n.theirs])
			if err == nil && ok && (v.Less(n.least) || n.most.Less(v)) {
				err = fmt.Errorf("%s is out of range", v)
			}
			if err != nil {
				rejects = reject(rejects, raw, fmt.Errorf("%s of %s: %w", n.theirs, at.Format(time.DateOnly), err))
				continue
			}
			if ok { // a metric that is not known for a day is missing or null
				out = append(out, ledger.Metric{Event: at, Asset: coin, Metric: n.ours, Value: v.Mul(n.scale)})
			}
		}
	}
	return out, rejects, newest
}

// decodeDay reads a row's asset and day.
func decodeDay(raw []byte, asset string, now time.Time) (map[string]json.RawMessage, time.Time, error) {
	var row map[string]json.RawMessage
	if err := json.Unmarshal(raw, &row); err != nil {
		return nil, time.Time{}, err
	}
	var theirs string
	if json.Unmarshal(row["asset"], &theirs) != nil || theirs != asset {
		return nil, time.Time{}, fmt.Errorf("it is of %.40q, not of %s", theirs, asset)
	}
	var at time.Time
	if err := json.Unmarshal(row["time"], &at); err != nil {
		return nil, time.Time{}, errors.New("it has no time")
	}
	if at = at.UTC(); !at.Truncate(day).Equal(at) {
		return nil, time.Time{}, fmt.Errorf("%s is no day", at.Format(time.RFC3339))
	}
	return row, at, source.Past(at, now)
}

func reject(list []ledger.Reject, raw []byte, err error) []ledger.Reject {
	if len(list) >= maxRejects {
		return list
	}
	return append(list, ledger.Reject{Reason: source.Text(err.Error(), source.MaxTitle), Bytes: head(raw)})
}

func head(b []byte) []byte { return bytes.Clone(b[:min(len(b), maxKept)]) }
