package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

const killBatch = 2_000

// TestMain lets this test binary be the process that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("OMC_STORE_TEST_VICTIM"); url != "" {
		if err := victim(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// victim appends batches, and says so after each, until it is killed.
func victim(url string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{Migrate: true})
	if err != nil {
		return err
	}
	for k := 0; ; k++ {
		if _, err := db.AppendBars(ctx, bench, market.FiveMinutes, storetest.Bars(k*killBatch, (k+1)*killBatch), false); err != nil {
			return err
		}
		fmt.Println(k)
	}
}

// TestKillLeavesWholeBatches kills a process in the middle of an import, with SIGKILL, at several moments.
func TestKillLeavesWholeBatches(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		fresh func(testing.TB) string
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for round := range 3 {
				url := tc.fresh(t)
				told := killed(t, exe, url, round)
				db := storetest.Open(t, url)
				b, err := db.PriceBars(t.Context(), ledger.BarQuery{Market: bench, Interval: market.FiveMinutes})
				if err != nil {
					t.Fatal(err)
				}
				c, err := db.Coverage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				n := len(b.Bars)
				if n%killBatch != 0 || n < told*killBatch || n > 0 && (len(c) != 1 || c[0].Bars != n || c[0].Missing != 0) {
					t.Fatalf("%d batches were told as done, %d bars are there, coverage %+v", told, n, c)
				}
				// A rerun completes it.
				added, same := 0, 0
				for k := range told + 2 {
					a, err := db.AppendBars(t.Context(), bench, market.FiveMinutes, storetest.Bars(k*killBatch, (k+1)*killBatch), false)
					if err != nil || len(a.Conflicts) != 0 {
						t.Fatalf("rerun: conflicts %d %v", len(a.Conflicts), err)
					}
					added, same = added+a.Added, same+a.Same
				}
				if same != min(n, (told+2)*killBatch) || added+same != (told+2)*killBatch {
					t.Fatalf("rerun: added %d same %d of %d", added, same, (told+2)*killBatch)
				}
			}
		})
	}
}

// killed starts a victim, kills it a moment after it has told of round batches, and returns how many it has told of.
func killed(t *testing.T, exe, url string, round int) int {
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "OMC_STORE_TEST_VICTIM="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if told++; told == round+1 {
			timer = time.AfterFunc(time.Duration(round+1)*3*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	if timer == nil {
		t.Fatal("the process died before it had stored anything")
	}
	return told
}
