package nansen

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	maxPages   = 20               // of one poll: 100 credits
	maxWallets = 200              // named in one flow; the counts are of all
	settle     = 15 * time.Minute // after the end of an hour, until its trades are all there
	kept       = 24 * time.Hour   // by Nansen
	firstHours = 3                // how far back the first poll reads
	lateHours  = 2                // how many hours are added up once more
)

// pollTrades adds up the hours that have ended since the last poll.
func (c *Client) pollTrades(ctx context.Context, cursor []byte) (out source.Harvest, err error) {
	now := c.clock.Now()
	s, err := c.begin(ctx, cursor, now)
	if err != nil {
		return out, err
	}
	from, to, due := hours(s.Done, now)
	if !due && !source.IsByHand(ctx) {
		return out, nil // no hour has ended: asking would cost for nothing
	}
	wanted := from
	sum := newSums(from, to)
	reached := false
	for page := 1; page <= maxPages && !reached; page++ {
		rows, last, err := c.ask(ctx, "/smart-money/dex-trades", question("block_timestamp", "DESC", page), &out)
		if err != nil {
			end(&out, s, err, now)
			return out, err
		}
		past, bad := sum.page(rows, now, &out)
		reached = past || last
		if len(rows) > 0 && bad == len(rows) { // further pages would be no better, and cost
			err := c.up.Fail(fmt.Errorf("%w: no trade of page %d could be read", upstream.ErrMalformed, page))
			end(&out, s, err, now)
			return out, err
		}
	}
	if !reached { // the hour of the oldest trade, and those before it, are not whole
		if from = sum.oldest.Truncate(time.Hour).Add(time.Hour); s.Done.After(wanted) {
			wanted = s.Done // the hours before were added up when they ended
		}
		out.Gap(wanted, from, "more trades than %d pages hold", maxPages)
	}
	out.Flows = sum.flows(from)
	out.Since = from
	s.Done = to
	end(&out, s, nil, now)
	return out, nil
}

// hours are those to add up: from two hours before where the last poll ended, because trades come in late, as far as Nansen still has
// them whole, to the end of the last that is over. An hour that says the same again lands as nothing, another as a revision. Nothing is due
// where no further hour is over.
func hours(done, now time.Time) (from, to time.Time, due bool) {
	to = now.Add(-settle).Truncate(time.Hour)
	from = done.Truncate(time.Hour).Add(-lateHours * time.Hour)
	if done.IsZero() || done.After(to) && done.Sub(to) > time.Hour { // none, or the clock went back
		from = to.Add(-firstHours * time.Hour)
	}
	if whole := now.Add(-kept).Truncate(time.Hour).Add(time.Hour); from.Before(whole) {
		from = whole
	}
	return from, to, done.Before(to) || done.Sub(to) > time.Hour
}

// trade is a swap of one token for another.
type trade struct {
	at           time.Time
	hash, wallet string
	bought, sold token
	value        money.Decimal
}

// place is a token in an hour.
type place struct {
	chain, address string
	hour           int64
}

// sum is what was done with a token in an hour.
type sum struct {
	symbol          string
	net             money.Decimal
	buyers, sellers map[string]bool
}

// sums add up trades of the hours [from, to).
type sums struct {
	from, to, oldest time.Time
	seen             map[[4]string]bool
	by               map[place]*sum
}

func newSums(from, to time.Time) *sums {
	return &sums{from: from, to: to, oldest: to, seen: map[[4]string]bool{}, by: map[place]*sum{}}
}

// page adds a page, and reports that what follows is too old to be wanted, and how many rows could not be read. A trade that comes again is passed over: pages move while
// new trades come in.
func (s *sums) page(rows []json.RawMessage, now time.Time, out *source.Harvest) (reached bool, bad int) {
	var before, newest time.Time
	sorted := true
	for _, raw := range rows {
		t, err := decodeTrade(raw, now)
		if err != nil {
			out.Reject(raw, "trade: %v", err)
			bad++
			continue
		}
		sorted = sorted && (before.IsZero() || !t.at.After(before))
		before = t.at
		if t.at.After(newest) {
			newest = t.at
		}
		if t.at.Before(s.oldest) {
			s.oldest = t.at
		}
		s.add(t)
	}
	if sorted {
		newest = before // of a page in order, its last row tells what follows
	}
	return !newest.IsZero() && newest.Before(s.from), bad
}

func (s *sums) add(t trade) {
	key := [4]string{t.bought.chain, t.hash, t.bought.address, t.sold.address}
	if t.at.Before(s.from) || !t.at.Before(s.to) || s.seen[key] {
		return
	}
	s.seen[key] = true
	b, l := s.at(t.bought, t.at), s.at(t.sold, t.at)
	b.net, b.buyers[t.wallet] = b.net.Add(t.value), true
	l.net, l.sellers[t.wallet] = l.net.Sub(t.value), true
}

func (s *sums) at(t token, at time.Time) *sum {
	key := place{t.chain, t.address, at.Truncate(time.Hour).Unix()}
	if s.by[key] == nil {
		s.by[key] = &sum{symbol: t.symbol, buyers: map[string]bool{}, sellers: map[string]bool{}}
	}
	return s.by[key]
}

// flows are the sums of the hours from then on, in order of time and token.
func (s *sums) flows(from time.Time) []ledger.Flow {
	var out []ledger.Flow
	for k, v := range s.by {
		if k.hour < from.Unix() {
			continue
		}
		out = append(out, ledger.Flow{Event: time.Unix(k.hour, 0).UTC().Add(time.Hour), Token: v.symbol, Chain: k.chain, Address: k.address, NetUSD: v.net, Window: time.Hour,
			Buyers: wallets(v.buyers), Sellers: wallets(v.sellers), Buying: len(v.buyers), Selling: len(v.sellers)})
	}
	slices.SortFunc(out, func(a, b ledger.Flow) int {
		return cmp.Or(a.Event.Compare(b.Event), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Address, b.Address))
	})
	return out
}

func wallets(set map[string]bool) []string {
	var out []string
	for w := range set {
		out = append(out, w)
	}
	slices.Sort(out)
	return out[:min(len(out), maxWallets)]
}

type tradeRow struct {
	Chain         string          `json:"chain"`
	Time          string          `json:"block_timestamp"`
	Hash          string          `json:"transaction_hash"`
	Trader        string          `json:"trader_address"`
	BoughtAddress string          `json:"token_bought_address"`
	BoughtSymbol  string          `json:"token_bought_symbol"`
	SoldAddress   string          `json:"token_sold_address"`
	SoldSymbol    string          `json:"token_sold_symbol"`
	Value         json.RawMessage `json:"trade_value_usd"`
}

func decodeTrade(raw json.RawMessage, now time.Time) (t trade, err error) {
	var r tradeRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return t, fmt.Errorf("a row of another shape: %w", err)
	}
	// Without a zone, which means UTC.
	if t.at, err = time.Parse("2006-01-02T15:04:05", r.Time); err != nil {
		if t.at, err = time.Parse(time.RFC3339, r.Time); err != nil {
			return t, fmt.Errorf("block_timestamp: %.40q is no time", r.Time)
		}
	}
	t.at = t.at.UTC()
	if err = source.Past(t.at, now); err != nil {
		return t, err
	}
	if t.hash, err = newAddress(r.Hash); err != nil {
		return t, fmt.Errorf("transaction_hash: %w", err)
	}
	if t.wallet, err = newAddress(r.Trader); err != nil {
		return t, fmt.Errorf("trader_address: %w", err)
	}
	if t.bought, err = newToken(r.Chain, r.BoughtAddress, r.BoughtSymbol); err != nil {
		return t, fmt.Errorf("bought: %w", err)
	}
	if t.sold, err = newToken(r.Chain, r.SoldAddress, r.SoldSymbol); err != nil {
		return t, fmt.Errorf("sold: %w", err)
	}
	v, ok, err := dollars("trade_value_usd", r.Value, false)
	if err == nil && !ok {
		err = fmt.Errorf("trade_value_usd is not known")
	}
	t.value = v
	return t, err
}
