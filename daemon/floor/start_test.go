package floor

import (
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/strategy"
)

// TestAReplayShowsWhatTheAlgorithmHasNotSeen starts where the tested data ended, and refuses where nothing comes after it.
func TestAReplayShowsWhatTheAlgorithmHasNotSeen(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	tested := func(to time.Time) {
		t.Helper()
		if err := b.db.PutEvidence(t.Context(), strategy.Evidence{Algorithm: id, DataTo: to, UpdatedAt: start2024}, nil); err != nil {
			t.Fatal(err)
		}
	}
	middle := start2024.Add(100 * time.Hour)
	tested(middle)
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay"})
	if err != nil || !s.FeedArgs.From.Equal(middle) {
		t.Fatalf("it begins at %s, %v; want %s", s.FeedArgs.From, err, middle)
	}
	final(t, f, b.user, s.ID)
	tested(start2024.Add(200 * time.Hour))
	_, err = f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay"})
	if p := problemOf(t, err, api.CodeBadRequest); !strings.Contains(p.Detail, "--from") {
		t.Error(p.Detail)
	}
	s, err = f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-02"})
	if err != nil {
		t.Fatal(err)
	}
	final(t, f, b.user, s.ID)
}

func FuzzTimeOf(f *testing.F) {
	for _, s := range []string{"", "2024-06-01", "2024-06-01T12:00:00Z", "2024-06-01T12:00", "2024-06-01 12:00", "1969-12-31", "9999-01-01", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := timeOf("from", s)
		if err != nil || at.IsZero() {
			return
		}
		if at.Location() != time.UTC || at.Year() < 1970 || at.Year() > 2200 {
			t.Fatalf("%q is read as %s", s, at)
		}
		if again, err := timeOf("from", at.Format(time.RFC3339Nano)); err != nil || !again.Equal(at) {
			t.Fatalf("%q is read as %s, and that as %s, %v", s, at, again, err)
		}
	})
}

// A replay of the newest stored bars is a look at the hold-out: refused, or counted.
func TestAReplayOfTheHoldOutIsALook(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(400)
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{Holdout: ledger.Seal(b.db, ledger.Holdout{Longest: 3 * 24 * time.Hour, Share: 0.5})})
	seal := start2024.Add(400*time.Hour - 3*24*time.Hour).Truncate(24 * time.Hour)
	trials, seen := 0, time.Time{}
	looks := func() int {
		t.Helper()
		c, err := b.db.Campaign(t.Context(), b.user, "", []market.Market{{Base: "BTC", Quote: "USDT"}})
		if err != nil {
			t.Fatal(err)
		}
		trials, seen = c.Trials, c.Seen
		return c.Looks
	}
	r := api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-02"}
	_, err := f.Start(t.Context(), b.user, r)
	problemOf(t, err, api.CodeHoldout)
	r.AcceptRisk = []string{"all"}
	_, err = f.Start(t.Context(), b.user, r)
	problemOf(t, err, api.CodeBadRequest)
	if looks() != 0 {
		t.Fatal("a refused look was counted")
	}
	r.AcceptRisk = []string{api.RiskHoldout}
	s, err := f.Start(t.Context(), b.user, r)
	if err != nil || looks() != 1 {
		t.Fatalf("%d looks, %v", looks(), err)
	}
	if trials != 1 || !seen.After(seal) {
		t.Errorf("%d trials, seen up to %v", trials, seen)
	}
	final(t, f, b.user, s.ID)
	r.AcceptRisk, r.To = nil, seal.Format(time.RFC3339)
	if s, err = f.Start(t.Context(), b.user, r); err != nil || looks() != 1 {
		t.Fatalf("a replay that ends before it: %d looks, %v", looks(), err)
	}
	if trials != 2 {
		t.Errorf("%d trials: a replay before the hold-out is one too", trials)
	}
	final(t, f, b.user, s.ID)
}
