package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/strategy"
)

func equal(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func algorithm(script string) strategy.Algorithm {
	c := strategy.Content{Language: "starlark", Script: script, Params: map[string]float64{"a": 0.1, "b": 2}, Markets: []market.Market{btc}, Interval: 300}
	return strategy.Algorithm{ID: c.ID(), Name: "ema", Content: c, State: strategy.Draft, StateSince: Start, CreatedAt: Start,
		Provenance: strategy.Provenance{Session: "s", DataTo: Start, TrialsBefore: 3, CodeHash: c.CodeHash()}}
}

func algorithms(t *testing.T, db *store.DB) {
	ctx := t.Context()
	a, b := algorithm("one"), algorithm("two")
	b.CreatedAt = Start.Add(time.Second)
	stored, fresh, err := db.PutAlgorithm(ctx, "u", a)
	must(t, err)
	equal(t, stored, a)
	again := a
	again.Provenance.Session = "other"
	stored, second, err := db.PutAlgorithm(ctx, "u", again)
	must(t, err)
	if !fresh || second || stored.Provenance.Session != "s" {
		t.Fatalf("new %v, again %v, provenance %+v", fresh, second, stored.Provenance)
	}
	// Which language model wrote it may be told later; of several cut-offs the latest counts.
	for _, c := range []struct {
		model       string
		days, stays int
	}{{"m/one", 10, 10}, {"m/two", 5, 10}, {"m/three", 20, 20}, {"", 0, 20}} {
		told := a
		told.Provenance.Model = c.model
		if c.days > 0 {
			told.Provenance.ModelCutoff = Start.AddDate(0, 0, c.days)
		}
		stored, second, err = db.PutAlgorithm(ctx, "u", told)
		must(t, err)
		if second || stored.Provenance.Session != "s" || !stored.Provenance.ModelCutoff.Equal(Start.AddDate(0, 0, c.stays)) {
			t.Fatalf("%+v: %+v", c, stored.Provenance)
		}
	}
	a = stored
	_, _, err = db.PutAlgorithm(ctx, "u", b)
	must(t, err)
	equal(t, got(db.Algorithms(ctx, "u"))(t), []strategy.Algorithm{b, a})
	equal(t, got(db.AlgorithmsByPrefix(ctx, "u", a.ID[:6]))(t), []strategy.Algorithm{a})
	for _, prefix := range []string{"%", "_", "zz", a.ID + "0"} {
		if l := got(db.AlgorithmsByPrefix(ctx, "u", prefix))(t); len(l) != 0 {
			t.Fatalf("prefix %q finds %d", prefix, len(l))
		}
	}
	_, err = db.Algorithm(ctx, "another", a.ID)
	wants(t, err, store.ErrNotFound)
	lie := a
	lie.Content.Script = "changed"
	_, _, err = db.PutAlgorithm(ctx, "u", lie)
	wants(t, err, store.ErrInvalid)

	at := Start.Add(time.Hour)
	must(t, db.SetAlgorithmState(ctx, "u", a.ID, strategy.Draft, strategy.Validated, at, "gate"))
	wants(t, db.SetAlgorithmState(ctx, "u", a.ID, strategy.Draft, strategy.Validated, at, "gate"), store.ErrConflict)
	wants(t, db.SetAlgorithmState(ctx, "another", a.ID, strategy.Draft, strategy.Validated, at, "gate"), store.ErrNotFound)
	a.State, a.StateSince = strategy.Validated, at
	equal(t, got(db.Algorithm(ctx, "u", a.ID))(t), a)
	rows := got(db.Audit(ctx, 0))(t)
	if len(rows) != 1 || rows[0].Action != "algorithm.state" || rows[0].Subject != a.ID || !rows[0].At.Equal(at) {
		t.Fatalf("audit is %+v", rows)
	}
}

func evidence(t *testing.T, db *store.DB) {
	ctx := t.Context()
	_, _, err := db.Evidence(ctx, "none")
	wants(t, err, store.ErrNotFound)
	dsr := 0.25
	e := strategy.Evidence{Algorithm: "a", WalkForward: json.RawMessage(`{"x":1}`), DSR: &dsr, Trials: 7, UpdatedAt: Start,
		Reasons: []research.Reason{{Code: "c", Passed: true, Text: "t"}}}
	must(t, db.PutEvidence(ctx, e, []byte(`{"report": 1}`)))
	e.Trials = 8
	must(t, db.PutEvidence(ctx, e, nil))
	stored, report, err := db.Evidence(ctx, "a")
	must(t, err)
	equal(t, *stored, e)
	equal(t, string(report), `{"report": 1}`)
}

func session(id string) research.Session {
	return research.Session{ID: id, UserID: "u", Goal: "find ünïcode 'quotes'", Model: "builtin", Status: research.Running, Turn: 1,
		Options: research.Options{Markets: []string{"BTC/USDT"}, Seed: 1<<64 - 1}, CreatedAt: Start, UpdatedAt: Start}
}

func labSessions(t *testing.T, db *store.DB) {
	ctx := t.Context()
	s, later := session("s1"), session("s2")
	later.CreatedAt = Start.Add(1)
	must(t, db.PutSession(ctx, s))
	must(t, db.PutSession(ctx, later))
	wants(t, db.PutSession(ctx, s), store.ErrConflict)
	equal(t, got(db.Session(ctx, "u", "s1"))(t), s)
	_, err := db.Session(ctx, "another", "s1")
	wants(t, err, store.ErrNotFound)
	s.Status, s.Question, s.UpdatedAt = research.Waiting, &research.Question{Key: "k", Text: "?"}, Start.Add(time.Minute)
	must(t, db.UpdateSession(ctx, s))
	equal(t, got(db.Session(ctx, "", "s1"))(t), s)
	equal(t, got(db.Sessions(ctx, "u"))(t), []research.Session{later, s})
	equal(t, len(got(db.Sessions(ctx, "another"))(t)), 0)
	wants(t, db.UpdateSession(ctx, session("s3")), store.ErrNotFound)
}

func event(i int) research.Event {
	return research.Event{Time: Start.Add(time.Duration(i)), Kind: research.EventText, Agent: "planner", Text: fmt.Sprint("line\n", i),
		Data: json.RawMessage(`{"b": 1,  "a":"\u0000"}`)}
}

func labEvents(t *testing.T, db *store.DB) {
	ctx := t.Context()
	_, err := db.AppendEvent(ctx, research.Event{Session: "s1"})
	wants(t, err, store.ErrNotFound)
	must(t, db.PutSession(ctx, session("s1")))
	e := event(1)
	e.Session = "s1"
	e.Data = nil
	one := got(db.AppendEvent(ctx, e))(t)
	e.Seq = 1
	equal(t, one, e)
	batch := got(db.AppendEvents(ctx, "s1", "step 1", []research.Event{event(2), event(3)}))(t)
	if batch[0].Seq != 2 || batch[1].Seq != 3 || batch[1].Session != "s1" {
		t.Fatalf("batch is %+v", batch)
	}
	equal(t, got(db.AppendEvents(ctx, "s1", "step 1", []research.Event{event(9)}))(t), batch)
	equal(t, got(db.SessionEvents(ctx, "s1", 0, 0))(t), append([]research.Event{e}, batch...))
	equal(t, got(db.SessionEvents(ctx, "s1", 1, 1))(t), batch[:1])
	equal(t, len(got(db.AppendEvents(ctx, "s1", "nothing", nil))(t)), 0)
	equal(t, len(got(db.AppendEvents(ctx, "s1", "nothing", []research.Event{event(1)}))(t)), 0)
}

func labEventsConcurrent(t *testing.T, db *store.DB) {
	must(t, db.PutSession(t.Context(), session("s1")))
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := range 10 {
				key := ""
				if w > 1 {
					key = fmt.Sprint("both write ", i)
				}
				if _, err := db.AppendEvents(context.Background(), "s1", key, []research.Event{event(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	events := got(db.SessionEvents(t.Context(), "s1", 0, 0))(t)
	for i := range events {
		if events[i].Seq != int64(i+1) {
			t.Fatalf("event %d has number %d", i, events[i].Seq)
		}
	}
	equal(t, len(events), 30)
}

func trials(t *testing.T, db *store.DB) {
	ctx := t.Context()
	must(t, db.PutSession(ctx, session("s1")))
	sharpe := 1.0 / 3
	a := research.Trial{Session: "s1", Algorithm: "a", Strategy: "ema", Params: map[string]float64{"x": 0.1}, Markets: []string{"BTC/USDT"},
		From: Start, To: Start.Add(time.Hour), Stage: "train", Sharpe: &sharpe, Trades: 4, CreatedAt: Start}
	b := a
	b.Stage = "walk-forward"
	for i, tr := range []research.Trial{a, b, a, b} {
		if n := got(db.AppendTrial(ctx, tr))(t); n != i%2+1 {
			t.Fatalf("trial %d has number %d", i, n)
		}
	}
	a.N, b.N = 1, 2
	equal(t, got(db.Trials(ctx, "s1"))(t), []research.Trial{a, b})
	a.Session = "none"
	_, err := db.AppendTrial(ctx, a)
	wants(t, err, store.ErrNotFound)
}

func artifacts(t *testing.T, db *store.DB) {
	ctx := t.Context()
	must(t, db.PutSession(ctx, session("s1")))
	var want []research.Artifact
	for i, content := range [][]byte{[]byte("\x00\xff binary"), {}, []byte("report")} {
		sum := sha256.Sum256(content)
		a := research.Artifact{ID: hex.EncodeToString(sum[:]), Session: "s1", Kind: "report", Name: fmt.Sprint(i), MediaType: "text/plain",
			Size: int64(len(content)), CreatedAt: Start}
		must(t, db.PutArtifact(ctx, a, content))
		must(t, db.PutArtifact(ctx, a, content))
		stored, bytes, err := db.Artifact(ctx, a.ID)
		must(t, err)
		equal(t, stored, a)
		equal(t, string(bytes), string(content))
		want = append(want, a)
	}
	equal(t, got(db.Artifacts(ctx, "s1"))(t), want)
	wants(t, db.PutArtifact(ctx, want[0], []byte("other")), store.ErrInvalid)
	_, _, err := db.Artifact(ctx, "none")
	wants(t, err, store.ErrNotFound)
}

func users(t *testing.T, db *store.DB) {
	me := got(db.EnsureLocalUser(t.Context(), "me"))(t)
	equal(t, got(db.EnsureLocalUser(t.Context(), "me"))(t), me)
	if other := got(db.EnsureLocalUser(t.Context(), "Me"))(t); other == me {
		t.Fatal("two users share an id")
	}
	_, err := db.EnsureLocalUser(t.Context(), "")
	wants(t, err, store.ErrInvalid)
}

func audit(t *testing.T, db *store.DB) {
	ctx := t.Context()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 5 {
				if err := db.AppendAudit(context.Background(), "u", "a.b", fmt.Sprint(i), json.RawMessage(`{"i": 1}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	must(t, db.AppendAudit(ctx, "u", "last", "", nil))
	wants(t, db.AppendAudit(ctx, "u", "last", "", json.RawMessage(`{`)), store.ErrInvalid)
	rows := got(db.Audit(ctx, 3))(t)
	if len(rows) != 3 || rows[0].Seq != 21 || rows[0].Action != "last" || string(rows[0].Detail) != "null" || !rows[0].At.Equal(Start) {
		t.Fatalf("audit is %+v", rows)
	}
	equal(t, got(db.VerifyAudit(ctx))(t), int64(21))
}

func badText(t *testing.T, db *store.DB) {
	for _, text := range []string{"a\x00b", "\xff"} {
		s := session("s1")
		s.ID = text
		if err := db.PutSession(t.Context(), s); err == nil {
			t.Errorf("%q was stored", text)
		}
	}
}
