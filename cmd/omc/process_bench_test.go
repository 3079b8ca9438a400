package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// The benchmarks of this file measure whole processes, start to exit: the median of the runs, and the greatest resident memory
// of any. They assert no figure.

// yearBars is a year of 5-minute bars.
const yearBars = 365 * 288

// process is the built program, the built meter beside it, and a data directory of its own.
type process struct {
	omc, meter, dir string
	env             []string
}

func newProcess(b *testing.B) *process {
	b.Helper()
	dir := b.TempDir()
	p := &process{omc: filepath.Join(dir, "omc"), meter: filepath.Join(dir, "measure"), dir: dir}
	for out, pkg := range map[string]string{p.omc: ".", p.meter: "./testdata/measure"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
		if msg, err := build.CombinedOutput(); err != nil {
			b.Fatalf("build %s: %v\n%s", pkg, err, msg)
		}
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "OMC_") {
			p.env = append(p.env, v)
		}
	}
	p.env = append(p.env, "OMC_DATA_DIR="+filepath.Join(dir, "data"))
	return p
}

// run runs a command to its end and returns its milliseconds and its peak resident kilobytes.
func (p *process) run(b *testing.B, args ...string) (ms float64, kb int64) {
	b.Helper()
	cmd := exec.Command(p.meter, args...)
	cmd.Env, cmd.Dir = p.env, p.dir
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, problem.String())
	}
	if _, err := fmt.Sscan(string(out), &ms, &kb); err != nil {
		b.Fatalf("the meter wrote %q", out)
	}
	return ms, kb
}

// bench measures a command; before each run, where prepare is given, it prepares unmeasured.
func (p *process) bench(b *testing.B, rows int, prepare func(), args ...string) {
	b.Helper()
	var took []float64
	var peak int64
	for b.Loop() {
		if prepare != nil {
			prepare()
		}
		ms, kb := p.run(b, args...)
		took, peak = append(took, ms), max(peak, kb)
	}
	slices.Sort(took)
	median := took[len(took)/2]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median, "median-ms")
	b.ReportMetric(float64(peak)/1024, "peak-MB")
	if rows > 0 {
		b.ReportMetric(float64(rows)/median*1000, "rows/s")
	}
}

// prices returns a candle file of BTC/USDT in 5-minute bars and its rows: the real one, or a simulated one of the same length
// where shared data is absent, and says which.
func (p *process) prices(b *testing.B) (file string, rows int, origin string) {
	b.Helper()
	if root := sharedtest.Root(); root != "" {
		file = filepath.Join(root, "data", "binance-spot-5m", "BTCUSDT-5m.csv.gz")
		if _, err := os.Stat(file); err == nil {
			return file, 306_704, "real"
		}
	}
	const days = 1065
	file = filepath.Join(p.dir, "BTCUSDT-5m.csv")
	p.run(b, p.omc, "data", "simulate", "BTC/USDT", "--from", "2022-08-01", "--days", strconv.Itoa(days))
	p.run(b, p.omc, "data", "export", "BTC/USDT", "--interval", "5m", "--file", file)
	return file, days * 288, "simulated"
}

// on gives the program an empty store of one kind, and a function that gives it another. PostgreSQL is skipped where there is none.
func (p *process) on(b *testing.B, kind string) (*process, func()) {
	b.Helper()
	q := *p
	q.dir = b.TempDir()
	env := append(slices.Clone(p.env), "OMC_DATA_DIR="+filepath.Join(q.dir, "data"))
	fresh := func() {
		q.env = env
		if kind == "postgres" {
			q.env = append(slices.Clone(env), "OMC_DATABASE_URL="+storetest.Postgres(b))
			return
		}
		if err := os.RemoveAll(filepath.Join(q.dir, "data")); err != nil {
			b.Fatal(err)
		}
	}
	fresh()
	return &q, fresh
}

// BenchmarkProcess/trivial is the machine's own baseline: a Go program that does nothing. "year" writes one coin's year as CSV.
func BenchmarkProcess(b *testing.B) {
	p := newProcess(b)
	b.Run("trivial", func(b *testing.B) { p.bench(b, 0, nil, p.meter) })
	b.Run("version", func(b *testing.B) { p.bench(b, 0, nil, p.omc, "version") })
	file, rows, origin := p.prices(b)
	load := []string{p.omc, "data", "import", file, "--coin", "BTC", "--quote", "USDT", "--interval", "5m"}
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run("import/"+kind, func(b *testing.B) {
			q, fresh := p.on(b, kind)
			b.Log("prices: " + origin) // here, because a benchmark with parts keeps its own log to itself
			q.bench(b, rows, fresh, load...)
		})
		b.Run("backtest/"+kind, func(b *testing.B) {
			q, _ := p.on(b, kind)
			q.run(b, load...)
			q.bench(b, rows, nil, p.omc, "algo", "backtest", "ema-cross", "--market", "BTC/USDT", "--interval", "5m")
		})
		b.Run("grid/"+kind, func(b *testing.B) { // 142,857 bars, of which the search sees seven tenths
			q, _ := p.on(b, kind)
			q.run(b, load...)
			q.bench(b, 105*100_000, nil, p.omc, "algo", "optimize", "ema-cross", "--market", "BTC/USDT", "--interval", "5m", "--from", "2023-01-01", "--to", "2024-05-11",
				"--over", "fast=10:80:5", "--over", "slow=120:480:60")
		})
		b.Run("year/"+kind, func(b *testing.B) {
			q, _ := p.on(b, kind)
			q.run(b, load...)
			q.bench(b, yearBars, nil, p.omc, "data", "export", "BTC/USDT", "--interval", "5m",
				"--from", "2023-01-01", "--to", "2024-01-01", "--file", filepath.Join(q.dir, "year.csv"))
		})
	}
}
