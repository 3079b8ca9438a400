package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ohmycoins/omc/internal/cli/factory"
)

// written lists the formats of commands that do not write in all three; none for those without an answer to format.
var written = map[string][]string{
	"omc":                nil,
	"omc tui":            nil,
	"omc demo":           nil,
	"omc version":        {"table", "json"},
	"omc config path":    {"table"},
	"omc data export":    {"csv"},
	"omc algo export":    {"json"},
	"omc algo diff":      {"table", "json"},
	"omc lab run":        {"table", "json"},
	"omc lab chat":       {"table", "json"},
	"omc lab resume":     {"table", "json"},
	"omc lab cancel":     nil,
	"omc lab graph":      {"table", "json"},
	"omc floor watch":    {"table", "json"},
	"omc daemon run":     nil,
	"omc daemon start":   nil,
	"omc daemon stop":    nil,
	"omc daemon migrate": nil,
	"omc daemon logs":    {"table", "json"},
}

// checkFlags refuses a flag that is given and empty, as an unset variable of a script is, and an --output that the command does not
// write: a script must not read one format for another.
func checkFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if v := f.Value.String(); err == nil && (f.Value.Type() == "string" && strings.TrimSpace(v) == "" || v == "[]") {
			err = factory.Usage("%s: --%s is given and empty", cmd.CommandPath(), f.Name)
		}
	})
	if err != nil {
		return err
	}
	given, err := cmd.Flags().GetString("output")
	if err != nil || given == "" {
		return nil // a command without the flag
	}
	formats, limited := written[cmd.CommandPath()]
	switch {
	case !slices.Contains([]string{"table", "json", "csv"}, given):
		return factory.Usage("-o %.20q: want table, json or csv", given)
	case limited && len(formats) == 0:
		return factory.Usage("%s takes no -o: it has no listing to write", cmd.CommandPath())
	case limited && !slices.Contains(formats, given):
		return factory.Usage("%s writes %s, not %s", cmd.CommandPath(), strings.Join(formats, " or "), given)
	}
	return nil
}
