package collect

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// TopicLanded is the bus' topic of landings. It wakes those who wait for news; what there is they read from the store.
const TopicLanded = "ledger.landed"

// LandedNews is a message of TopicLanded.
type LandedNews struct {
	Feed string `json:"feed"`
	Seq  int64  `json:"seq"` // of the newest row
}

// hotFor is how long the hot prices may be read: past it they would be no help.
const hotFor = time.Minute

// HotKey is the bus' key of a venue's prices.
func HotKey(src string) string { return "prices." + src }

// Hot is what a venue quoted at the newest poll.
type Hot struct {
	Polled time.Time      `json:"polled"`
	Quotes []market.Quote `json:"quotes"`
}

// HotPrices returns what gives a venue's prices of the newest poll, in whichever process it was made.
func HotPrices(b bus.Bus, src string) func(context.Context) ([]market.Quote, time.Time, bool) {
	return func(ctx context.Context) ([]market.Quote, time.Time, bool) {
		raw, ok, err := b.Get(ctx, HotKey(src))
		if err != nil || !ok {
			return nil, time.Time{}, false // who asks has another way
		}
		var hot Hot
		if err := json.Unmarshal(raw, &hot); err != nil {
			return nil, time.Time{}, false
		}
		return hot.Quotes, hot.Polled, true
	}
}

// tell passes on what landed. The bus is never the only copy: a failure is logged and nothing is lost.
func (r *Runner) tell(ctx context.Context, f *source.Feed, l *ledger.Landing, got ledger.Landed) {
	if r.bus == nil {
		return
	}
	if l.Whole && l.Err == "" {
		hot, err := json.Marshal(Hot{Polled: l.Read, Quotes: l.Records.Quotes})
		if err == nil {
			err = r.bus.Set(ctx, HotKey(f.Origin()), hot, hotFor)
		}
		if err != nil {
			r.log.Warn("the newest prices are not in the cache", "feed", f.Name, "error", err)
		}
	}
	if got.Seq == 0 {
		return
	}
	news, err := json.Marshal(LandedNews{f.Name, got.Seq})
	if err == nil {
		err = r.bus.Publish(ctx, TopicLanded, news)
	}
	if err != nil {
		r.log.Warn("news of a landing was not passed on", "feed", f.Name, "error", err)
	}
}

// Landed returns what wakes a follower of the ledgers: a channel that is told when something may have landed, here or, where there is
// Redis, anywhere.
func Landed(b bus.Bus) func(context.Context) (<-chan struct{}, func()) {
	return func(ctx context.Context) (<-chan struct{}, func()) {
		sub, err := b.Subscribe(ctx, 1, TopicLanded) // one waiting message is enough: it says that there is news, not which
		if err != nil {
			return nil, func() {} // the follower looks by itself, now and then
		}
		wake := make(chan struct{}, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range sub.C {
				select {
				case wake <- struct{}{}:
				default:
				}
			}
		}()
		return wake, func() {
			sub.Close()
			<-done
		}
	}
}
