package config

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
	settings "github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/secret"
)

func newSet(f *factory.Factory) *cobra.Command {
	asSecret := false
	cmd := &cobra.Command{
		Use: "set NAME [VALUE]", Short: "Write a setting into config.yaml", Args: cobra.RangeArgs(1, 2), ValidArgsFunction: completeNames,
		Long: "Write a setting into config.yaml, whose comments and order stay. With --secret the value is read from the terminal without\n" +
			"echo, or from stdin, and stored in the keyring; config.yaml gets keyring:NAME.",
		Example: "  omc config set log_level debug\n  omc config set database_url --secret\n  pass show omc/db | omc config set database_url --secret",
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := writable(f, args[0])
			if err != nil {
				return err
			}
			switch {
			case asSecret && !key.Secret:
				return factory.Usage("%s is no secret: 'omc config set %s VALUE'", key.Name, key.Name)
			case asSecret && len(args) == 2:
				return factory.Usage("with --secret the value is read from the terminal or from stdin, not from the command line, which others can see")
			case asSecret:
				return setSecret(cmd.Context(), f, key)
			case len(args) == 1 && key.Secret:
				return factory.Usage("which value? 'omc config set %s --secret' reads it without echo", key.Name)
			case len(args) == 1:
				return factory.Usage("which value? 'omc config set %s VALUE'", key.Name)
			}
			return setPlain(f, key, args[1])
		},
	}
	cmd.Flags().BoolVar(&asSecret, "secret", false, "read the value without echo and store it in the keyring")
	return cmd
}

// writable returns a setting that config.yaml may hold.
func writable(f *factory.Factory, name string) (settings.Key, error) {
	key, err := find(name)
	if err == nil && key.Name == "data_dir" && f.Getenv("OMC_CONFIG") == "" {
		return key, factory.Usage("data_dir says where config.yaml is, so it cannot stand in it: use --data-dir or OMC_DATA_DIR")
	}
	return key, err
}

// file is config.yaml, even where it has a wrong value in it that is to be put right.
func file(f *factory.Factory) string {
	flags := map[string]string{}
	if dir := f.Flags["data_dir"]; dir != nil {
		flags["data_dir"] = *dir
	}
	return settings.Path(settings.Input{Flags: flags, Environ: f.Environ})
}

func setPlain(f *factory.Factory, key settings.Key, value string) error {
	if key.Holds(value) {
		return factory.Usage("%s is a secret or has one in it, and a command line is seen in the process list and the shell's history: 'omc config set %s --secret' reads it from the terminal or from stdin", key.Name, key.Name)
	}
	if err := key.Check(value); err != nil {
		return factory.Usage("setting %s: %q: %w", key.Name, key.Show(settings.Mask(value)), err)
	}
	_, err := write(f, key, &value)
	return err
}

// write changes config.yaml and says so. It returns what stood there.
func write(f *factory.Factory, key settings.Key, value *string) (before string, err error) {
	path := file(f)
	if before, err = settings.EditFile(path, key.Name, value); err != nil {
		return "", err
	}
	verb := "set"
	if value == nil {
		verb = "unset"
	}
	f.Say("%s is %s in %s", key.Name, verb, path)
	if f.Getenv(key.Env()) != "" {
		f.Say("but %s is set in the environment, and wins", key.Env())
	}
	return before, nil
}

func setSecret(ctx context.Context, f *factory.Factory, key settings.Key) error {
	c, err := f.Config()
	if err != nil {
		return err
	}
	value, err := readSecret(ctx, f, key.Name)
	if err != nil {
		return err
	}
	if _, ref := settings.Referenced(value); value == "" || ref {
		return factory.Usage("setting %s: want the value itself, and not an empty one", key.Name)
	}
	if err := key.Check(value); err != nil {
		return factory.Usage("setting %s: %w", key.Name, err)
	}
	vault, err := Vault(f, c)
	if err != nil {
		return err
	}
	if err := vault.Set(ctx, key.Name, value); err != nil {
		return err
	}
	reference := settings.Reference(key.Name)
	if _, err := write(f, key, &reference); err != nil {
		return fmt.Errorf("the value is stored, but %w", err)
	}
	return nil
}

func newUnset(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "unset NAME", Short: "Remove a setting from config.yaml, and its secret from the keyring", Args: cobra.ExactArgs(1), ValidArgsFunction: completeNames,
		Example: "  omc config unset log_level\n  omc config unset database_url",
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := find(args[0]) // data_dir too: it may stand there
			if err != nil {
				return err
			}
			before, err := write(f, key, nil)
			if err != nil || !key.Secret {
				return err
			}
			if ref, ok := settings.Referenced(before); ok && ref != key.Name && secret.CheckName(ref) == nil {
				err = forget(cmd.Context(), f, key.Name, ref)
			}
			return errors.Join(err, forget(cmd.Context(), f, key.Name, key.Name))
		},
	}
}

// forget removes a secret that a setting had, where there is one and no other setting uses it.
func forget(ctx context.Context, f *factory.Factory, setting, name string) error {
	c, err := f.Config()
	if err != nil {
		return err
	}
	for _, v := range c.List() {
		if ref, ok := settings.Referenced(v.Value); ok && ref == name {
			f.Say("the secret %s stays, since %s (from %s) is it", name, v.Name, v.Origin)
			return nil
		}
	}
	vault, err := Vault(f, c)
	if err != nil {
		return err
	}
	err = vault.Remove(ctx, name)
	switch {
	case errors.Is(err, secret.ErrNotFound):
		return nil
	case err != nil:
		again := fmt.Sprintf("'omc config unset %s' tries again", setting)
		if setting != name {
			again = fmt.Sprintf("'omc config set %s %s' and then unset try again", setting, settings.Reference(name))
		}
		return fmt.Errorf("the setting is removed, but its secret still rests in the keyring (%s): %w", again, err)
	}
	f.Say("the secret %s is removed", name)
	return nil
}
