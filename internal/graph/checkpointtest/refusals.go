package checkpointtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
)

func bounds(t *testing.T, c graph.Checkpointer) {
	for name, change := range map[string]func(*graph.Checkpoint){
		"sequence number": func(c *graph.Checkpoint) { c.Seq = 0 },
		"step":            func(c *graph.Checkpoint) { c.Step = -1 },
		"spent":           func(c *graph.Checkpoint) { c.Spent = 1 },
		"node":            func(c *graph.Checkpoint) { c.Node = "" },
		"status":          func(c *graph.Checkpoint) { c.Status = "odd" },
		"state":           func(c *graph.Checkpoint) { c.State = nil },
		"nanoseconds":     func(c *graph.Checkpoint) { c.CreatedAt = at.Add(1) },
		"zone":            func(c *graph.Checkpoint) { c.CreatedAt = at.In(time.FixedZone("", 3600)) },
	} {
		cp := checkpoint(1, 0)
		change(&cp)
		if err := c.Save(t.Context(), "t", cp); !errors.Is(err, graph.ErrInvalid) {
			t.Errorf("save with a bad %s: %v, want ErrInvalid", name, err)
		}
	}
	for _, thread := range []string{"", "a\x00b", "a\nb", "\xff", strings.Repeat("a", graph.MaxThreadBytes+1)} {
		wants(t, c.Save(t.Context(), thread, checkpoint(1, 0)), graph.ErrInvalid)
	}
	big := checkpoint(1, 0)
	big.State = bytes.Repeat([]byte("1"), graph.MaxStateBytes+1)
	wants(t, c.Save(t.Context(), "t", big), graph.ErrTooLarge)
	long := strings.Repeat("é", graph.MaxThreadBytes/2)
	big.State = big.State[:graph.MaxStateBytes]
	save(t, c, long, big)
	got, err := c.Latest(t.Context(), long)
	must(t, err)
	same(t, got, big)

	save(t, c, "t", checkpoint(1, 0))
	for name, change := range map[string]func(*graph.Write){
		"sequence number": func(w *graph.Write) { w.Seq = 0 },
		"step":            func(w *graph.Write) { w.Step = -1 },
		"node":            func(w *graph.Write) { w.Node = "" },
		"kind":            func(w *graph.Write) { w.Kind = "odd" },
		"empty key":       func(w *graph.Write) { w.Key = "" },
		"long key":        func(w *graph.Write) { w.Key = strings.Repeat("k", graph.MaxKeyBytes+1) },
		"key with NUL":    func(w *graph.Write) { w.Key = "k\x00" },
		"value":           func(w *graph.Write) { w.Value = nil },
		"nanoseconds":     func(w *graph.Write) { w.CreatedAt = at.Add(1) },
	} {
		w := effect(1, 0, "k")
		change(&w)
		if err := c.PutWrite(t.Context(), "t", w); !errors.Is(err, graph.ErrInvalid) {
			t.Errorf("write with a bad %s: %v, want ErrInvalid", name, err)
		}
	}
	w := effect(1, 0, strings.Repeat("k", graph.MaxKeyBytes))
	w.Value = bytes.Repeat([]byte("1"), graph.MaxValueBytes+1)
	wants(t, c.PutWrite(t.Context(), "t", w), graph.ErrTooLarge)
	w.Value = w.Value[:graph.MaxValueBytes]
	put(t, c, "t", w)
	ws, err := c.Writes(t.Context(), "t", 0)
	must(t, err)
	if len(ws) != 1 || !bytes.Equal(ws[0].Value, w.Value) {
		t.Fatalf("the largest value is not read back: %d writes", len(ws))
	}
}

func fork(t *testing.T, c graph.Checkpointer) {
	save(t, c, "from", checkpoint(1, 0))
	put(t, c, "from", effect(1, 0, "a"))
	waiting := checkpoint(2, 0)
	waiting.Status = graph.StatusWaiting
	save(t, c, "from", waiting)
	answer := effect(2, 0, "a")
	answer.Kind = graph.KindAnswer
	put(t, c, "from", answer)
	save(t, c, "from", checkpoint(3, 0))
	put(t, c, "from", effect(3, 0, "b"))
	save(t, c, "from", checkpoint(4, 1))
	put(t, c, "from", effect(4, 1, "a"))

	// At the question: what was paid for before it is kept, the answer to it is not.
	must(t, c.Fork(t.Context(), "from", 2, "question"))
	got, err := c.Latest(t.Context(), "question")
	must(t, err)
	same(t, got, waiting)
	sameWrites(t, c, "question", 0, effect(1, 0, "a"))

	must(t, c.Fork(t.Context(), "from", 4, "tip"))
	sameWrites(t, c, "tip", 0, effect(1, 0, "a"), answer, effect(3, 0, "b"))
	sameWrites(t, c, "tip", 1)

	// The two go their own ways.
	other := effect(2, 0, "other")
	put(t, c, "question", other)
	save(t, c, "question", checkpoint(3, 0))
	sameWrites(t, c, "question", 0, effect(1, 0, "a"), other)
	sameWrites(t, c, "from", 0, effect(1, 0, "a"), answer, effect(3, 0, "b"))
	sameWrites(t, c, "from", 1, effect(4, 1, "a"))
	for thread, n := range map[string]int{"from": 4, "question": 3, "tip": 4} {
		h, err := c.History(t.Context(), thread, 0, 100)
		must(t, err)
		if len(h) != n {
			t.Fatalf("thread %s has %d checkpoints, want %d", thread, len(h), n)
		}
	}
}

func forkRefusals(t *testing.T, c graph.Checkpointer) {
	save(t, c, "from", checkpoint(1, 0))
	save(t, c, "taken", checkpoint(1, 0), checkpoint(2, 1))
	wants(t, c.Fork(t.Context(), "nobody", 1, "to"), graph.ErrNotFound)
	for _, seq := range []int64{-1, 0, 2} {
		wants(t, c.Fork(t.Context(), "from", seq, "to"), graph.ErrNotFound)
	}
	wants(t, c.Fork(t.Context(), "from", 1, "taken"), graph.ErrConflict)
	wants(t, c.Fork(t.Context(), "from", 1, "from"), graph.ErrConflict)
	wants(t, c.Fork(t.Context(), "from", 1, ""), graph.ErrInvalid)
	_, err := c.Latest(t.Context(), "to")
	wants(t, err, graph.ErrNotFound)
	got, err := c.Latest(t.Context(), "taken")
	must(t, err)
	same(t, got, checkpoint(2, 1))
}

func cancelledContextStoresNothing(t *testing.T, c graph.Checkpointer) {
	save(t, c, "t", checkpoint(1, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, latestErr := c.Latest(ctx, "t")
	_, atErr := c.At(ctx, "t", 1)
	_, historyErr := c.History(ctx, "t", 0, 1)
	_, writesErr := c.Writes(ctx, "t", 0)
	for name, err := range map[string]error{"latest": latestErr, "at": atErr, "history": historyErr, "writes": writesErr,
		"save": c.Save(ctx, "t", checkpoint(2, 1)), "write": c.PutWrite(ctx, "t", effect(1, 0, "k")), "fork": c.Fork(ctx, "t", 1, "to")} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v, want context.Canceled", name, err)
		}
	}
	got, err := c.Latest(t.Context(), "t")
	must(t, err)
	same(t, got, checkpoint(1, 0))
	sameWrites(t, c, "t", 0)
	_, err = c.Latest(t.Context(), "to")
	wants(t, err, graph.ErrNotFound)
}

func oneOfManyWritersWins(t *testing.T, c graph.Checkpointer) {
	const writers = 8
	for seq := int64(1); seq <= 5; seq++ {
		var group sync.WaitGroup
		errs := make([]error, writers)
		for i := range writers {
			group.Go(func() {
				cp := checkpoint(seq, 0)
				cp.State = fmt.Appendf(nil, `%d`, i)
				errs[i] = c.Save(t.Context(), "t", cp)
			})
		}
		group.Wait()
		got, err := c.Latest(t.Context(), "t")
		must(t, err)
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if string(got.State) != fmt.Sprint(i) {
					t.Fatalf("writer %d won checkpoint %d, but %s is stored", i, seq, got.State)
				}
				continue
			}
			wants(t, err, graph.ErrConflict)
		}
		if won != 1 {
			t.Fatalf("%d writers won checkpoint %d, want 1", won, seq)
		}
	}
}

// fenceHoldsUnderRace lets a second process take a thread over while the first stores an effect: either the newcomer sees
// the effect, or the first is told that it was not stored. Anything else would be an answer obtained twice.
func fenceHoldsUnderRace(t *testing.T, c graph.Checkpointer) {
	save(t, c, "t", checkpoint(1, 0))
	for seq := int64(1); seq <= 40; seq++ {
		var group sync.WaitGroup
		var putErr error
		w := effect(seq, 0, fmt.Sprint("k", seq))
		group.Go(func() { putErr = c.PutWrite(t.Context(), "t", w) })
		must(t, c.Save(t.Context(), "t", checkpoint(seq+1, 0)))
		ws, err := c.Writes(t.Context(), "t", 0)
		must(t, err)
		group.Wait()
		seen := false
		for _, got := range ws {
			seen = seen || got.Key == w.Key
		}
		if putErr != nil {
			wants(t, putErr, graph.ErrConflict)
		}
		if seen != (putErr == nil) {
			t.Fatalf("checkpoint %d: the effect's writer was told %v, and the newcomer sees it: %t", seq, putErr, seen)
		}
	}
}
