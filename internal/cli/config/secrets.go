package config

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
	settings "github.com/ohmycoins/omc/internal/config"
)

// stored is one secret: its name, where it rests, and the settings that use it.
type stored struct {
	Name     string   `json:"name"`
	Backend  string   `json:"backend"` // desktop or file; "" where a setting names a secret that is not there
	Settings []string `json:"settings"`
}

func newSecrets(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "secrets", Short: "Names of the secrets stored, and where they rest; never their values", Args: cobra.NoArgs,
		Example: "  omc config secrets\n  omc config secrets -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			vault, err := Vault(f, c)
			if err != nil {
				return err
			}
			names, rests, err := vault.Names(cmd.Context())
			if err != nil {
				return err
			}
			return factory.List(f, rows(c, names, rests), "no secret is stored; 'omc config set database_url --secret' stores one", []factory.Column[stored]{
				{Name: "name", Value: func(s stored) string { return s.Name }},
				{Name: "backend", Value: func(s stored) string {
					if s.Backend == "" {
						return "missing"
					}
					return s.Backend
				}},
				{Name: "settings", Value: func(s stored) string { return strings.Join(s.Settings, " ") }},
			})
		},
	}
}

// rows joins what is stored with what the settings name.
func rows(c *settings.Config, names []string, rests string) []stored {
	uses := map[string][]string{}
	for _, v := range c.List() {
		if ref, ok := settings.Referenced(v.Value); ok {
			uses[ref] = append(uses[ref], v.Name)
		}
	}
	var out []stored
	for _, n := range names {
		out = append(out, stored{Name: n, Backend: rests, Settings: slices.Clip(append([]string{}, uses[n]...))})
		delete(uses, n)
	}
	for _, n := range factory.Keys(uses) {
		out = append(out, stored{Name: n, Settings: uses[n]})
	}
	return out
}
