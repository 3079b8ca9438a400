package algo

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
)

func newCheck(f *factory.Factory) *cobra.Command {
	o := BacktestOptions{Settings: map[string]*string{}}
	r := api.CheckRequest{}
	cmd := &cobra.Command{
		Use: "check STRATEGY", Short: "Look for decisions that depend on the future", Args: cobra.ExactArgs(1),
		Long: "Look for decisions that depend on what could not be known: at many moments the bars after it are taken away, and replaced by\n" +
			"nonsense, and every decision up to it must stay the same to the byte; a second run over the same bars must decide the same too.\n" +
			"STRATEGY is a Starlark file, a built-in example's name, or an algorithm's id. Exits with 1 where something is found. The run is a trial.",
		Example: "  omc algo check my.star --market BTC/USDT\n  omc algo check 3f2a9c --cuts 500 --steps 500000000 -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Strategy = args[0]
			return RunCheck(cmd.Context(), f, o, r)
		},
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&r.Cuts, "cuts", 0, "moments at which the future is taken away (default 48; half of them where there was an order)")
	cmd.Flags().IntVar(&r.Steps, "steps", 0, "bars to step over in all; older ones are left out where more would be needed (default 20000000)")
	cmd.Flags().Uint64Var(&r.Seed, "seed", 0, "another seed tries other moments")
	return cmd
}

// RunCheck runs the test and fails where it finds something.
func RunCheck(ctx context.Context, f *factory.Factory, o BacktestOptions, r api.CheckRequest) error {
	if err := o.resolve(); err != nil {
		return err
	}
	r.BacktestRequest = o.BacktestRequest
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	f.IO.Status("check %s …", o.Strategy)
	look, err := c.Check(ctx, r)
	f.IO.Status("")
	if err != nil {
		return err
	}
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		err = f.JSON(look)
	} else {
		verdict := map[bool]string{true: "ok", false: "FINDING"}[look.Finding.Passed]
		_, err = fmt.Fprintf(f.IO.Out, "%s: %s\n%d bars, %d moments, %d decisions compared\n", verdict, look.Finding.Text, look.Bars, look.Cuts, look.Lines)
	}
	if err == nil && !look.Finding.Passed {
		return factory.ErrSilent
	}
	return err
}
