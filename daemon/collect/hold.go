package collect

import (
	"context"
	"errors"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// A claim lasts so long and is made longer while its poll is under way, so that the feed of a process that has died soon goes on.
const (
	lease = 10 * time.Second
	renew = 3 * time.Second
)

// keep makes a claim last until stop is called.
func (r *Runner) keep(ctx context.Context, c ledger.Claim) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(renew)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			asking, end := context.WithTimeout(ctx, renew)
			err := r.store.Extend(asking, c, r.clock.Now().Add(lease))
			end()
			if err != nil && ctx.Err() == nil {
				r.log.Debug("a claim was not extended", "feed", c.Feed, "error", err) // should it lapse, the landing is refused and says so
			}
		}
	}()
	return func() { cancel(); <-done }
}

// How long a feed rests where the upstream wants fewer requests and does not say for how long.
const (
	restLimited = 30 * time.Second
	restBanned  = 2 * time.Minute
)

// putOff tells of an error that is no failure: until when nothing is to be asked, and who said so.
func putOff(err error, now time.Time) ledger.Hold {
	var limited *upstream.RateLimitError
	var off *source.PutOff
	switch {
	case errors.As(err, &off):
		return ledger.Hold{Until: off.Until, By: ledger.HeldBySource}
	case errors.As(err, &limited) && !errors.Is(err, upstream.ErrUnavailable): // an outage that says when to come back is one
		d := limited.RetryAfter
		if d <= 0 && limited.Banned {
			d = restBanned
		} else if d <= 0 {
			d = restLimited
		}
		return ledger.Hold{Until: now.Add(d), By: ledger.HeldByUpstream}
	}
	return ledger.Hold{}
}

// family are the other feeds that the same upstream holds. Publishers are upstreams of their own.
func (r *Runner) family(f *source.Feed) (names []string) {
	if f.Source == "rss" {
		return nil
	}
	for name, o := range r.feeds {
		if o.Source == f.Source && name != f.Name {
			names = append(names, name)
		}
	}
	return names
}

// idle tells that a poll went well and asked for nothing, because nothing was due.
func idle(h *source.Harvest, requests int64) bool {
	return requests == 0 && h.Read.IsZero() && !h.Again && h.Records.Len() == 0 && len(h.Rejects) == 0 && len(h.Gaps) == 0 && h.Since.IsZero()
}
