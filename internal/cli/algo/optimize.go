package algo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/search"
)

// shownPoints is how many of the best points a person sees; -o json and csv have all.
const shownPoints = 15

func newOptimize(f *factory.Factory) *cobra.Command {
	o := BacktestOptions{Settings: map[string]*string{}}
	r := api.OptimizeRequest{}
	var over []string
	var test float64
	cmd := &cobra.Command{
		Use: "optimize STRATEGY", Short: "Search a strategy's parameters, and test what was found on bars that the search did not see", Args: cobra.ExactArgs(1),
		Long: "Search a strategy's parameters. STRATEGY is a Starlark file, a built-in example's name, or an algorithm's id.\n" +
			"The end of the window is kept back, and the best point is run over it once. Every point is a trial: it counts against\n" +
			"whatever is found on these coins from now on (docs/promotion.md). On a server with PostgreSQL and worker processes\n" +
			"(omc daemon run --roles worker) they share the points; what comes out is the same.",
		Example: "  omc algo optimize ema-cross --market BTC/USDT --over fast=5:30:5 --over slow=40,60,90\n" +
			"  omc algo optimize my.star --market ETH/USDT --over n=2:100 --over size=0.1:1 --method random --points 100 --seed 7\n" +
			"  omc algo optimize ema-cross --over fast=5:60:5 --over slow=70:200:10 --method halving -o csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Strategy = args[0]
			if cmd.Flags().Changed("test") {
				r.Test = &test
			}
			return RunOptimize(cmd.Context(), f, o, r, over)
		},
	}
	o.flags(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&over, "over", nil, "name=MIN:MAX:STEP, name=MIN:MAX or name=A,B,C: what a parameter may be")
	fl.StringVar(&r.Method, "method", "grid", "grid, random or halving (many on a part of the window, the best on all of it)")
	fl.IntVar(&r.Points, "points", 0, "random, halving: how many points are drawn (default 60)")
	fl.Uint64Var(&r.Seed, "seed", 0, "random, halving: another seed draws other points")
	fl.StringVar(&r.Objective, "objective", "sharpe", "what is best: sharpe, return or calmar")
	fl.Float64Var(&test, "test", 0.3, "share of the window that the search does not see")
	return cmd
}

// RunOptimize searches and writes what was found.
func RunOptimize(ctx context.Context, f *factory.Factory, o BacktestOptions, r api.OptimizeRequest, over []string) (err error) {
	if r.Ranges, err = parseRanges(over); err != nil {
		return err
	}
	if err := o.resolve(); err != nil {
		return err
	}
	r.BacktestRequest = o.BacktestRequest
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	f.IO.Status("search %s …", o.Strategy)
	out, err := c.Optimize(ctx, r)
	f.IO.Status("")
	if err != nil {
		return err
	}
	return writeSearch(f, out, o.Strategy)
}

func parseRanges(over []string) (map[string]search.Range, error) {
	if len(over) == 0 {
		return nil, factory.Usage("say what to vary, with --over name=MIN:MAX:STEP; 'omc algo examples --show NAME' shows a strategy's parameters")
	}
	out := map[string]search.Range{}
	for _, s := range over {
		name, text, ok := strings.Cut(s, "=")
		if !ok || name == "" || text == "" {
			return nil, factory.Usage("--over %.60q: want name=MIN:MAX:STEP, name=MIN:MAX or name=A,B,C", s)
		}
		if _, twice := out[name]; twice {
			return nil, factory.Usage("--over %.40s is given twice", name)
		}
		var nums []float64
		sep := ","
		if strings.Contains(text, ":") {
			sep = ":"
		}
		for _, part := range strings.Split(text, sep) {
			v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil || v-v != 0 {
				return nil, factory.Usage("--over %.60q: %.20q is no number", s, part)
			}
			nums = append(nums, v)
		}
		switch {
		case sep == ",":
			out[name] = search.Range{Values: nums}
		case len(nums) == 2:
			out[name] = search.Range{Min: nums[0], Max: nums[1]}
		case len(nums) == 3 && nums[2] > 0:
			out[name] = search.Range{Min: nums[0], Max: nums[1], Step: nums[2]}
		default:
			return nil, factory.Usage("--over %.60q: want MIN:MAX or MIN:MAX:STEP with a step above zero", s)
		}
	}
	return out, nil
}

func writeSearch(f *factory.Factory, out *api.Optimization, asked string) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		return f.JSON(out)
	}
	points := out.Points
	if format == "table" {
		points = points[:min(len(points), shownPoints)]
	}
	var names []string
	if len(out.Points) > 0 {
		names = slices.Sorted(maps.Keys(out.Points[0].Params))
	}
	columns := []factory.Column[api.SearchPoint]{}
	for _, name := range names {
		columns = append(columns, factory.Column[api.SearchPoint]{Name: name, Value: func(p api.SearchPoint) string { return strconv.FormatFloat(p.Params[name], 'g', -1, 64) }})
	}
	plain := format == "csv"
	columns = append(columns,
		factory.Column[api.SearchPoint]{Name: "share", Value: func(p api.SearchPoint) string { return share(p.Share, plain) }},
		factory.Column[api.SearchPoint]{Name: "return", Value: func(p api.SearchPoint) string { return gain(p.Return, plain) }},
		factory.Column[api.SearchPoint]{Name: "sharpe", Value: func(p api.SearchPoint) string { return figure(p.Sharpe, plain) }},
		factory.Column[api.SearchPoint]{Name: "max_drawdown", Value: func(p api.SearchPoint) string { return gain(p.Drawdown, plain) }},
		factory.Column[api.SearchPoint]{Name: "trades", Value: func(p api.SearchPoint) string { return strconv.Itoa(p.Trades) }},
		factory.Column[api.SearchPoint]{Name: "error", Value: func(p api.SearchPoint) string { return strings.SplitN(p.Error, "\n", 2)[0] }},
	)
	if err := factory.List(f, points, "", columns); err != nil || plain {
		return err
	}
	searchText(f, out, asked)
	return nil
}

// searchText says what the search is worth.
func searchText(f *factory.Factory, out *api.Optimization, asked string) {
	w := f.IO.Out
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	if n := len(out.Points) - shownPoints; n > 0 {
		fmt.Fprintf(w, "and %d more: -o csv writes all\n", n)
	}
	fmt.Fprintf(w, "\nsearched   %s to %s, %d points by %s, for the best %s\n", day(out.From), day(out.To), len(out.Points), out.Method, out.Objective)
	if out.Best != nil {
		fmt.Fprintf(w, "best       %s: return %s, Sharpe %s (chosen on these bars, so too good)\n", assigned(out.Best.Params), gain(out.Best.Return, false), figure(out.Best.Sharpe, false))
	}
	if t := out.Test; t != nil {
		fmt.Fprintf(w, "kept back  %s to %s: return %s, Sharpe %s, drawdown %s, %d trades; buy-and-hold %s\n", day(out.To), day(out.End),
			gain(t.Return, false), figure(t.Sharpe, false), gain(t.Drawdown, false), t.Trades, gain(out.Hold.Return, false))
	}
	fmt.Fprintf(w, "trials     %d in this campaign; deflated Sharpe ratio %s (0.95 is wanted for money); probability of overfitting %s\n",
		out.Trials, figure(out.Deflated, false), figure(out.PBO, false))
	if a := out.Around; a != nil {
		fmt.Fprintf(w, "around     %d of %d neighbours keep half of its score; by their mean it is rank %g of %d\n", a.Kept, a.Neighbours, a.Rank, a.Ranked)
	}
	for _, n := range out.Notes {
		fmt.Fprintln(w, "note       "+n)
	}
	if out.Best != nil {
		next := "omc algo backtest " + asked
		for _, m := range out.Markets {
			next += " --market " + m.String()
		}
		next += " --interval " + out.Interval.String()
		for _, name := range slices.Sorted(maps.Keys(out.Best.Params)) {
			next += " --param " + name + "=" + strconv.FormatFloat(out.Best.Params[name], 'g', -1, 64)
		}
		f.Say("next: %s --walk-forward 5", next)
	}
}

func assigned(p map[string]float64) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		out = append(out, name+"="+strconv.FormatFloat(p[name], 'g', -1, 64))
	}
	return strings.Join(out, " ")
}

func share(v float64, plain bool) string {
	if plain {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(100*v, 'f', 0, 64) + " %"
}

func gain(v *float64, plain bool) string {
	switch {
	case v == nil && plain:
		return ""
	case v == nil:
		return "-"
	case plain:
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	return fmt.Sprintf("%+.1f %%", *v*100)
}

func figure(v *float64, plain bool) string {
	switch {
	case v == nil && plain:
		return ""
	case v == nil:
		return "-"
	case plain:
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	return strconv.FormatFloat(*v, 'f', 2, 64)
}
