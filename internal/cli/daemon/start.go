package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/telemetry"
)

const (
	logName  = "omc.log"
	outName  = "daemon.out" // what a daemon says before its log is open
	tailSize = 256 << 10
)

func newStart(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use: "start", Short: "Start in the background and wait until it is ready", Args: cobra.NoArgs, Example: "  omc daemon start",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			return Start(cmd.Context(), f, c)
		},
	}
	rolesFlag(f, cmd)
	return cmd
}

// roles are passed on as they were given.
func roles(c *config.Config) []string {
	if r := c.Get("roles"); r != "" {
		return []string{"--roles", r}
	}
	return nil
}

// Start runs this program again as a daemon in a session of its own, and waits until it answers. A failure shows the reason.
func Start(ctx context.Context, f *factory.Factory, c *config.Config) error {
	dir := c.Get("data_dir")
	// The lock says who holds the directory, before anything is started.
	lock, cl, err := attach.AcquireSoon(ctx, dir, "omc daemon start", 0)
	if err != nil {
		return err
	}
	if cl != nil {
		s, err := cl.Status(ctx)
		if err != nil {
			return err
		}
		f.Say("a daemon runs already (pid %d)", s.PID)
		return nil
	}
	if err := lock.Release(); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, outName), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	child := exec.Command(f.Self, append([]string{"daemon", "run", "--data-dir", dir}, roles(c)...)...)
	child.Env, child.Stdout, child.Stderr = f.Environ, out, out
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	deadline := time.After(startTime)
	for {
		_, ok, err := attach.Running(ctx, dir)
		if err != nil {
			return err
		}
		if ok {
			f.Say("omc daemon runs (pid %d), its log is %s", child.Process.Pid, filepath.Join(dir, logName))
			return nil
		}
		select {
		case <-time.After(poll):
		case err := <-ended:
			if s, ok := answering(ctx, dir); ok { // another start was quicker
				f.Say("a daemon runs already (pid %d)", s.PID)
				return nil
			}
			return fmt.Errorf("the daemon ended before it was ready (%v): %s", err, reason(out))
		case <-deadline:
			return errors.Join(fmt.Errorf("the daemon was not ready within %s; its log is %s", startTime, filepath.Join(dir, logName)), child.Process.Signal(syscall.SIGTERM))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), child.Process.Signal(syscall.SIGTERM))
		}
	}
}

// answering waits a moment for a daemon that another process has just started.
func answering(ctx context.Context, dir string) (api.Status, bool) {
	deadline := time.After(startTime)
	for {
		cl, ok, err := attach.Running(ctx, dir)
		if err != nil {
			return api.Status{}, false
		}
		if ok {
			s, err := cl.Status(ctx)
			return s, err == nil
		}
		if lock, err := attach.Acquire(dir, "omc daemon start"); err == nil { // nobody is at it
			_ = lock.Release()
			return api.Status{}, false
		}
		select {
		case <-time.After(poll):
		case <-deadline:
			return api.Status{}, false
		case <-ctx.Done():
			return api.Status{}, false
		}
	}
}

// reason is what the daemon said last.
func reason(out *os.File) string {
	raw, err := io.ReadAll(io.NewSectionReader(out, 0, 4096))
	if err != nil || len(raw) == 0 {
		return "it said nothing"
	}
	return string(raw)
}

func newLogs(f *factory.Factory) *cobra.Command {
	var follow bool
	var n int
	cmd := &cobra.Command{
		Use: "logs", Short: "The log's newest lines", Args: cobra.NoArgs, Example: "  omc daemon logs -n 100\n  omc daemon logs -f",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 0 {
				return factory.Usage("-n %d: want 0 or more lines", n)
			}
			c, err := f.Config()
			if err != nil {
				return err
			}
			return tail(cmd.Context(), f, filepath.Join(c.Get("data_dir"), logName), n, follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on as lines come")
	cmd.Flags().IntVarP(&n, "lines", "n", 50, "how many lines")
	return cmd
}

// tail reads the log file itself, so that it works when the daemon does not.
func tail(ctx context.Context, f *factory.Factory, path string, n int, follow bool) error {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		f.Say("there is no log yet: %s", path)
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	at := max(0, st.Size()-tailSize)
	raw, err := io.ReadAll(io.NewSectionReader(file, at, st.Size()-at))
	if err != nil {
		return err
	}
	lines := split(raw)
	if len(lines) > n {
		lines = lines[len(lines)-max(n, 0):]
	}
	show(f, lines)
	for at = st.Size(); follow; {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
		raw, err := io.ReadAll(io.NewSectionReader(file, at, tailSize))
		if err != nil {
			return err
		}
		at += int64(len(raw))
		show(f, split(raw))
	}
	return nil
}

func split(raw []byte) [][]byte {
	var out [][]byte
	for len(raw) > 0 {
		i := 0
		for i < len(raw) && raw[i] != '\n' {
			i++
		}
		if i > 0 {
			out = append(out, raw[:i])
		}
		raw = raw[min(i+1, len(raw)):]
	}
	return out
}

func show(f *factory.Factory, lines [][]byte) {
	json := *f.Flags["output"] == "json"
	for _, l := range lines {
		if parsed, ok := telemetry.ParseLine(l); ok && !json {
			fmt.Fprintln(f.IO.Out, line(parsed))
		} else {
			fmt.Fprintf(f.IO.Out, "%s\n", l)
		}
	}
}
