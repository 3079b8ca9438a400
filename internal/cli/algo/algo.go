// Package algo has the commands on algorithms: backtest, keep, compare, promote.
// It computes nothing: figures come from omc, and it writes them.
package algo

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// New returns the command `omc algo`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "algo", Short: "Algorithms: backtest, compare, promote"}
	cmd.AddCommand(newBacktest(f), newOptimize(f), newCheck(f), newValidate(f), newVerify(f), newEvidence(f), newList(f), newShow(f), newDiff(f), newPromote(f), newRetire(f), newExport(f), newImport(f), newCreate(f), newExamples(f))
	return cmd
}

func columns() []factory.Column[api.Algorithm] {
	return []factory.Column[api.Algorithm]{
		{Name: "id", Value: func(a api.Algorithm) string { return factory.Short(a.ID) }},
		{Name: "name", Value: func(a api.Algorithm) string { return a.Name }},
		{Name: "state", Value: func(a api.Algorithm) string { return string(a.State) }},
		{Name: "markets", Value: markets},
		{Name: "interval", Value: func(a api.Algorithm) string { return a.Content.Interval.String() }},
		{Name: "params", Value: func(a api.Algorithm) string { return report.Params(a.Content.Params) }},
		{Name: "deflated_sharpe", Right: true, Value: func(a api.Algorithm) string {
			if a.Evidence == nil {
				return "-"
			}
			return factory.Number(a.Evidence.DSR)
		}},
		{Name: "trials_before", Value: func(a api.Algorithm) string { return strconv.Itoa(a.Provenance.TrialsBefore) }, Right: true},
		{Name: "simulated", Value: func(a api.Algorithm) string { return strconv.FormatBool(a.Provenance.Simulated) }},
		{Name: "created_at", Value: func(a api.Algorithm) string { return factory.Time(a.CreatedAt) }},
	}
}

func markets(a api.Algorithm) string {
	var out []string
	for _, m := range a.Content.Markets {
		out = append(out, m.String())
	}
	return strings.Join(out, " ")
}

func newList(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Algorithms, newest first", Args: cobra.NoArgs, Example: "  omc algo list\n  omc algo list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.Algorithms(cmd.Context())
			if err != nil {
				return err
			}
			return factory.List(f, rows, "no algorithms yet: 'omc lab run GOAL' looks for some, 'omc algo create FILE' stores your own", columns())
		},
	}
}

func newShow(f *factory.Factory) *cobra.Command {
	var script bool
	cmd := &cobra.Command{
		Use: "show ALGO", Short: "One algorithm with its evidence, and what its next promotion needs", Args: cobra.ExactArgs(1),
		Example: "  omc algo show 3f2a9c\n  omc algo show 3f2a9c --script",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			a, err := c.Algorithm(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if script {
				_, err := io.WriteString(f.IO.Out, a.Content.Script)
				return err
			}
			return show(f, a)
		},
	}
	cmd.Flags().BoolVar(&script, "script", false, "print the script only")
	return cmd
}

func show(f *factory.Factory, a api.Algorithm) error {
	lines := [][2]string{
		{"id", a.ID}, {"name", a.Name}, {"state", string(a.State) + " since " + factory.Time(a.StateSince)}, {"markets", markets(a)},
		{"interval", a.Content.Interval.String()}, {"params", report.Params(a.Content.Params)}, {"session", a.Provenance.Session}, {"model", a.Provenance.Model},
		{"data", factory.Time(a.Provenance.DataFrom) + " to " + factory.Time(a.Provenance.DataTo)},
		{"trials_before", strconv.Itoa(a.Provenance.TrialsBefore)}, {"simulated", strconv.FormatBool(a.Provenance.Simulated)}, {"code_hash", a.Provenance.CodeHash},
	}
	if err := f.One(a, lines); err != nil {
		return err
	}
	if format, err := f.Format(); err != nil || format != "table" {
		return err
	}
	if len(a.Gate) > 0 {
		fmt.Fprintf(f.IO.Out, "\nto become %s:\n", a.State.Next())
		for _, r := range a.Gate {
			fmt.Fprintf(f.IO.Out, "  %s %s: %s\n", map[bool]string{true: "✓", false: "✗"}[r.Passed], r.Code, r.Text)
		}
	}
	if a.Report == nil {
		return nil
	}
	fmt.Fprintln(f.IO.Out)
	return report.WriteText(f.IO.Out, a.Report, f.IO.Width)
}

func newDiff(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "diff A B", Short: "What differs between two algorithms", Args: cobra.ExactArgs(2), Example: "  omc algo diff 3f2a9c 77b01e",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			d, err := c.Diff(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if format, err := f.Format(); err != nil || format == "json" {
				if err != nil {
					return err
				}
				return f.JSON(d)
			}
			for _, part := range []map[string][2]string{d.Fields, d.Params} {
				for _, name := range factory.Keys(part) {
					fmt.Fprintf(f.IO.Out, "%s: %s → %s\n", name, part[name][0], part[name][1])
				}
			}
			if len(d.Fields)+len(d.Params) == 0 && d.Script == "" {
				f.Say("the two are the same")
			}
			fmt.Fprint(f.IO.Out, d.Script)
			return nil
		},
	}
}

func newPromote(f *factory.Factory) *cobra.Command {
	r := api.PromoteRequest{}
	var to string
	cmd := &cobra.Command{
		Use: "promote ALGO", Short: "Move an algorithm one state on: draft → validated → paper", Args: cobra.ExactArgs(1),
		Long:    "Move an algorithm one state on. The gate asks for evidence; a refusal lists what is missing and exits with code 4.",
		Example: "  omc algo promote 3f2a9c\n  omc algo promote 3f2a9c --to paper",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			r.To = strategy.State(to)
			if to == "" {
				a, err := c.Algorithm(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if r.To = a.State.Next(); r.To == "" {
					return api.NewProblem(409, api.CodeRefused, "algorithm %s is %s: there is nothing to promote it to", factory.Short(a.ID), a.State)
				}
			}
			a, err := c.Promote(cmd.Context(), args[0], r)
			if err != nil {
				return err
			}
			f.Say("%s %s is now %s", a.Name, factory.Short(a.ID), a.State)
			return factory.List(f, []api.Algorithm{a}, "", columns())
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the next state (default: whichever that is)")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "why, for the audit")
	return cmd
}

func newRetire(f *factory.Factory) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "retire ALGO", Short: "Retire an algorithm", Args: cobra.ExactArgs(1), Example: "  omc algo retire 3f2a9c --reason 'decayed'",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			a, err := c.Retire(cmd.Context(), args[0], reason)
			if err != nil {
				return err
			}
			f.Say("%s %s is retired", a.Name, factory.Short(a.ID))
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit")
	return cmd
}

func newExport(f *factory.Factory) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "export ALGO", Short: "Write an algorithm as a file", Args: cobra.ExactArgs(1), Example: "  omc algo export 3f2a9c --file ema.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			b, err := c.ExportAlgorithm(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if file == "" || file == "-" {
				return f.JSON(b)
			}
			return factory.WriteFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(b) })
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "write to this file (default: stdout)")
	return cmd
}

func newImport(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Read an exported algorithm; it arrives as a draft", Args: cobra.ExactArgs(1), Example: "  omc algo import ema.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := readFile(args[0], maxBundle)
			if err != nil {
				return err
			}
			var b api.Bundle
			if err := json.Unmarshal(raw, &b); err != nil {
				return factory.Usage("%s is not an exported algorithm: %v", args[0], err)
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			a, err := c.ImportAlgorithm(cmd.Context(), b)
			if err != nil {
				return err
			}
			return factory.List(f, []api.Algorithm{a}, "", columns())
		},
	}
}

func newCreate(f *factory.Factory) *cobra.Command {
	r := api.AlgorithmCreate{}
	var set []string
	cmd := &cobra.Command{
		Use: "create FILE", Short: "Store a Starlark script as a draft", Args: cobra.ExactArgs(1), Example: "  omc algo create my.star --market BTC/USDT --param fast=12",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			raw, err := readFile(args[0], maxScript)
			if err != nil {
				return err
			}
			r.Source = string(raw)
			if r.Params, err = parseParams(set); err != nil {
				return err
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			a, err := c.CreateAlgorithm(cmd.Context(), r)
			if err != nil {
				return err
			}
			return factory.List(f, []api.Algorithm{a}, "", columns())
		},
	}
	cmd.Flags().StringVar(&r.Model, "model", "", "the language model that wrote the script, like provider/name")
	cmd.Flags().StringVar(&r.ModelCutoff, "model-cutoff", "", "date up to which that model was trained: what lies before counts as in-sample")
	cmd.Flags().StringSliceVar(&r.Markets, "market", nil, "markets to trade, instead of the declared ones")
	cmd.Flags().StringVar(&r.Interval, "interval", "", "bar length, instead of the declared one")
	cmd.Flags().StringArrayVar(&set, "param", nil, "name=value, instead of a default")
	return cmd
}

func newExamples(f *factory.Factory) *cobra.Command {
	var show string
	cmd := &cobra.Command{
		Use: "examples", Short: "The built-in example strategies", Args: cobra.NoArgs, Example: "  omc algo examples\n  omc algo examples --show ema-cross > mine.star",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.Examples(cmd.Context())
			if err != nil {
				return err
			}
			if show != "" {
				for _, r := range rows {
					if name(r) == show {
						_, err := io.WriteString(f.IO.Out, r.Source)
						return err
					}
				}
				return api.NewProblem(404, api.CodeNotFound, "there is no example %q; 'omc algo examples' lists them", show)
			}
			return factory.List(f, rows, "no examples", []factory.Column[api.AlgorithmCreate]{
				{Name: "name", Value: name}, {Name: "params", Value: func(r api.AlgorithmCreate) string { return report.Params(r.Params) }},
				{Name: "markets", Value: func(r api.AlgorithmCreate) string { return strings.Join(r.Markets, " ") }},
				{Name: "interval", Value: func(r api.AlgorithmCreate) string { return r.Interval }},
			})
		},
	}
	cmd.Flags().StringVar(&show, "show", "", "print one example's script")
	return cmd
}

const (
	maxScript = 256 << 10
	maxBundle = 2 << 20
)

func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, api.NewProblem(404, api.CodeNotFound, "there is no file %s", path)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = factory.Usage("%s is larger than %d bytes", path, limit)
	}
	return raw, err
}
