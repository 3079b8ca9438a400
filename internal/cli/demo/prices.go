package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/data"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
)

const (
	fetchTime    = 12 * time.Second // for all public sources together, before the simulator stands in
	simulateDays = 420
	simulateSeed = 7
	maxResearch  = 730 * 24 * time.Hour // research looks back so far before the split
	heldBack     = 120 * 24 * time.Hour // at most this much is held back for trading
	maxFiles     = 64
)

// prices fills the ledger from the best source there is, and splits what is there into an older and a newer part.
func (r *run) prices(ctx context.Context) error {
	if !r.state.Prices {
		if err := r.fill(ctx); err != nil {
			return err
		}
		if err := r.split(ctx); err != nil {
			return err
		}
	}
	mark := ""
	if r.state.Simulated {
		mark = "SIMULATED "
	}
	fmt.Fprintf(r.f.IO.Out, "%sprices of %s: research %s to %s, held back until %s\n", mark, strings.Join(r.state.Markets, ", "),
		r.state.From.Format(time.DateOnly), r.state.Split.Format(time.DateOnly), r.state.To.Format(time.DateOnly))
	return nil
}

func (r *run) fill(ctx context.Context) error {
	files, err := r.files()
	if err != nil {
		return err
	}
	if len(files) > 0 {
		_, err := data.RunImport(ctx, r.f, r.c, data.ImportOptions{Files: files})
		return err
	}
	if r.fetch(ctx) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Fprintln(r.f.IO.Out, "no public price source answers: these prices are SIMULATED by omc's seeded market simulator")
	r.f.IO.Status("simulating …")
	defer r.f.IO.Status("")
	_, err = r.c.Simulate(ctx, api.SimulateRequest{Markets: []string{"BTC/USDT", "ETH/USDT", "SOL/USDT"}, Interval: "5m", From: "2024-01-01", Days: simulateDays, Seed: simulateSeed})
	return err
}

// files are the candle files to import: those of --data, or BTC and ETH of the shared folder.
func (r *run) files() ([]string, error) {
	if r.o.Data != "" {
		entries, err := os.ReadDir(r.o.Data)
		if err != nil {
			return nil, fmt.Errorf("--data: %w", err)
		}
		var out []string
		for _, e := range entries {
			name := strings.ToLower(e.Name())
			if e.Type().IsRegular() && (strings.HasSuffix(name, ".csv") && !strings.HasSuffix(name, ".rejects.csv") || strings.HasSuffix(name, ".csv.gz") || strings.HasSuffix(name, ".zip")) {
				out = append(out, filepath.Join(r.o.Data, e.Name()))
			}
		}
		if len(out) == 0 || len(out) > maxFiles {
			return nil, fmt.Errorf("--data %s: %d candle files (csv, csv.gz, zip) are in it; want 1 to %d", r.o.Data, len(out), maxFiles)
		}
		return out, nil
	}
	shared := r.f.Getenv("OMC_SHARED")
	if shared == "" {
		return nil, nil
	}
	var out []string
	for _, coin := range []string{"BTC", "ETH"} {
		p := filepath.Join(shared, "data", "binance-spot-5m", coin+"USDT-5m.csv.gz")
		if _, err := os.Stat(p); err == nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// fetch asks the public sources, for a short time, and reports whether enough came to research on.
func (r *run) fetch(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r.f.IO.Status("asking Kraken, Coinbase and Binance for public candles …")
	defer r.f.IO.Status("")
	to := r.f.Now().UTC().Truncate(24 * time.Hour)
	res, err := r.c.Fetch(ctx, api.FetchRequest{Markets: []string{"BTC/USDT", "ETH/USDT"}, Interval: "1h", From: to.Add(-maxResearch / 2).Format(time.DateOnly), To: to.Format(time.DateOnly)})
	if err != nil {
		return false
	}
	enough := 0
	for _, n := range res.Added {
		if n >= 180*24 {
			enough++
		}
	}
	return enough > 0
}

// unsealed is a moment not after split, nor after the start of any market's hold-out, which research does not see.
func (r *run) unsealed(picked []ledger.Coverage, split time.Time) (time.Time, error) {
	c, err := r.f.Config()
	if err != nil {
		return split, err
	}
	days, share := c.Holdout()
	for _, p := range picked {
		h := ledger.Holdout{Longest: time.Duration(days) * 24 * time.Hour, Share: share}
		if at := h.Start(p.First, p.Last.Add(p.Interval.Duration())); !at.IsZero() && at.Before(split) {
			split = at
		}
	}
	return split, nil
}

// split chooses the markets and the windows: the newest fifth of the common span is held back, at most heldBack.
func (r *run) split(ctx context.Context) error {
	rows, err := r.c.Coverage(ctx)
	if err != nil {
		return err
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].Last.Sub(rows[i].First) > rows[j].Last.Sub(rows[j].First) })
	var picked []ledger.Coverage
	for _, c := range named(rows, r.o.Goal) {
		if len(picked) < 3 && (len(picked) == 0 || c.Interval == picked[0].Interval && c.Last.Sub(c.First) > picked[0].Last.Sub(picked[0].First)/2) {
			picked = append(picked, c)
		}
	}
	if len(picked) == 0 {
		return fmt.Errorf("the ledger has no prices to research on")
	}
	from, to := picked[0].First, picked[0].Last
	for _, c := range picked {
		if c.First.After(from) {
			from = c.First
		}
		if c.Last.Before(to) {
			to = c.Last
		}
	}
	to = to.Truncate(24 * time.Hour)
	split := to.Add(-min(to.Sub(from)/5, heldBack)).Truncate(24 * time.Hour)
	if split, err = r.unsealed(picked, split); err != nil {
		return err
	}
	if split.Sub(from) > maxResearch {
		from = split.Add(-maxResearch)
	}
	if split.Sub(from) < 30*24*time.Hour {
		return fmt.Errorf("the prices span %d days; the demo wants at least 40", int(to.Sub(from).Hours()/24))
	}
	return r.save(func(s *state) {
		s.Prices, s.From, s.Split, s.To = true, from, split, to
		s.Markets = nil
		for _, c := range picked {
			s.Markets = append(s.Markets, c.Market.String())
			s.Simulated = s.Simulated || c.Simulated
		}
	})
}

// named are the markets whose coins the goal names; all where it names none.
func named(rows []ledger.Coverage, goal string) []ledger.Coverage {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToUpper(goal), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words[w] = true
	}
	var out []ledger.Coverage
	for _, c := range rows {
		if words[string(c.Market.Base)] {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return rows
	}
	return out
}

// request is the research the demo asks for; nothing from the split on is visible to it. The lab reads the markets out of a goal of the
// user's own.
func (r *run) request() api.LabRequest {
	o := research.Options{Interval: market.Hour.String(), From: r.state.From.Format(time.RFC3339), To: r.state.Split.Format(time.RFC3339)}
	if r.o.Goal == defaultGoal {
		o.Markets = r.state.Markets
	}
	return api.LabRequest{Goal: r.o.Goal, Options: o}
}
