package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// slowScript needs a while for a point.
const slowScript = `strategy(name = "slow", markets = ["NOISE/USDT"], interval = "1d")
n = param("n", 10, min = 2, max = 99)
mean = ind.sma(n)
def on_bar(ctx, bar):
    x = 0
    for i in range(4000):
        x += i
    ctx.target(0.9 if bar.close > mean.value else 0)
`

// One search over three processes on one PostgreSQL, of which one is killed while it works at a point: what comes out are the bytes that a
// single process gives, and each point is one trial.
func TestASearchOutlivesAKilledWorker(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a killed worker's points come back after a silence: that takes its time")
	}
	url := storetest.Postgres(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	omc := func(data string, args ...string) *exec.Cmd {
		cmd := exec.Command(self, args...)
		cmd.Args[0] = "omc" // the test's main is omc under that name
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "OMC_DATA_DIR=" + filepath.Join(dir, data), "OMC_DATABASE_URL=" + url, "NO_COLOR=1"}
		return cmd
	}
	run := func(data string, args ...string) string {
		t.Helper()
		cmd := omc(data, args...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("omc %v: %v\n%s", args, err, errs.String())
		}
		return out.String()
	}
	prices, script := filepath.Join(dir, "noise.csv"), filepath.Join(dir, "slow.star")
	noiseFile(t, prices, 3, 400)
	if err := os.WriteFile(script, []byte(slowScript), 0o600); err != nil {
		t.Fatal(err)
	}
	run("asker", "data", "import", prices, "--coin", "NOISE", "--quote", "USDT", "--interval", "1d")
	search := []string{"algo", "optimize", script, "--over", "n=4:43:1", "-o", "json"}
	run("asker", search...)
	want := run("asker", search...) // of an embedded process, which shares nothing; the first added the run over what was kept back

	daemon := func(data, roles string) *exec.Cmd {
		t.Helper()
		cmd := omc(data, "daemon", "run", "--roles", roles)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGINT) // it may have been killed
			_ = cmd.Wait()
			if t.Failed() {
				t.Logf("%s said:\n%s", data, said.String())
			}
		})
		for end := time.Now().Add(hangs); omc(data, "daemon", "status").Run() != nil; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s does not answer", data)
			}
		}
		return cmd
	}
	daemon("asker", "lab")
	daemon("one", "worker")
	two := daemon("two", "worker")

	db, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	asked := omc("asker", search...)
	var got, errs bytes.Buffer
	asked.Stdout, asked.Stderr = &got, &errs
	if err := asked.Start(); err != nil {
		t.Fatal(err)
	}
	workers := working(t, db, func(workers map[string]int) bool { return len(workers) == 2 })
	if status := run("asker", "daemon", "status"); !strings.Contains(status, "on the database: searches 1, ") || !strings.Contains(status, "processes at them 2") {
		t.Errorf("the status does not tell of the search:\n%s", status)
	}
	if err := two.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := asked.Wait(); err != nil {
		t.Fatalf("the search: %v\n%s", err, errs.String())
	}
	t.Logf("points under way when one process was killed: %v", workers)
	if got.String() != want {
		t.Errorf("over three processes, one of them killed:\n%s\nin one:\n%s", got.String(), want)
	}
	if n := strings.Count(got.String(), `"error"`); n > 0 {
		t.Errorf("%d points failed", n)
	}
}

// working waits until the processes that have points under way are as wanted.
func working(t *testing.T, db *pgxpool.Pool, wanted func(map[string]int) bool) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangs)
	defer cancel()
	for {
		rows, err := db.Query(ctx, "SELECT worker, count(*) FROM search_points WHERE worker <> '' AND result = '' GROUP BY worker")
		if err != nil {
			t.Fatal(fmt.Errorf("nobody began: %w", err))
		}
		workers := map[string]int{}
		for rows.Next() {
			var name string
			var n int
			if err := rows.Scan(&name, &n); err != nil {
				t.Fatal(err)
			}
			workers[name] = n
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if wanted(workers) {
			return workers
		}
		time.Sleep(10 * time.Millisecond)
	}
}
