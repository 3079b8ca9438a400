package graph_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/graph"
)

func TestStepLimitCountsSinceThePerson(t *testing.T) {
	t.Parallel()
	build := func(limit int, memory *graph.Memory) *graph.Runner[log] {
		g, err := graph.New[log]("g").
			Node("listen", func(ctx context.Context, s *graph.Step, l log) (log, error) {
				if len(l.Lines) == 0 {
					return l.with("hello"), nil
				}
				v, err := graph.Interrupt[string](ctx, s, "message", "?")
				return l.with("%s", v), err
			}).
			Node("think", func(_ context.Context, _ *graph.Step, l log) (log, error) { return l, nil }).
			Entry("listen").Edge("listen", "think").
			Branch("think", func(l log) string {
				switch l.Lines[len(l.Lines)-1] {
				case "bye":
					return graph.End
				case "loop":
					return "think"
				}
				return "listen"
			}, "listen", "think", graph.End).Compile(graph.Limits{MaxSteps: limit})
		if err != nil {
			t.Fatal(err)
		}
		r, err := g.Runner(memory, graph.Options{Clock: clock.NewManual(time.Unix(0, 0))})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	memory := graph.NewMemory()
	r := build(4, memory)
	_, err := r.Start(t.Context(), "t", log{})
	for i := range 10 {
		asks(t, err, "message")
		_, err = r.Resume(t.Context(), "t", raw("message", fmt.Sprintf(`"%d"`, i)))
	}
	asks(t, err, "message")
	_, err = r.Resume(t.Context(), "t", raw("message", `"loop"`))
	var limit *graph.LimitError
	if !errors.As(err, &limit) || limit.Code != "step_limit" || limit.Limit != 4 || limit.Node != "think" {
		t.Fatalf("error is %v, want the step limit", err)
	}
	before, err := memory.Latest(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Resume(t.Context(), "t", nil); !errors.As(err, &limit) {
		t.Fatalf("a resume gets round the limit: %v", err)
	}
	if _, err = build(6, memory).Resume(t.Context(), "t", nil); !errors.As(err, &limit) || limit.Limit != 6 {
		t.Fatalf("error is %v, want the higher limit", err)
	}
	after, err := memory.Latest(t.Context(), "t")
	if err != nil || after.Step != before.Step+2 {
		t.Errorf("with a limit 2 higher %d more steps ran (%v)", after.Step-before.Step, err)
	}
}

func TestWriteLimit(t *testing.T) {
	t.Parallel()
	calls := 0
	r := newRig(t, graph.Limits{MaxWrites: 3}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		for i := range 10 {
			// A node that drops the error gets nowhere.
			_, _ = graph.Effect(ctx, s, fmt.Sprint(i), func(context.Context) (int, error) { calls++; return i, nil })
		}
		return l, nil
	}))
	_, err := r.Start(t.Context(), "t", log{})
	var limit *graph.LimitError
	if !errors.As(err, &limit) || limit.Code != "write_limit" || calls != 3 {
		t.Errorf("error is %v after %d calls, want the write limit after 3", err, calls)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := true
		r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
			v, err := graph.Effect(ctx, s, "paid", func(context.Context) (string, error) { return "paid once", nil })
			if err != nil {
				return l, err
			}
			_, err = graph.Effect(ctx, s, "slow", func(ctx context.Context) (int, error) {
				if slow {
					<-ctx.Done()
				}
				return 0, ctx.Err()
			})
			if err != nil {
				return l.with("dropped: %v", err), nil
			}
			return l.with("%s", v), nil
		}, graph.Timeout(time.Minute)))
		_, err := r.Start(t.Context(), "t", log{})
		var late *graph.TimeoutError
		if !errors.As(err, &late) || late.After != time.Minute || late.Node != "work" {
			t.Fatalf("error is %v, want the timeout", err)
		}
		wants(t, err, context.DeadlineExceeded)
		slow = false
		got, err := r.Resume(t.Context(), "t", nil)
		lines(t, got, err, "paid once")
		if !slices.Contains(r.told(), "2.0 effect_reused work paid") {
			t.Errorf("events are %q", r.told())
		}
	})
}

func TestEffectOwnDeadlineIsTheNodesBusiness(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		short, cancel := context.WithCancel(ctx)
		cancel()
		_, err := graph.Effect(short, s, "k", func(context.Context) (int, error) { return 1, nil })
		return l.with("%v", err), nil
	}))
	got, err := r.Start(t.Context(), "t", log{})
	lines(t, got, err, "context canceled")
}

func TestCancelKeepsWhatWasObtained(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		v, err := graph.Effect(ctx, s, "k", func(context.Context) (string, error) {
			calls++
			cancel() // Ctrl-C while the answer arrives
			return "answer", nil
		})
		if err != nil {
			return l, err
		}
		if _, err = graph.Effect(ctx, s, "k2", func(context.Context) (int, error) { return 2, nil }); err != nil {
			return l, err
		}
		return l.with("%s", v), nil
	}))
	_, err := r.Start(ctx, "t", log{})
	wants(t, err, context.Canceled)
	if last := r.events[len(r.events)-1]; last.Kind != graph.EventStopped || last.Error == "" {
		t.Errorf("the last event is %+v", last)
	}
	_, err = r.Resume(ctx, "t", nil)
	wants(t, err, context.Canceled)
	got, err := r.Resume(t.Context(), "t", nil)
	lines(t, got, err, "answer")
	if calls != 1 {
		t.Errorf("the answer was obtained %d times", calls)
	}
}

func TestCancelledNodeThatDropsTheErrorIsNotSaved(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		cancel()
		v, err := graph.Effect(ctx, s, "k", func(context.Context) (string, error) { return "answer", nil })
		if err != nil {
			v = "the tool failed: " + err.Error()
		}
		return l.with("%s", v), nil
	}))
	_, err := r.Start(ctx, "t", log{})
	wants(t, err, context.Canceled)
	got, err := r.Resume(t.Context(), "t", nil)
	lines(t, got, err, "answer")
}

func TestFinishedStepIsSavedAlthoughCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asking := func(ctx context.Context, s *graph.Step, l log) (log, error) {
		cancel()
		if len(l.Lines) > 0 {
			return l, ctx.Err()
		}
		return l.with("worked"), nil
	}
	r := newRig(t, graph.Limits{}, graph.New[log]("g").Node("a", asking).Node("b", asking).Entry("a").Edge("a", "b").Edge("b", graph.End))
	got, err := r.Start(ctx, "t", log{})
	wants(t, err, context.Canceled)
	lines(t, got, nil, "worked")
	view, err := r.View(t.Context(), "t")
	if err != nil || view.Checkpoint.Node != "b" {
		t.Errorf("the thread stands at %+v (%v)", view.Checkpoint, err)
	}
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	bad := true
	r := newRig(t, graph.Limits{}, one(func(context.Context, *graph.Step, log) (log, error) {
		if bad {
			panic("division by zero coins")
		}
		return log{Lines: []string{"fine"}}, nil
	}))
	_, err := r.Start(t.Context(), "t", log{})
	var panicked *graph.PanicError
	if !errors.As(err, &panicked) || !strings.Contains(err.Error(), "division by zero coins") || !strings.Contains(string(panicked.Stack), "TestPanicIsAnError") {
		t.Fatalf("error is %v", err)
	}
	bad = false
	got, err := r.Resume(t.Context(), "t", nil)
	lines(t, got, err, "fine")
}
