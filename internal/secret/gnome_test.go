//go:build linux

package secret

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus"
)

// The real thing, where a machine has it: GNOME's keyring on a message bus of its own.
func TestGnomeKeyring(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	home := t.TempDir()
	env := []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "PATH=" + os.Getenv("PATH"), "XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CACHE_HOME=" + filepath.Join(home, "cache")}
	config := filepath.Join(home, "bus.conf") // without the machine's services, which would start another keyring
	must(t, os.WriteFile(config, []byte(`<busconfig><type>session</type><listen>unix:dir=`+home+`</listen><auth>EXTERNAL</auth>
		<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`), 0o600))
	address, err := startDaemon(t, env, "", "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address").ReadString('\n')
	must(t, err)
	env = append(env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))
	owned := awaitName(t, strings.TrimSpace(address), secretsName)
	startDaemon(t, env, "login passphrase", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	<-owned
	self, err := os.Executable()
	must(t, err)
	s, err := New(Options{DataDir: t.TempDir(), Self: self, Environ: env})
	must(t, err)
	ctx := t.Context()
	must(t, s.Set(ctx, "database_url", "first"))
	must(t, s.Set(ctx, "database_url", hidden))
	big := strings.Repeat("x", MaxValue)
	must(t, s.Set(ctx, "big", big))
	if v, err := s.Get(ctx, "database_url"); v != hidden || err != nil {
		t.Errorf("got %d bytes, %v", len(v), err)
	}
	if v, err := s.Get(ctx, "big"); v != big || err != nil {
		t.Errorf("got %d bytes, %v", len(v), err)
	}
	if names, rests, err := s.Names(ctx); strings.Join(names, " ") != "big database_url" || rests != Desktop || err != nil {
		t.Errorf("lists %v in %q, %v", names, rests, err)
	}
	must(t, s.Remove(ctx, "big"))
	if err := s.Remove(ctx, "big"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing twice says %v", err)
	}
}

// startDaemon starts a program that the test ends, and returns its stdout.
func startDaemon(t *testing.T, env []string, stdin, name string, args ...string) *bufio.Reader {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(stdin)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	return bufio.NewReader(out)
}

// awaitName returns what is closed once a name is owned on a bus.
func awaitName(t *testing.T, address, name string) <-chan struct{} {
	t.Helper()
	bus, err := dbus.Dial(address)
	must(t, err)
	t.Cleanup(func() { _ = bus.Close() })                              // the bus may have ended first
	stop := time.AfterFunc(20*time.Second, func() { _ = bus.Close() }) // ends the calls below, and closes signals
	t.Cleanup(func() { stop.Stop() })
	must(t, bus.Auth(nil))
	must(t, bus.Hello())
	signals := make(chan *dbus.Signal, 64)
	bus.Signal(signals)
	must(t, bus.BusObject().Call("org.freedesktop.DBus.AddMatch", 0, "type='signal',member='NameOwnerChanged',arg0='"+name+"'").Err)
	owned := make(chan struct{})
	go func() {
		defer close(owned)
		for s := range signals {
			if s.Name == "org.freedesktop.DBus.NameOwnerChanged" && s.Body[0] == name {
				return
			}
		}
	}()
	return owned
}
