// Package algorithm runs backtests and keeps algorithms, their evidence and the gate that promotes them.
// It never trades, and never lets an algorithm move on without the evidence that the gate asks for.
package algorithm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/verdict"
)

// Store is what the service keeps algorithms in (internal/store). Not found is store.ErrNotFound.
type Store interface {
	PutAlgorithm(ctx context.Context, user string, a strategy.Algorithm) (strategy.Algorithm, bool, error)
	Algorithm(ctx context.Context, user, id string) (strategy.Algorithm, error)
	AlgorithmsByPrefix(ctx context.Context, user, prefix string) ([]strategy.Algorithm, error)
	Algorithms(ctx context.Context, user string) ([]strategy.Algorithm, error)
	SetAlgorithmState(ctx context.Context, user, id string, from, to strategy.State, at time.Time, reason string) error
	PutEvidence(ctx context.Context, e strategy.Evidence, report []byte) error
	Evidence(ctx context.Context, id string) (*strategy.Evidence, []byte, error)
	RecordTrial(ctx context.Context, trials ...research.CampaignTrial) error
	EndTrial(ctx context.Context, trials ...research.CampaignTrial) error
	RecordLook(ctx context.Context, t research.CampaignTrial, sealed time.Time) error
	AppendAudit(ctx context.Context, user, action, subject string, detail json.RawMessage) error
	PutBundle(ctx context.Context, user string, b store.BundleRow, body []byte) error
	Bundles(ctx context.Context, user, algorithm, prefix string, limit int) ([]store.BundleRow, error)
	Bundle(ctx context.Context, user, hash string) ([]byte, error)
	Campaign(ctx context.Context, user, codeHash string, markets []market.Market) (research.Campaign, error)
}

// Service implements gateway.Algorithms. Safe for concurrent use.
type Service struct {
	store   Store
	ledger  *ledger.Sealed
	clock   clock.Clock
	sandbox *sandbox.Host // where scripts run

	farm       *Farm              // nil: searches are this process' own; set before the service is used
	maxMissing float64            // share of a window's bars; set before the service is used
	limits     verdict.Thresholds // what the verdicts ask for; set before the service is used

	evidence sync.Mutex // held while evidence is read, changed and written back
}

// New returns a service over a store, the ledgers without their hold-out, a clock and the sandbox in which scripts run.
func New(s Store, r *ledger.Sealed, c clock.Clock, h *sandbox.Host) *Service {
	return &Service{store: s, ledger: r, clock: c, sandbox: h, limits: verdict.Defaults()}
}

// declare runs a script's top level, in a child of its own.
func (s *Service) declare(ctx context.Context, name, source string, o strategy.Options) (sandbox.Declared, error) {
	b := s.sandbox.Bench(sandbox.Script{Name: name, Source: source})
	defer b.Close()
	d, err := b.Declare(ctx, o)
	if err != nil {
		return d, problem(err)
	}
	return d, nil
}

// AllowMissing sets the share of a window's bars that may be missing where a request does not say; 0: ledger.MaxMissing.
func (s *Service) AllowMissing(share float64) { s.maxMissing = share }

// Codes of problems beside the interface's own.
const (
	CodeDataGaps    = "data_gaps"    // a window that lacks too many bars is refused
	CodeScriptLimit = "script_limit" // a script was ended by one of the sandbox's limits
)

const minPrefix = 4 // characters of an id that are enough to ask by

// Create stores a script as a draft. The same content again returns what is stored.
func (s *Service) Create(ctx context.Context, user string, r api.AlgorithmCreate) (api.Algorithm, error) {
	if strings.TrimSpace(r.Source) == "" {
		return api.Algorithm{}, bad("the script is empty: give the Starlark text as source")
	}
	o, err := options(r.Params, r.Markets, r.Interval)
	if err != nil {
		return api.Algorithm{}, err
	}
	d, err := s.declare(ctx, "strategy", r.Source, o)
	if err != nil {
		return api.Algorithm{}, err
	}
	cutoff, err := moment("model_cutoff", r.ModelCutoff)
	if err != nil {
		return api.Algorithm{}, err
	}
	if (r.Model == "") != cutoff.IsZero() {
		return api.Algorithm{}, bad("model %.40q, model_cutoff %.40q: what a language model wrote carries its name and the end of what it was trained on, both", r.Model, r.ModelCutoff)
	}
	a, err := s.put(ctx, user, d.Spec.Name, d.Content, strategy.Provenance{Author: user, Model: plain(r.Model), ModelCutoff: cutoff})
	if err != nil {
		return api.Algorithm{}, err
	}
	return s.Get(ctx, user, a.ID)
}

// put stores content as a draft; where it is stored already the first one stays.
func (s *Service) put(ctx context.Context, user, name string, c strategy.Content, p strategy.Provenance) (strategy.Algorithm, error) {
	now := s.now()
	p.CodeHash = c.CodeHash()
	a := strategy.Algorithm{ID: c.ID(), Name: name, Content: c, Provenance: p, State: strategy.Draft, StateSince: now, CreatedAt: now}
	a, _, err := s.store.PutAlgorithm(ctx, user, a)
	if err != nil {
		return a, fmt.Errorf("store algorithm %s: %w", name, err)
	}
	return a, nil
}

// now is the clock's time as the store keeps it.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(time.Microsecond) }

// List returns the user's algorithms, newest first, with their evidence but without its folds and without reports.
func (s *Service) List(ctx context.Context, user string) ([]api.Algorithm, error) {
	all, err := s.store.Algorithms(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list algorithms: %w", err)
	}
	out := make([]api.Algorithm, len(all))
	for i, a := range all {
		out[i].Algorithm = a
		e, _, err := s.known(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if e != nil {
			e.WalkForward, e.LookAhead = nil, nil
			out[i].Evidence = e
		}
	}
	return out, nil
}

// known returns what is known of an algorithm: nil where nothing is.
func (s *Service) known(ctx context.Context, id string) (*strategy.Evidence, []byte, error) {
	e, rep, err := s.store.Evidence(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("evidence of %.12s: %w", id, err)
	}
	return e, rep, nil
}

// Get returns one algorithm with its evidence, its newest report and what its next promotion needs.
func (s *Service) Get(ctx context.Context, user, id string) (api.Algorithm, error) {
	a, err := s.find(ctx, user, id)
	if err != nil {
		return api.Algorithm{}, err
	}
	e, rep, err := s.known(ctx, a.ID)
	if err != nil {
		return api.Algorithm{}, err
	}
	out := api.Algorithm{Algorithm: a, Evidence: e}
	if rep != nil {
		out.Report = new(report.Report)
		if err := json.Unmarshal(rep, out.Report); err != nil {
			return api.Algorithm{}, fmt.Errorf("stored report of %.12s: %w", a.ID, err)
		}
	}
	if to := a.State.Next(); to != "" {
		if out.Gate, err = s.gate(ctx, user, a, e, simulated(rep), to); err != nil {
			return api.Algorithm{}, err
		}
	}
	return out, nil
}

// find resolves an id or a unique prefix of one.
func (s *Service) find(ctx context.Context, user, id string) (strategy.Algorithm, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) < minPrefix {
		return strategy.Algorithm{}, bad("algorithm %q: give at least %d characters of its id ('omc algo list' shows them)", id, minPrefix)
	}
	found, err := s.store.AlgorithmsByPrefix(ctx, user, id)
	if err != nil {
		return strategy.Algorithm{}, fmt.Errorf("find algorithm %.64s: %w", id, err)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return strategy.Algorithm{}, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no algorithm has an id that begins with %.64q ('omc algo list' shows them)", id)
	}
	names := make([]string, 0, 3)
	for _, a := range found[:min(3, len(found))] {
		names = append(names, fmt.Sprintf("%.12s (%s)", a.ID, a.Name))
	}
	return strategy.Algorithm{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%d algorithms begin with %q: %s; give more characters", len(found), id, strings.Join(names, ", "))
}

// Retire ends an algorithm's life, from any state. The reason goes to the audit.
func (s *Service) Retire(ctx context.Context, user, id, reason string) (api.Algorithm, error) {
	a, err := s.find(ctx, user, id)
	if err != nil {
		return api.Algorithm{}, err
	}
	if a.State == strategy.Retired {
		return api.Algorithm{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%s %.12s is retired already, since %s", a.Name, a.ID, a.StateSince.Format(time.RFC3339))
	}
	return s.move(ctx, user, a, strategy.Retired, reason)
}

// move sets a state with the audit row of it, and returns the algorithm anew.
func (s *Service) move(ctx context.Context, user string, a strategy.Algorithm, to strategy.State, reason string) (api.Algorithm, error) {
	if len(reason) > 1000 {
		return api.Algorithm{}, bad("the reason has %d characters, at most 1000 are kept", len(reason))
	}
	err := s.store.SetAlgorithmState(ctx, user, a.ID, a.State, to, s.now(), reason)
	if errors.Is(err, store.ErrConflict) {
		return api.Algorithm{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%s %.12s changed meanwhile: look again with 'omc algo show %.12s'", a.Name, a.ID, a.ID)
	}
	if err != nil {
		return api.Algorithm{}, fmt.Errorf("move algorithm %.12s to %s: %w", a.ID, to, err)
	}
	return s.Get(ctx, user, a.ID)
}

// Examples lists the built-in strategies with their declared defaults.
func (s *Service) Examples() []api.AlgorithmCreate {
	var out []api.AlgorithmCreate
	for _, ex := range strategy.Examples() {
		c := api.AlgorithmCreate{Source: ex.Source}
		if spec, err := strategy.Declare([]byte(ex.Source)); err == nil {
			c.Interval, c.Params = spec.Interval.String(), map[string]float64{}
			for _, m := range spec.Markets {
				c.Markets = append(c.Markets, m.String())
			}
			for _, p := range spec.Params {
				c.Params[p.Name] = p.Value
			}
		}
		out = append(out, c)
	}
	return out
}

// options turns the text of a request into overrides.
func options(params map[string]float64, markets []string, interval string) (o strategy.Options, err error) {
	o.Params = params
	for _, text := range markets {
		m, err := market.ParseMarket(text)
		if err != nil {
			return o, bad("%v", err)
		}
		o.Markets = append(o.Markets, m)
	}
	if interval != "" {
		if o.Interval, err = market.ParseInterval(interval); err != nil {
			return o, bad("%v", err)
		}
	}
	return o, nil
}

func bad(format string, args ...any) error {
	return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, format, args...)
}

// problem turns what is the caller's to mend into a Problem and leaves everything else as it is.
func problem(err error) error {
	var script *strategy.ScriptError
	var holes *ledger.HolesError
	var limit *sandbox.LimitError
	var sealed *ledger.SealedError
	var ambiguous *ledger.AmbiguousError
	switch {
	case errors.As(err, &ambiguous):
		return bad("%s", ambiguous.Error())
	case errors.As(err, &sealed):
		return api.NewProblem(http.StatusUnprocessableEntity, api.CodeHoldout, "%s", sealed.Error())
	case errors.As(err, &script):
		return bad("%s", script.Backtrace())
	case errors.As(err, &limit):
		return api.NewProblem(http.StatusUnprocessableEntity, CodeScriptLimit, "%s", limit.Error())
	case errors.As(err, &holes):
		return api.NewProblem(http.StatusUnprocessableEntity, CodeDataGaps, "%s", holes.Error())
	case errors.Is(err, report.ErrSettings), errors.Is(err, backtest.ErrNoBars), errors.Is(err, backtest.ErrFolds):
		return bad("%v", err)
	}
	return err
}
