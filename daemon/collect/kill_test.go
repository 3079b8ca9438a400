package collect

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

const killRows = 150_000

// TestMain lets the test start itself as the process that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("OMC_TEST_IMPORT_INTO"); url != "" {
		if err := importForever(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// importForever imports the generated file and says so after each batch.
func importForever(url string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, url, store.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer db.Close()
	s := New(db, clock.Wall{}, os.TempDir())
	return s.Import(ctx, bytes.NewReader(csv(killRows)), api.ImportOptions{File: "BTCUSDT-5m.csv"}, func(e api.ImportEvent) error {
		if e.Progress != nil {
			fmt.Println(e.Progress.Rows)
		}
		return nil
	})
}

func TestAKilledImportIsCompletedByRunningItAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	t.Run("sqlite", func(t *testing.T) { killImport(t, "sqlite:"+filepath.Join(t.TempDir(), "omc.db")) })
	t.Run("postgres", func(t *testing.T) { killImport(t, storetest.Postgres(t)) })
}

func killImport(t *testing.T, url string) {
	for batches := 1; batches <= 3; batches++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "OMC_TEST_IMPORT_INTO="+url)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range batches {
			if !lines.Scan() {
				break
			}
		}
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // says that it was killed
	}
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &both{Service: New(db, clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), t.TempDir())}
	h := imported(t, s, csv(killRows), api.ImportOptions{File: "BTCUSDT-5m.csv"})
	if h.done == nil || h.done.Added+h.done.Same != killRows || h.done.Same == 0 || len(h.conflicts)+len(h.rejects) > 0 {
		t.Fatalf("%+v %v", h.done, h.problem)
	}
	m := market.Market{Base: "BTC", Quote: "USDT"}
	got, err := db.PriceBars(t.Context(), ledger.BarQuery{Market: m, Interval: market.FiveMinutes})
	if err != nil || len(got.Bars) != killRows {
		t.Fatalf("%d bars, %v", len(got.Bars), err)
	}
	for i := range got.Bars {
		want := market.MustBar(int64(1700000100+300*i), fmt.Sprint(100+i%7), fmt.Sprint(110+i%7), fmt.Sprint(90+i%7), fmt.Sprintf("%d.5", 100+i%7), fmt.Sprint(i%5))
		if !got.Bars[i].Equal(&want) {
			t.Fatalf("bar %d: %s, want %s", i, got.Bars[i], want)
		}
	}
}
