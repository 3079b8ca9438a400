package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/ohmycoins/omc/internal/cli/factory"
	settings "github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/secret"
)

// Vault returns the store of secrets that the settings describe. It opens nothing until it is asked.
func Vault(f *factory.Factory, c *settings.Config) (*secret.Store, error) {
	o := secret.Options{
		DataDir: c.Get("data_dir"), Backend: c.Get("secrets.backend"), PassphraseFile: c.Get("secrets.passphrase_file"),
		Environ: f.Environ, Self: f.Self,
		Waiting: func() { f.Say("omc: waiting for your desktop to unlock its keyring") },
	}
	if terminal(f) != nil {
		o.Ask = func(ctx context.Context, prompt string, again bool) (string, error) {
			first, err := ask(ctx, f, prompt+": ")
			if err != nil || !again {
				return first, err
			}
			second, err := ask(ctx, f, "Once more: ")
			if err == nil && first != second {
				err = errors.New("the two passphrases differ; nothing was stored")
			}
			return first, err
		}
	}
	return secret.New(o)
}

// terminal is the terminal behind stdin, where a person can be asked; else nil.
func terminal(f *factory.Factory) *os.File {
	file, ok := f.IO.In.(*os.File)
	if !ok || !f.IO.CanPrompt() {
		return nil
	}
	return file
}

// ask reads a line from the terminal without echo. The echo is off before the prompt is there: who types at once is not shown either.
func ask(ctx context.Context, f *factory.Factory, prompt string) (text string, err error) {
	fd := int(terminal(f).Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	defer func() {
		err = errors.Join(err, unix.IoctlSetTermios(fd, setTermios, before))
		fmt.Fprintln(f.IO.Err)
	}()
	fmt.Fprint(f.IO.Err, prompt)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() { // a read of a terminal cannot be ended: after an interrupt it ends with the process, which is about to
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		if l.err != nil {
			return "", fmt.Errorf("terminal: %w", l.err)
		}
		return string(l.text), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// readSecret reads a value from the terminal without echo, or from stdin to its end.
func readSecret(ctx context.Context, f *factory.Factory, name string) (string, error) {
	if terminal(f) != nil {
		return ask(ctx, f, "Value of "+name+" (not shown): ")
	}
	if f.IO.InTerminal {
		return "", factory.Usage("nobody can be asked for %s while stderr is no terminal: pipe the value to stdin", name)
	}
	raw, err := io.ReadAll(io.LimitReader(f.IO.In, secret.MaxValue+1))
	if err != nil {
		return "", fmt.Errorf("read %s from stdin: %w", name, err)
	}
	if len(raw) > secret.MaxValue {
		return "", factory.Usage("the value on stdin has more than %d bytes", secret.MaxValue)
	}
	return string(bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))), nil
}
