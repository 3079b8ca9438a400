package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/builtin"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"github.com/ohmycoins/omc/internal/strategy"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hours = 24 * 400

// began is the first bar of the test's prices.
var began = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)

// open returns a store with two markets of hourly prices: slow waves with seeded noise.
func open(t testing.TB) *store.DB {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, storetest.URL(t), store.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for k, name := range []string{"BTC/USDT", "ETH/USDT"} {
		m, _ := market.ParseMarket(name)
		var rows []ledger.PriceBar
		x, price := uint64(k+1), 100.0
		for i := range hours {
			x = x*6364136223846793005 + 1442695040888963407
			noise := float64(x>>40)/float64(1<<24) - 0.5
			open := price
			price *= 1 + 0.012*noise + 0.001*math.Sin(float64(i)/float64(90+20*k))
			d := func(f float64) money.Decimal { v, _ := money.FromFloat(math.Round(f*100) / 100); return v }
			v := money.FromInt(1_000_000)
			b, err := market.NewBar(began.Unix()+int64(i)*3600, d(open), d(math.Max(open, price)), d(math.Min(open, price)), d(price), &v)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, ledger.PriceBar{Bar: b, Known: b.Unix() + 3600, Source: "test", Backfilled: true})
		}
		if _, err := db.AppendBars(ctx, m, market.Hour, rows, false); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func owner(t testing.TB, db *store.DB) string {
	t.Helper()
	u, err := db.EnsureLocalUser(context.Background(), "tester")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func newLab(t testing.TB, s Store, r ledger.Reader) *Lab {
	t.Helper()
	var n atomic.Int64
	l, err := New(Config{Store: s, Ledger: ledger.Seal(r, ledger.Holdout{}), Clock: clock.Wall{}, Sandbox: sandboxtest.Host(t), NewID: func() string { return fmt.Sprintf("s%03d", n.Add(1)) },
		Model: func(name string) (llm.Model, error) {
			if name != builtin.Name {
				return nil, errors.New("there is only builtin")
			}
			return builtin.Model{}, nil
		}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// watch follows a session until it stops working.
func watch(t testing.TB, l *Lab, user, id string) []research.Event {
	t.Helper()
	var es []research.Event
	if err := l.Events(t.Context(), user, id, 0, false, func(e research.Event) error {
		if e.Kind != research.EventDelta {
			es = append(es, e)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return es
}

var small = research.Options{MaxTrials: 120, Interval: "4h", To: "2023-12-01"}

func TestASessionWorksThroughToAReport(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "a momentum or breakout strategy on ETH", Options: small})
	if err != nil {
		t.Fatal(err)
	}
	es := watch(t, l, user, s.ID)
	got, err := l.Get(t.Context(), user, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != research.Done || got.Best == "" || got.Verdict == "" || len(got.TrialList) == 0 {
		t.Fatalf("%+v", got.Session)
	}
	for i, tr := range got.TrialList {
		if tr.N != i+1 || !tr.To.Before(time.Date(2023, 12, 1, 1, 0, 0, 0, time.UTC)) {
			t.Errorf("trial %d: %+v", i, tr)
		}
	}
	for _, want := range []string{"# a momentum or breakout strategy on ETH", "## Data", "## Candidates, out of sample", "trials_deflate_sharpe"} {
		if !strings.Contains(got.Report, want) {
			t.Errorf("the report lacks %q:\n%s", want, got.Report)
		}
	}
	if strings.Contains(got.Report, "{{") {
		t.Errorf("a reference was left in the report:\n%s", got.Report)
	}
	kinds := map[research.EventKind]int{}
	for i, e := range es {
		kinds[e.Kind]++
		if e.Seq != int64(i+1) {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
	}
	for _, k := range []research.EventKind{research.EventUser, research.EventText, research.EventPlan, research.EventTool, research.EventResult, research.EventTrial, research.EventVerdict, research.EventStatus} {
		if kinds[k] == 0 {
			t.Errorf("no %s event", k)
		}
	}
	if kinds[research.EventTrial] != len(got.TrialList)-1 { // the run over the whole window is told in the evaluation
		t.Errorf("%d trials told, %d recorded", kinds[research.EventTrial], len(got.TrialList))
	}
	as, err := db.Algorithms(t.Context(), user)
	if err != nil || len(as) != 1 || as[0].ID != got.Best || as[0].Provenance.Session != s.ID {
		t.Fatalf("algorithms: %+v, %v", as, err)
	}
	ev, rep, err := db.Evidence(t.Context(), got.Best)
	if err != nil || len(ev.WalkForward) == 0 || len(ev.LookAhead) == 0 || len(rep) == 0 || ev.Trials != len(got.TrialList) {
		t.Fatalf("evidence: %+v, %v", ev, err)
	}
}

func TestAnAmbiguousGoalIsAskedAboutAndANewTurnFollows(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	o := small
	o.Interactive, o.MaxTrials = true, 40
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "find a breakout", Options: o})
	if err != nil {
		t.Fatal(err)
	}
	watch(t, l, user, s.ID)
	got, _ := l.Get(t.Context(), user, s.ID)
	if got.Status != research.Waiting || got.Question == nil || len(got.Question.Choices) != 3 {
		t.Fatalf("%+v", got.Session)
	}
	for _, wrong := range []string{"7", "0", "the cheapest one"} {
		var p *api.Problem
		if _, err := l.Send(t.Context(), user, s.ID, api.LabMessage{Text: wrong}); !errors.As(err, &p) || p.Code != api.CodeBadRequest {
			t.Errorf("%q was taken for an answer: %v", wrong, err)
		}
	}
	if _, err := l.Send(t.Context(), user, s.ID, api.LabMessage{Text: "2"}); err != nil {
		t.Fatal(err)
	}
	watch(t, l, user, s.ID)
	if got, _ = l.Get(t.Context(), user, s.ID); got.Status != research.Done || !strings.Contains(got.Report, "ETH/USDT") || strings.Contains(got.Report, "BTC/USDT") {
		t.Fatalf("%+v\n%s", got.Session, got.Report)
	}
	before := len(got.TrialList)
	if _, err := l.Send(t.Context(), user, s.ID, api.LabMessage{Text: "and reversion on BTC?"}); err != nil {
		t.Fatal(err)
	}
	es := watch(t, l, user, s.ID)
	if got, _ = l.Get(t.Context(), user, s.ID); got.Status != research.Done || got.Turn != 2 || len(got.TrialList) <= before {
		t.Fatalf("%+v: %d trials before, %d after\n%v", got.Session, before, len(got.TrialList), es[len(es)-2:])
	}
}

// mortal is a store that dies at the n-th write: from then on nothing is written any more, as after kill -9.
type mortal struct {
	*store.DB
	left atomic.Int64
	dead chan struct{}
}

var errDead = errors.New("the process is dead")

func (m *mortal) alive() error {
	switch left := m.left.Add(-1); {
	case left > 0:
		return nil
	case left == 0:
		close(m.dead)
	}
	return errDead
}

func TestKilledAnywhereASessionResumesToTheSameReport(t *testing.T) {
	t.Parallel()
	goal := api.LabRequest{Goal: "breakout on ETH", Options: small}
	goal.Options.MaxTrials = 40
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	s, err := l.Open(t.Context(), user, goal)
	if err != nil {
		t.Fatal(err)
	}
	calm := watch(t, l, user, s.ID)
	want, err := l.Get(t.Context(), user, s.ID)
	if err != nil || want.Status != research.Done {
		t.Fatalf("%+v %v", want.Session, err)
	}
	step := int64(17)
	if testing.Short() {
		step = 211
	}
	for at := int64(3); ; at += step {
		db := open(t)
		user := owner(t, db)
		m := &mortal{DB: db, dead: make(chan struct{})}
		m.left.Store(at)
		first := newLab(t, m, db)
		s, err := first.Open(t.Context(), user, goal)
		if err != nil {
			t.Fatalf("died while opening at write %d: %v", at, err)
		}
		watch(t, first, user, s.ID)
		first.Close()
		died := m.left.Load() <= 0
		second := newLab(t, db, db)
		if _, err := second.Resume(t.Context(), user, s.ID); err != nil {
			t.Fatalf("resume after write %d: %v", at, err)
		}
		es := watch(t, second, user, s.ID)
		got, err := second.Get(t.Context(), user, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		second.Close()
		if got.Report != want.Report || len(got.TrialList) != len(want.TrialList) || got.Best != want.Best {
			t.Fatalf("killed at write %d: %d trials, status %s %s; undisturbed %d\n--- got\n%s\n--- want\n%s", at, len(got.TrialList), got.Status, got.Error, len(want.TrialList), got.Report, want.Report)
		}
		if a, b := told(es), told(calm); a != b {
			t.Fatalf("killed at write %d: the stream differs\n--- got\n%s\n--- want\n%s", at, a, b)
		}
		if !died {
			return // past the last write
		}
	}
}

// told is the stream without what a stop adds and without durations.
func told(es []research.Event) string {
	var b strings.Builder
	for _, e := range es {
		if e.Kind == research.EventStatus || e.Kind == research.EventError {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s\n", e.Kind, e.Agent, firstLine(e.Text))
	}
	return b.String()
}

func TestAPausedTurnCanBeLeftForANewOne(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "anything on all coins", Options: research.Options{Interval: "1h"}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.StopTurn(t.Context(), user, s.ID)
	if err != nil || p.Status != research.Paused {
		t.Fatalf("%+v %v", p, err)
	}
	n, err := l.Send(t.Context(), user, s.ID, api.LabMessage{Text: "a breakout on ETH with 4h bars"})
	if err != nil || n.Turn != 2 {
		t.Fatalf("%+v %v", n, err)
	}
	es := watch(t, l, user, s.ID)
	if got, err := l.Get(t.Context(), user, s.ID); err != nil || got.Status != research.Done || !strings.Contains(got.Report, "breakout") {
		t.Fatalf("%+v %v", got.Session, err)
	}
	for i := range es {
		if es[i].Seq != int64(i+1) {
			t.Fatalf("event %d has seq %d", i, es[i].Seq)
		}
	}
}

// TestStreamedTextComesBeforeItsParagraph follows with pieces: whatever of a paragraph was streamed came before it.
func TestStreamedTextComesBeforeItsParagraph(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	o := small
	o.MaxTrials = 40
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "breakout on ETH", Options: o})
	if err != nil {
		t.Fatal(err)
	}
	streamed := ""
	if err := l.Events(t.Context(), user, s.ID, 0, false, func(e research.Event) error {
		switch e.Kind {
		case research.EventDelta:
			streamed += e.Text
		case research.EventText:
			if streamed != "" && !strings.HasSuffix(e.Text, streamed) { // a follower who came late has its end
				t.Errorf("%q was streamed before %q", streamed, e.Text)
			}
			streamed = ""
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if streamed != "" {
		t.Errorf("%q was streamed after its paragraph", streamed)
	}
}

func TestCancelStopsAndAFailedTurnSaysWhy(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "anything on all coins", Options: research.Options{Interval: "1h"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Cancel(t.Context(), user, s.ID)
	if err != nil || c.Status != research.Cancelled {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := l.Resume(t.Context(), user, s.ID); err == nil {
		t.Error("a cancelled turn was resumed")
	}
	for _, bad := range []api.LabRequest{{}, {Goal: strings.Repeat("x", maxGoal+1)}, {Goal: "x", Model: "gpt"}, {Goal: "x", Options: research.Options{Markets: []string{"?"}}},
		{Goal: "x", Options: research.Options{From: "2024-01-01", To: "2023-01-01"}}, {Goal: "x", Options: research.Options{MaxTrials: -1}}} {
		var p *api.Problem
		if _, err := l.Open(t.Context(), user, bad); !errors.As(err, &p) || p.Code != api.CodeBadRequest {
			t.Errorf("%.60v: %v", bad, err)
		}
	}
	if _, err := l.Get(t.Context(), "someone else", s.ID); err == nil {
		t.Error("another user read the session")
	}
}

// TestGivingUpAFollowUpKeepsWhatWasFound asks on after a report and cancels that: the session is done, as it was. What it found meanwhile
// does not touch the evidence of an algorithm that was promoted.
func TestGivingUpAFollowUpKeepsWhatWasFound(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	o := small
	o.MaxTrials = 40
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "breakout on ETH", Options: o})
	if err != nil {
		t.Fatal(err)
	}
	watch(t, l, user, s.ID)
	done, err := l.Get(t.Context(), user, s.ID)
	if err != nil || done.Status != research.Done || done.Trials != len(done.TrialList) {
		t.Fatalf("%+v %v", done.Session, err)
	}
	before, _, err := db.Evidence(t.Context(), done.Best)
	if err != nil || before.DataTo.IsZero() {
		t.Fatalf("%+v %v", before, err)
	}
	if err := db.SetAlgorithmState(t.Context(), user, done.Best, strategy.Draft, strategy.Validated, before.UpdatedAt, "test"); err != nil {
		t.Fatal(err)
	}

	again, err := l.Open(t.Context(), user, api.LabRequest{Goal: "breakout on ETH", Options: o})
	if err != nil {
		t.Fatal(err)
	}
	watch(t, l, user, again.ID)
	if got, err := l.Get(t.Context(), user, again.ID); err != nil || got.Best != done.Best {
		t.Fatalf("the second session found %q, the first %q, %v", got.Best, done.Best, err)
	}
	if after, _, err := db.Evidence(t.Context(), done.Best); err != nil || !after.UpdatedAt.Equal(before.UpdatedAt) {
		t.Errorf("the evidence it was promoted on was replaced: %v, %v, %v", before.UpdatedAt, after.UpdatedAt, err)
	}

	if _, err := l.Send(t.Context(), user, s.ID, api.LabMessage{Text: "anything on all coins"}); err != nil {
		t.Fatal(err)
	}
	c, err := l.Cancel(t.Context(), user, s.ID)
	if err != nil || c.Status != research.Done || c.Verdict == "" {
		t.Errorf("%+v %v", c, err)
	}
}
