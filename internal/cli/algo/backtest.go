package algo

import (
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// BacktestOptions are what `omc algo backtest` is told.
type BacktestOptions struct {
	api.BacktestRequest
	Set      []string // name=value
	Settings map[string]*string
	HTML     string
	Trace    string
	Plot     bool
}

func newBacktest(f *factory.Factory) *cobra.Command {
	o := BacktestOptions{Settings: map[string]*string{}}
	cmd := &cobra.Command{
		Use: "backtest STRATEGY", Short: "Run one backtest and print the report", Args: cobra.ExactArgs(1),
		Long: "Run one backtest. STRATEGY is a Starlark file, a built-in example's name, or an algorithm's id.\n" +
			"Fills, fees and figures follow docs/backtesting.md; the same run gives the same bytes.\n" +
			"The newest data is a sealed hold-out (settings research.holdout_days and research.holdout_share): the window ends before it.",
		Example: "  omc algo backtest ema-cross --market BTC/USDT --from 2023-01-01 --to 2024-01-01\n" +
			"  omc algo backtest my.star --market ETH/USDT --interval 1h --param fast=12 --param slow=48 -o json\n" +
			"  omc algo backtest rsi-reversion --market BTC/USDT --walk-forward 5 --plot --html report.html",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Strategy = args[0]
			if o.WalkForward < 0 {
				return factory.Usage("--walk-forward %d: want a number of folds", o.WalkForward)
			}
			return RunBacktest(cmd.Context(), f, o)
		},
	}
	o.flags(cmd)
	fl := cmd.Flags()
	fl.IntVar(&o.WalkForward, "walk-forward", 0, "test on this many folds, one after the other")
	fl.StringSliceVar(&o.AcceptRisk, "accept-risk", nil, "holdout: let the window reach into the sealed newest data; the look is written down and counted")
	fl.BoolVar(&o.Plot, "plot", false, "draw the equity and drawdown curves")
	fl.StringVar(&o.HTML, "html", "", "write the report as a self-contained page to this file")
	fl.StringVar(&o.Trace, "trace", "", "write every event, intent, approval, order and fill as JSON lines to this file")
	return cmd
}

// flags are those that say what is run, over what, and how.
func (o *BacktestOptions) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&o.Markets, "market", nil, "BASE/QUOTE; several for a strategy of several coins")
	fl.StringVar(&o.Interval, "interval", "", "bar length (default: the strategy's)")
	fl.StringVar(&o.From, "from", "", "date or time, UTC; included (default: the first bar)")
	fl.StringVar(&o.To, "to", "", "date or time, UTC; not included (default: where the sealed hold-out begins)")
	fl.StringArrayVar(&o.Set, "param", nil, "name=value, instead of a default")
	for _, s := range settingFlags() {
		o.Settings[s.name] = fl.String(s.name, "", s.doc)
	}
	fl.Float64Var(&o.MaxMissing, "max-missing", 0, "share of the window's bars that may be missing (default: the setting data.max_missing)")
}

type settingFlag struct {
	name, doc string
	set       func(*report.Settings, money.Decimal)
}

func settingFlags() []settingFlag {
	return []settingFlag{
		{"cash", "starting cash (default 10000)", func(s *report.Settings, d money.Decimal) { s.Cash = d }},
		{"fee-bps", "fee, in basis points of what is traded (default 10)", func(s *report.Settings, d money.Decimal) { s.FeeBps = d }},
		{"slippage-bps", "slippage, in basis points of the open (default 5)", func(s *report.Settings, d money.Decimal) { s.SlippageBps = d }},
		{"max-gap", "bars a market order waits over missing ones (default 3)", func(s *report.Settings, d money.Decimal) { s.MaxGap = whole(d) }},
		{"participation", "share of a bar's volume that orders may take (default 0.1)", func(s *report.Settings, d money.Decimal) { s.Participation = d }},
		{"min-notional", "smallest fill (default 1)", func(s *report.Settings, d money.Decimal) { s.MinNotional = d }},
		{"price-tick", "step of prices (default 0.00000001)", func(s *report.Settings, d money.Decimal) { s.PriceTick = d }},
		{"quantity-step", "step of quantities (default 0.00000001)", func(s *report.Settings, d money.Decimal) { s.QuantityStep = d }},
	}
}

// whole is a number of bars; what is none is −1, which the settings refuse.
func whole(d money.Decimal) int {
	if n, err := strconv.Atoi(d.String()); err == nil {
		return n
	}
	return -1
}

// RunBacktest runs one backtest and writes what was asked for.
func RunBacktest(ctx context.Context, f *factory.Factory, o BacktestOptions) error {
	if err := o.resolve(); err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	var rep *report.Report
	f.IO.Status("backtest %s …", o.Strategy)
	if o.Trace == "" {
		rep, err = c.Backtest(ctx, o.BacktestRequest, nil)
	} else {
		err = factory.WriteFile(o.Trace, func(w io.Writer) (err error) {
			rep, err = c.Backtest(ctx, o.BacktestRequest, w)
			return err
		})
	}
	f.IO.Status("")
	if err != nil {
		return err
	}
	if o.HTML != "" {
		if err := factory.WriteFile(o.HTML, func(w io.Writer) error { return report.WriteHTML(w, rep) }); err != nil {
			return err
		}
	}
	return write(f, rep, o.Plot)
}

// resolve reads the script where STRATEGY is a file, and the values given as text.
func (o *BacktestOptions) resolve() (err error) {
	if st, e := os.Stat(o.Strategy); e == nil && st.Mode().IsRegular() {
		raw, err := readFile(o.Strategy, maxScript)
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(raw)) == "" {
			return factory.Usage("strategy %s: the file is empty; 'omc algo examples' has some to begin with", o.Strategy)
		}
		o.Source, o.Strategy = string(raw), filepath.Base(o.Strategy)
	} else if e == nil && strings.ContainsAny(o.Strategy, "/.") {
		return factory.Usage("strategy %s: it is a folder or a device, not a script", o.Strategy)
	} else if strings.HasSuffix(o.Strategy, ".star") {
		return api.NewProblem(404, api.CodeNotFound, "there is no file %s", o.Strategy)
	}
	if o.Params, err = parseParams(o.Set); err != nil {
		return err
	}
	settings, changed := report.Default(), false
	for _, s := range settingFlags() {
		text := o.Settings[s.name]
		if text == nil || *text == "" {
			continue
		}
		d, err := money.Parse(*text)
		if err != nil {
			return factory.Usage("--%s: %v", s.name, err)
		}
		s.set(&settings, d)
		changed = true
	}
	if changed {
		o.BacktestRequest.Settings = &settings
	}
	return nil
}

func parseParams(set []string) (map[string]float64, error) {
	if len(set) == 0 {
		return nil, nil
	}
	out := map[string]float64{}
	for _, s := range set {
		name, text, ok := strings.Cut(s, "=")
		v, err := strconv.ParseFloat(text, 64)
		if !ok || name == "" || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, factory.Usage("--param %q: want name=number", s)
		}
		if _, twice := out[name]; twice {
			return nil, factory.Usage("--param %s is given twice", name)
		}
		out[name] = v
	}
	return out, nil
}

func write(f *factory.Factory, rep *report.Report, plot bool) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return f.JSON(rep)
	case "csv":
		return writeTrades(f.IO.Out, rep)
	}
	if err := report.WriteText(f.IO.Out, rep, f.IO.Width); err != nil || !plot {
		return err
	}
	return plotCurves(f, rep)
}

// writeTrades writes the trade list, one row each.
func writeTrades(w io.Writer, rep *report.Report) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"market", "entry_time", "exit_time", "quantity", "entry_price", "exit_price", "fees", "pnl", "return", "bars", "fills", "open"}}
	for _, t := range rep.Trades {
		exit := ""
		if t.Exit != nil {
			exit = factory.Time(*t.Exit)
		}
		rows = append(rows, []string{t.Market.String(), factory.Time(t.Entry), exit, t.Quantity.String(), t.EntryPrice.String(), t.ExitPrice.String(), t.Fees.String(),
			t.PnL.String(), strconv.FormatFloat(t.Return, 'g', -1, 64), strconv.Itoa(t.Bars), strconv.Itoa(t.Fills), strconv.FormatBool(t.Open)})
	}
	return out.WriteAll(rows)
}
