package lab

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/research"
)

// A session ends where the hold-out begins, whatever it is asked; one that is told to end later is refused.
func TestASessionDoesNotSeeTheHoldOut(t *testing.T) {
	t.Parallel()
	db := open(t)
	user := owner(t, db)
	l := newLab(t, db, db)
	l.Ledger = ledger.Seal(db, ledger.Holdout{Longest: 60 * 24 * time.Hour, Share: 0.2})
	seal, err := l.Ledger.Until(t.Context())
	if err != nil || seal.IsZero() {
		t.Fatal(seal, err)
	}
	for _, o := range []research.Options{{To: seal.AddDate(0, 0, 1).Format(time.DateOnly)}, {From: seal.Format(time.DateOnly)}} {
		_, err := l.Open(t.Context(), user, api.LabRequest{Goal: "anything on ETH", Options: o})
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.CodeHoldout || !strings.Contains(p.Detail, seal.Format(time.DateOnly)) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o := small
	o.To = ""
	s, err := l.Open(t.Context(), user, api.LabRequest{Goal: "a momentum strategy on ETH", Options: o})
	if err != nil || s.Options.To != seal.Format(time.DateOnly) {
		t.Fatalf("it ends at %q, %v", s.Options.To, err)
	}
	watch(t, l, user, s.ID)
	got, err := l.Get(t.Context(), user, s.ID)
	if err != nil || got.Status != research.Done || len(got.TrialList) == 0 {
		t.Fatalf("%s, %d trials, %v", got.Status, len(got.TrialList), err)
	}
	for _, tr := range got.TrialList {
		if tr.To.After(seal) {
			t.Errorf("trial %d saw the data to %v", tr.N, tr.To)
		}
	}
}
