// Package bus carries news between the parts of omc, and between its processes where there is Redis, and keeps a hot cache.
// It is never the only copy of anything: what it loses can be read from the store.
package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Bounds of what a Bus takes.
const (
	MaxName    = 200      // bytes of a topic or a key
	MaxPayload = 1 << 20  // bytes of a message or a cached value
	MaxQueue   = 1 << 16  // messages that may wait for one subscriber
	maxCached  = 100_000  // values in the memory cache; what was set longest ago goes first
	maxBytes   = 64 << 20 // bytes of them
)

// ErrClosed is returned once the bus is closed; ErrInvalid for what passes a bound.
var (
	ErrClosed  = errors.New("the bus is closed")
	ErrInvalid = errors.New("invalid")
)

// Bus is the port. Safe for concurrent use. bustest.Run is its conformance suite.
type Bus interface {
	// Publish sends payload to those subscribed to the topic now. It never waits for a subscriber. The payload may be reused.
	Publish(ctx context.Context, topic string, payload []byte) error
	// Subscribe delivers what is published on the topics after it returns, through a queue of at most queue messages (1 to
	// MaxQueue), until its Close, the end of ctx, or the bus' Close; C is closed then.
	//
	// Policy at the bound: a message that finds the queue full is not delivered to this subscriber. The loss is counted, and told by
	// Message.Lost of the next message that is. Others are not affected. Messages of one publisher on one topic come in order.
	Subscribe(ctx context.Context, queue int, topics ...string) (*Subscription, error)
	// Set caches value under key until ttl (more than 0) has passed; it may go earlier when memory is short.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Get returns the cached value; false where there is none, or it has expired. The slice is the caller's.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Close ends all subscriptions and waits for what the bus started.
	Close() error
}

// Message is one delivery.
type Message struct {
	Topic   string
	Payload []byte
	Lost    int64 // messages of this subscription lost since the delivery before; -1: an unknown number, the connection broke
}

// Subscription is one subscriber's queue.
type Subscription struct {
	C    <-chan Message // closed when the subscription ends
	stop func()

	mu      sync.Mutex // guards out against sending after its close, and unsaid
	out     chan Message
	unsaid  int64 // lost and not told yet; negative: unknown
	closed  bool
	dropped atomic.Int64
}

// Dropped counts the messages that found the queue full since the subscription began.
func (s *Subscription) Dropped() int64 { return s.dropped.Load() }

// Close ends the subscription and closes C; what waits in the queue can still be read. It may be called more than once.
func (s *Subscription) Close() { s.stop() }

func newSubscription(queue int) *Subscription {
	out := make(chan Message, queue)
	return &Subscription{C: out, out: out}
}

// offer delivers, or counts the loss; it never waits.
func (s *Subscription) offer(topic string, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	select {
	case s.out <- Message{Topic: topic, Payload: payload, Lost: s.unsaid}:
		s.unsaid = 0
	default:
		s.dropped.Add(1)
		if s.unsaid >= 0 {
			s.unsaid++
		}
	}
}

// broken notes that an unknown number may have been lost.
func (s *Subscription) broken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaid = -1
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.out)
	}
}

func checkName(what, name string) error {
	if name == "" || len(name) > MaxName || !utf8.ValidString(name) {
		return fmt.Errorf("%s %.40q: %w: want 1 to %d bytes of UTF-8", what, name, ErrInvalid, MaxName)
	}
	return nil
}

func checkPublish(what, name string, payload []byte) error {
	if len(payload) > MaxPayload {
		return fmt.Errorf("%s %.40q: %w: %d bytes, the limit is %d", what, name, ErrInvalid, len(payload), MaxPayload)
	}
	return checkName(what, name)
}

func checkSet(key string, value []byte, ttl time.Duration) error {
	if ttl < time.Millisecond {
		return fmt.Errorf("key %.40q: %w: a time to live of %s, want at least 1ms", key, ErrInvalid, ttl)
	}
	return checkPublish("key", key, value)
}

func checkSubscribe(queue int, topics []string) error {
	if queue < 1 || queue > MaxQueue || len(topics) == 0 {
		return fmt.Errorf("subscribe: %w: a queue of %d to %d topics, want 1 to %d and at least one", ErrInvalid, queue, len(topics), MaxQueue)
	}
	for _, t := range topics {
		if err := checkName("topic", t); err != nil {
			return err
		}
	}
	return nil
}
