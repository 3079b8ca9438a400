package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/strategy"
)

const (
	maxSpeed = 1e6
	simDays  = 90 // window of a simulation that runs as fast as it goes and is given no end
)

// Start starts an algorithm that has been promoted to paper. It returns once the session is stored; it works in the background.
func (s *Service) Start(ctx context.Context, user string, r api.FloorRequest) (api.FloorSession, error) {
	a, err := s.algorithm(ctx, user, r.Algorithm)
	if err != nil {
		return api.FloorSession{}, err
	}
	if err := allowed(&a, r.Paper); err != nil {
		return api.FloorSession{}, err
	}
	strat, err := s.sandbox.Session(ctx, a.Name, a.Content)
	if err != nil {
		return api.FloorSession{}, script(err)
	}
	defer strat.Close()
	now := s.now()
	j := journal.Session{ID: s.opts.NewID(), UserID: user, Algorithm: a.ID, Strategy: a.Name, Mode: "paper", Feed: r.Feed, Markets: a.Content.Markets,
		Interval: a.Content.Interval, Settings: report.Default(), Status: journal.Running, CreatedAt: now, UpdatedAt: now}
	if r.Settings != nil {
		j.Settings = *r.Settings
	}
	if err := j.Settings.Validate(); err != nil {
		return api.FloorSession{}, bad("%v", err)
	}
	j.Warmup = strat.Spec().Warmup
	if err := s.window(ctx, &j, &a, &r); err != nil {
		return api.FloorSession{}, err
	}
	f, err := openFacts(ctx, s.ledger, &j, strat.Spec(), 0)
	if err != nil {
		return api.FloorSession{}, err
	}
	if f != nil { // what is ambiguous is told at once
		var ambiguous *ledger.AmbiguousError
		if _, err := f.reader.Facts(ctx, f.query); errors.As(err, &ambiguous) {
			return api.FloorSession{}, bad("%s", ambiguous.Error())
		} else if err != nil {
			return api.FloorSession{}, err
		}
	}
	if _, err := newRecorder(j, strat); err != nil { // its init runs once here, so that an error of it is told at once
		return api.FloorSession{}, script(err)
	}
	s.mu.Lock()
	err = s.room()
	s.mu.Unlock()
	if err != nil {
		return api.FloorSession{}, err
	}
	if err := s.look(ctx, &j, &a, ledger.About(j.Markets, strat.Spec().Ledgers), r.AcceptRisk); err != nil {
		return api.FloorSession{}, err
	}
	if err := s.store.PutFloorSession(ctx, j); err != nil {
		return api.FloorSession{}, fmt.Errorf("store session: %w", err)
	}
	detail, err := json.Marshal(map[string]any{"algorithm": j.Algorithm, "mode": j.Mode, "feed": j.Feed, "feed_args": j.FeedArgs})
	if err != nil {
		return api.FloorSession{}, fmt.Errorf("audit of session %s: %w", j.ID, err)
	}
	if err := s.store.AppendAudit(ctx, user, "floor.start", j.ID, detail); err != nil {
		return api.FloorSession{}, fmt.Errorf("audit of session %s: %w", j.ID, err)
	}
	if _, err := s.run(j); err != nil {
		return api.FloorSession{}, err
	}
	return s.Get(ctx, user, j.ID)
}

// look writes a replay of stored bars down as the trial that it is. One that reaches into the sealed hold-out is refused, unless that was
// accepted: then it is written down as a look too.
// A live session looks at nothing: what it meets has not happened yet. about is what the strategy learns of.
func (s *Service) look(ctx context.Context, j *journal.Session, a *strategy.Algorithm, about []market.Market, accept []string) error {
	for _, r := range accept {
		if r != api.RiskHoldout {
			return bad("accept_risk %.40q: a session has one risk to accept, %s", r, api.RiskHoldout)
		}
	}
	if j.Feed != feedReplay {
		return nil
	}
	t, err := backtest.Tried(j.UserID, research.StageReplay, j.ID, a.Name, &a.Content, j.FeedArgs.From, j.FeedArgs.To, &j.Settings, j.CreatedAt)
	if err != nil {
		return err
	}
	t.Read = j.FeedArgs.To
	var sealed time.Time
	if s.opts.Holdout != nil {
		if sealed, err = s.opts.Holdout.Until(ctx, about...); err != nil {
			return err
		}
	}
	if sealed.IsZero() || !j.FeedArgs.To.After(sealed) {
		if err := s.store.RecordTrial(ctx, t); err != nil {
			return fmt.Errorf("record the replay among the trials: %w", err)
		}
		return nil
	}
	if !slices.Contains(accept, api.RiskHoldout) {
		return api.NewProblem(http.StatusUnprocessableEntity, api.CodeHoldout, "%v", &ledger.SealedError{From: sealed})
	}
	if err := s.store.RecordLook(ctx, t, sealed); err != nil {
		return fmt.Errorf("record the look at the hold-out: %w", err)
	}
	detail, err := json.Marshal(map[string]any{"trial": t.ID(), "algorithm": a.ID, "strategy": a.Name, "stage": t.Stage, "markets": j.Markets, "sealed": sealed, "to": j.FeedArgs.To})
	if err != nil {
		return err
	}
	if err := s.store.AppendAudit(ctx, j.UserID, "holdout.look", a.ID, detail); err != nil {
		return fmt.Errorf("audit of the look at the hold-out: %w", err)
	}
	return nil
}

// algorithm resolves an id or a unique prefix of one.
func (s *Service) algorithm(ctx context.Context, user, id string) (strategy.Algorithm, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) < minPrefix {
		return strategy.Algorithm{}, bad("algorithm %.20q: give at least %d characters of its id ('omc algo list' shows them)", id, minPrefix)
	}
	found, err := s.store.AlgorithmsByPrefix(ctx, user, id)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return strategy.Algorithm{}, fmt.Errorf("find algorithm %.64s: %w", id, err)
	case len(found) == 0:
		return strategy.Algorithm{}, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no algorithm has an id that begins with %.64q ('omc algo list' shows them)", id)
	case len(found) > 1:
		return strategy.Algorithm{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%d algorithms begin with %q, among them %.16s and %.16s; give more characters", len(found), id, found[0].ID, found[1].ID)
	}
	return found[0], nil
}

// allowed is the floor's own gate: paper wants an algorithm promoted to it, and live is not there yet.
func allowed(a *strategy.Algorithm, paper bool) error {
	p := &api.Problem{Title: "start refused", Status: http.StatusConflict, Code: api.CodeRefused}
	if !paper {
		p.Detail = "trading with real money is not available yet; run the algorithm on paper with --paper"
		p.Errors = []research.Reason{
			{Code: "live_not_available", Text: "this version has no venue that takes real orders; nothing you can do changes that"},
			{Code: "no_paper_record", Text: "measured: no judged paper record; wanted: one that a later version will compare with the backtest"},
			{Code: "no_named_approval", Text: "measured: no approval; wanted: a named person who approves this exact algorithm"},
			{Code: "no_credentials", Text: "measured: no venue credentials are kept; wanted: a user's own, encrypted"},
		}
		return p
	}
	if a.State == strategy.Paper || a.State == strategy.Live {
		return nil
	}
	way := fmt.Sprintf("promote it with 'omc algo promote %.12s'", a.ID)
	switch a.State {
	case strategy.Draft:
		way = fmt.Sprintf("show evidence with 'omc algo backtest %.12s --walk-forward 5', then promote it twice, to validated and to paper", a.ID)
	case strategy.Retired:
		way = "a retired algorithm does not come back; start from a copy with a change"
	}
	p.Detail = fmt.Sprintf("%s %.12s is %s, the floor takes algorithms that were promoted to paper: %s", a.Name, a.ID, a.State, way)
	p.Errors = []research.Reason{{Code: "not_on_paper", Text: fmt.Sprintf("measured: %s; wanted: paper; %s", a.State, way)}}
	return p
}

func script(err error) error {
	var e *strategy.ScriptError
	if errors.As(err, &e) {
		return bad("%s", e.Backtrace())
	}
	if errors.Is(err, sandbox.ErrUncontained) {
		return &api.Problem{Title: "start refused", Status: http.StatusConflict, Code: api.CodeRefused, Detail: err.Error(),
			Errors: []research.Reason{{Code: "sandbox_missing", Text: err.Error()}}}
	}
	var limit *sandbox.LimitError
	if errors.As(err, &limit) {
		return bad("%s", limit.Error())
	}
	return err
}

// window checks the feed and fills in what opens it again after a restart.
func (s *Service) window(ctx context.Context, j *journal.Session, a *strategy.Algorithm, r *api.FloorRequest) error {
	if math.IsNaN(r.Speed) || r.Speed < 0 || r.Speed > maxSpeed {
		return bad("speed %g: want 0 (as fast as it goes) to %g times real speed", r.Speed, maxSpeed)
	}
	from, err := timeOf("from", r.From)
	if err != nil {
		return err
	}
	to, err := timeOf("to", r.To)
	if err != nil {
		return err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return bad("from %s is not before to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	j.FeedArgs = journal.FeedArgs{From: from, To: to, Speed: r.Speed, Seed: r.Seed}
	switch r.Feed {
	case feedReplay:
		if err := s.replayWindow(ctx, j, a); err != nil {
			return err
		}
	case feedSim:
		j.Simulated = true
		if from.IsZero() {
			j.FeedArgs.From = time.Unix(j.Interval.Floor(j.CreatedAt.Unix()), 0).UTC()
		}
		if to.IsZero() && r.Speed == 0 {
			j.FeedArgs.To = j.FeedArgs.From.AddDate(0, 0, simDays)
		}
	case feedCoinSpot:
		if s.opts.Quotes == nil {
			return api.NewProblem(http.StatusServiceUnavailable, api.CodeUnavailable, "no coinspot source is set up here")
		}
		if r.From != "" || r.To != "" || r.Speed != 0 || r.Seed != 0 {
			return bad("the coinspot feed is live: it has no from, to, speed or seed")
		}
		j.FeedArgs.From = j.CreatedAt // the bar under way is seen from its middle only, so that it warms up and is not traded
		return nil
	default:
		return bad("feed %.20q: want replay, sim or coinspot", r.Feed)
	}
	f, t := j.FeedArgs.From, j.FeedArgs.To
	if !t.IsZero() && !f.Before(t) {
		return bad("from %s is not before to %s", f.Format(time.RFC3339), t.Format(time.RFC3339))
	}
	if n := (int64(t.Sub(f).Seconds())/int64(j.Interval) + int64(j.Warmup)) * int64(len(j.Markets)); !t.IsZero() && n > maxInputs {
		return bad("the window has %d bars, a session takes %d: choose a shorter one", n, maxInputs)
	}
	return nil
}

// replayWindow finds the window where the request leaves it open: from where the algorithm's own data ended, to the last stored bar.
func (s *Service) replayWindow(ctx context.Context, j *journal.Session, a *strategy.Algorithm) error {
	cover, err := s.ledger.Coverage(ctx)
	if err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	var first, last time.Time
	for _, m := range j.Markets {
		for _, c := range cover {
			if c.Market != m || c.Bars == 0 || c.Interval > j.Interval || j.Interval%c.Interval != 0 {
				continue
			}
			j.Simulated = j.Simulated || c.Simulated
			if first.IsZero() || c.First.Before(first) {
				first = c.First
			}
			if end := c.Last.Add(c.Interval.Duration()); end.After(last) {
				last = end
			}
		}
	}
	if first.IsZero() {
		return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "the ledger has no %s bars of %v to replay: add some with 'omc data import' or 'omc data fetch'", j.Interval, j.Markets)
	}
	if j.FeedArgs.From.IsZero() {
		seen, err := s.seen(ctx, a)
		if err != nil {
			return err
		}
		if !seen.Before(last) {
			return bad("%s was made and tested on data to %s and the ledger ends at %s: nothing is left that it has not seen; add newer bars, or give --from to replay what it knows",
				a.Name, seen.Format(time.RFC3339), last.Format(time.RFC3339))
		}
		j.FeedArgs.From = first
		if seen.After(first) {
			j.FeedArgs.From = seen
		}
	}
	if j.FeedArgs.To.IsZero() || j.FeedArgs.To.After(last) {
		j.FeedArgs.To = last
	}
	for _, m := range j.Markets {
		got, err := s.ledger.PriceBars(ctx, ledger.BarQuery{Market: m, Interval: j.Interval, From: j.FeedArgs.From, To: j.FeedArgs.To, Limit: 1})
		if err != nil {
			return fmt.Errorf("bars of %s: %w", m, err)
		}
		if len(got.Bars) == 0 {
			return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no %s bars of %s from %s to %s; the ledger has bars from %s to %s",
				j.Interval, m, j.FeedArgs.From.Format(time.RFC3339), j.FeedArgs.To.Format(time.RFC3339), first.Format(time.RFC3339), last.Format(time.RFC3339))
		}
	}
	return nil
}

// seen is the end of the data that the algorithm was made or tested on; zero where nothing is known.
func (s *Service) seen(ctx context.Context, a *strategy.Algorithm) (time.Time, error) {
	to := a.Provenance.DataTo.UTC()
	e, _, err := s.store.Evidence(ctx, a.ID)
	if errors.Is(err, store.ErrNotFound) {
		return to, nil
	}
	if err != nil {
		return to, fmt.Errorf("evidence of %.12s: %w", a.ID, err)
	}
	if e.DataTo.After(to) {
		to = e.DataTo.UTC()
	}
	return to, nil
}

// timeOf reads RFC 3339, or a date, which means its midnight UTC; empty is the zero time.
func timeOf(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t = t.UTC(); t.Year() < 1970 || t.Year() > 2200 {
				return time.Time{}, bad("%s: %.40q is outside 1970 to 2200", name, text)
			}
			return t, nil
		}
	}
	return time.Time{}, bad("%s: %.40q: want a date like 2024-06-01 or a time like 2024-06-01T12:00:00Z", name, text)
}
