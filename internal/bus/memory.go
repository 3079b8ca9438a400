package bus

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

// Memory is the Bus of one process.
type Memory struct {
	clock clock.Clock

	mu     sync.Mutex // guards all below
	closed bool
	topics map[string]map[*Subscription]bool
	subs   map[*Subscription]func() // to what stops each
	cache  map[string]*list.Element
	order  *list.List // of *cached, set longest ago first
	size   int        // bytes in the cache
}

type cached struct {
	key   string
	value []byte
	until time.Time
}

var _ Bus = (*Memory)(nil)

// NewMemory returns an empty Bus whose values expire by c.
func NewMemory(c clock.Clock) *Memory {
	return &Memory{clock: c, topics: map[string]map[*Subscription]bool{}, subs: map[*Subscription]func(){},
		cache: map[string]*list.Element{}, order: list.New()}
}

// Publish implements Bus.
func (m *Memory) Publish(ctx context.Context, topic string, payload []byte) error {
	if err := checkPublish("topic", topic, payload); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for s := range m.topics[topic] {
		s.offer(topic, bytes.Clone(payload))
	}
	return nil
}

// Subscribe implements Bus.
func (m *Memory) Subscribe(ctx context.Context, queue int, topics ...string) (*Subscription, error) {
	if err := checkSubscribe(queue, topics); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := newSubscription(queue)
	for _, t := range topics {
		if m.topics[t] == nil {
			m.topics[t] = map[*Subscription]bool{}
		}
		m.topics[t][s] = true
	}
	release := context.AfterFunc(ctx, func() { m.remove(s, topics) })
	s.stop = func() { release(); m.remove(s, topics) }
	m.subs[s] = s.stop
	return s, nil
}

func (m *Memory) remove(s *Subscription, topics []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range topics {
		delete(m.topics[t], s)
		if len(m.topics[t]) == 0 {
			delete(m.topics, t)
		}
	}
	delete(m.subs, s)
	s.end()
}

// Set implements Bus.
func (m *Memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := checkSet(key, value, ttl); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if e, ok := m.cache[key]; ok {
		m.forget(e)
	}
	m.cache[key] = m.order.PushBack(&cached{key, append([]byte{}, value...), m.clock.Now().Add(ttl)})
	m.size += len(key) + len(value)
	for m.order.Len() > maxCached || m.size > maxBytes {
		m.forget(m.order.Front())
	}
	return nil
}

func (m *Memory) forget(e *list.Element) {
	c := m.order.Remove(e).(*cached)
	delete(m.cache, c.key)
	m.size -= len(c.key) + len(c.value)
}

// Get implements Bus.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := checkName("key", key); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, false, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	e, ok := m.cache[key]
	if !ok {
		return nil, false, nil
	}
	c := e.Value.(*cached)
	if !m.clock.Now().Before(c.until) {
		m.forget(e)
		return nil, false, nil
	}
	return append([]byte{}, c.value...), true, nil
}

// Close implements Bus.
func (m *Memory) Close() error {
	m.mu.Lock()
	m.closed = true
	stops := make([]func(), 0, len(m.subs))
	for _, stop := range m.subs {
		stops = append(stops, stop)
	}
	m.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
	return nil
}
