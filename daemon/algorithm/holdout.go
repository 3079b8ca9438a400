package algorithm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

// ActionLook is the audit's name of a look at the hold-out.
const ActionLook = "holdout.look"

// view is how far a run may see.
type view struct {
	reader ledger.Reader
	until  time.Time // where bars are read to; zero: to the last
	sealed time.Time // where the hold-out begins; zero: there is none
	end    time.Time // of the data, where there is a hold-out
	look   bool      // the run reaches into it
	read   time.Time // where the bars that were read end
}

// risks refuses what a request cannot accept.
func risks(r *api.BacktestRequest) error {
	for _, a := range r.AcceptRisk {
		if a != api.RiskHoldout {
			return bad("accept_risk %.40q: a backtest has one risk to accept, %s", a, api.RiskHoldout)
		}
	}
	return nil
}

// view decides what a run of a strategy over [from, to) reads: without an end it ends before the hold-out, and with one after its start
// it is refused, unless the look was accepted.
func (s *Service) view(ctx context.Context, spec strategy.Spec, from, to time.Time, accept []string) (view, error) {
	sealed, end, err := s.ledger.Slice(ctx, ledger.About(spec.Markets, spec.Ledgers)...)
	if err != nil {
		return view{}, err
	}
	v := view{reader: s.ledger, until: to, sealed: sealed, end: end}
	switch inside := !sealed.IsZero() && (to.IsZero() || to.After(sealed)); {
	case inside && slices.Contains(accept, api.RiskHoldout):
		v.reader, v.look = s.ledger.Unsealed(), true
	case inside && to.IsZero() && from.Before(sealed):
		v.until = sealed
	case inside:
		return view{}, &ledger.SealedError{From: sealed}
	}
	return v, nil
}

// begin writes a run down before it is run: among the trials, and where it looks at the hold-out, among the looks too.
func (s *Service) begin(ctx context.Context, user, stage, name string, c *strategy.Content, run *sandbox.Run, v *view) (research.CampaignTrial, error) {
	to := run.To
	if v.look && (to.IsZero() || to.After(v.end)) {
		to = v.end // another trial than the one that ended before the hold-out
	}
	t, err := backtest.Tried(user, stage, "", name, c, run.From, to, &run.Settings, s.clock.Now())
	if err != nil {
		return t, err
	}
	t.Read = v.read
	if !v.look {
		if err := s.store.RecordTrial(ctx, t); err != nil {
			return t, fmt.Errorf("record the trial: %w", err)
		}
		return t, nil
	}
	if err := s.store.RecordLook(ctx, t, v.sealed); err != nil {
		return t, fmt.Errorf("record the look at the hold-out: %w", err)
	}
	detail, err := json.Marshal(map[string]any{"trial": t.ID(), "algorithm": t.Algorithm, "strategy": name, "stage": stage, "markets": c.Markets, "sealed": v.sealed, "to": to})
	if err != nil {
		return t, err
	}
	if err := s.store.AppendAudit(ctx, user, ActionLook, t.Algorithm, detail); err != nil {
		return t, fmt.Errorf("audit of the look at the hold-out: %w", err)
	}
	return t, nil
}

// holdout is what a report says of the hold-out; nil where there is none.
func (s *Service) holdout(ctx context.Context, user string, c *strategy.Content, v *view) (*report.Holdout, error) {
	if v.sealed.IsZero() {
		return nil, nil
	}
	campaign, err := s.store.Campaign(ctx, user, c.CodeHash(), c.Markets)
	if err != nil {
		return nil, err
	}
	return &report.Holdout{From: v.sealed, Looked: v.look, Looks: campaign.Looks}, nil
}
