package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/graph"
)

// log is the state of most scenarios: what was done, line by line.
type log struct {
	Lines []string `json:"lines"`
}

func (l log) with(format string, args ...any) log {
	return log{Lines: append(slices.Clone(l.Lines), fmt.Sprintf(format, args...))}
}

type logNode = graph.NodeFunc[log]

// rig is one graph over one memory.
type rig struct {
	*graph.Runner[log]
	memory *graph.Memory
	events []graph.Event
}

func (r *rig) told() (out []string) {
	for _, e := range r.events {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d.%d %s %s %s%s", e.Checkpoint, e.Step, e.Kind, e.Node, e.Key, e.Next)))
	}
	return out
}

func newRig(t testing.TB, limits graph.Limits, b *graph.Builder[log]) *rig {
	t.Helper()
	g, err := b.Compile(limits)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{memory: graph.NewMemory()}
	manual := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC))
	r.Runner, err = g.Runner(r.memory, graph.Options{Clock: manual, Observer: func(e graph.Event) { r.events = append(r.events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one is a graph of one node.
func one(run logNode, options ...graph.NodeOption) *graph.Builder[log] {
	return graph.New[log]("g").Node("work", run, options...).Entry("work").Edge("work", graph.End)
}

func raw(pairs ...string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return out
}

func lines(t *testing.T, got log, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Lines, want) {
		t.Fatalf("lines are %q, want %q", got.Lines, want)
	}
}

// asks fails the test unless err is an interrupt with just these question keys.
func asks(t *testing.T, err error, keys ...string) *graph.Interrupted {
	t.Helper()
	var asked *graph.Interrupted
	if !errors.As(err, &asked) {
		t.Fatalf("error is %v, want an interrupt", err)
	}
	var got []string
	for _, q := range asked.Questions {
		got = append(got, q.Key)
	}
	if !slices.Equal(got, keys) {
		t.Fatalf("the thread asks %q, want %q", got, keys)
	}
	return asked
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func TestBranchesAndEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, graph.New[log]("g").
		Node("work", func(ctx context.Context, s *graph.Step, l log) (log, error) {
			n, err := graph.Effect(ctx, s, "n", func(context.Context) (int, error) { return len(l.Lines) + 1, nil })
			if err != nil {
				return l, err
			}
			return l.with("worked %d", n), s.Progress(map[string]int{"n": n})
		}).
		Node("report", func(_ context.Context, s *graph.Step, l log) (log, error) {
			return l.with("reported by %s at step %d of %s", s.Node(), s.Number(), s.Thread()), nil
		}).
		Entry("work").
		Branch("work", func(l log) string {
			if len(l.Lines) < 2 {
				return "work"
			}
			return "report"
		}, "work", "report").
		Edge("report", graph.End))
	got, err := r.Start(t.Context(), "t", log{})
	lines(t, got, err, "worked 1", "worked 2", "reported by report at step 2 of t")
	want := []string{"1.0 step_started work", "1.0 effect_stored work n", "1.0 progress work", "2.0 step_finished work work",
		"2.1 step_started work", "2.1 effect_stored work n", "2.1 progress work", "3.1 step_finished work report",
		"3.2 step_started report", "4.2 step_finished report end", "4.3 finished end"}
	if told := r.told(); !slices.Equal(told, want) {
		t.Errorf("events are\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	for i, e := range r.events {
		if e.Seq != int64(i+1) || e.Thread != "t" || e.At.Year() != 2026 {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if string(r.events[2].Data) != `{"n":1}` {
		t.Errorf("progress is %s", r.events[2].Data)
	}
	again, err := r.Resume(t.Context(), "t", nil)
	lines(t, again, err, got.Lines...)
	if len(r.events) != len(want) {
		t.Error("resuming a thread that is done tells events")
	}
	history, err := r.memory.History(t.Context(), "t", 0, 10)
	if err != nil || len(history) != 4 || history[3].Status != graph.StatusDone {
		t.Errorf("history is %+v (%v)", history, err)
	}
}

func TestBranchToUndeclaredNodeFails(t *testing.T) {
	t.Parallel()
	b := graph.New[log]("g").Node("a", func(_ context.Context, _ *graph.Step, l log) (log, error) { return l, nil }).Entry("a")
	r := newRig(t, graph.Limits{}, b.Branch("a", func(log) string { return "elsewhere" }, graph.End))
	_, err := r.Start(t.Context(), "t", log{})
	wants(t, err, graph.ErrInvalid)
	if !strings.Contains(err.Error(), `picked "elsewhere"`) {
		t.Errorf("error is %v", err)
	}
}

func TestStateThatDoesNotSurviveJSONIsNotSaved(t *testing.T) {
	t.Parallel()
	g, err := graph.New[map[string]any]("g").Node("a", func(_ context.Context, _ *graph.Step, m map[string]any) (map[string]any, error) {
		m["n"] = int64(9007199254740993) // not a float64
		return m, nil
	}).Entry("a").Edge("a", graph.End).Compile(graph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := g.Runner(graph.NewMemory(), graph.Options{Clock: clock.Wall{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Start(t.Context(), "t", map[string]any{})
	wants(t, err, graph.ErrInvalid)
	if !strings.Contains(err.Error(), "does not survive JSON") {
		t.Errorf("error is %v", err)
	}
}

func TestNodesDoNotShareState(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, graph.New[log]("g").
		Node("a", func(_ context.Context, s *graph.Step, l log) (log, error) { return l, nil }).
		Node("b", func(_ context.Context, s *graph.Step, l log) (log, error) { return l.with("b"), nil }).
		Entry("a").Branch("a", func(l log) string { l.Lines[0] = "changed by a choice"; return "b" }, "b").Edge("b", graph.End))
	in := log{Lines: []string{"first"}}
	got, err := r.Start(t.Context(), "t", in)
	lines(t, got, err, "first", "b")
	if in.Lines[0] != "first" {
		t.Error("the caller's state was changed")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(_ context.Context, _ *graph.Step, l log) (log, error) { return l, nil }))
	_, err := r.Start(t.Context(), "", log{})
	wants(t, err, graph.ErrInvalid)
	_, err = r.Resume(t.Context(), "nobody", nil)
	wants(t, err, graph.ErrNotFound)
	_, err = r.View(t.Context(), "nobody")
	wants(t, err, graph.ErrNotFound)
	_, err = r.Start(t.Context(), "t", log{})
	lines(t, log{}, err)
	_, err = r.Start(t.Context(), "t", log{})
	wants(t, err, graph.ErrConflict)
	_, err = r.Start(t.Context(), "big", log{Lines: []string{strings.Repeat("x", graph.MaxStateBytes)}})
	wants(t, err, graph.ErrTooLarge)
	g, err := one(nil).Compile(graph.Limits{})
	if g != nil || err == nil {
		t.Error("a graph that does not compile is returned")
	}
}

func TestResumeByAnotherVersionOfTheGraph(t *testing.T) {
	t.Parallel()
	r := newRig(t, graph.Limits{}, one(func(_ context.Context, _ *graph.Step, l log) (log, error) { return l, errors.New("not yet") }))
	_, err := r.Start(t.Context(), "t", log{})
	if err == nil {
		t.Fatal("the node did not fail")
	}
	g, err := graph.New[log]("g").Node("new", func(_ context.Context, _ *graph.Step, l log) (log, error) { return l.with("new"), nil }).
		Entry("new").Edge("new", graph.End).Compile(graph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	next, err := g.Runner(r.memory, graph.Options{Clock: clock.Wall{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = next.Resume(t.Context(), "t", nil)
	wants(t, err, graph.ErrInvalid)
	if !strings.Contains(err.Error(), `no node "work"`) {
		t.Errorf("error is %v", err)
	}
	if err := next.Redirect(t.Context(), "t", "new", func(l log) (log, error) { return l, nil }); err != nil {
		t.Fatal(err)
	}
	got, err := next.Resume(t.Context(), "t", nil)
	lines(t, got, err, "new")
}

func TestQueueNeverWaits(t *testing.T) {
	t.Parallel()
	ch := make(chan graph.Event, 1)
	var dropped []int64
	tell := graph.Queue(ch, func(e graph.Event) { dropped = append(dropped, e.Seq) })
	for seq := range int64(3) {
		tell(graph.Event{Seq: seq + 1})
	}
	graph.Queue(ch, nil)(graph.Event{})
	if got := <-ch; got.Seq != 1 || !reflect.DeepEqual(dropped, []int64{2, 3}) {
		t.Errorf("kept %d, dropped %v", got.Seq, dropped)
	}
}
