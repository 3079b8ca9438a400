// Package bustest is the conformance suite of bus.Bus: what every implementation must do, in tests.
// It must never know one implementation.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
)

// Harness is one empty bus and a way to let time pass for its cache.
type Harness struct {
	Bus     bus.Bus
	Advance func(time.Duration)
}

// Run tests the bus that open returns; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for name, run := range map[string]func(*testing.T, Harness){
		"DeliversInOrder": deliversInOrder, "TopicsAreApart": topicsAreApart, "SlowSubscriberIsTold": slowSubscriberIsTold,
		"SubscriptionEnds": subscriptionEnds, "CloseEndsEverything": closeEndsEverything, "Cache": cache, "Bounds": bounds,
		"ManyAtOnce": manyAtOnce, "PayloadIsCopied": payloadIsCopied,
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			defer func() {
				if err := h.Bus.Close(); err != nil {
					t.Error(err)
				}
			}()
			run(t, h)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func subscribe(t *testing.T, b bus.Bus, queue int, topics ...string) *bus.Subscription {
	t.Helper()
	s, err := b.Subscribe(t.Context(), queue, topics...)
	must(t, err)
	return s
}

func next(t *testing.T, s *bus.Subscription) bus.Message {
	t.Helper()
	select {
	case m, ok := <-s.C:
		if !ok {
			t.Fatal("the subscription has ended")
		}
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was delivered")
	}
	return bus.Message{}
}

func publish(t *testing.T, b bus.Bus, topic, payload string) {
	t.Helper()
	must(t, b.Publish(t.Context(), topic, []byte(payload)))
}

func deliversInOrder(t *testing.T, h Harness) {
	a, b := subscribe(t, h.Bus, 100, "x"), subscribe(t, h.Bus, 100, "x", "y")
	for i := range 50 {
		publish(t, h.Bus, "x", fmt.Sprint(i))
	}
	for i := range 50 {
		for _, s := range []*bus.Subscription{a, b} {
			if m := next(t, s); string(m.Payload) != fmt.Sprint(i) || m.Topic != "x" || m.Lost != 0 {
				t.Fatalf("message %d is %+v", i, m)
			}
		}
	}
}

func topicsAreApart(t *testing.T, h Harness) {
	s := subscribe(t, h.Bus, 10, "a*", "b")
	for _, topic := range []string{"a", "ab", "A*", "b ", "a*", "c", "b"} {
		publish(t, h.Bus, topic, topic)
	}
	for _, want := range []string{"a*", "b"} {
		if m := next(t, s); m.Topic != want || string(m.Payload) != want {
			t.Fatalf("got %+v, want %q", m, want)
		}
	}
}

func slowSubscriberIsTold(t *testing.T, h Harness) {
	slow := subscribe(t, h.Bus, 3, "x")
	for i := range 10 {
		publish(t, h.Bus, "x", fmt.Sprint(i))
	}
	for deadline := time.Now().Add(20 * time.Second); slow.Dropped() < 7; { // over a network they are under way for a moment
		if time.Now().After(deadline) {
			t.Fatalf("dropped %d of 10 with a queue of 3", slow.Dropped())
		}
		runtime.Gosched()
	}
	for i := range 3 {
		if m := next(t, slow); string(m.Payload) != fmt.Sprint(i) || m.Lost != 0 {
			t.Fatalf("message %d is %+v", i, m)
		}
	}
	publish(t, h.Bus, "x", "after")
	publish(t, h.Bus, "x", "again")
	if m := next(t, slow); string(m.Payload) != "after" || m.Lost != 7 || slow.Dropped() != 7 {
		t.Fatalf("after the loss: %+v, dropped %d", m, slow.Dropped())
	}
	if m := next(t, slow); m.Lost != 0 {
		t.Fatalf("the loss was told twice: %+v", m)
	}
}

func ended(t *testing.T, s *bus.Subscription) {
	t.Helper()
	for {
		select {
		case _, ok := <-s.C:
			if !ok {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the subscription goes on")
		}
	}
}

func subscriptionEnds(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	byContext, err := h.Bus.Subscribe(ctx, 1, "x")
	must(t, err)
	byClose, stays := subscribe(t, h.Bus, 1, "x"), subscribe(t, h.Bus, 10, "x")
	cancel()
	ended(t, byContext)
	byClose.Close()
	byClose.Close()
	byContext.Close()
	ended(t, byClose)
	publish(t, h.Bus, "x", "1")
	if m := next(t, stays); string(m.Payload) != "1" {
		t.Fatalf("got %+v", m)
	}
	if _, err := h.Bus.Subscribe(ctx, 1, "x"); !errors.Is(err, context.Canceled) {
		t.Fatalf("subscribe with a cancelled context: %v", err)
	}
}

func closeEndsEverything(t *testing.T, h Harness) {
	s := subscribe(t, h.Bus, 1, "x")
	must(t, h.Bus.Close())
	must(t, h.Bus.Close())
	ended(t, s)
	_, subErr := h.Bus.Subscribe(t.Context(), 1, "x")
	_, _, getErr := h.Bus.Get(t.Context(), "x")
	for name, err := range map[string]error{"publish": h.Bus.Publish(t.Context(), "x", nil), "subscribe": subErr, "get": getErr,
		"set": h.Bus.Set(t.Context(), "x", nil, time.Second)} {
		if !errors.Is(err, bus.ErrClosed) {
			t.Errorf("%s after close: %v", name, err)
		}
	}
}

func cache(t *testing.T, h Harness) {
	ctx := t.Context()
	get := func(key, want string, there bool) {
		t.Helper()
		v, ok, err := h.Bus.Get(ctx, key)
		if err != nil || ok != there || string(v) != want {
			t.Fatalf("%s is %q %v %v, want %q %v", key, v, ok, err, want, there)
		}
		clear(v)
	}
	get("k", "", false)
	value := []byte("one")
	must(t, h.Bus.Set(ctx, "k", value, time.Minute))
	clear(value)
	get("k", "one", true)
	get("k", "one", true)
	must(t, h.Bus.Set(ctx, "k", []byte("two"), 200*time.Millisecond))
	must(t, h.Bus.Set(ctx, "empty", nil, time.Hour))
	get("k", "two", true)
	get("empty", "", true)
	h.Advance(250 * time.Millisecond)
	get("k", "", false)
	get("empty", "", true)
}

func bounds(t *testing.T, h Harness) {
	ctx := t.Context()
	long, big := strings.Repeat("k", bus.MaxName+1), make([]byte, bus.MaxPayload+1)
	_, noTopic := h.Bus.Subscribe(ctx, 1)
	_, noQueue := h.Bus.Subscribe(ctx, 0, "x")
	_, hugeQueue := h.Bus.Subscribe(ctx, bus.MaxQueue+1, "x")
	_, badTopic := h.Bus.Subscribe(ctx, 1, "\xff")
	_, _, badKey := h.Bus.Get(ctx, "")
	for name, err := range map[string]error{"long topic": h.Bus.Publish(ctx, long, nil), "big message": h.Bus.Publish(ctx, "x", big),
		"no topic": noTopic, "no queue": noQueue, "huge queue": hugeQueue, "bad topic": badTopic, "no key": badKey,
		"long key": h.Bus.Set(ctx, long, nil, time.Second), "big value": h.Bus.Set(ctx, "k", big, time.Second), "no time to live": h.Bus.Set(ctx, "k", nil, 0)} {
		if !errors.Is(err, bus.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	must(t, h.Bus.Set(ctx, long[1:], big[1:], time.Minute))
	if v, ok, err := h.Bus.Get(ctx, long[1:]); !ok || err != nil || len(v) != bus.MaxPayload {
		t.Fatalf("the largest value: %d %v %v", len(v), ok, err)
	}
}

func manyAtOnce(t *testing.T, h Harness) {
	var group sync.WaitGroup
	for range 4 {
		s := subscribe(t, h.Bus, 400, "x")
		group.Go(func() {
			for range 400 {
				if m := <-s.C; m.Lost != 0 {
					t.Errorf("lost %d", m.Lost)
				}
			}
			s.Close()
		})
	}
	for p := range 4 {
		group.Go(func() {
			for i := range 100 {
				if err := h.Bus.Publish(t.Context(), "x", fmt.Append(nil, p, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func payloadIsCopied(t *testing.T, h Harness) {
	a, b := subscribe(t, h.Bus, 1, "x"), subscribe(t, h.Bus, 1, "x")
	payload := []byte("kept")
	must(t, h.Bus.Publish(t.Context(), "x", payload))
	clear(payload)
	m := next(t, a)
	clear(m.Payload)
	if m := next(t, b); string(m.Payload) != "kept" {
		t.Fatalf("got %q", m.Payload)
	}
}
