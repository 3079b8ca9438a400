package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMain is also the process that asks, where a test starts this binary as one.
func TestMain(m *testing.M) {
	if code, child := Child(os.Args[1:], os.Getenv, os.Stdin, os.Stdout); child && os.Getenv("TEST_CHILD") == "" {
		os.Exit(code)
	}
	switch os.Getenv("TEST_CHILD") {
	case "hang": // until it is killed
		_, _ = os.Stdout.WriteString("{")
		time.Sleep(time.Hour) // not select{}: the runtime would end a program of which nothing can run
	case "flood":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("flood ", 1000)); err != nil {
				os.Exit(1)
			}
		}
	case "fail":
		_, _ = os.Stderr.WriteString(hidden)
		_, _ = os.Stdout.WriteString(hidden)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// desktopStore is a store whose desktop is asked by start.
func desktopStore(t *testing.T, start starter) *Store {
	t.Helper()
	s, err := New(Options{DataDir: t.TempDir(), Backend: Desktop, Environ: []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"}})
	must(t, err)
	s.start = start
	return s
}

// keeper is a desktop that keeps what it is told, as Child's process does.
type keeper struct{ kept map[string][]byte }

func (k *keeper) start(_ context.Context, args []string, value []byte, out io.Writer) error {
	if strings.Contains(strings.Join(args, " "), "SENTINEL") { // the process list shows arguments
		return errors.New("a value is among the arguments")
	}
	op, key := args[0], args[1]+":"+args[2]
	var r reply
	switch _, there := k.kept[key]; {
	case op == opSet:
		k.kept[key] = slices.Clone(value)
	case op == opNames:
		for n := range k.kept {
			r.Names = append(r.Names, strings.TrimPrefix(n, args[1]+":"))
		}
	case op != opProbe && !there:
		r.Problem = problemNotFound
	case op == opGet:
		r.Value = k.kept[key]
	case op == opRemove:
		delete(k.kept, key)
	}
	return json.NewEncoder(out).Encode(r)
}

func TestDesktopRoundTrip(t *testing.T) {
	t.Parallel()
	ctx, k := context.Background(), &keeper{kept: map[string][]byte{}}
	s := desktopStore(t, k.start)
	must(t, s.Set(ctx, "database_url", hidden))
	if v, err := s.Get(ctx, "database_url"); v != hidden || err != nil {
		t.Errorf("got %d bytes, %v", len(v), err)
	}
	if names, rests, err := s.Names(ctx); fmt.Sprint(names) != "[database_url]" || rests != Desktop || err != nil {
		t.Errorf("lists %v in %q, %v", names, rests, err)
	}
	other := desktopStore(t, k.start) // another data directory, the same desktop
	must(t, other.Set(ctx, "database_url", "other"))
	if v, err := s.Get(ctx, "database_url"); v != hidden || err != nil {
		t.Errorf("another data directory's secret is in its place: %v", err)
	}
	must(t, s.Remove(ctx, "database_url"))
	if _, err := s.Get(ctx, "database_url"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a removed secret says %v", err)
	}
}

func TestAutoSettlesOnce(t *testing.T) {
	t.Parallel()
	ctx, k := context.Background(), &keeper{kept: map[string][]byte{}}
	answers := true
	s := fileStore(t, t.TempDir(), pass)
	s.o.Backend = Auto
	s.start = func(ctx context.Context, args []string, value []byte, out io.Writer) error {
		if !answers {
			return ErrUnavailable
		}
		return k.start(ctx, args, value, out)
	}
	must(t, s.Set(ctx, "a", "at the desktop"))
	answers = false
	if err := s.Set(ctx, "a", "over ssh"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a second place is used: %v", err)
	}
	s.o.DataDir, s.folder.path = "", filepath.Join(t.TempDir(), "secrets")
	must(t, s.Set(ctx, "a", "over ssh"))
	answers = true
	must(t, s.Set(ctx, "b", "still in files"))
	if names, rests, err := s.Names(ctx); fmt.Sprint(names) != "[a b]" || rests != File || err != nil {
		t.Errorf("lists %v in %q, %v", names, rests, err)
	}
}

// What the asking process answers is hostile too, and none of it may reach an error.
func TestRepliesAreNotBelieved(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                             "without a reply",
		hidden:                         "without a reply",
		`{"problem":"` + hidden + `"}`: "it failed",
		`{"problem":"failed","bus":"` + hidden + `"}`: "it failed; ",
		`{"problem":"failed","bus":"a.B"}`:            "it failed (a.B); ",
		`{"problem":"locked"}`:                        "it is locked",
		`{"problem":"no_keyring"}`:                    absent("linux"),
		`{"problem":"not_kept"}`:                      "did not keep",
		`{"problem":"refused"}`:                       "was not made",
		`{}`:                                          "0 bytes",
		"prompt\n":                                    "without a reply",
	} {
		s := desktopStore(t, func(_ context.Context, _ []string, _ []byte, out io.Writer) error {
			_, err := io.WriteString(out, said)
			return err
		})
		_, err := s.folder.create(Desktop)
		must(t, err)
		_, err = s.Get(context.Background(), "x")
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SENTINEL") || !strings.Contains(err.Error(), "secrets.backend file") && want != "0 bytes" {
			t.Errorf("%q: %v, want %q", said, err, want)
		}
	}
}

func TestWaitingIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says string
		want string
		took time.Duration
	}{{"", "within 10s", 10 * time.Second}, {"prompt\n", "not unlocked within 1m0s", 64 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			waited := 0
			s := desktopStore(t, func(ctx context.Context, _ []string, _ []byte, out io.Writer) error {
				if c.says != "" {
					<-time.After(4 * time.Second)
					_, _ = io.WriteString(out, c.says) // replies takes it
				}
				<-ctx.Done()
				return ctx.Err()
			})
			s.o.Waiting = func() { waited++ }
			_, err := s.folder.create(Desktop)
			must(t, err)
			began := time.Now()
			if _, err := s.Get(t.Context(), "x"); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v", c.says, err)
			}
			if took := time.Since(began); took != c.took || (waited == 1) != (c.says != "") {
				t.Errorf("%q: took %s, said waiting %d times", c.says, took, waited)
			}
		})
	}
}

// The process itself: this test's binary, which hangs, floods or fails.
func TestAskingProcessIsEnded(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	for what, want := range map[string]string{"hang": "does not answer within", "flood": "more than", "fail": "without a reply"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, err := New(Options{DataDir: t.TempDir(), Backend: Desktop, Self: self,
				Environ: []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere", "TEST_CHILD=" + what}})
			must(t, err)
			if what == "hang" {
				s.limits.answer = 50 * time.Millisecond
			}
			err = s.Set(t.Context(), "x", hidden)
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SENTINEL") {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

func TestAskingProcessGetsNoSecretAndABus(t *testing.T) {
	t.Parallel()
	environ := []string{"HOME=/h", "OMC_DATABASE_URL=" + hidden, PassphraseEnv + "=" + pass, "DBUS_SESSION_BUS_ADDRESS=unix:path=/bus"}
	env, err := childEnv(environ, "linux", "/nowhere")
	must(t, err)
	if got := strings.Join(env, " "); got != "OMC_KEYRING_CHILD=1 HOME=/h DBUS_SESSION_BUS_ADDRESS=unix:path=/bus" {
		t.Error(got)
	}
	for _, e := range [][]string{nil, {"DBUS_SESSION_BUS_ADDRESS=autolaunch:"}} { // the library would start a bus of its own
		if env, err := childEnv(e, "linux", "/nowhere"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%v: %v, %v", e, env, err)
		}
	}
}

func TestChildIsAskedByBothArgumentAndEnvironment(t *testing.T) {
	t.Parallel()
	yes, no := func(string) string { return "1" }, func(string) string { return "" }
	for _, c := range []struct {
		args   []string
		getenv func(string) string
	}{{[]string{"version"}, yes}, {nil, yes}, {[]string{childArg, opGet, "s", "n"}, no}} {
		if _, child := Child(c.args, c.getenv, strings.NewReader(""), io.Discard); child {
			t.Errorf("%v is taken for the process that asks", c.args)
		}
	}
	if code, child := Child([]string{childArg}, yes, strings.NewReader(""), io.Discard); !child || code != 2 {
		t.Errorf("%v, %d", child, code)
	}
}
