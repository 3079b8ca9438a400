//go:build linux

package quiet

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain is also the program that says what it sees, before and after Restore.
func TestMain(m *testing.M) {
	if os.Getenv("OMC_TEST_QUIET") == "" {
		os.Exit(m.Run())
	}
	for range 2 {
		v, set := os.LookupEnv(address)
		fmt.Println(v, set)
		if err := Restore(); err != nil {
			fmt.Println(err)
		}
	}
}

func TestBusIsHiddenUntilRestored(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"":                        "disabled: true\n false\n",
		address + "=":             "disabled: true\n true\n",
		address + "=unix:path=/x": "disabled: true\nunix:path=/x true\n",
		address + "=disabled:":    "disabled: true\ndisabled: true\n",
		address + "=unix:path=/x " + Child + "=1": "unix:path=/x true\nunix:path=/x true\n",
		address + "=unix:path=/x " + Child + "=0": "disabled: true\nunix:path=/x true\n",
	} {
		cmd := exec.Command(self)
		cmd.Env = append(strings.Fields(given), "OMC_TEST_QUIET=1")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%q: %q, %v, want %q", given, out, err, want)
		}
	}
}
