package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

// Limiter keeps the request limits of upstreams among all processes on one Redis, by Redis' clock. Safe for concurrent use.
// What it returns as an error means that nothing is known: whoever asks must not take it for leave.
type Limiter struct {
	redis *Redis
	rate  *redis_rate.Limiter
}

// Limiter returns a limiter on the same connection and under the same prefix. It ends with r's Close.
func (r *Redis) Limiter() *Limiter { return &Limiter{redis: r, rate: redis_rate.NewLimiter(r.client)} }

// Reserve takes the place of one request of key where it is free at this moment, and returns 0; the next is free after every. Otherwise
// it takes none, and returns the time until one is free, or until the end of a hold. Of several that wait any may be next.
func (l *Limiter) Reserve(ctx context.Context, key string, every time.Duration) (time.Duration, error) {
	if err := checkName("key", key); err != nil {
		return 0, err
	}
	if every <= 0 {
		return 0, fmt.Errorf("key %.40q: %w: a place every %s, want more than none", key, ErrInvalid, every)
	}
	var wait time.Duration
	err := l.redis.ask(ctx, func(ctx context.Context) error {
		held, err := l.redis.client.PTTL(ctx, l.hold(key)).Result()
		if err != nil || held > 0 { // negative: there is none
			wait = held
			return err
		}
		// One place at a time: any more would let a window hold more than the limit and one.
		got, err := l.rate.Allow(ctx, l.redis.prefix+key, redis_rate.Limit{Rate: 1, Burst: 1, Period: every})
		if err == nil && got.Allowed == 0 {
			wait = max(got.RetryAfter, time.Microsecond)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reserve: %w", err)
	}
	return max(wait, 0), nil
}

// Hold keeps everybody from reserving a place of key for d, unless a longer hold is in force.
func (l *Limiter) Hold(ctx context.Context, key string, d time.Duration) error {
	if err := checkName("key", key); err != nil {
		return err
	}
	if d < time.Millisecond {
		return nil
	}
	k := l.hold(key)
	err := l.redis.ask(ctx, func(ctx context.Context) error {
		left, err := l.redis.client.PTTL(ctx, k).Result()
		if err == nil && left < d {
			err = l.redis.client.Set(ctx, k, 1, d).Err()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	return nil
}

func (l *Limiter) hold(key string) string { return l.redis.prefix + "hold." + key }
