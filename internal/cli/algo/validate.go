package algo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/verdict"
)

// ValidateOptions are what `omc algo validate` is told.
type ValidateOptions struct {
	BacktestOptions
	Seed uint64
	Out  string
}

func newValidate(f *factory.Factory) *cobra.Command {
	o := ValidateOptions{BacktestOptions: BacktestOptions{Settings: map[string]*string{}}}
	cmd := &cobra.Command{
		Use: "validate STRATEGY", Short: "Measure an algorithm and keep the evidence", Args: cobra.ExactArgs(1),
		Long: "Measure all that is known to be worth measuring: a backtest, a walk-forward, the look-ahead test, what the result is worth after every trial of\n" +
			"the campaign, bootstrap bands, random entries, costs, neighbouring parameters, regimes, capacity. The evidence is a bundle, named by the hash\n" +
			"of its bytes, with a verdict for paper and for live trading and every reason (docs/promotion.md). Every backtest is a trial.\n" +
			"--accept-risk=holdout looks at the sealed newest data, once, at the end: do that when nothing will be changed any more.",
		Example: "  omc algo validate ema-cross --market BTC/USDT --html evidence.html\n  omc algo validate 3f2a9c --accept-risk=holdout --out evidence.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Strategy = args[0]
			return RunValidate(cmd.Context(), f, o)
		},
	}
	o.flags(cmd)
	fl := cmd.Flags()
	fl.IntVar(&o.WalkForward, "walk-forward", 5, "folds of the walk-forward")
	fl.Uint64Var(&o.Seed, "seed", 0, "of everything that is drawn at random")
	fl.StringSliceVar(&o.AcceptRisk, "accept-risk", nil, "holdout: look at the sealed newest data; the look is written down and counted")
	fl.StringVar(&o.HTML, "html", "", "write the evidence as a self-contained page to this file")
	fl.StringVar(&o.Out, "out", "", "write the bundle to this file, for 'omc algo verify'")
	return cmd
}

// RunValidate measures and writes what was asked for.
func RunValidate(ctx context.Context, f *factory.Factory, o ValidateOptions) error {
	if o.WalkForward < 2 {
		return factory.Usage("--walk-forward %d: want at least 2 folds", o.WalkForward)
	}
	if err := o.resolve(); err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	f.IO.Status("validate %s …", o.Strategy)
	v, err := c.Validate(ctx, api.ValidateRequest{BacktestRequest: o.BacktestRequest, Seed: o.Seed})
	f.IO.Status("")
	if err != nil {
		return err
	}
	return writeBundle(f, v, o.HTML, o.Out)
}

// writeBundle shows a bundle, after writing the files that were asked for.
func writeBundle(f *factory.Factory, v *api.Validation, html, out string) error {
	body, err := laidOut(v.Bundle)
	if err != nil {
		return err
	}
	if got := verdict.Hash(body); got != v.Hash {
		return fmt.Errorf("the evidence that came is %.12s, it should be %.12s", got, v.Hash)
	}
	b, err := verdict.Decode(body)
	if err != nil {
		return err
	}
	if html != "" {
		if err := factory.WriteFile(html, func(w io.Writer) error { return b.WriteHTML(w, v.Hash) }); err != nil {
			return err
		}
	}
	if out != "" {
		if err := factory.WriteFile(out, func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
			return err
		}
	}
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		return f.JSON(v)
	}
	return b.WriteText(f.IO.Out, v.Hash, f.IO.Width)
}

// laidOut gives a bundle's JSON the spaces back that its way through an answer took.
func laidOut(raw json.RawMessage) ([]byte, error) {
	var buf bytes.Buffer
	if err := json.Indent(&buf, bytes.TrimSpace(raw), "", " "); err != nil {
		return nil, fmt.Errorf("evidence bundle: %w", err)
	}
	buf.WriteByte('\n')
	return buf.Bytes(), nil
}

func newEvidence(f *factory.Factory) *cobra.Command {
	var html, out string
	cmd := &cobra.Command{
		Use: "evidence [HASH]", Short: "Evidence bundles, or one of them", Args: cobra.MaximumNArgs(1),
		Example: "  omc algo evidence\n  omc algo evidence 91c2 --html evidence.html",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				v, err := c.Evidence(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return writeBundle(f, v, html, out)
			}
			rows, err := c.Bundles(cmd.Context(), "")
			if err != nil {
				return err
			}
			return factory.List(f, rows, "no evidence yet: 'omc algo validate' makes some", []factory.Column[api.BundleName]{
				{Name: "hash", Value: func(b api.BundleName) string { return factory.Short(b.Hash) }},
				{Name: "algorithm", Value: func(b api.BundleName) string { return factory.Short(b.Algorithm) }},
				{Name: "created_at", Value: func(b api.BundleName) string { return factory.Time(b.Created) }},
			})
		},
	}
	cmd.Flags().StringVar(&html, "html", "", "write it as a self-contained page to this file")
	cmd.Flags().StringVar(&out, "out", "", "write the bundle to this file")
	return cmd
}

func newVerify(f *factory.Factory) *cobra.Command {
	r := api.VerifyRequest{}
	cmd := &cobra.Command{
		Use: "verify BUNDLE", Short: "Make a bundle's measurements again", Args: cobra.ExactArgs(1),
		Long: "Make the measurements of an evidence bundle again, from the inputs that it names and the prices of the ledger, and compare every one.\n" +
			"BUNDLE is a file or the hash of a stored one. Runs that the trial ledger does not have yet are added to it. Thresholds,\n" +
			"the trials of its campaign and a look at the hold-out are taken on its word, and named. Exits with 1 where anything differs.",
		Example: "  omc algo verify 91c2\n  omc algo verify evidence.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if st, err := os.Stat(args[0]); err == nil && st.Mode().IsRegular() {
				raw, err := readFile(args[0], verdict.MaxBundle)
				if err != nil {
					return err
				}
				if !json.Valid(raw) {
					return factory.Usage("%s: it is no evidence bundle: 'omc algo validate … --out FILE' writes one", args[0])
				}
				r.Bundle = raw
			} else if strings.ContainsAny(args[0], "/.") {
				return api.NewProblem(404, api.CodeNotFound, "there is no file %s", args[0])
			} else {
				r.Hash = args[0]
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			f.IO.Status("verify %s …", args[0])
			v, err := c.Verify(cmd.Context(), r)
			f.IO.Status("")
			if err != nil {
				return err
			}
			return writeVerification(f, v)
		},
	}
	cmd.Flags().StringSliceVar(&r.AcceptRisk, "accept-risk", nil, "holdout: repeat the look at the hold-out too; it is written down and counted")
	return cmd
}

func writeVerification(f *factory.Factory, v *api.Verification) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		if err := f.JSON(v); err != nil {
			return err
		}
	} else {
		for _, n := range v.Notes {
			fmt.Fprintf(f.IO.Out, "Note: %s\n", n)
		}
		for _, d := range v.Differences {
			fmt.Fprintf(f.IO.Out, "differs %s\n", d)
		}
		for _, u := range v.Unverified {
			fmt.Fprintf(f.IO.Out, "Not verified: %s\n", u)
		}
		switch {
		case v.Same && len(v.Unverified) > 0:
			fmt.Fprintf(f.IO.Out, "Evidence %.12s came out the same, but for what is not verified\n", v.Hash)
		case v.Same:
			fmt.Fprintf(f.IO.Out, "Evidence %.12s came out the same\n", v.Hash)
		}
	}
	if !v.Same {
		return factory.ErrSilent
	}
	return nil
}
