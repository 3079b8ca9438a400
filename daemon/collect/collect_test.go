package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/store"
)

// answers is data.Service under another name: both services are embedded.
type answers = data.Service

// both fills the ledger and answers questions about it.
type both struct {
	*Service
	*answers
}

func service(t testing.TB, sources ...Candles) (*both, *store.DB) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC))
	db, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/omc.db", store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &both{New(db, c, t.TempDir(), sources...), data.New(db, c, data.Options{})}, db
}

type heard struct {
	done      *api.ImportSummary
	problem   *api.Problem
	rejects   []api.ImportReject
	conflicts []api.ImportConflict
}

func imported(t testing.TB, s *both, data []byte, o api.ImportOptions) heard {
	t.Helper()
	var h heard
	err := s.Import(t.Context(), bytes.NewReader(data), o, func(e api.ImportEvent) error {
		switch {
		case e.Reject != nil:
			h.rejects = append(h.rejects, *e.Reject)
		case e.Conflict != nil:
			h.conflicts = append(h.conflicts, *e.Conflict)
		case e.Done != nil:
			h.done = e.Done
		case e.Problem != nil:
			h.problem = e.Problem
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func csv(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("timestamp,open,high,low,close,volume\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,%d,%d,%d,%d.5,%d\n", 1700000100+300*i, 100+i%7, 110+i%7, 90+i%7, 100+i%7, i%5)
	}
	return b.Bytes()
}

func TestSecondImportAddsNothing(t *testing.T) {
	s, _ := service(t)
	o := api.ImportOptions{File: "BTCUSDT-5m.csv"}
	if h := imported(t, s, csv(1000), o); h.done == nil || h.done.Added != 1000 || h.done.Same != 0 {
		t.Fatalf("%+v %v", h.done, h.problem)
	}
	if h := imported(t, s, csv(1000), o); h.done.Added != 0 || h.done.Same != 1000 {
		t.Fatalf("%+v", h.done)
	}
}

func TestInterruptedImportIsCompletedByARerun(t *testing.T) {
	s, _ := service(t)
	o := api.ImportOptions{File: "BTCUSDT-5m.csv"}
	gone := errors.New("gone")
	if err := s.Import(t.Context(), bytes.NewReader(csv(50_000)), o, func(api.ImportEvent) error { return gone }); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if h := imported(t, s, csv(50_000), o); h.done.Added != 30_000 || h.done.Same != 20_000 {
		t.Fatalf("%+v", h.done)
	}
}

func TestConflictsStandUnlessReplaced(t *testing.T) {
	s, _ := service(t)
	o := api.ImportOptions{File: "BTCUSDT-5m.csv"}
	imported(t, s, csv(10), o)
	other := bytes.Replace(csv(10), []byte("1700000400,101"), []byte("1700000400,102"), 1)
	h := imported(t, s, other, o)
	if h.done.Conflicts != 1 || len(h.conflicts) != 1 || h.conflicts[0].Line != 3 || h.done.Same != 9 {
		t.Fatalf("%+v %+v", h.done, h.conflicts)
	}
	o.Replace = true
	if h = imported(t, s, other, o); h.done.Replaced != 1 {
		t.Fatalf("%+v", h.done)
	}
	p, err := s.Prices(t.Context(), api.PriceQuery{Market: "BTC/USDT", Interval: "5m"})
	if err != nil || len(p.Rows) != 10 || p.Rows[1].Open.String() != "102" || p.Rows[1].Known.Unix() != 1700000700 {
		t.Fatalf("%v %+v", err, p)
	}
}

func TestExportReadsBackTheSame(t *testing.T) {
	s, db := service(t)
	imported(t, s, csv(500), api.ImportOptions{File: "BTCUSDT-5m.csv", Source: "bitstamp"})
	var out bytes.Buffer
	if err := s.Export(t.Context(), api.PriceQuery{Market: "BTC/USDT", Interval: "5m"}, &out); err != nil {
		t.Fatal(err)
	}
	s2, db2 := service(t)
	if h := imported(t, s2, out.Bytes(), api.ImportOptions{File: "BTC-USDT-5m.csv"}); h.done == nil || h.done.Layout != "omc" || h.done.Added != 500 {
		t.Fatalf("%+v %v", h.done, h.problem)
	}
	q := ledger.BarQuery{Market: market.Market{Base: "BTC", Quote: "USDT"}, Interval: 300}
	a, err1 := db.PriceRows(t.Context(), q)
	b, err2 := db2.PriceRows(t.Context(), q)
	if err1 != nil || err2 != nil || len(a) != len(b) || fmt.Sprint(a) != fmt.Sprint(b) || a[0].Source != "bitstamp" || !a[0].Backfilled {
		t.Errorf("%v %v %d %d", err1, err2, len(a), len(b))
	}
}

func TestNewestFirstFilesAndResampling(t *testing.T) {
	s, _ := service(t)
	data, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/cryptodatadownload/2021-layout/Binance_BTCUSDT_1h.csv"))
	if err != nil {
		t.Fatal(err)
	}
	h := imported(t, s, data, api.ImportOptions{File: "Binance_BTCUSDT_1h.csv"})
	if h.done == nil || h.done.Added+h.done.Same != h.done.Rows || h.done.Rejected != 0 || h.done.Source != "binance" || !h.done.First.Before(*h.done.Last) {
		t.Fatalf("%+v %v", h.done, h.problem)
	}
	p, err := s.Prices(t.Context(), api.PriceQuery{Market: "BTC/USDT", Interval: "1d", From: "2021-06-01"})
	if err != nil || len(p.Rows) == 0 || p.Stored != market.Hour || len(p.Notes) == 0 {
		t.Errorf("%v %+v", err, p)
	}
}

func TestProblemsOfAnImport(t *testing.T) {
	s, _ := service(t)
	for _, c := range []struct {
		data string
		o    api.ImportOptions
		says string
	}{
		{"hello", api.ImportOptions{File: "x.csv"}, "header"}, {string(csv(5)), api.ImportOptions{File: "x.csv"}, "--coin"},
		{string(csv(5)), api.ImportOptions{File: "x.csv", Coin: "B T"}, "coin"}, {string(csv(5)), api.ImportOptions{Interval: "7m"}, "interval"},
	} {
		if h := imported(t, s, []byte(c.data), c.o); h.problem == nil || h.done != nil || !strings.Contains(h.problem.Detail, c.says) {
			t.Errorf("%v: %+v", c.o, h.problem)
		}
	}
}

// script is a source that answers with given bars or an error.
type script struct {
	name string
	bars []market.Bar
	err  error
}

func (s script) Name() string { return s.name }
func (s script) Candles(context.Context, market.Market, market.Interval, time.Time, time.Time) ([]market.Bar, error) {
	return s.bars, s.err
}

func TestFetchAsksTheNextSourceAndKeepsClosedBarsOnly(t *testing.T) {
	at := time.Date(2025, 12, 31, 23, 50, 0, 0, time.UTC).Unix()
	bars := []market.Bar{market.MustBar(at, "1", "2", "1", "2", "3"), market.MustBar(at+300, "1", "2", "1", "2", "3"), market.MustBar(at+600, "1", "2", "1", "2", "3")}
	s, _ := service(t, script{name: "first", err: errors.New("down")}, script{name: "second", bars: bars})
	r, err := s.Fetch(t.Context(), api.FetchRequest{Markets: []string{"BTC/USD"}, Interval: "5m"})
	if err != nil || r.Source != "second" || r.Added["BTC/USD"] != 2 || !strings.Contains(r.Errors["first"], "down") {
		t.Fatalf("%v %+v", err, r)
	}
	if h := s.Sources(); h[0].State != "failing" || h[0].Failures != 1 || h[1].State != "ok" {
		t.Errorf("%+v", h)
	}
	var p *api.Problem
	if _, err := s.Fetch(t.Context(), api.FetchRequest{Markets: []string{"BTC/USD"}, Interval: "5m", Sources: []string{"first"}}); !errors.As(err, &p) || p.Code != api.CodeFailed {
		t.Errorf("%v", err)
	}
}

func TestSimulatedBarsAreMarked(t *testing.T) {
	s, _ := service(t)
	r := api.SimulateRequest{Markets: []string{"BTC/USDT", "ETH/USDT"}, Interval: "5m", From: "2025-01-01", Days: 9, Seed: 1}
	got, err := s.Simulate(t.Context(), r)
	if err != nil || got.Added["BTC/USDT"] != 9*288 {
		t.Fatalf("%v %+v", err, got)
	}
	if got, err = s.Simulate(t.Context(), r); err != nil || got.Added["BTC/USDT"] != 0 {
		t.Fatalf("again: %v %+v", err, got)
	}
	p, err := s.Prices(t.Context(), api.PriceQuery{Market: "ETH/USDT", Interval: "1h"})
	if err != nil || !p.Simulated || len(p.Rows) != 9*24 {
		t.Errorf("%v %v %d", err, p.Simulated, len(p.Rows))
	}
}
