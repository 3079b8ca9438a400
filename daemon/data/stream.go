package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// Bounds of following the ledgers.
const (
	streamPage = 500
	// maxBehind is how long a follower that was up to date may be behind without coming up to date again. It is a time and not a number
	// of items: one landing may hold tens of thousands, which whoever reads at all has read in seconds.
	maxBehind = 5 * time.Minute
	lookAgain = 2 * time.Second // without a wake-up: another process' landing is not told without Redis
)

// Stream tells emit what lands, in order, until ctx ends: from the item after q.After on, or from now on. Nothing is queued for a
// follower: the store is read at its own pace, a page at a time, so that one that is slow holds up nobody. One that was up to date and
// has been behind for maxBehind is let go with a problem that says so; so is one that takes nothing at all, for which emit, or the cause
// of ctx's end, is os.ErrDeadlineExceeded. Both are counted, and can go on where they were.
//
// An item without a kind is a place: nothing landed that this follower asked for, and it would go on after that number.
func (s *Service) Stream(ctx context.Context, q api.StreamRequest, emit func(api.LedgerItem) error) (err error) {
	s.followers.Add(1)
	defer func() {
		s.followers.Add(-1)
		var p *api.Problem
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &p) && p.Code == api.CodeSlow {
			s.dropped.Add(1)
		}
	}()
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
	if err := emit(api.LedgerItem{Seq: at}); err != nil { // a follower that is cut off before anything lands goes on from here
		return err
	}
	var upToDate time.Time // when it last was; zero: not yet
	for told := at; ; {
		items, upTo, err := s.reader.ItemsAfter(ctx, at, kinds, streamPage)
		if err != nil {
			return ended(ctx, err)
		}
		for i := range items {
			if it, ok := streamed(&items[i], only); ok {
				if err := emit(it); err != nil {
					return err
				}
				told = it.Seq
			}
		}
		at = upTo
		if len(items) == streamPage {
			if late := s.clock.Now().Sub(upToDate); !upToDate.IsZero() && late > maxBehind {
				return api.NewProblem(409, api.CodeSlow, "this follower was let go: it has been behind for %s and did not come up to date; go on with Last-Event-ID %d, "+
					"or ask for fewer kinds or markets", late.Round(time.Second), at)
			}
			continue
		}
		upToDate = s.clock.Now()
		if told < at {
			if err := emit(api.LedgerItem{Seq: at}); err != nil {
				return err
			}
			told = at
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-wake:
		case <-time.After(lookAgain):
		}
	}
}

// ended is why ctx ended, where it has; else err.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// start is the number after which a follower is told: the newest, where it does not say. 0 is before the oldest that is kept.
func (s *Service) start(ctx context.Context, after *int64) (int64, error) {
	head, err := s.reader.Head(ctx)
	if err != nil {
		return 0, err
	}
	if after == nil {
		return head, nil
	}
	if *after < 0 || *after > head {
		return 0, badRequest("item %d: the newest is %d; that number is of other ledgers than these", *after, head)
	}
	return *after, nil
}

// Followers counts those that follow now, and those that were let go because they were too slow.
func (s *Service) Followers() (now, dropped int64) { return s.followers.Load(), s.dropped.Load() }

func streamKinds(names []string) ([]string, error) {
	names, err := lower("kinds", names)
	if err != nil || len(names) == 0 {
		return ledger.Kinds(), err
	}
	for _, n := range names {
		if !slices.Contains(ledger.Kinds(), n) {
			return nil, badRequest("kind %.40q: want one of %s", n, strings.Join(ledger.Kinds(), ", "))
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
