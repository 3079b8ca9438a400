package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ohmycoins/omc/internal/graph"
)

// approval asks two persons in a row, with an effect before and between.
func approval(calls *atomic.Int64) logNode {
	return func(ctx context.Context, s *graph.Step, l log) (log, error) {
		n, err := graph.Effect(ctx, s, "draft", func(context.Context) (int64, error) { return calls.Add(1), nil })
		if err != nil {
			return l, err
		}
		yes, err := graph.Interrupt[bool](ctx, s, "approve", map[string]int64{"draft": n})
		if err != nil {
			return l, err
		}
		who, err := graph.Interrupt[string](ctx, s, "who", "your name?")
		if err != nil {
			return l, err
		}
		return l.with("draft %d approved %t by %s", n, yes, who), nil
	}
}

func TestInterruptsInARow(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	r := newRig(t, graph.Limits{}, one(approval(&calls)))
	_, err := r.Start(t.Context(), "t", log{})
	asked := asks(t, err, "approve")
	if q := asked.Questions[0]; string(q.Question) != `{"draft":1}` || asked.Node != "work" || asked.Thread != "t" {
		t.Errorf("asked is %+v", asked)
	}
	view, err := r.View(t.Context(), "t")
	if err != nil || view.Checkpoint.Status != graph.StatusWaiting || len(view.Questions) != 1 || view.Questions[0].Key != "approve" {
		t.Errorf("view is %+v (%v)", view, err)
	}
	before := len(r.events)
	_, err = r.Resume(t.Context(), "t", nil)
	asks(t, err, "approve")
	if len(r.events) != before {
		t.Error("a thread without its answer is run again")
	}
	_, err = r.Resume(t.Context(), "t", raw("approve", " true "))
	asks(t, err, "who")
	got, err := r.Resume(t.Context(), "t", raw("who", `"Ann"`))
	lines(t, got, err, "draft 1 approved true by Ann")
	if calls.Load() != 1 {
		t.Errorf("the draft was made %d times", calls.Load())
	}
	if last := r.events[len(r.events)-1]; last.Kind != graph.EventFinished {
		t.Errorf("the last event is %+v", last)
	}
}

func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(approval(new(atomic.Int64))))
	_, err := r.Start(t.Context(), "t", log{})
	asks(t, err, "approve")
	for name, answers := range map[string]map[string]json.RawMessage{
		"not asked": raw("approve", "true", "who", `"Ann"`), "not JSON": raw("approve", "tru"), "two values": raw("approve", "true false"),
		"empty": raw("approve", ""),
	} {
		if _, err := r.Resume(t.Context(), "t", answers); !errors.Is(err, graph.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	big := raw("approve", `"`+strings.Repeat("x", graph.MaxValueBytes)+`"`)
	_, err = r.Resume(t.Context(), "t", big)
	wants(t, err, graph.ErrTooLarge)
	// What cannot be read as the node wants it is asked for again, and says why.
	_, err = r.Resume(t.Context(), "t", raw("approve", `"yes"`))
	if q := asks(t, err, "approve#2").Questions[0]; !strings.Contains(q.Refused, "bool") || string(q.Question) != `{"draft":1}` {
		t.Errorf("question is %+v", q)
	}
	_, err = r.Resume(t.Context(), "t", raw("approve#2", `null`))
	if q := asks(t, err, "approve#3").Questions[0]; !strings.Contains(q.Refused, "null") {
		t.Errorf("question is %+v", q)
	}
	_, err = r.Resume(t.Context(), "t", raw("approve#3", `true`))
	asks(t, err, "who")
	// The same answer again is no harm; another one is.
	_, err = r.Resume(t.Context(), "t", raw("approve#3", `true`))
	asks(t, err, "who")
	_, err = r.Resume(t.Context(), "t", raw("approve#3", `false`))
	wants(t, err, graph.ErrConflict)
	got, err := r.Resume(t.Context(), "t", raw("who", `"Ann"`))
	lines(t, got, err, "draft 1 approved true by Ann")
	_, err = r.Resume(t.Context(), "t", raw("who", `"Bob"`))
	wants(t, err, graph.ErrInvalid)
}

func TestSeveralQuestionsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		a, errA := graph.Interrupt[int](ctx, s, "a", "a?")
		b, errB := graph.Interrupt[int](ctx, s, "b", "b?")
		_, errE := graph.Effect(ctx, s, "after", func(context.Context) (int, error) { return 0, nil })
		if err := errors.Join(errA, errB, errE); err != nil {
			return l, err
		}
		return l.with("%d", a+b), nil
	}))
	_, err := r.Start(t.Context(), "t", log{})
	asks(t, err, "a", "b")
	_, err = r.Resume(t.Context(), "t", raw("b", "2"))
	asks(t, err, "a")
	writes, err := r.memory.Writes(t.Context(), "t", 0)
	if err != nil || len(writes) != 3 {
		t.Errorf("an effect was begun in a run that waits: %+v (%v)", writes, err)
	}
	got, err := r.Resume(t.Context(), "t", raw("a", "1"))
	lines(t, got, err, "3")
}

func TestInterruptStopsTheRunEvenIfTheNodeDropsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		yes, err := graph.Interrupt[bool](ctx, s, "ok", "ok?")
		if err != nil {
			return l.with("no answer"), nil
		}
		return l.with("%t", yes), nil
	}))
	_, err := r.Start(t.Context(), "t", log{})
	asks(t, err, "ok")
	got, err := r.Resume(t.Context(), "t", raw("ok", "true"))
	lines(t, got, err, "true")
}
