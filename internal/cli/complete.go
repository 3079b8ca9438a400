package cli

import (
	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/strategy"
)

// choices are what a flag can be given, by name.
var choices = map[string][]string{
	"output": {"table", "json", "csv"}, "feed": {"coinspot", "replay", "sim"}, "plain": {"lab", "data", "algo", "floor", "daemon"},
	"interval": {"1m", "5m", "15m", "1h", "4h", "1d", "1w"}, "accept-risk": {"kill", "holdout"}, "source": {"kraken", "coinbase", "binance"}, "model": {"builtin"}, "method": {"grid", "random", "halving"}, "objective": {"sharpe", "return", "calmar"},
}

// takesFiles are the commands whose arguments are files; every other one would only be misled by their names.
var takesFiles = map[string]bool{"omc data import": true, "omc algo backtest": true, "omc algo create": true, "omc algo validate": true, "omc algo verify": true, "omc algo import": true}

// complete tells shells what can be said without asking omc: choices of flags, names of examples. Ids are not looked up: a key press
// must not open a store.
func complete(cmd *cobra.Command) {
	for name, values := range choices {
		if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
			// It fails only where the flag is not there.
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	switch {
	case cmd.CommandPath() == "omc algo backtest":
		cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, ex := range strategy.Examples() {
				names = append(names, ex.Name)
			}
			return names, cobra.ShellCompDirectiveDefault
		}
	case cmd.Runnable() && !cmd.HasSubCommands() && !takesFiles[cmd.CommandPath()] && cmd.ValidArgsFunction == nil:
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}
