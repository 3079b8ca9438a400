// Package lab holds the commands of research sessions: run, chat, sessions, show, resume, cancel, graph.
// It only shows and sends; the work is the lab's.
package lab

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/widget"
)

// New returns `omc lab`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "lab", Short: "Research: find strategies and what they are worth",
		Long: "A lab session works on a goal: it looks at the data, tries candidates by walk-forward, counts every trial,\nand ends with a report and a verdict, which may be that nothing deserves money."}
	cmd.AddCommand(runCommand(f), chatCommand(f), sessionsCommand(f), showCommand(f), resumeCommand(f), cancelCommand(f), graphCommand(f))
	return cmd
}

// options are the flags that open a session.
type options struct {
	markets            []string
	interval, from, to string
	model, cash        string
	maxTrials          int
	maxMissing         float64
	noAsk              bool
}

func (o *options) bind(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&o.markets, "market", nil, "markets to work on, like BTC/USDT (default: as the goal says)")
	fl.StringVar(&o.interval, "interval", "", "bar length to decide on, like 1h (default: as the goal says)")
	fl.StringVar(&o.from, "from", "", "look at nothing before this date")
	fl.StringVar(&o.to, "to", "", "look at nothing from this date on: keeps the newest history unseen")
	fl.StringVar(&o.model, "model", "builtin", "model to work with")
	fl.StringVar(&o.cash, "cash", "", "starting cash of backtests")
	fl.Float64Var(&o.maxMissing, "max-missing", 0, "share of the window's bars that may be missing (default: the setting data.max_missing)")
	fl.IntVar(&o.maxTrials, "max-trials", 0, "most backtests to run (default 400)")
	fl.BoolVar(&o.noAsk, "no-ask", false, "take the defaults instead of asking")
}

func (o *options) request(f *factory.Factory, goal string) api.LabRequest {
	return api.LabRequest{Goal: goal, Model: o.model, Options: research.Options{MaxMissing: o.maxMissing, Markets: o.markets, Interval: o.interval, From: o.from, To: o.to,
		MaxTrials: o.maxTrials, Cash: o.cash, Interactive: f.IO.CanPrompt() && !o.noAsk}}
}

func runCommand(f *factory.Factory) *cobra.Command {
	var o options
	cmd := &cobra.Command{Use: "run GOAL", Short: "Work on a goal to the end", Args: cobra.MinimumNArgs(1),
		Example: `  omc lab run "find a momentum strategy on ETH"
  omc lab run "a conservative breakout on BTC, at most one round trip a day" --to 2024-12-01
  omc lab run "anything on all coins" -o json > events.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			s, err := c.OpenSession(cmd.Context(), o.request(f, strings.Join(args, " ")))
			if err != nil {
				return err
			}
			return Work(cmd.Context(), f, s.ID, 0)
		}}
	o.bind(cmd)
	return cmd
}

func resumeCommand(f *factory.Factory) *cobra.Command {
	return &cobra.Command{Use: "resume SESSION", Short: "Go on with a session that was stopped, cut off or failed", Args: cobra.ExactArgs(1),
		Long: "Goes on where the session stopped, also after kill -9. The report is the same as of an undisturbed run.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			seen, err := newest(cmd.Context(), f, args[0])
			if err != nil {
				return err
			}
			s, err := c.ResumeSession(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if s.Status == research.Done {
				fmt.Fprintf(f.IO.Err, "session %s is done; 'omc lab show %s' has its report\n", s.ID, s.ID)
				return nil
			}
			return Work(cmd.Context(), f, s.ID, seen)
		}}
}

// newest is the sequence number of the newest stored event.
func newest(ctx context.Context, f *factory.Factory, id string) (int64, error) {
	c, err := f.Client(ctx)
	if err != nil {
		return 0, err
	}
	var seq int64
	s, err := c.Session(ctx, id)
	if err != nil || s.Status == research.Running {
		return 0, err // followed from its start
	}
	err = c.SessionEvents(ctx, s.ID, 0, false, func(e research.Event) error {
		seq = max(seq, e.Seq)
		return nil
	})
	return seq, err
}

func cancelCommand(f *factory.Factory) *cobra.Command {
	return &cobra.Command{Use: "cancel SESSION", Short: "End a session's turn for good; what it found stays", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			s, err := c.CancelSession(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(f.IO.Err, "session %s is %s\n", s.ID, s.Status)
			return nil
		}}
}

func sessionsCommand(f *factory.Factory) *cobra.Command {
	return &cobra.Command{Use: "sessions", Aliases: []string{"list", "ls"}, Short: "List sessions, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			ss, err := c.Sessions(cmd.Context())
			if err != nil {
				return err
			}
			return factory.List(f, ss, "no session yet; 'omc lab run \"a momentum strategy on ETH\"' opens one", []factory.Column[research.Session]{
				{Name: "id", Value: func(s research.Session) string { return s.ID }},
				{Name: "status", Value: func(s research.Session) string { return string(s.Status) }},
				{Name: "trials", Value: func(s research.Session) string { return strconv.Itoa(s.Trials) }, Right: true},
				{Name: "best", Value: func(s research.Session) string { return factory.Short(s.Best) }},
				{Name: "created_at", Value: func(s research.Session) string { return factory.Time(s.CreatedAt) }},
				{Name: "goal", Value: func(s research.Session) string { return widget.Truncate(s.Goal, 60) }, Raw: func(s research.Session) string { return s.Goal }},
			})
		}}
}

func showCommand(f *factory.Factory) *cobra.Command {
	var trials bool
	cmd := &cobra.Command{Use: "show SESSION", Short: "Show a session's report, or its trials", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			s, err := c.Session(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			format, err := f.Format()
			if err != nil {
				return err
			}
			switch {
			case trials:
				return listTrials(f, s.TrialList)
			case format == "json":
				return f.JSON(s)
			case format == "csv":
				return factory.Usage("omc lab show writes a report; --trials lists its trials, also as csv")
			case s.Report == "":
				return f.One(s, [][2]string{{"session", s.ID}, {"status", string(s.Status)}, {"goal", s.Goal}, {"trials", strconv.Itoa(s.Trials)},
					{"started", factory.Time(s.CreatedAt)}, {"report", "none yet"}, {"why", s.Error}})
			}
			for _, line := range widget.NeutraliseLines(s.Report) {
				fmt.Fprintln(f.IO.Out, line)
			}
			return nil
		}}
	cmd.Flags().BoolVar(&trials, "trials", false, "list every trial")
	return cmd
}

func listTrials(f *factory.Factory, trials []research.Trial) error {
	return factory.List(f, trials, "no trial yet", []factory.Column[research.Trial]{
		{Name: "n", Value: func(t research.Trial) string { return strconv.Itoa(t.N) }, Right: true},
		{Name: "stage", Value: func(t research.Trial) string { return t.Stage }},
		{Name: "strategy", Value: func(t research.Trial) string { return t.Strategy }},
		{Name: "markets", Value: func(t research.Trial) string { return strings.Join(t.Markets, " ") }},
		{Name: "params", Value: func(t research.Trial) string { return report.Params(t.Params) }},
		{Name: "from", Value: func(t research.Trial) string { return t.From.Format("2006-01-02") }},
		{Name: "to", Value: func(t research.Trial) string { return t.To.Format("2006-01-02") }},
		{Name: "sharpe", Value: func(t research.Trial) string { return factory.Number(t.Sharpe) }, Raw: func(t research.Trial) string { return factory.RawNumber(t.Sharpe) }, Right: true},
		factory.RatioColumn("return", func(t research.Trial) *float64 { return t.Return }),
		factory.RatioColumn("max_drawdown", func(t research.Trial) *float64 { return t.Drawdown }),
		{Name: "trades", Value: func(t research.Trial) string { return strconv.Itoa(t.Trades) }, Right: true},
	})
}

func graphCommand(f *factory.Factory) *cobra.Command {
	return &cobra.Command{Use: "graph", Short: "Show the agents' graph", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			g, err := c.Graph(cmd.Context())
			if err != nil {
				return err
			}
			if format, err := f.Format(); err != nil || format == "json" {
				return f.JSON(g)
			}
			fmt.Fprint(f.IO.Out, g.Mermaid)
			return nil
		}}
}
