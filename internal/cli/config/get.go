package config

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
	settings "github.com/ohmycoins/omc/internal/config"
)

func newGet(f *factory.Factory) *cobra.Command {
	reveal := false
	cmd := &cobra.Command{
		Use: "get NAME", Short: "One setting's value; a secret masked", Args: cobra.ExactArgs(1), ValidArgsFunction: completeNames,
		Example: "  omc config get log_level\n  omc config get database_url --reveal | pbcopy",
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := find(args[0])
			if err != nil {
				return err
			}
			c, err := f.Config()
			if err != nil {
				return err
			}
			v := shown(c, key)
			if reveal && key.Secret {
				vault, err := Vault(f, c)
				if err != nil {
					return err
				}
				if v.Value, err = c.Secret(cmd.Context(), key.Name, vault); err != nil {
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
			_, err = fmt.Fprintln(f.IO.Out, v.Value)
			return err
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "write a secret as it is, to stdout")
	return cmd
}

func shown(c *settings.Config, key settings.Key) settings.Value {
	for _, v := range c.List() {
		if v.Name == key.Name {
			return v
		}
	}
	return settings.Value{Name: key.Name}
}

// find returns a setting, or a usage error with the nearest names.
func find(name string) (settings.Key, error) {
	key, ok := settings.Find(name)
	if ok {
		return key, nil
	}
	near := nearest(name)
	if near == "" {
		near = "'omc config list' shows those there are"
	} else {
		near = "did you mean " + near + "?"
	}
	return key, factory.Usage("there is no setting %.60q; %s", name, near)
}
