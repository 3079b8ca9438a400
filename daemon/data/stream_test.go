package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// TestFollowersMissNothing: followers that break off and go on while several feeds land see each item once, in order.
func TestFollowersMissNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "before", ledger.Records{News: []ledger.News{news("0", "before", start, 0)}})
	const feeds, polls, perPoll = 3, 25, 4
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex // the clock, as land moves it
	landed := make(chan struct{}, 1)
	w.s.Landed = func(context.Context) (<-chan struct{}, func()) { return landed, func() {} }
	for f := range feeds {
		name := fmt.Sprint("feed", f)
		if err := w.db.EnsureFeeds(ctx, []string{name}); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for p := range polls {
				var r ledger.Records
				for i := range perPoll {
					r.News = append(r.News, news(fmt.Sprintf("%d.%d.%d", f, p, i), "t", start, 0))
				}
				mu.Lock()
				w.clock.Advance(time.Millisecond)
				now := w.clock.Now()
				mu.Unlock()
				c, ok, err := w.db.Begin(ctx, name, "p", now, now)
				if err == nil && ok {
					_, err = w.db.Land(ctx, ledger.Landing{Claim: c, Source: name, Records: r, Read: now, Tick: now, Started: now})
				}
				if err != nil || !ok {
					t.Error(ok, err)
					return
				}
				select {
				case landed <- struct{}{}:
				default:
				}
			}
		})
	}
	seen := map[string]int{}
	after, last := int64(1), int64(1)
	errStop := errors.New("enough for now")
	for len(seen) < feeds*polls*perPoll && ctx.Err() == nil {
		n, from := 0, after
		err := w.s.Stream(ctx, api.StreamRequest{After: &from, Kinds: []string{"news", "quote"}}, func(it api.LedgerItem) error {
			if it.Kind == "" { // a place
				return nil
			}
			if n++; n > 37 {
				return errStop
			}
			if it.Seq <= last {
				t.Errorf("%d after %d", it.Seq, last)
			}
			seen[fmt.Sprint(it.Seq)]++
			last, after = it.Seq, it.Seq
			if len(seen) == feeds*polls*perPoll {
				return errStop
			}
			return nil
		})
		if !errors.Is(err, errStop) {
			t.Fatal(err)
		}
	}
	wg.Wait()
	head, err := w.db.Head(t.Context())
	if err != nil || head != int64(1+feeds*polls*perPoll) || len(seen) != feeds*polls*perPoll {
		t.Errorf("%d seen of %d: %v", len(seen), head-1, err)
	}
	head++
	if err := w.s.Stream(ctx, api.StreamRequest{After: &head}, nil); err == nil {
		t.Error("a number of other ledgers was taken")
	}
	if err := w.s.Stream(ctx, api.StreamRequest{Kinds: []string{"nonsense"}}, nil); err == nil {
		t.Error("a kind that is none was taken")
	}
}

// figures are n records of a kind that can be followed.
func (w *world) figures(n int) (r ledger.Records) {
	for i := range n {
		r.Metrics = append(r.Metrics, ledger.Metric{Asset: "BTC", Metric: fmt.Sprint("m", i), Event: w.clock.Now(), Value: money.One})
	}
	return r
}

var errEnough = errors.New("enough")

// TestALargeLandingLetsNobodyGo: the first landing of a fresh daemon holds tens of thousands of rows; who reads them is not slow.
func TestALargeLandingLetsNobodyGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "f", w.figures(1))
	const many = 12_000
	waiting := make(chan struct{})
	w.s.Landed = func(context.Context) (<-chan struct{}, func()) { return waiting, func() {} }
	go func() {
		waiting <- struct{}{} // taken once the follower waits: it is up to date
		w.land(context.Background(), "f", w.figures(many))
		waiting <- struct{}{}
	}()
	n := 0
	err := w.s.Stream(t.Context(), api.StreamRequest{}, func(it api.LedgerItem) error {
		if it.Kind != "" {
			n++
		}
		if n == many {
			return errEnough
		}
		return nil
	})
	if _, dropped := w.s.Followers(); !errors.Is(err, errEnough) || dropped != 0 {
		t.Errorf("%v after %d, %d let go", err, n, dropped)
	}
}

// TestASlowFollowerIsLetGo: it was up to date, then stayed behind for minutes; it is told where to go on, and counted. So is one that
// took nothing at all, but not one that went.
func TestASlowFollowerIsLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "f", w.figures(1))
	landed := make(chan struct{})
	w.s.Landed = func(context.Context) (<-chan struct{}, func()) { return landed, func() {} }
	go func() {
		landed <- struct{}{}
		w.land(context.Background(), "f", w.figures(3*streamPage))
		landed <- struct{}{}
	}()
	var last int64
	err := w.s.Stream(t.Context(), api.StreamRequest{}, func(it api.LedgerItem) error {
		if it.Kind != "" && it.Seq == streamPage { // of the first page
			w.clock.Advance(maxBehind + time.Second)
		}
		last = it.Seq
		return nil
	})
	var p *api.Problem
	if now, dropped := w.s.Followers(); !errors.As(err, &p) || p.Code != api.CodeSlow || !strings.Contains(p.Detail, fmt.Sprintf("Last-Event-ID %d,", last)) || dropped != 1 || now != 0 {
		t.Errorf("%v, %d dropped, %d left, last %d", err, dropped, now, last)
	}
	for i, end := range []error{fmt.Errorf("write: %w", os.ErrDeadlineExceeded), context.Canceled} {
		err := w.s.Stream(t.Context(), api.StreamRequest{After: &last}, func(it api.LedgerItem) error {
			if it.Kind == "" {
				return nil
			}
			if it.Seq != last+1 {
				t.Errorf("%d after %d", it.Seq, last)
			}
			return end
		})
		if _, dropped := w.s.Followers(); !errors.Is(err, end) || dropped != 2 {
			t.Errorf("%d: %v, %d dropped", i, err, dropped)
		}
	}
}

// TestWhereFollowingBegins: from now on where nothing is said, from the oldest that is kept for 0; and a follower of something else
// learns how far it has come, so that it does not begin again there.
func TestWhereFollowingBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "f", w.figures(3))
	zero, two := int64(0), int64(2)
	for name, c := range map[string]struct {
		after *int64
		kinds []string
		want  string
	}{
		"now": {nil, nil, " 3"}, "all": {&zero, nil, " 0 metric1 metric2 metric3"}, "after 2": {&two, nil, " 2 metric3"}, "another kind": {&zero, []string{"News"}, " 0 3"},
	} {
		got := ""
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan struct{})
		s := New(w.db, w.clock, Options{Landed: func(context.Context) (<-chan struct{}, func()) { return waiting, func() {} }})
		go func() {
			defer cancel()
			waiting <- struct{}{}
		}()
		err := s.Stream(ctx, api.StreamRequest{After: c.after, Kinds: c.kinds}, func(it api.LedgerItem) error {
			got += fmt.Sprint(" ", it.Kind, it.Seq)
			return nil
		})
		if !errors.Is(err, context.Canceled) || got != c.want {
			t.Errorf("%s:%s, want%s (%v)", name, got, c.want, err)
		}
	}
}

// TestAFollowerOfAMarketLearnsHowFarItIs where only other markets move.
func TestAFollowerOfAMarketLearnsHowFarItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "f", ledger.Records{Quotes: []market.Quote{{Market: market.Market{Base: "ETH", Quote: "AUD"}, Time: w.clock.Now(), Last: money.One}}})
	zero, at := int64(0), int64(-1)
	err := w.s.Stream(t.Context(), api.StreamRequest{After: &zero, Markets: []string{"BTC/AUD"}}, func(it api.LedgerItem) error {
		if at = it.Seq; it.Kind != "" {
			t.Errorf("%+v", it)
		}
		if at > 0 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) || at != 1 {
		t.Errorf("%v at %d", err, at)
	}
}
