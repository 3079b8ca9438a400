package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is the Bus between processes. Topics and keys carry a prefix, so that several omc may share one server.
type Redis struct {
	client *redis.Client
	prefix string
	rest   atomic.Int64 // until when nothing is asked, unix nanoseconds: Redis has not answered

	mu     sync.Mutex // guards closed and subs
	closed bool
	subs   map[*Subscription]bool
	wg     sync.WaitGroup // the subscriptions' readers
}

var _ Bus = (*Redis)(nil)

// OpenRedis connects to url (redis://user:password@host:6379/0). Errors never hold the URL: it may carry a password.
func OpenRedis(ctx context.Context, url, prefix string) (*Redis, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("open redis: the URL is not understood: want redis://user:password@host:6379/0")
	}
	quiet.Do(func() { redis.SetLogger(silent{}) })
	// A call ends with its context and is not repeated: what waits for a Redis that hangs holds up what needs none.
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialTimeout, o.PoolTimeout = true, -1, answerIn, answerIn
	c := redis.NewClient(o)
	if err := c.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("open redis at %s: %w", o.Addr, err), c.Close())
	}
	return &Redis{client: c, prefix: prefix, subs: map[*Subscription]bool{}}, nil
}

// The library writes to stderr by itself what every call returns as its error as well.
var quiet sync.Once

type silent struct{}

// Printf implements redis' logger.
func (silent) Printf(context.Context, string, ...any) {}

// How long Redis may take for an answer, and how long it is left alone when it has not given one.
const (
	answerIn = time.Second
	restFor  = 5 * time.Second
)

// ErrSilent is wrapped where Redis does not answer, or has not a moment ago and is not asked.
var ErrSilent = errors.New("redis does not answer")

// ask makes one call that takes no longer than answerIn.
func (r *Redis) ask(ctx context.Context, call func(context.Context) error) error {
	if left := time.Until(time.Unix(0, r.rest.Load())); left > 0 {
		return fmt.Errorf("%w, and is asked again in %s", ErrSilent, left.Round(100*time.Millisecond))
	}
	asking, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	err := call(asking)
	var slow net.Error
	if ctx.Err() == nil && (asking.Err() != nil || errors.As(err, &slow) && slow.Timeout()) && err != nil {
		r.rest.Store(time.Now().Add(restFor).UnixNano())
		return fmt.Errorf("%w within %s: %w", ErrSilent, answerIn, err)
	}
	return r.said(err)
}

func (r *Redis) said(err error) error {
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		return err
	case errors.Is(err, redis.ErrClosed):
		return ErrClosed
	}
	return fmt.Errorf("redis: %w", err)
}

// Publish implements Bus.
func (r *Redis) Publish(ctx context.Context, topic string, payload []byte) error {
	if err := checkPublish("topic", topic, payload); err != nil {
		return err
	}
	return r.ask(ctx, func(ctx context.Context) error { return r.client.Publish(ctx, r.prefix+topic, payload).Err() })
}

// Subscribe implements Bus. It returns once Redis has confirmed every topic.
func (r *Redis) Subscribe(ctx context.Context, queue int, topics ...string) (*Subscription, error) {
	if err := checkSubscribe(queue, topics); err != nil {
		return nil, err
	}
	channels := make([]string, len(topics))
	for i, t := range topics {
		channels[i] = r.prefix + t
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	ps := r.client.Subscribe(ctx, channels...)
	distinct := map[string]bool{}
	for _, c := range channels {
		distinct[c] = true
	}
	for confirmed := 0; confirmed < len(distinct); {
		m, err := ps.Receive(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("subscribe: %w", r.said(err)), ps.Close())
		}
		if _, ok := m.(*redis.Subscription); ok {
			confirmed++
		}
	}
	s := newSubscription(queue)
	reading, cancel := context.WithCancel(ctx)
	r.wg.Add(1)
	done := make(chan struct{})
	go func() {
		defer r.wg.Done()
		defer close(done)
		r.read(reading, ps, s)
	}()
	release := context.AfterFunc(reading, func() { _ = ps.Close() }) // wakes the reader
	s.stop = func() {
		cancel()
		if release() {
			_ = ps.Close()
		}
		<-done
	}
	r.subs[s] = true
	return s, nil
}

// read delivers until the subscription ends. go-redis connects again by itself; what was sent meanwhile is lost, in unknown number.
func (r *Redis) read(ctx context.Context, ps *redis.PubSub, s *Subscription) {
	defer func() {
		s.end()
		r.mu.Lock()
		delete(r.subs, s)
		r.mu.Unlock()
	}()
	for wait := time.Duration(0); ; {
		m, err := ps.Receive(ctx)
		switch m := m.(type) {
		case *redis.Message:
			wait = 0
			s.offer(strings.TrimPrefix(m.Channel, r.prefix), []byte(m.Payload))
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil || errors.Is(err, redis.ErrClosed) {
			return
		}
		s.broken()
		wait = min(max(2*wait, 50*time.Millisecond), 5*time.Second)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// Set implements Bus.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := checkSet(key, value, ttl); err != nil {
		return err
	}
	return r.ask(ctx, func(ctx context.Context) error { return r.client.Set(ctx, r.prefix+key, value, ttl).Err() })
}

// Get implements Bus.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := checkName("key", key); err != nil {
		return nil, false, err
	}
	var b []byte
	err := r.ask(ctx, func(ctx context.Context) (err error) {
		b, err = r.client.Get(ctx, r.prefix+key).Bytes()
		return err
	})
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	return b, err == nil, err
}

// Close implements Bus.
func (r *Redis) Close() error {
	r.mu.Lock()
	r.closed = true
	subs := make([]*Subscription, 0, len(r.subs))
	for s := range r.subs {
		subs = append(subs, s)
	}
	r.mu.Unlock()
	for _, s := range subs {
		s.Close()
	}
	r.wg.Wait()
	if err := r.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}
