package algorithm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/verdict"
)

// What the gate asks for. docs/promotion.md states the same numbers.
const (
	leastFolds = 2
	freshFor   = 90 * 24 * time.Hour
)

// Promote moves an algorithm one state on, when the gate holds. A refusal is a Problem with code "refused" and every reason.
func (s *Service) Promote(ctx context.Context, user, id string, r api.PromoteRequest) (api.Algorithm, error) {
	a, err := s.find(ctx, user, id)
	if err != nil {
		return api.Algorithm{}, err
	}
	next := a.State.Next()
	if r.To == "" {
		r.To = next
	}
	switch {
	case next == "":
		return api.Algorithm{}, refuse(fmt.Sprintf("%s %.12s is %s: nothing follows that", a.Name, a.ID, a.State),
			failed("no_next_state", "state is %s; wanted draft, validated or paper", a.State))
	case r.To != next:
		return api.Algorithm{}, refuse(fmt.Sprintf("%s %.12s is %s: it can be promoted to %s, not to %.20q", a.Name, a.ID, a.State, next, string(r.To)),
			failed("one_state_at_a_time", "asked for %.20q; the next state after %s is %s", string(r.To), a.State, next))
	}
	e, rep, err := s.known(ctx, a.ID)
	if err != nil {
		return api.Algorithm{}, err
	}
	reasons, err := s.gate(ctx, user, a, e, simulated(rep), next)
	if err != nil {
		return api.Algorithm{}, err
	}
	var missing []string
	for _, q := range reasons {
		if !q.Passed && !q.Advisory {
			missing = append(missing, q.Code+": "+q.Text)
		}
	}
	if len(missing) > 0 {
		return api.Algorithm{}, refuse(fmt.Sprintf("%s; %s", rule[next], strings.Join(missing, "; ")), reasons...)
	}
	return s.move(ctx, user, a, next, r.Reason)
}

// rule says in a sentence what each state asks for.
var rule = map[strategy.State]string{
	strategy.Validated: "validated needs a completed walk-forward backtest, no look-ahead finding and a count of the trials",
	strategy.Paper:     "paper needs a completed walk-forward backtest and no look-ahead finding",
	strategy.Live:      "live trading is not available in this version",
}

func refuse(detail string, reasons ...research.Reason) error {
	return &api.Problem{Title: "promotion refused", Status: http.StatusConflict, Code: api.CodeRefused, Detail: detail, Errors: reasons}
}

// gate is Gate with what is known of this machine.
func (s *Service) gate(ctx context.Context, user string, a strategy.Algorithm, e *strategy.Evidence, simulated bool, next strategy.State) ([]research.Reason, error) {
	if next == strategy.Live {
		return s.liveGate(ctx, user, a)
	}
	return Gate(a, e, simulated, next, s.limits, s.clock.Now()), nil
}

// Gate lists what the promotion of a to the state next needs, one by one, and whether it holds. It is a pure function of what is
// known, for every state but live; simulated says that the evidence stands on simulated prices. A reason that is advisory is stated and
// does not refuse.
func Gate(a strategy.Algorithm, e *strategy.Evidence, simulated bool, next strategy.State, t verdict.Thresholds, now time.Time) []research.Reason {
	wf, out := walkForward(a, e)
	out = append(out, lookAhead(a, e), counted(e))
	if wf != nil {
		out = append(out, length(wf, next, &t), trades(wf, next, &t))
	}
	if next == strategy.Paper {
		out = append(out, fresh(a, e, now))
	}
	out = append(out, deflated(e, &t))
	if wf != nil {
		out = append(out, againstHolding(wf))
	}
	if simulated || a.Provenance.Simulated {
		out = append(out, advisory(false, "simulated_data", "it was made or tested on simulated prices, which say nothing of a real market"))
	}
	return out
}

// simulated reads that mark from a stored report.
func simulated(rep []byte) bool {
	var r struct {
		Simulated bool `json:"simulated"`
	}
	return rep != nil && json.Unmarshal(rep, &r) == nil && r.Simulated
}

// liveGate is the list of what live trading still needs. What the newest evidence bundle refuses is part of it.
func (s *Service) liveGate(ctx context.Context, user string, a strategy.Algorithm) ([]research.Reason, error) {
	sandboxed := passed("sandbox_missing", "scripts run in child processes without network and files, with a memory limit")
	if err := s.sandbox.Contained(ctx); err != nil {
		sandboxed = failed("sandbox_missing", "measured: %v; wanted: child processes without network and with a memory limit", err)
	}
	out := []research.Reason{
		failed("live_not_available", "this version has no venue that takes real orders; nothing you can do changes that"),
		failed(verdict.CodeRecord, "measured: no judged paper record; wanted: one that a later version will compare with the backtest"),
		failed(verdict.CodeApproval, "measured: no approval; wanted: a named person who approves this exact algorithm"),
		sandboxed,
		failed("no_credentials", "measured: no venue credentials are kept; wanted: a user's own, encrypted"),
	}
	const code = "evidence_bundle"
	kept, err := s.store.Bundles(ctx, user, a.ID, "", 1)
	if err != nil {
		return nil, err
	}
	if len(kept) == 0 {
		return append(out, failed(code, "measured: none for this exact content; wanted: one whose verdict allows live trading; run 'omc algo validate %.12s'", a.ID)), nil
	}
	body, err := s.store.Bundle(ctx, user, kept[0].Hash)
	if err != nil {
		return nil, err
	}
	b, err := verdict.Decode(body)
	if err != nil {
		return append(out, failed(code, "measured: %v; wanted: one that can be read; run 'omc algo validate %.12s' again", err, a.ID)), nil
	}
	age := s.clock.Now().Sub(kept[0].Created)
	if age > freshFor {
		out = append(out, failed(code, "measured: the newest is %d days old; wanted: at most %d", int(age.Hours()/24), int(freshFor.Hours()/24)))
	} else {
		out = append(out, passed(code, "%.12s of %s", kept[0].Hash, kept[0].Created.Format(time.DateOnly)))
	}
	for _, r := range b.Live.Reasons {
		if r.Code != verdict.CodeRecord && r.Code != verdict.CodeApproval {
			out = append(out, r)
		}
	}
	return out, nil
}

// walkForward reads the stored walk-forward; nil where it is missing or not complete.
func walkForward(a strategy.Algorithm, e *strategy.Evidence) (*backtest.WalkForward, []research.Reason) {
	const code = "walk_forward"
	how := fmt.Sprintf("run 'omc algo backtest %.12s --walk-forward 5'", a.ID)
	if e == nil || e.Algorithm != a.ID || len(e.WalkForward) == 0 || string(e.WalkForward) == "null" {
		return nil, []research.Reason{failed(code, "measured: none for this exact content; wanted: a completed one of at least %d folds; %s", leastFolds, how)}
	}
	var wf backtest.WalkForward
	if err := json.Unmarshal(e.WalkForward, &wf); err != nil {
		return nil, []research.Reason{failed(code, "measured: the stored one cannot be read; wanted: a completed one; %s", how)}
	}
	if !wf.Complete || len(wf.Folds) < leastFolds {
		return nil, []research.Reason{failed(code, "measured: %d folds, complete: %v; wanted: a completed one of at least %d folds; %s", len(wf.Folds), wf.Complete, leastFolds, how)}
	}
	return &wf, []research.Reason{passed(code, "%d folds completed, out of sample from %s to %s, return %+.1f %%",
		len(wf.Folds), wf.From.Format(time.DateOnly), wf.To.Format(time.DateOnly), wf.Return*100)}
}

func lookAhead(a strategy.Algorithm, e *strategy.Evidence) research.Reason {
	const code = "lookahead"
	how := fmt.Sprintf("'omc algo backtest %.12s --walk-forward 5' runs the test", a.ID)
	if e == nil || len(e.LookAhead) == 0 || string(e.LookAhead) == "null" {
		return failed(code, "measured: not tested; wanted: no finding; %s", how)
	}
	var la backtest.LookAhead
	if err := json.Unmarshal(e.LookAhead, &la); err != nil {
		return failed(code, "measured: the stored test cannot be read; wanted: no finding; %s", how)
	}
	if !la.Finding.Passed && strings.HasPrefix(la.Finding.Text, "not tested") {
		return failed(code, "measured: %s; wanted: a test without a finding; %s, over a window in which it decides", la.Finding.Text, how)
	}
	if !la.Finding.Passed {
		return failed(code, "measured: %s; wanted: no finding; the script must be mended, which makes it another algorithm", la.Finding.Text)
	}
	return passed(code, "%s", la.Finding.Text)
}

func counted(e *strategy.Evidence) research.Reason {
	if e == nil || e.Trials < 1 {
		return failed("trials_counted", "measured: no count; wanted: how many candidates were tried before this one; a walk-forward backtest counts them")
	}
	return passed("trials_counted", "%d trials counted", e.Trials)
}

func length(wf *backtest.WalkForward, next strategy.State, t *verdict.Thresholds) research.Reason {
	const code = "too_short"
	n := len(wf.Days)
	switch {
	case n < t.PaperDays && next == strategy.Validated:
		return failed(code, "measured: %d out-of-sample days; wanted: at least %d; use a longer window", n, t.PaperDays)
	case n < t.Days:
		return advisory(false, code, "measured: %d out-of-sample days; under %d chance rules; a longer window would change it", n, t.Days)
	}
	return advisory(true, code, "%d out-of-sample days", n)
}

func trades(wf *backtest.WalkForward, next strategy.State, t *verdict.Thresholds) research.Reason {
	const code = "too_few_trades"
	filled := 0
	for i := range wf.Folds {
		filled += wf.Folds[i].Orders.Filled + wf.Folds[i].Orders.Partial
	}
	switch {
	case filled == 0 && next == strategy.Validated:
		return failed(code, "measured: no order was filled out of sample; wanted: at least one; a strategy that never trades proves nothing")
	case wf.Trades < t.Trades:
		return advisory(false, code, "measured: %d closed trades out of sample; under %d a few lucky ones decide; a longer window would change it", wf.Trades, t.Trades)
	}
	return advisory(true, code, "%d closed trades out of sample", wf.Trades)
}

func fresh(a strategy.Algorithm, e *strategy.Evidence, now time.Time) research.Reason {
	const code = "evidence_fresh"
	if e == nil {
		return failed(code, "measured: no evidence; wanted: some, at most %d days old", int(freshFor.Hours()/24))
	}
	age := now.Sub(e.UpdatedAt)
	if age > freshFor {
		return failed(code, "measured: the evidence is %d days old; wanted: at most %d; run 'omc algo backtest %.12s --walk-forward 5' again",
			int(age.Hours()/24), int(freshFor.Hours()/24), a.ID)
	}
	return passed(code, "the evidence is of %s, for exactly this content", e.UpdatedAt.Format(time.DateOnly))
}

func deflated(e *strategy.Evidence, t *verdict.Thresholds) research.Reason {
	const code = "deflated_sharpe"
	if e == nil || e.DSR == nil {
		return advisory(false, code, "measured: none: the days out of sample have no Sharpe ratio; a window in which it trades would give one")
	}
	if *e.DSR < t.DSR {
		return advisory(false, code, "measured: %.3f after %d trials; wanted for money: %.2f; as it stands this result may well be luck", *e.DSR, e.Trials, t.DSR)
	}
	return advisory(true, code, "%.3f after %d trials", *e.DSR, e.Trials)
}

func againstHolding(wf *backtest.WalkForward) research.Reason {
	const code = "beats_holding"
	if wf.Sharpe == nil || wf.HoldSharpe == nil {
		return advisory(false, code, "measured: no Sharpe ratio to compare; wanted: one above buy-and-hold's")
	}
	return advisory(*wf.Sharpe > *wf.HoldSharpe, code, "out-of-sample Sharpe %.2f, buy-and-hold %.2f", *wf.Sharpe, *wf.HoldSharpe)
}

func failed(code, format string, args ...any) research.Reason {
	return research.Reason{Code: code, Text: fmt.Sprintf(format, args...)}
}

func passed(code, format string, args ...any) research.Reason {
	return research.Reason{Code: code, Passed: true, Text: fmt.Sprintf(format, args...)}
}

func advisory(ok bool, code, format string, args ...any) research.Reason {
	return research.Reason{Code: code, Passed: ok, Advisory: true, Text: fmt.Sprintf(format, args...)}
}
