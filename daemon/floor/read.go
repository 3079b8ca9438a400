package floor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

const curvePoints = 2_000

// Everything here is read from the journal: what is shown is what survives.

// Sessions lists the user's sessions with their books, newest first.
func (s *Service) Sessions(ctx context.Context, user string) ([]api.FloorSession, error) {
	all, err := s.store.FloorSessions(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	out := make([]api.FloorSession, len(all))
	for i := range all {
		if out[i], err = s.show(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Get returns one session with its books.
func (s *Service) Get(ctx context.Context, user, id string) (api.FloorSession, error) {
	j, err := s.find(ctx, user, id)
	if err != nil {
		return api.FloorSession{}, err
	}
	return s.show(ctx, &j)
}

func (s *Service) show(ctx context.Context, j *journal.Session) (api.FloorSession, error) {
	a, err := s.books(ctx, j)
	if err != nil {
		return api.FloorSession{}, err
	}
	out := api.FloorSession{Session: *j, Account: a, Health: s.health(j), Trades: a.Closed}
	if a.Input > 0 && a.StartCash.Sign() > 0 {
		gain, fall := a.Equity.Float64()/a.StartCash.Float64()-1, a.Drawdown
		out.Return, out.Drawdown = &gain, &fall
	}
	if j.Status == journal.Running && a.Bars < j.Warmup {
		out.Warming = fmt.Sprintf("%d of %d bars", a.Bars, j.Warmup)
	}
	if f := &j.FeedArgs; !f.To.IsZero() && f.From.Before(f.To) {
		done := 0.0
		if a.Time.After(f.From) {
			done = min(1, float64(a.Time.Sub(f.From))/float64(f.To.Sub(f.From)))
		}
		if j.Status == journal.Finished {
			done = 1
		}
		out.Progress = &done
	}
	return out, nil
}

// books are a session's journalled books; before the first input, its starting cash.
func (s *Service) books(ctx context.Context, j *journal.Session) (journal.Account, error) {
	a, ok, err := s.store.FloorAccount(ctx, j.ID)
	if err != nil {
		return a, fmt.Errorf("books of session %s: %w", j.ID, err)
	}
	if !ok {
		cash := j.Settings.Cash
		a = journal.Account{Session: j.ID, Cash: cash, Equity: cash, StartCash: cash, Peak: cash, Time: j.CreatedAt}
	}
	return a, nil
}

// health says how a session does: ok, or what is wrong.
func (s *Service) health(j *journal.Session) string {
	if j.Status.Final() {
		return "ok"
	}
	s.mu.Lock()
	a := s.active[j.ID]
	s.mu.Unlock()
	if a == nil {
		return "not running: it is taken up again when the daemon starts"
	}
	if h := a.state(); h != "" {
		return h
	}
	return "ok"
}

// Trouble lists what is wrong with the sessions that should be running, by session.
func (s *Service) Trouble() []string {
	s.mu.Lock()
	active := slices.Collect(maps.Values(s.active))
	s.mu.Unlock()
	var out []string
	for _, a := range active {
		if h := a.state(); h != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", a.j.Strategy, a.j.ID, h))
		}
	}
	slices.Sort(out)
	return out
}

// chosen are one session, or (id "") all of the user's.
func (s *Service) chosen(ctx context.Context, user, id string) ([]journal.Session, error) {
	if id != "" {
		j, err := s.find(ctx, user, id)
		return []journal.Session{j}, err
	}
	all, err := s.store.FloorSessions(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return all, nil
}

// Positions lists what is held, by session.
func (s *Service) Positions(ctx context.Context, user, id string) ([]api.PositionRow, error) {
	all, err := s.chosen(ctx, user, id)
	if err != nil {
		return nil, err
	}
	var out []api.PositionRow
	for i := range all {
		a, err := s.books(ctx, &all[i])
		if err != nil {
			return nil, err
		}
		last := marks(&a)
		for k := range a.Positions {
			p := &a.Positions[k]
			if p.Quantity.IsZero() {
				continue
			}
			price := last[p.Market]
			out = append(out, api.PositionRow{Session: all[i].ID, Status: string(all[i].Status), Strategy: all[i].Strategy, Market: p.Market, Coin: p.Market.Base, Quantity: p.Quantity,
				Average: p.AveragePrice(), Cost: p.Cost, Last: price, Value: p.Value(price), Unrealised: p.Unrealised(price), Realised: p.Realised,
				Simulated: all[i].Simulated})
		}
	}
	return out, nil
}

func marks(a *journal.Account) map[market.Market]money.Decimal {
	last := make(map[market.Market]money.Decimal, len(a.Marks))
	for _, m := range a.Marks {
		last[m.Market] = m.Price
	}
	return last
}

// names maps the ids of the sessions asked for to their strategies; session is the full id of the one named, or "".
func (s *Service) names(ctx context.Context, user, id string) (names map[string]string, session string, err error) {
	all, err := s.chosen(ctx, user, id)
	if err != nil {
		return nil, "", err
	}
	names = make(map[string]string, len(all))
	for _, j := range all {
		names[j.ID] = j.Strategy
	}
	if id != "" {
		session = all[0].ID
	}
	return names, session, nil
}

// Orders lists orders as they stand, newest first.
func (s *Service) Orders(ctx context.Context, user, id string, limit int) ([]api.OrderRow, error) {
	names, session, err := s.names(ctx, user, id)
	if err != nil {
		return nil, err
	}
	all, err := s.store.FloorOrders(ctx, user, session, limit)
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	out := make([]api.OrderRow, len(all))
	for i, o := range all {
		out[i] = api.OrderRow{Session: o.Session, Strategy: names[o.Session], Order: o.Order}
	}
	return out, nil
}

// Trades lists fills, newest first.
func (s *Service) Trades(ctx context.Context, user, id string, limit int) ([]api.FillRow, error) {
	names, session, err := s.names(ctx, user, id)
	if err != nil {
		return nil, err
	}
	all, err := s.store.FloorFills(ctx, user, session, limit)
	if err != nil {
		return nil, fmt.Errorf("fills: %w", err)
	}
	out := make([]api.FillRow, len(all))
	for i, f := range all {
		out[i] = api.FillRow{Session: f.Session, Strategy: names[f.Session], Fill: f.Fill}
	}
	return out, nil
}

// PnL tells profit and loss by session; with the curve, of at most 2,000 points, where one is named.
func (s *Service) PnL(ctx context.Context, user, id string) ([]api.PnL, error) {
	all, err := s.chosen(ctx, user, id)
	if err != nil {
		return nil, err
	}
	out := make([]api.PnL, len(all))
	for i := range all {
		j := &all[i]
		a, err := s.books(ctx, j)
		if err != nil {
			return nil, err
		}
		out[i] = profit(j, &a)
		if id == "" {
			continue
		}
		if out[i].Curve, err = s.store.FloorEquity(ctx, j.ID, curvePoints); err != nil {
			return nil, fmt.Errorf("equity of session %s: %w", j.ID, err)
		}
	}
	return out, nil
}

// profit adds the parts up: each comes from the positions, none is found as the rest of another.
func profit(j *journal.Session, a *journal.Account) api.PnL {
	p := api.PnL{Session: j.ID, Strategy: j.Strategy, StartCash: a.StartCash, Cash: a.Cash, Equity: a.Equity, Fees: a.Fees, Simulated: j.Simulated}
	last := marks(a)
	for i := range a.Positions {
		q := &a.Positions[i]
		p.Realised = p.Realised.Add(q.Realised)
		if !q.Quantity.IsZero() {
			p.Unrealised = p.Unrealised.Add(q.Unrealised(last[q.Market]))
		}
	}
	if a.Input > 0 {
		before := a.StartCash
		if a.Before != nil {
			before = *a.Before
		}
		today := a.Equity.Sub(before)
		p.Today = &today
	}
	return p
}

// Audit returns a session's audit lines after number after, oldest first.
func (s *Service) Audit(ctx context.Context, user, id string, after int64, limit int) ([]journal.Line, error) {
	j, err := s.find(ctx, user, id)
	if err != nil {
		return nil, err
	}
	all, err := s.store.FloorLines(ctx, j.ID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("audit of session %s: %w", j.ID, err)
	}
	return all, nil
}

// Replay steps a session's recorded inputs through a fresh engine and compares the audit with the recorded one, byte for byte.
// A session that is running is replayed up to what is journalled.
func (s *Service) Replay(ctx context.Context, user, id string) (api.ReplayResult, error) {
	j, err := s.find(ctx, user, id)
	if err != nil {
		return api.ReplayResult{}, err
	}
	b, err := s.rebuild(ctx, j)
	if errors.Is(err, errUnusable) {
		return api.ReplayResult{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "replay session %s: %v", j.ID, err)
	}
	if err != nil {
		return api.ReplayResult{}, fmt.Errorf("replay session %s: %w", j.ID, err)
	}
	defer b.close()
	out := api.ReplayResult{Session: j.ID, Inputs: b.runner.Inputs(), Lines: b.stored, Recorded: b.recorded, Replayed: b.hash, Difference: b.difference}
	if out.Inputs == 0 { // the strategy's init is journalled with the first input
		out.Replayed = ""
	}
	if out.Difference == "" && b.failure != nil && j.Status == journal.Running {
		out.Difference = fmt.Sprintf("input %d: recorded: taken, replayed: %v", out.Inputs, b.failure)
	}
	out.Identical = out.Difference == "" && out.Recorded == out.Replayed
	return out, nil
}
