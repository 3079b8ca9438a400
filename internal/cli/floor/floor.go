// Package floor has the commands on trading: start, stop, look, kill.
// It sends what a person asks for and decides nothing; orders are the floor's.
package floor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// New returns the command `omc floor`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "floor", Short: "Trading on paper: start, watch, stop, kill"}
	cmd.AddCommand(newStart(f), newStop(f), newStatus(f), newWatch(f), newKill(f), newReplay(f), newPositions(f), newOrders(f), newTrades(f), newPnL(f))
	return cmd
}

func newStart(f *factory.Factory) *cobra.Command {
	r := api.FloorRequest{}
	var cash, fee, slippage string
	var detach bool
	cmd := &cobra.Command{
		Use: "start ALGO", Short: "Run a promoted algorithm on paper", Args: cobra.ExactArgs(1),
		Long: "Run a promoted algorithm on paper: live prices of CoinSpot, stored bars at a chosen speed, or the market simulator.\n" +
			"With no daemon the session runs inside this command and stops, to be taken up again, when it is left; with a daemon it goes on.",
		Example: "  omc floor start 3f2a9c --paper --feed replay --from 2025-01-01 --speed 5000 --accept-risk=holdout\n  omc floor start 3f2a9c --paper --feed coinspot --cash 5000 --detach",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			r.Algorithm = args[0]
			if math.IsNaN(r.Speed) || math.IsInf(r.Speed, 0) || r.Speed < 0 {
				return factory.Usage("--speed %g: want 0 (as fast as it goes) or a number above it", r.Speed)
			}
			if r.Feed == "replay" && cmd.Flags().Changed("seed") {
				return factory.Usage("--seed is of the sim feed: a replay has the stored prices")
			}
			if !r.Paper {
				return api.NewProblem(403, api.CodeRefused, "this omc trades on paper only: say --paper")
			}
			if r.Settings, err = settings(cash, fee, slippage); err != nil {
				return err
			}
			f.Resume = true
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if detach && f.Embedded() {
				return api.NewProblem(503, api.CodeUnavailable, "--detach needs a daemon to run the session: 'omc daemon start'")
			}
			s, err := c.StartFloor(cmd.Context(), r)
			if err != nil {
				return err
			}
			f.Say("floor session %s runs %s on paper (%s feed)", s.ID, s.Strategy, s.Feed)
			if detach {
				return writeSessions(f, []api.FloorSession{s})
			}
			return Watch(cmd.Context(), f, c, s.ID, 0)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&r.Paper, "paper", false, "trade on paper")
	fl.StringVar(&r.Feed, "feed", "coinspot", "where prices come from: coinspot, replay or sim")
	fl.StringVar(&r.From, "from", "", "replay, sim: first bar, date or time, UTC")
	fl.StringVar(&r.To, "to", "", "replay, sim: bars before it, date or time, UTC")
	fl.Float64Var(&r.Speed, "speed", 0, "replay, sim: times real speed; 0: as fast as it goes")
	fl.Uint64Var(&r.Seed, "seed", 0, "sim: the same seed gives the same prices")
	fl.StringSliceVar(&r.AcceptRisk, "accept-risk", nil, "holdout: let a replay reach into the sealed newest data; the look is written down and counted")
	fl.StringVar(&cash, "cash", "", "starting cash (default 10000)")
	fl.StringVar(&fee, "fee-bps", "", "fee in basis points (default 10)")
	fl.StringVar(&slippage, "slippage-bps", "", "slippage in basis points (default 5)")
	fl.BoolVar(&detach, "detach", false, "return at once; the daemon runs the session")
	return cmd
}

func settings(cash, fee, slippage string) (*report.Settings, error) {
	s := report.Default()
	changed := false
	for _, v := range []struct {
		flag, text string
		to         *money.Decimal
	}{{"cash", cash, &s.Cash}, {"fee-bps", fee, &s.FeeBps}, {"slippage-bps", slippage, &s.SlippageBps}} {
		if v.text == "" {
			continue
		}
		d, err := money.Parse(v.text)
		if err != nil {
			return nil, factory.Usage("--%s: %v", v.flag, err)
		}
		*v.to, changed = d, true
	}
	if !changed {
		return nil, nil
	}
	return &s, nil
}

func newStop(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "stop SESSION", Short: "Stop a session; its positions stay", Args: cobra.ExactArgs(1), Example: "  omc floor stop 7kq2",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			s, err := c.StopFloor(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return writeSessions(f, []api.FloorSession{s})
		},
	}
}

func newWatch(f *factory.Factory) *cobra.Command {
	var after int64
	cmd := &cobra.Command{
		Use: "watch SESSION", Short: "Follow a session: orders, fills, equity", Args: cobra.ExactArgs(1), Example: "  omc floor watch 7kq2\n  omc floor watch 7kq2 -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Resume = true
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			return Watch(cmd.Context(), f, c, args[0], after)
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "go on after this audit line")
	return cmd
}

func newKill(f *factory.Factory) *cobra.Command {
	r := api.KillRequest{}
	var accept string
	cmd := &cobra.Command{
		Use: "kill [SESSION]", Short: "Kill switch: cancel orders, close positions, halt", Args: cobra.MaximumNArgs(1),
		Long:    "Cancel every order, close every position at the next price and halt: one session, or all. It asks for the word KILL in a terminal; a script says --accept-risk=kill.",
		Example: "  omc floor kill\n  omc floor kill 7kq2 --accept-risk=kill",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				r.Session = args[0]
			}
			if err := confirmKill(f, accept, r.Session); err != nil {
				return err
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			res, err := c.Kill(cmd.Context(), r)
			if err != nil {
				return err
			}
			return f.One(res, [][2]string{{"sessions", strings.Join(res.Sessions, " ")}, {"positions_closed", strconv.Itoa(res.Closed)}})
		},
	}
	cmd.Flags().StringVar(&r.Reason, "reason", "", "why, for the audit")
	cmd.Flags().StringVar(&accept, "accept-risk", "", "kill: do not ask")
	return cmd
}

func confirmKill(f *factory.Factory, accept, session string) error {
	if accept == "kill" {
		return nil
	}
	if accept != "" {
		return factory.Usage("--accept-risk=%s: want kill", accept)
	}
	if !f.IO.CanPrompt() {
		return api.NewProblem(403, api.CodeRefused, "the kill switch closes positions: without a terminal it needs --accept-risk=kill")
	}
	what := "every session"
	if session != "" {
		what = "session " + session
	}
	fmt.Fprintf(f.IO.Err, "This cancels the orders and closes the positions of %s. Type KILL to go on: ", what)
	text, err := bufio.NewReader(io.LimitReader(f.IO.In, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(text) != "KILL" {
		return api.NewProblem(403, api.CodeRefused, "not confirmed: nothing was changed")
	}
	return nil
}

func newReplay(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "replay SESSION", Short: "Run the recorded inputs again and compare the audit", Args: cobra.ExactArgs(1),
		Long: "Run the session's recorded inputs through the engine again. The audit must come out the same, byte for byte; a difference exits with 1.", Example: "  omc floor replay 7kq2",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			r, err := c.Replay(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			lines := [][2]string{{"session", r.Session}, {"inputs", strconv.FormatInt(r.Inputs, 10)}, {"lines", strconv.FormatInt(r.Lines, 10)},
				{"identical", strconv.FormatBool(r.Identical)}, {"recorded_hash", r.Recorded}, {"replayed_hash", r.Replayed}}
			if r.Difference != "" {
				lines = append(lines, [2]string{"difference", r.Difference})
			}
			if err := f.One(r, lines); err != nil {
				return err
			}
			if !r.Identical {
				return fmt.Errorf("the replay of session %s differs from its audit", r.Session)
			}
			return nil
		},
	}
}

// listing makes a command that lists rows of one session or of all.
func listing[T any](f *factory.Factory, use, short, none string, limited bool, read func(context.Context, *client.Client, string, int) ([]T, error), columns []factory.Column[T]) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: use + " [SESSION]", Short: short, Args: cobra.MaximumNArgs(1), Example: "  omc floor " + use + "\n  omc floor " + use + " 7kq2 -o csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			session := ""
			if len(args) == 1 {
				session = args[0]
			}
			if limit < 0 {
				return factory.Usage("--limit %d: want 0 (all) or more", limit)
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if format, err := f.Format(); err == nil && format != "table" && !cmd.Flags().Changed("limit") {
				limit = 0 // a person wants the newest, a script all
			}
			rows, err := read(cmd.Context(), c, session, limit)
			if err != nil {
				return err
			}
			if limit > 0 && len(rows) == limit {
				f.Say("the newest %d; --limit 0 shows all", limit)
			}
			if limit == 0 && len(rows) == api.MaxListed {
				f.Say("only the newest %d are shown: name one session", api.MaxListed)
			}
			return factory.List(f, rows, none, columns)
		},
	}
	if limited {
		cmd.Flags().IntVar(&limit, "limit", 100, "the newest so many; 0: all (so it is where -o json or csv is asked)")
	}
	return cmd
}
