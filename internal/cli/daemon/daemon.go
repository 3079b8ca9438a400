// Package daemon has the commands that run, start, stop and look at the daemon.
// The daemon itself is injected: a command never imports it.
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
)

// New returns the command `omc daemon`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "daemon", Short: "Run omc in the background", Long: "The daemon owns the data directory, so that several commands can work at once and trading goes on when the terminal is closed."}
	cmd.AddCommand(newRun(f), newStart(f), newStop(f), newStatus(f), newLogs(f), newMigrate(f))
	return cmd
}

func newRun(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use: "run", Short: "Run in the foreground until SIGINT or SIGTERM", Args: cobra.NoArgs, Example: "  omc daemon run\n  omc daemon run --roles collector",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			return f.RunDaemon(cmd.Context(), c, func() {
				f.Say("omc daemon is ready (socket %s)", attach.SocketPath(c.Get("data_dir")))
			})
		},
	}
	rolesFlag(f, cmd)
	return cmd
}

// rolesFlag lets a process do a part of the work: several of them on one PostgreSQL share it.
func rolesFlag(f *factory.Factory, cmd *cobra.Command) {
	if f.Flags["roles"] == nil {
		f.Flags["roles"] = new(string)
	}
	cmd.Flags().StringVar(f.Flags["roles"], "roles", "", "what it does: collector, lab, floor, worker, with commas between (default: all)")
}

func newStop(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop the daemon; nothing is lost", Args: cobra.NoArgs, Example: "  omc daemon stop",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, running, err := find(cmd.Context(), f)
			if err != nil {
				return err
			}
			if !running {
				f.Say("no daemon runs")
				return nil
			}
			if err := c.StopDaemon(cmd.Context()); err != nil {
				return err
			}
			f.IO.Status("stopping …")
			defer f.IO.Status("")
			if err := waitGone(cmd.Context(), f); err != nil {
				return err
			}
			f.IO.Status("")
			f.Say("stopped")
			return nil
		},
	}
}

// waitGone waits until the data directory is free again.
func waitGone(ctx context.Context, f *factory.Factory) error {
	c, err := f.Config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	for {
		lock, err := attach.Acquire(c.Get("data_dir"), "omc daemon stop")
		if err == nil {
			return lock.Release()
		}
		var held *attach.HeldError
		if !errors.As(err, &held) {
			return err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return fmt.Errorf("the daemon (pid %d) has not stopped within %s; 'omc daemon logs' may say why", held.PID, stopTime)
		}
	}
}

const (
	stopTime  = 40 * time.Second
	startTime = 30 * time.Second
	poll      = 50 * time.Millisecond
)

// find returns a client of a running daemon; it never starts an omc in this process.
func find(ctx context.Context, f *factory.Factory) (*client.Client, bool, error) {
	c, err := f.Config()
	if err != nil {
		return nil, false, err
	}
	if c.Get("host") != "" {
		cl, err := f.Client(ctx)
		return cl, err == nil, err
	}
	return attach.Running(ctx, c.Get("data_dir"))
}

func newStatus(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "How the daemon and its parts are", Args: cobra.NoArgs, Long: "How the daemon and its parts are. Exits with 5 where no daemon runs, and with 1 where a part is not well.",
		Example: "  omc daemon status\n  omc daemon status -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, running, err := find(cmd.Context(), f)
			if err != nil {
				return err
			}
			if !running {
				return &client.Unreachable{Err: errors.New("no daemon runs; 'omc daemon start' starts one")}
			}
			s, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if err := WriteStatus(f, s); err != nil {
				return err
			}
			if !s.Ready {
				return factory.ErrSilent
			}
			return nil
		},
	}
}

// WriteStatus writes a status, parts last.
func WriteStatus(f *factory.Factory, s api.Status) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		return f.JSON(s)
	}
	if format == "table" {
		err := f.One(s, [][2]string{
			{"version", s.Version.Version}, {"pid", strconv.Itoa(s.PID)}, {"data_dir", s.DataDir}, {"store", s.Store + ", schema " + strconv.FormatInt(s.Version.Schema, 10)},
			{"bus", s.Bus}, {"started_at", factory.Time(s.StartedAt)}, {"ready", strconv.FormatBool(s.Ready)}, {"memory", megabytes(s.Memory)}, {"data", megabytes(s.DataBytes)}, {"disk_free", megabytes(s.DiskFree)},
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(f.IO.Out)
	}
	return factory.List(f, s.Parts, "", []factory.Column[api.Health]{
		{Name: "part", Value: func(p api.Health) string { return p.Part }},
		{Name: "ok", Value: func(p api.Health) string { return strconv.FormatBool(p.OK) }},
		{Name: "state", Value: func(p api.Health) string { return p.State }},
		{Name: "detail", Value: func(p api.Health) string { return p.Detail }},
	})
}

func megabytes(n uint64) string { return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB" }

func newMigrate(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the store's schema up to date by hand", Args: cobra.NoArgs, Example: "  OMC_DATABASE_URL=postgres://… omc daemon migrate",
		Long: "Bring the store's schema up to date. omc does so by itself when it starts; a schema newer than this omc is refused.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			from, to, err := f.Migrate(cmd.Context(), c)
			if err != nil {
				return err
			}
			if from == to {
				f.Say("the schema is up to date (version %d)", to)
			} else {
				f.Say("the schema went from version %d to %d", from, to)
			}
			return nil
		},
	}
}

// line writes a log line for people.
func line(l api.LogLine) string {
	text := factory.Time(l.Time) + " " + l.Level + " " + l.Message
	var attrs map[string]json.RawMessage
	if json.Unmarshal(l.Attrs, &attrs) == nil {
		for _, k := range factory.Keys(attrs) {
			text += " " + k + "=" + string(attrs[k])
		}
	}
	return text
}
