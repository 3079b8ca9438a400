package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/graph"
)

// The way a run is killed at a point.
type death int

const (
	dieByError death = iota
	dieByPanic
	dieByCancel // the context ends, and what was under way goes on as far as it does
	deaths
)

func (d death) String() string { return [...]string{"error", "panic", "cancel"}[d] }

var errKilled = errors.New("killed")

// killer counts the points at which a run can die, and kills it at one.
type killer struct {
	mu     sync.Mutex // guards count, at and fired
	count  int
	at     int // 0: never
	how    death
	fired  bool
	cancel context.CancelFunc
}

func (k *killer) point() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.count++
	if k.at == 0 || k.count != k.at {
		return nil
	}
	k.fired = true
	switch k.how {
	case dieByPanic:
		panic(errKilled)
	case dieByCancel:
		k.cancel()
		return nil
	}
	return errKilled
}

// mortal is a Checkpointer that can die before each call, and after it: done, with nobody told.
type mortal struct {
	*graph.Memory
	k      *killer
	mu     sync.Mutex // guards stored
	stored map[string]bool
}

func (m *mortal) around(call func() error) error {
	if err := m.k.point(); err != nil {
		return err
	}
	if err := call(); err != nil {
		return err
	}
	return m.k.point()
}

func (m *mortal) Save(ctx context.Context, thread string, c graph.Checkpoint) error {
	return m.around(func() error { return m.Memory.Save(ctx, thread, c) })
}

func (m *mortal) PutWrite(ctx context.Context, thread string, w graph.Write) error {
	return m.around(func() error {
		err := m.Memory.PutWrite(ctx, thread, w)
		if err == nil && (w.Kind == graph.KindEffect || w.Kind == graph.KindFailure) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.stored[fmt.Sprint(w.Step, "/", w.Key)] = true
		}
		return err
	})
}

func (m *mortal) Latest(ctx context.Context, thread string) (c graph.Checkpoint, err error) {
	err = m.around(func() error { c, err = m.Memory.Latest(ctx, thread); return err })
	return c, err
}

func (m *mortal) Writes(ctx context.Context, thread string, step int64) (ws []graph.Write, err error) {
	err = m.around(func() error { ws, err = m.Memory.Writes(ctx, thread, step); return err })
	return ws, err
}

// world is what effects reach: it gives a different answer each time it is asked, and remembers being asked.
type world struct {
	t     interface{ Errorf(string, ...any) }
	m     *mortal
	mu    sync.Mutex // guards asked
	asked map[string]int
}

// ask is an effect's function: it can be killed before it asks and after it was answered.
func (w *world) ask(s *graph.Step, key string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := w.m.k.point(); err != nil {
			return "", err
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		id := fmt.Sprint(s.Number(), "/", key)
		w.m.mu.Lock()
		if w.m.stored[id] {
			w.t.Errorf("effect %s is obtained again, after its answer was stored", id)
		}
		w.m.mu.Unlock()
		w.mu.Lock()
		w.asked[id]++
		w.mu.Unlock()
		if err := w.m.k.point(); err != nil {
			return "", err
		}
		if strings.HasPrefix(key, "broken") {
			return "", graph.Permanent(errors.New("no such coin"))
		}
		return "answer to " + id, nil
	}
}

type research struct {
	Goal    string            `json:"goal"`
	Round   int               `json:"round"`
	Notes   []string          `json:"notes"`
	Answers map[string]string `json:"answers"`
}

// researchGraph has what a lab's graph has: effects in a row and at once, one that fails for good, two questions in one node, a loop.
func researchGraph(t testing.TB, w *world) *graph.Graph[research] {
	t.Helper()
	plan := func(ctx context.Context, s *graph.Step, st research) (research, error) {
		for i := range 2 {
			key := fmt.Sprint("call-", i)
			v, err := graph.Effect(ctx, s, key, w.ask(s, key))
			if err != nil {
				return st, err
			}
			st.Notes = append(st.Notes, v)
		}
		return st, nil
	}
	ask := func(ctx context.Context, s *graph.Step, st research) (research, error) {
		before, err := graph.Effect(ctx, s, "before", w.ask(s, "before"))
		if err != nil {
			return st, err
		}
		coin, err := graph.Interrupt[string](ctx, s, "coin", map[string]string{"text": "which coin? " + before})
		if err != nil {
			return st, err
		}
		between, err := graph.Effect(ctx, s, "between", w.ask(s, "between"))
		if err != nil {
			return st, err
		}
		risk, err := graph.Interrupt[int](ctx, s, "risk", "how much?")
		if err != nil {
			return st, fmt.Errorf("risk: %w", err)
		}
		st.Answers = map[string]string{"coin": coin, "risk": fmt.Sprint(risk)}
		st.Notes = append(st.Notes, before, between)
		return st, nil
	}
	fetch := func(ctx context.Context, s *graph.Step, st research) (research, error) {
		var group sync.WaitGroup
		vs, errs := make([]string, 3), make([]error, 3)
		for i := range vs {
			group.Go(func() {
				defer func() { // a panic in a node's goroutine is its own to catch
					if v := recover(); v != nil {
						errs[i] = fmt.Errorf("goroutine: %v", v)
					}
				}()
				key := fmt.Sprint("fetch-", i)
				vs[i], errs[i] = graph.Effect(ctx, s, key, w.ask(s, key))
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			return st, err
		}
		_, err := graph.Effect(ctx, s, "broken", w.ask(s, "broken"))
		var failed *graph.PermanentError
		if !errors.As(err, &failed) {
			return st, err
		}
		st.Round++
		st.Notes = append(append(st.Notes, vs...), failed.Message)
		return st, nil
	}
	// careless takes every error for an answer: a kill must not become part of the state all the same.
	careless := func(ctx context.Context, s *graph.Step, st research) (research, error) {
		v, err := graph.Effect(ctx, s, "careless", w.ask(s, "careless"))
		if err != nil && w.m.k.how == dieByError {
			return st, err // here an error of the world is what kills
		}
		if err != nil {
			v = err.Error()
		}
		st.Notes = append(st.Notes, v)
		return st, nil
	}
	g, err := graph.New[research]("research").
		Node("plan", plan).Node("ask", ask).Node("fetch", fetch).Node("careless", careless).
		Entry("plan").Edge("plan", "ask").Edge("ask", "fetch").
		Branch("fetch", func(st research) string {
			if st.Round < 2 {
				return "fetch"
			}
			return "careless"
		}, "fetch", "careless").
		Edge("careless", graph.End).
		Compile(graph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// attempt is one life of a process: it starts or resumes the thread, answering what is asked, until it is done or dead.
func attempt(r *graph.Runner[research], k *killer, input research) (st research, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	k.mu.Lock()
	k.cancel = cancel
	k.mu.Unlock()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("process: %v", v)
		}
	}()
	st, err = r.Start(ctx, "thread", input)
	if errors.Is(err, graph.ErrConflict) {
		st, err = r.Resume(ctx, "thread", nil)
	}
	replies := map[string]string{"coin": `"BTC"`, "risk": `3`}
	for {
		var asked *graph.Interrupted
		if !errors.As(err, &asked) {
			return st, err
		}
		answers := map[string]json.RawMessage{}
		for _, q := range asked.Questions {
			answers[q.Key] = json.RawMessage(replies[q.Key])
		}
		st, err = r.Resume(ctx, "thread", answers)
	}
}

type outcome struct {
	state  research
	asked  map[string]int
	points int
	killed bool
}

// live runs the research graph through lives, each with a point to die at and a way, and then one undisturbed.
func live(t testing.TB, lives ...killer) outcome {
	t.Helper()
	k := &killer{}
	m := &mortal{Memory: graph.NewMemory(), k: k, stored: map[string]bool{}}
	w := &world{t: t, m: m, asked: map[string]int{}}
	r, err := researchGraph(t, w).Runner(m, graph.Options{Clock: clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	var out outcome
	for i := 0; i <= len(lives); i++ {
		k.mu.Lock()
		k.count, k.at, k.fired = 0, 0, false
		if i < len(lives) {
			k.at, k.how = lives[i].at, lives[i].how
		}
		k.mu.Unlock()
		out.state, err = attempt(r, k, research{Goal: "momentum on ETH"})
		out.killed = out.killed || k.fired
		if err == nil {
			break
		}
	}
	if err != nil {
		t.Fatalf("the undisturbed life ended with %v", err)
	}
	out.asked, out.points = w.asked, k.count
	return out
}

func TestKilledAtEveryPointAndResumed(t *testing.T) {
	t.Parallel()
	want := live(t)
	step := 1
	if testing.Short() {
		step = 7
	}
	if want.points < 80 || len(want.asked) != 2+2+4+4+1 {
		t.Fatalf("the undisturbed run has %d points and %d effects: the test has lost its subject", want.points, len(want.asked))
	}
	for how := range deaths {
		for at := 1; at <= want.points; at += step {
			got := live(t, killer{at: at, how: how})
			if !reflect.DeepEqual(got.state, want.state) {
				t.Errorf("killed by %s at point %d: the final state is %+v, want %+v", how, at, got.state, want.state)
			}
			if !got.killed {
				t.Errorf("%s at point %d never came", how, at)
			}
			again := 0
			for id := range want.asked {
				again += got.asked[id] - 1
			}
			if len(got.asked) != len(want.asked) || again < 0 || again > 1 {
				t.Errorf("killed by %s at point %d: effects were obtained %v, want each once and at most one twice", how, at, got.asked)
			}
		}
	}
}

func TestKilledManyTimesAndResumed(t *testing.T) {
	t.Parallel()
	want := live(t)
	rapid.Check(t, func(rt *rapid.T) {
		var lives []killer
		for range rapid.IntRange(1, 8).Draw(rt, "lives") {
			lives = append(lives, killer{at: rapid.IntRange(1, want.points).Draw(rt, "at"), how: death(rapid.IntRange(0, int(deaths)-1).Draw(rt, "how"))})
		}
		got := live(t, lives...)
		if !reflect.DeepEqual(got.state, want.state) {
			rt.Fatalf("the final state is %+v, want %+v", got.state, want.state)
		}
		again := 0
		for id := range want.asked {
			again += got.asked[id] - 1
		}
		if again < 0 || again > len(lives) {
			rt.Fatalf("%d lives obtained effects again %d times: %v", len(lives), again, got.asked)
		}
	})
}
