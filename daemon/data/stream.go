package data

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// Bounds of following the ledgers.
const (
	streamPage = 500
	maxBehind  = 10_000          // items; who falls further behind after having caught up is too slow, and is let go
	lookAgain  = 2 * time.Second // without a wake-up: another process' landing is not told without Redis
)

// Stream tells emit what lands, in order, from the item after q.After on (none: from now on), until ctx ends. It reads the store at the
// follower's own pace, so that one that is slow holds up nobody; one that has fallen too far behind is let go with a problem that says
// so, and can go on where it was.
func (s *Service) Stream(ctx context.Context, q api.StreamRequest, emit func(api.LedgerItem) error) error {
	kinds, err := streamKinds(q.Kinds)
	if err != nil {
		return err
	}
	only := map[market.Market]bool{}
	for _, name := range q.Markets {
		m, err := market.ParseMarket(name)
		if err != nil {
			return badRequest("%s", err)
		}
		only[m] = true
	}
	at, err := s.start(ctx, q.After)
	if err != nil {
		return err
	}
	var wake <-chan struct{}
	if s.Landed != nil {
		var stop func()
		wake, stop = s.Landed(ctx)
		defer stop()
	}
	caughtUp := false
	for {
		items, upTo, err := s.reader.ItemsAfter(ctx, at, kinds, streamPage)
		if err != nil {
			return err
		}
		for i := range items {
			if it, ok := streamed(&items[i], only); ok {
				if err := emit(it); err != nil {
					return err
				}
			}
		}
		at = upTo
		if len(items) == streamPage {
			if err := s.slow(ctx, at, caughtUp); err != nil {
				return err
			}
			continue
		}
		caughtUp = true
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-time.After(lookAgain):
		}
	}
}

// start is the number after which a follower is told.
func (s *Service) start(ctx context.Context, after int64) (int64, error) {
	head, err := s.reader.Head(ctx)
	if err != nil {
		return 0, err
	}
	if after > head {
		return 0, badRequest("item %d: the newest is %d; that number is of other ledgers than these", after, head)
	}
	if after <= 0 {
		return head, nil
	}
	return after, nil
}

// slow lets a follower go that has been up to date and has fallen far behind.
func (s *Service) slow(ctx context.Context, at int64, caughtUp bool) error {
	head, err := s.reader.Head(ctx)
	if err != nil || !caughtUp || head-at <= maxBehind {
		return err
	}
	s.dropped.Add(1)
	return api.NewProblem(409, api.CodeSlow, "this follower is %d items behind and was let go; go on with Last-Event-ID %d", head-at, at)
}

// Dropped counts the followers that were let go because they were too slow.
func (s *Service) Dropped() int64 { return s.dropped.Load() }

func streamKinds(names []string) ([]string, error) {
	if len(names) == 0 {
		return ledger.Kinds(), nil
	}
	for _, n := range names {
		if !slices.Contains(ledger.Kinds(), n) {
			return nil, badRequest("kind %.40q: want one of %v", n, ledger.Kinds())
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(names))), nil
}

func streamed(it *ledger.Item, only map[market.Market]bool) (out api.LedgerItem, ok bool) {
	out = api.LedgerItem{Seq: it.Seq, Kind: it.Kind}
	switch it.Kind {
	case ledger.KindQuote:
		if len(only) > 0 && !only[it.Quote.Market] {
			return out, false
		}
		q := it.Quote
		out.Quote = &api.QuoteRow{Market: q.Market, Source: q.Source, Bid: some(q.Bid), Ask: some(q.Ask), Last: some(q.Last), Since: q.Time}
	case ledger.KindNews:
		n := newsRow(it.News)
		out.News = &n
	case ledger.KindPost:
		p := postRow(it.Post)
		out.Post = &p
	case ledger.KindEvent:
		c := catalyst(it.Event)
		out.Event = &c
	case ledger.KindMetric:
		m := onChain(it.Metric)
		out.Metric = &m
	default:
		panic(fmt.Sprintf("data: an item of kind %q", it.Kind)) // the reader gives only what was asked for
	}
	return out, true
}
