// Package factory holds what every command needs: streams, settings, a client, and how answers and errors are written.
// It knows no command, and it opens nothing until a command asks.
package factory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/iostreams"
)

// Exit codes of omc.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitNotFound    = 3
	ExitRefused     = 4 // by a limit or a gate
	ExitUnreachable = 5
	ExitPermission  = 6
	ExitInterrupted = 130
)

// Factory makes what commands need. One per run of the program; not for concurrent use.
type Factory struct {
	IO      *iostreams.IO
	Version api.Version
	Now     func() time.Time
	Environ []string
	Self    string // path of this program, to start the daemon with

	Serve     func(ctx context.Context, c *config.Config) (attach.Server, error)
	RunDaemon func(ctx context.Context, c *config.Config, ready func()) error
	Migrate   func(ctx context.Context, c *config.Config) (from, to int64, err error)
	DiskFree  func(path string) (uint64, error)
	Contain   func(ctx context.Context) (parts []Contained, notes []string, err error) // tries to break out of a sandbox of this machine
	OpenAPI   func() ([]byte, error)
	TUI       func(ctx context.Context, c *client.Client) error              // nil: this build has none
	Plain     func(ctx context.Context, c *client.Client, page string) error // one page as text; nil: this build has none

	Upstreams func(ctx context.Context, o StandIns, ready func(environ []string)) error // serves stand-ins of upstreams

	Resume bool // an omc started in this process takes up the sessions that were running

	Flags map[string]*string // persistent flags by setting name
	root  *cobra.Command

	config     *config.Config
	attachment *attach.Attachment
}

// Contained is one thing that a sandboxed script must not get at.
type Contained struct {
	Part  string
	Held  bool
	How   string
	Vital bool // without it the floor runs no script
}

// StandIns say where and how stand-ins of upstreams are served.
type StandIns struct {
	Address, Scenario string
	Seed              uint64
}

// BindFlags adds the flags that every command has.
func (f *Factory) BindFlags(root *cobra.Command) {
	f.root = root
	f.Flags = map[string]*string{}
	p := root.PersistentFlags()
	for _, d := range [][4]string{
		{"data_dir", "data-dir", "", "folder that holds everything omc writes"},
		{"host", "host", "", "omc to talk to: a socket's path or a URL (default: the one of the data directory)"},
		{"output", "output", "o", "write listings as table, json or csv"},
	} {
		f.Flags[d[0]] = p.StringP(d[1], d[2], "", d[3])
	}
	p.Bool("no-color", false, "write without colour")
}

// Config reads the settings once. Warnings go to stderr.
func (f *Factory) Config() (*config.Config, error) {
	if f.config != nil {
		return f.config, nil
	}
	flags := map[string]string{}
	for name, v := range f.Flags {
		if *v != "" {
			flags[name] = *v
		}
	}
	if no, err := f.root.PersistentFlags().GetBool("no-color"); err == nil && no {
		flags["no_color"] = "true"
	}
	c, err := config.Load(config.Input{Flags: flags, Environ: f.Environ})
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(f.IO.Err, "omc: warning:", w)
	}
	if c.Bool("no_color") {
		f.IO.Color = false
	}
	f.config = c
	return c, nil
}

// Client attaches once: to a running omc, or to one in this process.
func (f *Factory) Client(ctx context.Context) (*client.Client, error) {
	if f.attachment != nil {
		return f.attachment.Client, nil
	}
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	what := "omc"
	if len(f.root.Commands()) > 0 {
		if cmd, _, err := f.root.Find(f.root.Flags().Args()); err == nil {
			what = cmd.CommandPath()
		}
	}
	a, err := attach.Open(ctx, attach.Options{
		DataDir: c.Get("data_dir"), Host: c.Get("host"), What: what,
		Serve: func(ctx context.Context) (attach.Server, error) { return f.Serve(ctx, c) },
	})
	if err != nil {
		return nil, err
	}
	f.attachment = a
	return a.Client, nil
}

// Embedded reports that omc runs in this process, once Client was called.
func (f *Factory) Embedded() bool { return f.attachment != nil && f.attachment.Embedded }

// Close ends what Client opened.
func (f *Factory) Close() error {
	if f.attachment == nil {
		return nil
	}
	a := f.attachment
	f.attachment = nil
	return a.Close()
}

// Getenv reads a variable of the environment the command was given.
func (f *Factory) Getenv(name string) string {
	for i := len(f.Environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(f.Environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// UsageError is a command given wrongly.
type UsageError struct{ Err error }

// Error is the underlying text.
func (u *UsageError) Error() string { return u.Err.Error() }

// Unwrap returns what was wrong.
func (u *UsageError) Unwrap() error { return u.Err }

// Usage makes a UsageError.
func Usage(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// ErrSilent fails a command that has already said why.
var ErrSilent = errors.New("failed")

// ExitCode maps a command's error to the documented exit codes.
func ExitCode(err error) int {
	var (
		usage       *UsageError
		problem     *api.Problem
		unreachable *client.Unreachable
		held        *attach.HeldError
	)
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &unreachable), errors.As(err, &held):
		return ExitUnreachable
	case errors.As(err, &problem):
		return problemCode(problem)
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, fs.ErrPermission):
		return ExitPermission
	}
	return ExitFailed
}

func problemCode(p *api.Problem) int {
	switch {
	case p.Code == api.CodeNotFound || p.Status == 404:
		return ExitNotFound
	case p.Code == api.CodeBadRequest:
		return ExitUsage
	case p.Code == api.CodePermission || p.Status == 401:
		return ExitPermission
	case p.Code == api.CodeUnavailable:
		return ExitUnreachable
	case p.Code == api.CodeConflict || p.Code == api.CodeInternal || p.Code == api.CodeFailed || p.Status >= 500:
		return ExitFailed
	}
	return ExitRefused // refused, or a gate's or a limit's own code
}

// Report writes an error for people: what failed, the gate's reasons, and what to do.
func (f *Factory) Report(err error) {
	if errors.Is(err, ErrSilent) || errors.Is(err, context.Canceled) {
		return
	}
	var p *api.Problem
	text := err.Error()
	if errors.As(err, &p) && len(p.Errors) > 0 {
		text, _, _ = strings.Cut(text, "; ") // the reasons follow one by one
	}
	fmt.Fprintln(f.IO.Err, "omc:", text)
	if p != nil {
		for _, r := range p.Errors {
			mark := "✗"
			if r.Passed {
				mark = "✓"
			}
			fmt.Fprintf(f.IO.Err, "  %s %s: %s\n", mark, r.Code, r.Text)
		}
	}
	var u *client.Unreachable
	if errors.As(err, &u) {
		fmt.Fprintln(f.IO.Err, "hint: 'omc daemon status' says whether a daemon runs, 'omc doctor' checks the rest")
	}
}
