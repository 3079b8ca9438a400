package algorithm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/verdict"
)

const mostBundles = 100 // that one listing names

// verifyTime bounds a verification: a bundle may be anybody's, with a script that takes its time in every run.
const verifyTime = 30 * time.Minute

func (s *Service) keepBundle(ctx context.Context, user string, b *verdict.Bundle) (*api.Validation, error) {
	body, hash, err := b.Encode()
	if err != nil {
		return nil, err
	}
	row := store.BundleRow{Hash: hash, Algorithm: b.Inputs.Algorithm, Created: s.now()}
	if err := s.store.PutBundle(ctx, user, row, body); err != nil {
		return nil, err
	}
	return &api.Validation{Hash: hash, Bundle: body}, nil
}

// Bundles names the user's evidence bundles of an algorithm, or of all, newest first.
func (s *Service) Bundles(ctx context.Context, user, id string) ([]api.BundleName, error) {
	if id != "" {
		a, err := s.find(ctx, user, id)
		if err != nil {
			return nil, err
		}
		id = a.ID
	}
	rows, err := s.store.Bundles(ctx, user, id, "", mostBundles)
	if err != nil {
		return nil, err
	}
	out := make([]api.BundleName, len(rows))
	for i, r := range rows {
		out[i] = api.BundleName{Hash: r.Hash, Algorithm: r.Algorithm, Created: r.Created}
	}
	return out, nil
}

// Evidence returns a stored bundle by its hash or a unique beginning of it.
func (s *Service) Evidence(ctx context.Context, user, hash string) (*api.Validation, error) {
	hash = strings.ToLower(strings.TrimSpace(hash))
	if len(hash) < minPrefix {
		return nil, bad("evidence bundle %.64q: give at least %d characters of its hash", hash, minPrefix)
	}
	rows, err := s.store.Bundles(ctx, user, "", hash, 2)
	if err != nil {
		return nil, err
	}
	switch len(rows) {
	case 0:
		return nil, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no evidence bundle has a hash that begins with %.64q: 'omc algo validate' makes one", hash)
	case 2:
		return nil, api.NewProblem(http.StatusConflict, api.CodeConflict, "several evidence bundles begin with %.64q: give more characters", hash)
	}
	body, err := s.store.Bundle(ctx, user, rows[0].Hash)
	if err != nil {
		return nil, err
	}
	return &api.Validation{Hash: rows[0].Hash, Bundle: body}, nil
}

// Verify makes a bundle's measurements again from its inputs and the ledgers, and says what comes out otherwise. Its runs are in the trial ledger
// already where the bundle was made here; those of a foreign one are added: their results are shown. What the
// look at the hold-out showed is not run again unless that risk is accepted: then it is another look.
func (s *Service) Verify(ctx context.Context, user string, r api.VerifyRequest) (*api.Verification, error) {
	if err := risks(&api.BacktestRequest{AcceptRisk: r.AcceptRisk}); err != nil {
		return nil, err
	}
	body := []byte(r.Bundle)
	if r.Hash != "" {
		if len(body) > 0 {
			return nil, bad("a hash and a bundle: want one of them")
		}
		kept, err := s.Evidence(ctx, user, r.Hash)
		if err != nil {
			return nil, err
		}
		body = kept.Bundle
	}
	body = pretty(body)
	b, err := verdict.Decode(body)
	if err != nil {
		return nil, bad("%v", err)
	}
	out := &api.Verification{Hash: verdict.Hash(body)}
	own, err := s.store.Bundles(ctx, user, "", out.Hash, 1)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, verifyTime, bad("the bundle's runs take longer than %s", verifyTime))
	defer cancel()
	if out.Differences, err = s.repeat(ctx, user, b, out, len(own) == 1, slices.Contains(r.AcceptRisk, api.RiskHoldout)); err != nil {
		if ctx.Err() != nil && context.Cause(ctx) != context.Canceled {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	out.Same = len(out.Differences) == 0
	return out, nil
}

// pretty lays a bundle's JSON out as Encode does: what carried it may have taken the spaces out.
func pretty(body []byte) []byte {
	var buf bytes.Buffer
	if err := json.Indent(&buf, bytes.TrimSpace(body), "", " "); err != nil {
		return body // Decode says what is wrong with it
	}
	buf.WriteByte('\n')
	return buf.Bytes()
}

// repeat runs a bundle's validation again and returns what differs. What it says of the campaign follows from no run: it stands where these very
// bytes were made here, own, and is named as not verified otherwise.
func (s *Service) repeat(ctx context.Context, user string, b *verdict.Bundle, told *api.Verification, own, look bool) ([]string, error) {
	in := b.Inputs
	if len(in.Keys) > in.Trials || len(in.Ratios) > in.Trials || len(in.RatioDays) != len(in.Ratios) || in.Looks > in.Trials {
		return []string{fmt.Sprintf("/inputs/trials: %d, of which %d have a ratio, %d are compared and %d looked at the hold-out: that cannot be", in.Trials, len(in.Ratios), len(in.Keys), in.Looks)}, nil
	}
	if got := in.Content.ID(); got != in.Algorithm {
		return []string{fmt.Sprintf("/inputs/algorithm: it says %s, the content's hash is %s", clipped(in.Algorithm), got)}, nil
	}
	r := api.ValidateRequest{Seed: in.Seed, BacktestRequest: api.BacktestRequest{Strategy: in.Name, Source: in.Content.Script, Params: in.Content.Params, Interval: in.Content.Interval.String(),
		From: in.From.Format(time.RFC3339Nano), To: in.To.Format(time.RFC3339Nano), Settings: &in.Settings, WalkForward: in.Folds, MaxMissing: 1}}
	for _, m := range in.Content.Markets {
		r.Markets = append(r.Markets, m.String())
	}
	if in.Resamples > 100*bandResamples || in.Entries > 100*randomEntries || in.Folds < 2 {
		return nil, bad("the bundle asks for %d resamples, %d random entries and %d folds: that is more than a validation does", in.Resamples, in.Entries, in.Folds)
	}
	v, err := s.validation(ctx, user, &r)
	if err != nil {
		return nil, err
	}
	defer v.bench.Close()
	v.shown = own
	if err := v.prepare(ctx, &r); err != nil {
		return nil, err
	}
	var differs []string
	if got := v.content.ID(); got != in.Algorithm {
		differs = append(differs, fmt.Sprintf("/inputs/content: it runs as %.12s, not as %.12s: not all parameters are said", got, in.Algorithm))
	}
	if v.name != in.Name {
		differs = append(differs, fmt.Sprintf("/inputs/name: %q, the script's is %q", clipped(in.Name), v.name))
	}
	if len(differs) > 0 {
		return differs, nil
	}
	if err := v.runs(ctx); err != nil {
		return nil, err
	}
	if v.campaign, err = s.store.Campaign(ctx, user, v.content.CodeHash(), v.content.Markets); err != nil {
		return nil, err
	}
	if !own {
		told.Unverified = append(told.Unverified, fmt.Sprintf("the campaign: this bundle was not made here, or was changed; that there were %d trials with these Sharpe ratios and %d looks, and which trials are compared, is its word; the trial ledger here has %d and %d",
			in.Trials, in.Looks, v.campaign.Trials, v.campaign.Looks))
	}
	if v.strangers(in.Keys) {
		v.word = &b.Findings
		told.Unverified = append(told.Unverified, "the probability of overfitting and the data snooping: trials that they are taken over are not in the trial ledger here, or not among its newest")
	}
	if in.Limits != s.limits {
		told.Unverified = append(told.Unverified, "the thresholds: they are the bundle's, the settings gate.* here ask for others")
	}
	model, cutoff, err := s.writer(ctx, user, v.content.CodeHash())
	if err != nil {
		return nil, err
	}
	if model != in.Model || (cutoff == nil) != (in.Cutoff == nil) || cutoff != nil && !cutoff.Equal(*in.Cutoff) {
		told.Unverified = append(told.Unverified, fmt.Sprintf("who wrote the script: the bundle says %s, here it is known as %s's", writtenBy(in.Model, in.Cutoff), writtenBy(model, cutoff)))
	}
	hash, sources, simulated := v.in.DataHash, v.in.Sources, v.in.Simulated
	v.in = in // what the judgement took from the campaign, and who wrote it, is the bundle's word
	v.in.DataHash, v.in.Sources, v.in.Simulated = hash, sources, simulated
	if err := v.lookAgain(ctx, b, told, own, look); err != nil {
		return nil, err
	}
	if hash != in.DataHash {
		told.Notes = append(told.Notes, "the ledger's bars of the window are not those that the bundle names: they were revised, filled or replaced since, or it was another window")
	}
	return verdict.Differences(b, v.bundle())
}

// strangers reports that some of the trials are not in the campaign.
func (v *validation) strangers(keys []string) bool {
	known := make(map[string]bool, len(v.campaign.Ran))
	for i := range v.campaign.Ran {
		known[v.campaign.Ran[i].Key] = true
	}
	return slices.ContainsFunc(keys, func(k string) bool { return !known[k] })
}

func writtenBy(model string, cutoff *time.Time) string {
	if cutoff == nil {
		return "a person"
	}
	return fmt.Sprintf("%s (%s)", clipped(model), cutoff.Format(time.DateOnly))
}

// clipped bounds what a bundle of anybody's says.
func clipped(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}

// lookAgain repeats the look at the hold-out where that is accepted, and takes the bundle's word for it otherwise.
func (v *validation) lookAgain(ctx context.Context, b *verdict.Bundle, told *api.Verification, own, accepted bool) error {
	h := b.Findings.Holdout
	switch {
	case h == nil:
		return nil
	case !accepted:
		v.out.Holdout = h
		told.Unverified = append(told.Unverified, "the look at the hold-out: it was not run again; --accept-risk=holdout does, and counts it")
		return nil
	}
	v.view.sealed, v.view.end = h.From, h.To
	if err := v.look(ctx, 1); err != nil {
		return err
	}
	v.out.Holdout.Unseen = h.Unseen // of the first time
	if !own {
		told.Unverified = append(told.Unverified, fmt.Sprintf("that %d days of the hold-out were unseen when it was looked at", h.Unseen))
	}
	return nil
}
