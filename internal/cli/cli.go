// Package cli is omc's command line: the root command, its nouns, and how a run ends.
// It reaches omc only through a client; the daemon and the workstation are injected.
package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/algo"
	"github.com/ohmycoins/omc/internal/cli/collect"
	"github.com/ohmycoins/omc/internal/cli/config"
	"github.com/ohmycoins/omc/internal/cli/daemon"
	"github.com/ohmycoins/omc/internal/cli/data"
	"github.com/ohmycoins/omc/internal/cli/demo"
	"github.com/ohmycoins/omc/internal/cli/doctor"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/cli/floor"
	"github.com/ohmycoins/omc/internal/cli/gen"
	"github.com/ohmycoins/omc/internal/cli/lab"
	"github.com/ohmycoins/omc/internal/cli/version"
)

// New returns the command `omc` with everything under it.
func New(f *factory.Factory) *cobra.Command {
	root := &cobra.Command{
		Use: "omc", Short: "Oh My Coins: from the lab to the floor",
		Long: "omc collects crypto prices, researches strategies on them, proves a strategy before it is trusted, and trades it on paper\n" +
			"with limits that hold. Everything it writes lies in one data directory.",
		Example:       "  omc demo                 the whole way in two minutes\n  omc data import FILE     real prices\n  omc lab run \"find a momentum strategy on ETH\"\n  omc tui                  the workstation",
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return factory.Usage("there is no command %q; 'omc --help' lists them", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.TUI == nil || !f.IO.InTerminal || !f.IO.OutTerminal {
				return cmd.Help()
			}
			return workstation(cmd.Context(), f)
		},
	}
	f.BindFlags(root)
	root.SetIn(f.IO.In)
	root.SetOut(f.IO.Out)
	root.SetErr(f.IO.Err)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkFlags(cmd) }
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return factory.Usage("%w; see '%s --help'", err, cmd.CommandPath())
	})
	root.AddCommand(data.New(f), collect.New(f), algo.New(f), lab.New(f), floor.New(f), demo.New(f), daemon.New(f), config.New(f), doctor.New(f), version.New(f), newTUI(f), gen.New(f))
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	strict(root)
	fitHelp(root, f.IO.Width)
	complete(root)
	return root
}

// strict makes wrong arguments usage errors, and a noun without a verb (or with an unknown one) say what there is.
func strict(cmd *cobra.Command) {
	if args := cmd.Args; args != nil {
		cmd.Args = func(c *cobra.Command, a []string) error {
			for i, given := range a {
				if strings.TrimSpace(given) == "" { // an unset variable of a script must not mean "all"
					return factory.Usage("%s: argument %d is empty", c.CommandPath(), i+1)
				}
			}
			if err := args(c, a); err != nil {
				var usage *factory.UsageError
				if errors.As(err, &usage) {
					return err
				}
				return factory.Usage("%s: %w; see '%s --help'", c.CommandPath(), err, c.CommandPath())
			}
			return nil
		}
	}
	if cmd.HasParent() && cmd.HasSubCommands() && cmd.RunE == nil && cmd.Run == nil {
		cmd.RunE = func(c *cobra.Command, a []string) error {
			if len(a) == 0 {
				return c.Help()
			}
			return factory.Usage("%s has no verb %q; see '%s --help'", c.CommandPath(), a[0], c.CommandPath())
		}
		cmd.Args = cobra.ArbitraryArgs
	}
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
}

func newTUI(f *factory.Factory) *cobra.Command {
	plain := ""
	cmd := &cobra.Command{
		Use: "tui", Short: "The workstation", Args: cobra.NoArgs,
		Long: "The workstation: lab, ledgers, algorithms, floor and ops in one terminal. Bare 'omc' in a terminal opens it too.\n" +
			"--plain PAGE writes one page once as text, for screen readers and scripts: lab, data, algo, floor or daemon.",
		Example: "  omc tui\n  omc tui --plain floor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if plain != "" {
				return plainPage(cmd.Context(), f, plain)
			}
			return workstation(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&plain, "plain", "", "write this page once as text")
	return cmd
}

func plainPage(ctx context.Context, f *factory.Factory, page string) error {
	if !slices.Contains([]string{"lab", "data", "algo", "floor", "daemon"}, page) {
		return factory.Usage("--plain %.40q: want lab, data, algo, floor or daemon", page)
	}
	if f.Plain == nil {
		return factory.Usage("this omc was built without its workstation")
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	return f.Plain(ctx, c, page)
}

func workstation(ctx context.Context, f *factory.Factory) error {
	if f.TUI == nil {
		return factory.Usage("this omc was built without its workstation")
	}
	if !f.IO.InTerminal || !f.IO.OutTerminal {
		return factory.Usage("the workstation needs a terminal; for scripts there are commands with -o json: 'omc --help'")
	}
	f.Resume = true
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	return f.TUI(ctx, c)
}

// Run runs one command line and returns its exit code. Errors have been written to stderr.
func Run(ctx context.Context, f *factory.Factory, args []string) int {
	root := New(f)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if closed := f.Close(); closed != nil {
		err = errors.Join(err, fmt.Errorf("stop: %w", closed))
	}
	if lost := f.IO.Lost(); lost != nil && err == nil {
		err = fmt.Errorf("not everything could be written: %w", lost)
	}
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		err = factory.Usage("%w", err)
	}
	if err != nil {
		f.Report(err)
	}
	return factory.ExitCode(err)
}
