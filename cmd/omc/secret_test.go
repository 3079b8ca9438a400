//go:build linux

package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// hangs is when a command that should end at once is taken to hang.
const hangs = 30 * time.Second

// runOmc runs the program with nothing but the environment given.
func runOmc(t *testing.T, bin string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangs)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("omc %s: %v (%v)\n%s", strings.Join(args, " "), err, context.Cause(ctx), out)
	}
	return string(out)
}

// Linking the keyring library must not make every command ask the desktop's message bus, which may never answer.
func TestNoCommandAsksTheMessageBus(t *testing.T) {
	t.Parallel()
	bin, dir := buildOmc(t), t.TempDir()
	path := filepath.Join(dir, "bus")
	bus, err := net.Listen("unix", path) // it listens, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	env := []string{"HOME=" + dir, "OMC_DATA_DIR=" + filepath.Join(dir, "data"), "DBUS_SESSION_BUS_ADDRESS=unix:path=" + path}
	runOmc(t, bin, env, "version")
	runOmc(t, bin, env, "config", "list")

	// Who connected first? The connection made here, unless omc made one before.
	own, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if _, err := own.Write([]byte("!")); err != nil {
		t.Fatal(err)
	}
	first, err := bus.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	said := make([]byte, 1)
	if n, err := first.Read(said); n != 1 || said[0] != '!' {
		t.Fatalf("omc connected to the bus (%q, %v)", said[:n], err)
	}

	// The process that is meant to ask does connect: so the silence above is omc's doing.
	asking := exec.CommandContext(t.Context(), bin, "version")
	asking.Env = append(env, "OMC_KEYRING_CHILD=1")
	if err := asking.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := bus.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = asking.Process.Kill() // it waits for the bus
	_ = asking.Wait()
	_ = c.Close()
}

// A daemon that omc starts gets the user's own environment, bus and all.
func TestChildrenGetTheUsersBus(t *testing.T) {
	t.Parallel()
	bin := buildOmc(t)
	for _, given := range []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus", "X=no bus"} {
		daemonGets(t, bin, given)
	}
}

func daemonGets(t *testing.T, bin, given string) {
	t.Helper()
	dir := t.TempDir()
	env := []string{given, "HOME=" + dir, "OMC_DATA_DIR=" + filepath.Join(dir, "data"), "PATH=" + os.Getenv("PATH")}
	said := runOmc(t, bin, env, "daemon", "start")
	defer runOmc(t, bin, env, "daemon", "stop")
	pid := regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(said)
	if pid == nil {
		t.Fatalf("no pid in %q", said)
	}
	raw, err := os.ReadFile(filepath.Join("/proc", pid[1], "environ"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00"); strings.Join(got, "\n") != strings.Join(env, "\n") {
		t.Errorf("the daemon's environment is %q, the user's %q", got, env)
	}
}

// A secret typed at a terminal is not shown, and neither is the passphrase, which is asked twice when it is new.
func TestSecretIsTypedUnseen(t *testing.T) {
	t.Parallel()
	bin, dir := buildOmc(t), filepath.Join(t.TempDir(), "data")
	env := []string{"HOME=" + dir, "OMC_DATA_DIR=" + dir}
	runOmc(t, bin, env, "config", "set", "secrets.backend", "file")
	const value, pass = "redis://:SENTINEL-value@127.0.0.1:1/0", "SENTINEL passphrase"
	term := openTerminal(t, bin, dir, "config", "set", "redis_url", "--secret")
	for _, step := range [][2]string{{"Value of redis_url", value}, {"New passphrase", pass}, {"Once more", pass}, {"redis_url is set", ""}} {
		term.see(step[0])
		if text := term.text(); strings.Contains(text, "SENTINEL") {
			t.Errorf("what was typed is shown:\n%s", text)
		}
		if step[1] != "" {
			term.send(step[1] + "\r")
		}
	}
	<-term.done
	got := runOmc(t, bin, append(env, "OMC_SECRETS_PASSPHRASE="+pass), "config", "get", "redis_url", "--reveal")
	if got != value+"\n" {
		t.Errorf("stored is %d bytes", len(got))
	}
}
