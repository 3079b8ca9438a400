// Package config has the commands that show and change the settings. It writes config.yaml and nothing else; a secret's value goes to
// the store of secrets, and to stdout only where it is asked for by --reveal.
package config

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
	settings "github.com/ohmycoins/omc/internal/config"
)

// New returns the command `omc config`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Settings, and where each comes from",
		Long: "Settings come from flags, else OMC_* variables, else config.yaml in the data directory (or OMC_CONFIG), else defaults.\n" +
			"A setting that is a secret may be stored outside config.yaml, which then holds keyring:NAME."}
	list := &cobra.Command{
		Use: "list", Short: "Every setting with its value, where it came from and what it takes; secrets masked", Args: cobra.NoArgs, Example: "  omc config list\n  OMC_LOG_LEVEL=debug omc config list -o json",
		RunE: func(*cobra.Command, []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			return factory.List(f, c.List(), "", []factory.Column[settings.Value]{
				{Name: "name", Value: func(v settings.Value) string { return v.Name }},
				{Name: "value", Value: func(v settings.Value) string { return v.Value }},
				{Name: "origin", Value: func(v settings.Value) string { return v.Origin }},
				{Name: "env", Value: func(v settings.Value) string { return v.Env }},
				{Name: "description", Value: func(v settings.Value) string { return v.Doc }, Raw: func(v settings.Value) string { return v.Doc }},
			})
		},
	}
	path := &cobra.Command{
		Use: "path", Short: "Where config.yaml is looked for", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := f.Config()
			if err == nil {
				_, err = fmt.Fprintln(f.IO.Out, c.File)
			}
			return err
		},
	}
	cmd.AddCommand(list, newGet(f), newSet(f), newUnset(f), newSecrets(f), path)
	return cmd
}

// completeNames offers the settings' names for the first argument.
func completeNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if len(args) == 0 {
		for _, k := range settings.Keys() {
			names = append(names, k.Name+"\t"+k.Doc)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
