package coinspot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxCoins bounds an answer; CoinSpot lists about 520.
const maxCoins = 5000

// Problem is a quote that was not passed on.
type Problem struct {
	Key    string // as CoinSpot names it, shortened
	Reason string
	Raw    []byte // the piece of the answer, as JSON
}

// snapshot is what an answer of /latest says.
type snapshot struct {
	quotes   []market.Quote  // sorted by market
	problems []Problem       // sorted by key
	listed   []market.Market // sorted; those whose prices are none as well
}

// entry is one member of prices.
type entry struct {
	key string
	raw json.RawMessage
}

// entries keep members of the same name, which a map would drop.
type entries []entry

// UnmarshalJSON implements json.Unmarshaler.
func (e *entries) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	t, err := d.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("prices are no object but %.20s", b)
	}
	*e = entries{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		x := entry{key: fmt.Sprint(t)}
		if err := d.Decode(&x.raw); err != nil {
			return err
		}
		if *e = append(*e, x); len(*e) > maxCoins {
			return fmt.Errorf("more than %d prices", maxCoins)
		}
	}
	return nil
}

// decode reads an answer of /latest.
func decode(status int, body []byte) (snapshot, error) {
	var answer struct{ Prices entries }
	switch err := read(status, body, &answer); {
	case errors.Is(err, errUnlisted): // of the whole list this is nonsense
		return snapshot{}, fmt.Errorf("%w: %v", upstream.ErrUnavailable, err)
	case err != nil:
		return snapshot{}, err
	}
	if answer.Prices == nil {
		return snapshot{}, fmt.Errorf("%w: no prices", upstream.ErrMalformed)
	}
	var s snapshot
	count, pieces := map[market.Market]int{}, map[market.Market]entries{}
	for _, e := range answer.Prices {
		m, err := parseKey(e.key)
		if err != nil {
			s.problems = append(s.problems, problem(e.key, err.Error(), e))
			continue
		}
		if pieces[m] = append(pieces[m], e); len(pieces[m]) == 1 {
			s.listed = append(s.listed, m)
		}
		q, err := decodeQuote(m, e.raw)
		if err != nil {
			s.problems = append(s.problems, problem(e.key, err.Error(), e))
			continue
		}
		count[m]++
		s.quotes = append(s.quotes, q)
	}
	s.quotes = slices.DeleteFunc(s.quotes, func(q market.Quote) bool { return count[q.Market] > 1 })
	for m, n := range count {
		if n > 1 {
			s.problems = append(s.problems, problem(m.String(), fmt.Sprintf("listed %d times: nobody can say which price is meant", n), pieces[m]...))
		}
	}
	slices.SortFunc(s.quotes, func(x, y market.Quote) int { return strings.Compare(x.Market.String(), y.Market.String()) })
	slices.SortFunc(s.listed, func(x, y market.Market) int { return strings.Compare(x.String(), y.String()) })
	sort.SliceStable(s.problems, func(i, j int) bool { return s.problems[i].Key < s.problems[j].Key })
	return s, nil
}

// problem keeps the pieces as they stood in the answer.
func problem(key, reason string, pieces ...entry) Problem {
	raw := []byte("{")
	for i, e := range pieces {
		if i > 0 {
			raw = append(raw, ',')
		}
		name, err := json.Marshal(e.key)
		if err != nil {
			continue // text always encodes
		}
		raw = append(append(append(raw, name...), ':'), e.raw...)
	}
	return Problem{Key: upstream.Text(key), Reason: upstream.Text(reason), Raw: append(raw, '}')}
}

// parseKey reads btc, against AUD, and btc_usdt, against USDT.
func parseKey(key string) (market.Market, error) {
	base, quote, ok := strings.Cut(key, "_")
	if !ok {
		quote = "AUD"
	}
	return market.ParseMarket(base + "/" + quote)
}

func decodeQuote(m market.Market, raw json.RawMessage) (market.Quote, error) {
	var p struct{ Bid, Ask, Last json.RawMessage }
	if err := json.Unmarshal(raw, &p); err != nil {
		return market.Quote{}, fmt.Errorf("prices: %w", err)
	}
	q := market.Quote{Market: m}
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		to   *money.Decimal
	}{{"bid", p.Bid, &q.Bid}, {"ask", p.Ask, &q.Ask}, {"last", p.Last, &q.Last}} {
		var err error
		if *f.to, err = positive(f.name, f.raw); err != nil {
			return market.Quote{}, err
		}
	}
	if q.Ask.Less(q.Bid) {
		return market.Quote{}, fmt.Errorf("crossed: bid %s above ask %s", q.Bid, q.Ask)
	}
	return q, nil
}
