// Package checkpointtest is the conformance suite of graph.Checkpointer: what every implementation must do, in tests.
// It must never know one implementation.
package checkpointtest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
)

var at = time.Date(2026, 3, 1, 10, 0, 0, 123456000, time.UTC)

// Run tests the Checkpointer that open returns. open is called once per subtest and returns an empty one, or one that
// holds no thread named by the suite; it cleans up through t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) graph.Checkpointer) {
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, c graph.Checkpointer)
	}{
		{"SaveAndReadBack", saveAndReadBack},
		{"UnknownThread", unknownThread},
		{"SaveRefusesEverySeqButTheNext", saveRefusesEverySeqButTheNext},
		{"ThreadsAreApart", threadsAreApart},
		{"HistoryPages", historyPages},
		{"WritesReadBack", writesReadBack},
		{"WriteIsFenced", writeIsFenced},
		{"WriteOnce", writeOnce},
		{"BytesAreKeptExactly", bytesAreKeptExactly},
		{"SlicesAreNotShared", slicesAreNotShared},
		{"Bounds", bounds},
		{"Fork", fork},
		{"ForkRefusals", forkRefusals},
		{"CancelledContextStoresNothing", cancelledContextStoresNothing},
		{"OneOfManyWritersWins", oneOfManyWritersWins},
		{"FenceHoldsUnderRace", fenceHoldsUnderRace},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.run(t, open(t)) })
	}
}

func checkpoint(seq, step int64) graph.Checkpoint {
	return graph.Checkpoint{Seq: seq, Step: step, Spent: step, Node: "plan", Status: graph.StatusReady,
		State: fmt.Appendf(nil, `{"seq":%d}`, seq), CreatedAt: at.Add(time.Duration(seq) * time.Microsecond)}
}

func effect(seq, step int64, key string) graph.Write {
	return graph.Write{Seq: seq, Step: step, Node: "plan", Kind: graph.KindEffect, Key: key,
		Value: fmt.Appendf(nil, `"%s at %d"`, key, seq), CreatedAt: at}
}

// must fails the test unless err is nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails the test unless err is want.
func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func save(t *testing.T, c graph.Checkpointer, thread string, cs ...graph.Checkpoint) {
	t.Helper()
	for _, cp := range cs {
		must(t, c.Save(t.Context(), thread, cp))
	}
}

func put(t *testing.T, c graph.Checkpointer, thread string, ws ...graph.Write) {
	t.Helper()
	for _, w := range ws {
		must(t, c.PutWrite(t.Context(), thread, w))
	}
}

func same(t *testing.T, got, want graph.Checkpoint) {
	t.Helper()
	if !got.CreatedAt.Equal(want.CreatedAt) || got.CreatedAt.Location() != time.UTC {
		t.Fatalf("checkpoint time is %v, want %v", got.CreatedAt, want.CreatedAt)
	}
	if !bytes.Equal(got.State, want.State) || (got.State == nil) != (want.State == nil) {
		t.Fatalf("state is %q, want %q", got.State, want.State)
	}
	got.State, want.State, got.CreatedAt, want.CreatedAt = nil, nil, time.Time{}, time.Time{}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("checkpoint is %+v, want %+v", got, want)
	}
}

// sameWrites reads the writes of a step and compares them, whatever their order.
func sameWrites(t *testing.T, c graph.Checkpointer, thread string, step int64, want ...graph.Write) {
	t.Helper()
	got, err := c.Writes(t.Context(), thread, step)
	must(t, err)
	order := func(a, b graph.Write) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if len(got) != len(want) {
		t.Fatalf("thread %s step %d has %d writes, want %d: %+v", thread, step, len(got), len(want), got)
	}
	for i := range got {
		g, w := got[i], want[i]
		if !g.CreatedAt.Equal(w.CreatedAt) || g.CreatedAt.Location() != time.UTC {
			t.Fatalf("write time is %v, want %v", g.CreatedAt, w.CreatedAt)
		}
		g.CreatedAt, w.CreatedAt = time.Time{}, time.Time{}
		if fmt.Sprint(g) != fmt.Sprint(w) {
			t.Fatalf("write is %+v, want %+v", g, w)
		}
	}
}

func saveAndReadBack(t *testing.T, c graph.Checkpointer) {
	first := checkpoint(1, 0)
	second := graph.Checkpoint{Seq: 2, Step: 0, Node: "ask", Status: graph.StatusWaiting, State: []byte(`{"a":1}`), CreatedAt: at}
	third := graph.Checkpoint{Seq: 3, Step: 7, Spent: 2, Node: graph.End, Status: graph.StatusDone, State: []byte(`{"a":2}`), CreatedAt: at}
	for i, cp := range []graph.Checkpoint{first, second, third} {
		save(t, c, "t", cp)
		got, err := c.Latest(t.Context(), "t")
		must(t, err)
		same(t, got, cp)
		got, err = c.At(t.Context(), "t", int64(i+1))
		must(t, err)
		same(t, got, cp)
	}
	got, err := c.At(t.Context(), "t", 1)
	must(t, err)
	same(t, got, first)
	for _, seq := range []int64{-1, 0, 4} {
		_, err = c.At(t.Context(), "t", seq)
		wants(t, err, graph.ErrNotFound)
	}
}

func unknownThread(t *testing.T, c graph.Checkpointer) {
	_, err := c.Latest(t.Context(), "nobody")
	wants(t, err, graph.ErrNotFound)
	_, err = c.At(t.Context(), "nobody", 1)
	wants(t, err, graph.ErrNotFound)
	h, err := c.History(t.Context(), "nobody", 0, 10)
	must(t, err)
	if len(h) != 0 {
		t.Fatalf("history of an unknown thread is %v", h)
	}
	wants(t, c.PutWrite(t.Context(), "nobody", effect(1, 0, "k")), graph.ErrNotFound)
	sameWrites(t, c, "nobody", 0)
}

func saveRefusesEverySeqButTheNext(t *testing.T, c graph.Checkpointer) {
	wants(t, c.Save(t.Context(), "t", checkpoint(2, 0)), graph.ErrConflict)
	_, err := c.Latest(t.Context(), "t")
	wants(t, err, graph.ErrNotFound)
	save(t, c, "t", checkpoint(1, 0), checkpoint(2, 1))
	for _, seq := range []int64{1, 2, 4, 1 << 40} {
		other := checkpoint(seq, 1)
		other.Node = "other"
		wants(t, c.Save(t.Context(), "t", other), graph.ErrConflict)
	}
	got, err := c.Latest(t.Context(), "t")
	must(t, err)
	same(t, got, checkpoint(2, 1))
	save(t, c, "t", checkpoint(3, 1))
}

func threadsAreApart(t *testing.T, c graph.Checkpointer) {
	// Names that differ by case, blanks or quoting only are different threads.
	names := []string{"a", "A", "a ", "a'--", `a";`, "a%", "a_", "ä", "a/b"}
	for i, name := range names {
		cp := checkpoint(1, 0)
		cp.State = fmt.Appendf(nil, `%d`, i)
		save(t, c, name, cp)
		w := effect(1, 0, "k")
		w.Value = cp.State
		put(t, c, name, w)
	}
	for i, name := range names {
		got, err := c.Latest(t.Context(), name)
		must(t, err)
		want := checkpoint(1, 0)
		want.State = fmt.Appendf(nil, `%d`, i)
		same(t, got, want)
		w := effect(1, 0, "k")
		w.Value = want.State
		sameWrites(t, c, name, 0, w)
	}
}

func historyPages(t *testing.T, c graph.Checkpointer) {
	for seq := int64(1); seq <= 7; seq++ {
		save(t, c, "t", checkpoint(seq, seq-1))
	}
	for _, tc := range []struct {
		after       int64
		limit       int
		first, last int64
	}{{0, 1000, 1, 7}, {0, 3, 1, 3}, {3, 3, 4, 6}, {6, 3, 7, 7}, {7, 3, 1, 0}, {99, 3, 1, 0}, {-5, 2, 1, 2}} {
		got, err := c.History(t.Context(), "t", tc.after, tc.limit)
		must(t, err)
		if int64(len(got)) != tc.last-tc.first+1 {
			t.Fatalf("history after %d limit %d has %d rows, want %d to %d", tc.after, tc.limit, len(got), tc.first, tc.last)
		}
		for i, g := range got {
			want := checkpoint(tc.first+int64(i), tc.first+int64(i)-1)
			want.State = nil
			same(t, g, want)
		}
	}
	for _, limit := range []int{-1, 0, graph.MaxHistory + 1} {
		_, err := c.History(t.Context(), "t", 0, limit)
		wants(t, err, graph.ErrInvalid)
	}
}

func writesReadBack(t *testing.T, c graph.Checkpointer) {
	save(t, c, "t", checkpoint(1, 0))
	var first []graph.Write
	for _, kind := range []graph.Kind{graph.KindEffect, graph.KindFailure, graph.KindQuestion, graph.KindAnswer} {
		for _, key := range []string{"k", "K", "k ", "k'", "ключ"} {
			w := effect(1, 0, key)
			w.Kind = kind
			first = append(first, w)
		}
	}
	put(t, c, "t", first...)
	// The same step taken up again: earlier writes stay, new ones join them under the new checkpoint.
	save(t, c, "t", checkpoint(2, 0))
	again := effect(2, 0, "later")
	put(t, c, "t", again)
	// The next step begins empty and may use the same keys.
	save(t, c, "t", checkpoint(3, 1))
	sameWrites(t, c, "t", 1)
	next := effect(3, 1, "k")
	put(t, c, "t", next)
	sameWrites(t, c, "t", 0, append(first, again)...)
	sameWrites(t, c, "t", 1, next)
	sameWrites(t, c, "t", 2)
}

func writeIsFenced(t *testing.T, c graph.Checkpointer) {
	save(t, c, "t", checkpoint(1, 0), checkpoint(2, 0), checkpoint(3, 1))
	for _, w := range []graph.Write{effect(1, 0, "k"), effect(2, 0, "k"), effect(4, 1, "k"), effect(3, 0, "k"), effect(3, 2, "k")} {
		wants(t, c.PutWrite(t.Context(), "t", w), graph.ErrConflict)
		sameWrites(t, c, "t", w.Step)
	}
	put(t, c, "t", effect(3, 1, "k"))
}

func writeOnce(t *testing.T, c graph.Checkpointer) {
	save(t, c, "t", checkpoint(1, 0))
	put(t, c, "t", effect(1, 0, "k"))
	wants(t, c.PutWrite(t.Context(), "t", effect(1, 0, "k")), graph.ErrConflict)
	save(t, c, "t", checkpoint(2, 0))
	wants(t, c.PutWrite(t.Context(), "t", effect(2, 0, "k")), graph.ErrConflict)
	sameWrites(t, c, "t", 0, effect(1, 0, "k"))
}

func bytesAreKeptExactly(t *testing.T, c graph.Checkpointer) {
	// Spacing, key order, repeated keys, escapes and long numbers are what a column of type JSON would change.
	odd := []byte("{\"b\" :1,\n\"a\":1.10, \"a\":\"\\u00e9\\u0000é\",\"n\":123456789012345678901234567890e-1}  ")
	cp := checkpoint(1, 0)
	cp.State = odd
	save(t, c, "t", cp)
	got, err := c.Latest(t.Context(), "t")
	must(t, err)
	same(t, got, cp)
	w := effect(1, 0, "k")
	w.Value = odd
	put(t, c, "t", w)
	sameWrites(t, c, "t", 0, w)
}

func slicesAreNotShared(t *testing.T, c graph.Checkpointer) {
	cp, w := checkpoint(1, 0), effect(1, 0, "k")
	save(t, c, "t", cp)
	put(t, c, "t", w)
	clear(cp.State)
	clear(w.Value)
	for range 2 {
		got, err := c.Latest(t.Context(), "t")
		must(t, err)
		same(t, got, checkpoint(1, 0))
		clear(got.State)
		got, err = c.At(t.Context(), "t", 1)
		must(t, err)
		same(t, got, checkpoint(1, 0))
		clear(got.State)
		sameWrites(t, c, "t", 0, effect(1, 0, "k"))
		ws, err := c.Writes(t.Context(), "t", 0)
		must(t, err)
		clear(ws[0].Value)
	}
}
