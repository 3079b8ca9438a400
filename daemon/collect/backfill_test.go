package collect

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// shelf is an exchange that keeps candles from since on.
type shelf struct {
	name  string
	since time.Time
	asked int
}

func (s *shelf) Name() string { return s.name }

func (s *shelf) Candles(_ context.Context, _ market.Market, iv market.Interval, from, to time.Time) (out []market.Bar, err error) {
	s.asked++
	if from.Before(s.since) {
		err = &source.Shallow{Since: s.since, Err: fmt.Errorf("%s has nothing before %s", s.name, s.since.Format(time.RFC3339))}
	}
	for at := from; at.Before(to); at = at.Add(iv.Duration()) {
		if at.Before(s.since) {
			continue
		}
		one, v := money.One, money.One
		b, berr := market.NewBar(at.Unix(), one, one, one, one, &v)
		if berr != nil {
			return nil, berr
		}
		out = append(out, b)
	}
	return out, err
}

// A source that does not reach back to the beginning gives what it has; the next one is asked for the rest, and what nobody has stays a
// hole with the reasons.
func TestABackfillTakesWhatASourceHas(t *testing.T) {
	t.Parallel()
	begin := time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)
	near, far := &shelf{name: "near", since: begin.Add(40 * 24 * time.Hour)}, &shelf{name: "far", since: begin.Add(24 * time.Hour)}
	s, db := service(t, near, far)
	var done *api.BackfillSummary
	r := api.BackfillRequest{Markets: []string{"BTC/USD"}, Interval: "5m", From: begin.Format(time.RFC3339), To: begin.Add(50 * 24 * time.Hour).Format(time.RFC3339)}
	emit := func(e api.BackfillEvent) error {
		if e.Progress != nil && e.Progress.Left < 0 {
			t.Errorf("%d left", e.Progress.Left)
		}
		done = e.Done
		return nil
	}
	if err := s.Backfill(t.Context(), r, emit); err != nil {
		t.Fatal(err)
	}
	const day = 288
	if m := done.Markets[0]; m.Added != 49*day || m.Missing != day || !strings.Contains(m.Errors["near"], "near has nothing before") || !strings.Contains(m.Errors["far"], "far has nothing before") {
		t.Errorf("%+v", m)
	}
	cover, err := db.Coverage(t.Context())
	if err != nil || len(cover) != 1 || cover[0].Bars != 49*day || !cover[0].First.Equal(far.since) {
		t.Errorf("%+v %v", cover, err)
	}
	if near.asked > 4 {
		t.Errorf("near was asked %d times, most of it for what it does not have", near.asked)
	}
	if err := s.Backfill(t.Context(), r, emit); err != nil || done.Markets[0].Added != 0 || done.Markets[0].Missing != day {
		t.Errorf("again: %+v %v", done.Markets[0], err)
	}
}
