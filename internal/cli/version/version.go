// Package version has the command that says which omc this is. It opens nothing.
package version

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
)

// New returns the command `omc version`.
func New(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Which omc this is", Args: cobra.NoArgs, Example: "  omc version\n  omc version -o json",
		RunE: func(*cobra.Command, []string) error {
			if *f.Flags["output"] == "json" {
				return f.JSON(f.Version)
			}
			text := "omc " + f.Version.Version
			if f.Version.Commit != "" {
				text += " (" + f.Version.Commit + ")"
			}
			_, err := fmt.Fprintln(f.IO.Out, text, f.Version.Go)
			return err
		},
	}
}
