package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
)

// twice runs a node until after its body and fails it the first time, so that it is re-run with what it had stored.
func twice(t *testing.T, body func(ctx context.Context, s *graph.Step, pass int) (string, error)) *rig {
	t.Helper()
	pass := 0
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		pass++
		v, err := body(ctx, s, pass)
		if err == nil && pass == 1 {
			err = errors.New("not yet")
		}
		return l.with("%s", v), err
	}))
	_, err := r.Start(t.Context(), "t", log{})
	if err == nil {
		t.Fatal("the first pass ended well")
	}
	return r
}

func TestPermanentErrorIsAnAnswer(t *testing.T) {
	t.Parallel()
	calls := 0
	var first string
	r := twice(t, func(ctx context.Context, s *graph.Step, pass int) (string, error) {
		_, err := graph.Effect(ctx, s, "k", func(context.Context) (int, error) {
			calls++
			return 0, graph.Permanent(fmt.Errorf("no such coin: %w", errors.ErrUnsupported))
		})
		var failed *graph.PermanentError
		if !errors.As(err, &failed) || errors.Is(err, errors.ErrUnsupported) {
			return "", fmt.Errorf("error is %v, want what a re-run can return too", err)
		}
		if pass == 1 {
			first = fmt.Sprintf("%+v", *failed)
		}
		return fmt.Sprintf("%+v", *failed), nil
	})
	got, err := r.Resume(t.Context(), "t", nil)
	lines(t, got, err, first)
	if calls != 1 || first != "{Key:k Message:no such coin: unsupported operation}" {
		t.Errorf("%d calls, %s", calls, first)
	}
	if graph.Permanent(nil) != nil {
		t.Error("Permanent(nil) is an error")
	}
}

func TestPassingErrorIsTriedAgain(t *testing.T) {
	t.Parallel()
	calls := 0
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		for range 5 {
			v, err := graph.Effect(ctx, s, "k", func(context.Context) (int, error) {
				if calls++; calls < 3 {
					return 0, errors.New("busy")
				}
				return calls, nil
			})
			if err != nil {
				continue // a node may try again itself, under the same key
			}
			return l.with("%d", v), nil
		}
		return l.with("gave up"), nil
	}))
	got, err := r.Start(t.Context(), "t", log{})
	lines(t, got, err, "3")
}

func TestFirstRunSeesWhatAReRunSees(t *testing.T) {
	t.Parallel()
	type answer struct {
		List []string
		At   time.Time
	}
	var seen []string
	r := twice(t, func(ctx context.Context, s *graph.Step, _ int) (string, error) {
		v, err := graph.Effect(ctx, s, "k", func(context.Context) (answer, error) {
			return answer{At: time.Now()}, nil // with a monotonic reading, which JSON does not keep
		})
		if err != nil {
			return "", err
		}
		now, err := s.Now(ctx, "now")
		seen = append(seen, fmt.Sprintf("%#v %s %s", v.List, v.At, now))
		return "", err
	})
	if _, err := r.Resume(t.Context(), "t", nil); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0] != seen[1] || strings.Contains(seen[0], "m=") {
		t.Errorf("seen %q", seen)
	}
}

func TestEffectMisuseEndsTheRun(t *testing.T) {
	t.Parallel()
	ok := func(context.Context) (int, error) { return 1, nil }
	for name, tc := range map[string]struct {
		body func(ctx context.Context, s *graph.Step) error
		want string
	}{
		"key twice": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Effect(ctx, s, "k", ok)
			_, _ = graph.Effect(ctx, s, "k", ok)
			return nil
		}, `effect "k" is used twice in one step`},
		"question twice": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Interrupt[int](ctx, s, "k", "?")
			_, _ = graph.Interrupt[int](ctx, s, "k", "?")
			return nil
		}, `question "k" is used twice in one step`},
		"empty key": {func(ctx context.Context, s *graph.Step) error { _, _ = graph.Effect(ctx, s, "", ok); return nil }, `effect ""`},
		"numbering": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Interrupt[int](ctx, s, "a#2", "?")
			return nil
		}, `'#' is not for keys`},
		"no JSON": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Effect(ctx, s, "k", func(context.Context) (chan int, error) { t.Error("it ran"); return nil, nil })
			return nil
		}, "JSON has no chan"},
		"question without JSON": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Interrupt[int](ctx, s, "k", func() {})
			return nil
		}, `question "k"`},
		"too large": {func(ctx context.Context, s *graph.Step) error {
			_, _ = graph.Effect(ctx, s, "k", func(context.Context) (string, error) { return strings.Repeat("x", graph.MaxValueBytes), nil })
			return nil
		}, "too large"},
	} {
		r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) { return l, tc.body(ctx, s) }))
		_, err := r.Start(t.Context(), "t", log{})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error is %v, want it to say %q", name, err, tc.want)
		}
	}
}

func TestStepBytesAreBounded(t *testing.T) {
	t.Parallel()
	calls := 0
	big := json.RawMessage(`"` + strings.Repeat("x", graph.MaxValueBytes-2) + `"`)
	memory := graph.NewMemory()
	g, err := one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		for i := range graph.MaxStepBytes/graph.MaxValueBytes + 1 {
			if _, err := graph.Effect(ctx, s, fmt.Sprint(i), func(context.Context) (json.RawMessage, error) { calls++; return big, nil }); err != nil {
				return l, err
			}
		}
		return l, nil
	}).Compile(graph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := g.Runner(memory, graph.Options{Clock: fixed{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Start(t.Context(), "t", log{})
	wants(t, err, graph.ErrTooLarge)
	if calls != graph.MaxStepBytes/graph.MaxValueBytes+1 {
		t.Errorf("refused after %d effects", calls)
	}
}

type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestEffectAfterTheNodeReturnedIsRefused(t *testing.T) {
	t.Parallel()
	var kept *graph.Step
	r := newRig(t, graph.Limits{}, one(func(_ context.Context, s *graph.Step, l log) (log, error) { kept = s; return l, nil }))
	_, err := r.Start(t.Context(), "t", log{})
	lines(t, log{}, err)
	_, err = graph.Effect(t.Context(), kept, "k", func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
	if err == nil || !strings.Contains(err.Error(), "the node has returned") {
		t.Errorf("error is %v", err)
	}
}

func TestIDNamesOneEffectOfOneStep(t *testing.T) {
	t.Parallel()
	var ids []string
	node := func(_ context.Context, s *graph.Step, l log) (log, error) {
		ids = append(ids, s.ID("k"), s.ID("1 k"))
		return l, nil
	}
	r := newRig(t, graph.Limits{}, graph.New[log]("g").Node("a", node).Node("b", node).Entry("a").Edge("a", "b").Edge("b", graph.End))
	for _, thread := range []string{"t", "t 1"} {
		_, err := r.Start(t.Context(), thread, log{})
		lines(t, log{}, err)
	}
	again := twice(t, func(_ context.Context, s *graph.Step, _ int) (string, error) {
		ids = append(ids, s.ID("k"))
		return "", nil
	})
	_, err := again.Resume(t.Context(), "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	if ids[0] != ids[8] || ids[0] != ids[9] || len(ids[0]) != 32 {
		t.Errorf("the same effect has the names %s, %s, %s", ids[0], ids[8], ids[9])
	}
	if different := slices.Compact(slices.Sorted(slices.Values(ids[:8]))); len(different) != 8 {
		t.Errorf("eight effects have %d names", len(different))
	}
}

func TestNewcomerFencesOffTheFirstRunner(t *testing.T) {
	t.Parallel()
	var r *rig
	calls, outer := 0, true
	r = newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		a, err := graph.Effect(ctx, s, "a", func(context.Context) (int, error) { calls++; return calls, nil })
		if err != nil {
			return l, err
		}
		if outer {
			// Another process takes the thread over while this one is between two effects, and finishes it.
			outer = false
			got, err := r.Resume(t.Context(), "t", nil)
			lines(t, got, err, "a 1 b 2")
		}
		b, err := graph.Effect(ctx, s, "b", func(context.Context) (int, error) { calls++; return calls, nil })
		if err != nil {
			b = -1 // dropped, which must not help
		}
		return l.with("a %d b %d", a, b), nil
	}))
	_, err := r.Start(t.Context(), "t", log{})
	wants(t, err, graph.ErrConflict)
	view, err := r.View(t.Context(), "t")
	lines(t, view.State, err, "a 1 b 2")
	if view.Checkpoint.Status != graph.StatusDone {
		t.Errorf("view is %+v", view)
	}
}

func TestForkAtAQuestion(t *testing.T) {
	t.Parallel()
	calls := 0
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		n, err := graph.Effect(ctx, s, "draft", func(context.Context) (int, error) { calls++; return calls, nil })
		if err != nil {
			return l, err
		}
		v, err := graph.Interrupt[string](ctx, s, "next", "what next?")
		return l.with("draft %d: %s", n, v), err
	}))
	_, err := r.Start(t.Context(), "t", log{})
	asks(t, err, "next")
	got, err := r.Resume(t.Context(), "t", raw("next", `"sell"`))
	lines(t, got, err, "draft 1: sell")
	if err := r.Fork(t.Context(), "t", 2, "other"); err != nil {
		t.Fatal(err)
	}
	view, err := r.View(t.Context(), "other")
	if err != nil || len(view.Questions) != 1 || view.Checkpoint.Status != graph.StatusWaiting {
		t.Fatalf("view is %+v (%v)", view, err)
	}
	got, err = r.Resume(t.Context(), "other", raw("next", `"hold"`))
	lines(t, got, err, "draft 1: hold")
	// At the beginning of the step nothing of it is known yet.
	if err := r.Fork(t.Context(), "t", 1, "anew"); err != nil {
		t.Fatal(err)
	}
	_, err = r.Resume(t.Context(), "anew", nil)
	asks(t, err, "next")
	got, err = r.Resume(t.Context(), "anew", raw("next", `"buy"`))
	lines(t, got, err, "draft 2: buy")
	got, err = r.StateAt(t.Context(), "t", 4)
	lines(t, got, err, "draft 1: sell")
	_, err = r.StateAt(t.Context(), "t", 5)
	wants(t, err, graph.ErrNotFound)
	wants(t, r.Fork(t.Context(), "t", 2, "other"), graph.ErrConflict)
	wants(t, r.Fork(t.Context(), "t", 9, "new"), graph.ErrNotFound)
	wants(t, r.Fork(t.Context(), "t", 2, ""), graph.ErrInvalid)
}

func TestRedirectLeavesAStepThatCannotSucceed(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
		v, err := graph.Effect(ctx, s, "k", func(context.Context) (string, error) { return fmt.Sprint("answer ", len(l.Lines)), nil })
		if err == nil && len(l.Lines) == 0 {
			err = errors.New("nothing to work on")
		}
		return l.with("%s", v), err
	}))
	_, err := r.Start(t.Context(), "t", log{})
	if err == nil {
		t.Fatal("the node did not fail")
	}
	keep := func(l log) (log, error) { return l.with("a person helped"), nil }
	wants(t, r.Redirect(t.Context(), "t", "nowhere", keep), graph.ErrInvalid)
	wants(t, r.Redirect(t.Context(), "nobody", "work", keep), graph.ErrNotFound)
	refusal := errors.New("no")
	wants(t, r.Redirect(t.Context(), "t", "work", func(l log) (log, error) { return l, refusal }), refusal)
	if err := r.Redirect(t.Context(), "t", "work", keep); err != nil {
		t.Fatal(err)
	}
	got, err := r.Resume(t.Context(), "t", nil)
	lines(t, got, err, "a person helped", "answer 1")
	// A thread that is done can be taken up again in the same way.
	if err := r.Redirect(t.Context(), "t", "work", keep); err != nil {
		t.Fatal(err)
	}
	got, err = r.Resume(t.Context(), "t", nil)
	lines(t, got, err, "a person helped", "answer 1", "a person helped", "answer 3")
}

// FuzzAnswers gives a waiting thread whatever a network may: it never panics, never runs the node on it unless it was JSON for an asked key,
// and can always be finished by a good answer.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{`3`, `null`, `"x"`, `{"a":`, ` 3 `, `1e99`, `[[[[`, "\xff", `3 3`} {
		f.Add("n", seed)
		f.Add("n#2", seed)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		r := newRig(t, graph.Limits{}, one(func(ctx context.Context, s *graph.Step, l log) (log, error) {
			n, err := graph.Interrupt[int8](ctx, s, "n", "?")
			return l.with("%d", n), err
		}))
		_, err := r.Start(t.Context(), "t", log{})
		asks(t, err, "n")
		got, err := r.Resume(t.Context(), "t", raw(key, value))
		if err != nil && (key != "n" || !json.Valid([]byte(value))) {
			wants(t, err, graph.ErrInvalid)
		}
		var n int8
		if err == nil {
			if key != "n" || json.Unmarshal([]byte(value), &n) != nil {
				t.Fatalf("%q was taken as the answer to %q: %v", value, key, got)
			}
			lines(t, got, nil, fmt.Sprint(n))
			return
		}
		view, err := r.View(t.Context(), "t")
		if err != nil || len(view.Questions) != 1 {
			t.Fatalf("view is %+v (%v)", view, err)
		}
		got, err = r.Resume(t.Context(), "t", raw(view.Questions[0].Key, "7"))
		lines(t, got, err, "7")
	})
}
