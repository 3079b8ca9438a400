package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/strategy"
)

// watched is how long the paper trading takes on a terminal, where somebody watches.
const watched = 15 * time.Second

// trade promotes the best candidate to paper and runs it over what research has not seen.
func (r *run) trade(ctx context.Context) error {
	if r.state.Algorithm == "" {
		r.reason = "research found no candidate to promote"
		fmt.Fprintln(r.f.IO.Out, r.reason)
		return nil
	}
	promoted, err := r.promote(ctx)
	if err != nil || !promoted {
		return err
	}
	if r.state.Floor == "" {
		if r.o.Speed == 0 && r.f.IO.OutTerminal {
			r.o.Speed = float64(r.state.To.Sub(r.state.Split)) / float64(watched)
		}
		s, err := r.floor(ctx)
		if err != nil {
			return err
		}
		if err := r.save(func(st *state) { st.Floor = s.ID }); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.f.IO.Out, "floor session %s trades on paper over %s to %s\n", r.state.Floor, r.state.Split.Format(time.DateOnly), r.state.To.Format(time.DateOnly))
	return r.watch(ctx)
}

// floor starts the floor session, or finds the one that a demo killed before it could write it down has started.
func (r *run) floor(ctx context.Context) (api.FloorSession, error) {
	there, err := r.c.FloorSessions(ctx)
	if err != nil {
		return api.FloorSession{}, err
	}
	for _, s := range there {
		if s.Algorithm == r.state.Algorithm && s.Feed == "replay" && s.FeedArgs.From.Equal(r.state.Split) && s.FeedArgs.To.Equal(r.state.To) {
			return s, nil
		}
	}
	return r.c.StartFloor(ctx, api.FloorRequest{
		Algorithm: r.state.Algorithm, Paper: true, Feed: "replay", From: r.state.Split.Format(time.RFC3339), To: r.state.To.Format(time.RFC3339), Speed: r.o.Speed,
		AcceptRisk: []string{api.RiskHoldout}, // the demo's unseen part is the newest: its replay is the one look at it
	})
}

// promote goes draft → validated → paper. A gate's refusal is a result, not a failure of the demo.
func (r *run) promote(ctx context.Context) (bool, error) {
	for {
		a, err := r.c.Algorithm(ctx, r.state.Algorithm)
		if err != nil {
			return false, err
		}
		if a.State == strategy.Paper || a.State == strategy.Live {
			return true, nil
		}
		next := a.State.Next()
		if next == "" {
			r.reason = fmt.Sprintf("algorithm %s is %s", factory.Short(a.ID), a.State)
			return false, nil
		}
		_, err = r.c.Promote(ctx, a.ID, api.PromoteRequest{To: next, Reason: "demo"})
		var p *api.Problem
		if errors.As(err, &p) && factory.ExitCode(err) == factory.ExitRefused {
			r.reason = fmt.Sprintf("the gate refuses %s: %s", next, p.Detail)
			fmt.Fprintln(r.f.IO.Out, r.reason)
			for _, why := range p.Errors {
				if !why.Passed {
					fmt.Fprintf(r.f.IO.Out, "  ✗ %s: %s\n", why.Code, why.Text)
				}
			}
			return false, nil
		}
		if err != nil {
			return false, err
		}
		fmt.Fprintf(r.f.IO.Out, "promoted %s %s: %s → %s\n", a.Name, factory.Short(a.ID), a.State, next)
	}
}
