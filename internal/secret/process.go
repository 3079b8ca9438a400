package secret

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ohmycoins/omc/internal/secret/quiet"
)

const (
	childArg = "keyring-child" // the first argument of the process that asks; see Child
	busEnv   = "DBUS_SESSION_BUS_ADDRESS"
	endWait  = time.Second // for an ended process' pipes
)

// execStarter starts this program again to ask the desktop. What it is told stands in its arguments: an operation and a name,
// never a value. It gets no OMC_ variable, for some hold secrets, and its stderr is nobody's.
func execStarter(o Options) starter {
	return func(ctx context.Context, args []string, value []byte, out io.Writer) error {
		env, err := childEnv(o.Environ, runtime.GOOS, runtimeFolder())
		if err != nil {
			return err
		}
		if o.Self == "" {
			return fmt.Errorf("%w: this program does not know its own path; %s", ErrUnavailable, wayOut)
		}
		cmd := exec.CommandContext(ctx, o.Self, append([]string{childArg}, args...)...)
		cmd.Env, cmd.Stdin, cmd.Stdout = env, bytes.NewReader(value), out
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it started ends with it
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		cmd.WaitDelay = endWait
		return cmd.Run()
	}
}

// childEnv is the environment of the asking process. On Linux it always names a bus: without, the library would start one.
func childEnv(environ []string, goos, runtimeDir string) ([]string, error) {
	env := []string{quiet.Child + "=1"}
	for _, e := range environ {
		if !strings.HasPrefix(e, "OMC_") && !strings.HasPrefix(e, busEnv+"=") {
			env = append(env, e)
		}
	}
	if goos != "linux" {
		return env, nil
	}
	address := lookup(environ, busEnv)
	if socket := filepath.Join(runtimeDir, "bus"); address == "" || address == "autolaunch:" {
		if st, err := os.Stat(socket); err != nil || st.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%w: there is no session bus (%s is not set, and there is no %s); %s", ErrUnavailable, busEnv, socket, wayOut)
		}
		address = "unix:path=" + socket
	}
	return append(env, busEnv+"="+address), nil
}

// runtimeFolder is where systemd puts the user's bus.
func runtimeFolder() string { return filepath.Join("/run/user", strconv.Itoa(os.Getuid())) }
