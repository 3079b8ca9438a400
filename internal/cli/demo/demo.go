// Package demo has the command that shows the whole way once: prices, research, evidence, promotion, trading on paper.
// It uses the same interface as every other command and has no shortcut of its own.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/cli/floor"
	"github.com/ohmycoins/omc/internal/cli/lab"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/widget"
)

// Options are what `omc demo` is told.
type Options struct {
	Data  string // folder with candle files; "": OMC_SHARED's, else the network, else the simulator
	Goal  string
	Speed float64
}

const defaultGoal = "find a trend or momentum strategy on BTC and ETH"

// New returns the command `omc demo`.
func New(f *factory.Factory) *cobra.Command {
	o := Options{}
	cmd := &cobra.Command{
		Use: "demo", Short: "The whole way in two minutes, from prices to trading on paper", Args: cobra.NoArgs,
		Long: "Show the whole way: get prices, research strategies on the older part of them, show the evidence, promote the best candidate to paper and\n" +
			"trade it over the newer part that research has not seen. Without --data-dir it works in a temporary folder, which stays.\n" +
			"Interrupted, it goes on where it was: run it again with the same --data-dir. It succeeds even where the verdict is that nothing deserves money.",
		Example: "  omc demo\n  omc demo --data-dir ~/omc-demo\n  omc demo --data /path/to/candles",
		RunE:    func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), f, o) },
	}
	cmd.Flags().StringVar(&o.Data, "data", "", "folder with candle files (csv, csv.gz, zip) to import")
	cmd.Flags().StringVar(&o.Goal, "goal", defaultGoal, "what to research")
	cmd.Flags().Float64Var(&o.Speed, "speed", 0, "speed of the paper trading, times real speed; 0: as fast as it goes")
	return cmd
}

// run is one run of the demo.
type run struct {
	f      *factory.Factory
	o      Options
	c      *client.Client
	dir    string
	state  state
	start  time.Time
	reason string // why no algorithm trades, where none does
}

// Run does the five steps, from wherever the data directory's state says.
func Run(ctx context.Context, f *factory.Factory, o Options) error {
	r := &run{f: f, o: o, start: f.Now()}
	if err := r.open(ctx); err != nil {
		return err
	}
	for _, s := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"1/5 omc runs embedded: SQLite in " + r.dir, func(context.Context) error { return nil }},
		{"2/5 prices", r.prices},
		{"3/5 research on the older part", r.research},
		{"4/5 promotion and paper trading on the newer part", r.trade},
		{"5/5 summary", r.summary},
	} {
		fmt.Fprintf(f.IO.Out, "\n== %s\n", s.title)
		if err := s.do(ctx); err != nil {
			if ctx.Err() != nil || errors.Is(err, context.Canceled) {
				f.Say("interrupted; go on with: omc demo --data-dir %s", r.dir)
			}
			return err
		}
	}
	return nil
}

func (r *run) open(ctx context.Context) error {
	chosen := *r.f.Flags["data_dir"] != "" || r.f.Getenv("OMC_DATA_DIR") != ""
	if !chosen {
		dir, err := os.MkdirTemp("", "omc-demo-")
		if err != nil {
			return fmt.Errorf("temporary data directory: %w", err)
		}
		*r.f.Flags["data_dir"] = dir
	}
	c, err := r.f.Config()
	if err != nil {
		return err
	}
	r.dir = c.Get("data_dir")
	r.f.Resume = true // sessions that a killed demo left go on
	if r.c, err = r.f.Client(ctx); err != nil {
		return err
	}
	return r.load()
}

func (r *run) research(ctx context.Context) error {
	if r.state.Lab == "" {
		s, err := r.session(ctx)
		if err != nil {
			return err
		}
		if err := r.save(func(st *state) { st.Lab = s.ID }); err != nil {
			return err
		}
	} else {
		s, err := r.c.Session(ctx, r.state.Lab)
		if err != nil {
			return err
		}
		r.f.Say("lab session %s is there already (%s)", s.ID, s.Status)
		if s.Status == research.Paused || s.Status == research.Failed {
			if _, err := r.c.ResumeSession(ctx, s.ID); err != nil {
				return err
			}
		}
	}
	if err := lab.Work(ctx, r.f, r.state.Lab, 0); err != nil {
		return err
	}
	s, err := r.c.Session(ctx, r.state.Lab)
	if err != nil {
		return err
	}
	if s.Status != research.Done {
		return fmt.Errorf("lab session %s ended as %s: %s", s.ID, s.Status, s.Error)
	}
	if r.state.Algorithm == "" && s.Best != "" {
		return r.save(func(st *state) { st.Algorithm = s.Best })
	}
	return nil
}

// session opens the lab session, or finds the one that a demo killed before it could write it down has opened.
func (r *run) session(ctx context.Context) (research.Session, error) {
	want := r.request()
	there, err := r.c.Sessions(ctx)
	if err != nil {
		return research.Session{}, err
	}
	for _, s := range there {
		if s.Goal == want.Goal && s.Options.From == want.Options.From && s.Options.To == want.Options.To && s.Status != research.Cancelled {
			return s, nil
		}
	}
	return r.c.OpenSession(ctx, want)
}

func (r *run) watch(ctx context.Context) error {
	return floor.Watch(ctx, r.f, r.c, r.state.Floor, 0)
}

func (r *run) summary(ctx context.Context) error {
	out := r.f.IO.Out
	if r.state.Simulated {
		fmt.Fprintln(out, "The prices were SIMULATED: nothing here says anything about a real market.")
	}
	s, err := r.c.Session(ctx, r.state.Lab)
	if err != nil {
		return err
	}
	r.item("research", fmt.Sprintf("session %s, %d trials: %s", s.ID, s.Trials, s.Verdict))
	if r.reason != "" {
		r.item("trading", "none: "+r.reason)
	}
	if r.state.Floor != "" {
		p, err := r.c.PnL(ctx, r.state.Floor)
		if err != nil {
			return err
		}
		for _, l := range p {
			r.item("trading", fmt.Sprintf("session %s, %s: equity %s of %s, realised %s, unrealised %s, fees %s", l.Session, l.Strategy,
				l.Equity.StringFixed(2), l.StartCash.StringFixed(2), l.Realised.StringFixed(2), l.Unrealised.StringFixed(2), l.Fees.StringFixed(2)))
		}
	}
	r.item("took", r.f.Now().Sub(r.start).Round(time.Second).String())
	fmt.Fprintf(out, "\nGo on with (everything the demo made is kept there):\n  export OMC_DATA_DIR=%s\n  omc tui\n", quoted(r.dir))
	for _, next := range r.next() {
		fmt.Fprintln(out, "  "+next)
	}
	return nil
}

// item writes a name and its text, broken between words under each other.
func (r *run) item(name, text string) {
	const indent = 11
	for i, l := range widget.Wrap(widget.Neutralise(text), max(30, r.f.IO.Width-indent-1)) {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(r.f.IO.Out, "%-*s%s\n", indent, name, l)
	}
}

func (r *run) next() []string {
	out := []string{"omc data coins", "omc lab show " + r.state.Lab}
	if r.state.Algorithm != "" {
		out = append(out, "omc algo show "+factory.Short(r.state.Algorithm))
	}
	if r.state.Floor != "" {
		out = append(out, "omc floor positions", "omc floor trades "+r.state.Floor, "omc floor replay "+r.state.Floor)
	}
	return out
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	for _, c := range path {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '/' && c != '.' && c != '-' && c != '_' {
			return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
		}
	}
	return filepath.Clean(path)
}
