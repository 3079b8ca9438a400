package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	coinspot "github.com/ohmycoins/omc/internal/source/coinspot/fake"
	kraken "github.com/ohmycoins/omc/internal/source/kraken/fake"
	"github.com/ohmycoins/omc/internal/source/simulator"
)

// exchanges lists BTC/AUD at a strict stand-in for Kraken, with daily candles until now, and at one for CoinSpot, and points the
// settings at them. Both speak the real wire format over real sockets until the script ends.
func exchanges(ts *testscript.TestScript, _ bool, _ []string) {
	btc := market.Market{Base: "BTC", Quote: "AUD"}
	k, c := kraken.New(clock.Wall{}), coinspot.New(clock.Wall{})
	now := time.Now().Unix()
	prices := simulator.New(7).Stream(btc, market.Day, market.Day.Floor(now)-700*int64(market.Day))
	for prices.NextOpen() <= now {
		b, err := prices.Next()
		ts.Check(err)
		k.List(btc, market.Day, b)
	}
	c.Quote(btc, "99000", "101000", "100000")
	for name, at := range map[string]struct {
		handler http.Handler
		path    string
	}{"KRAKEN": {k, ""}, "COINSPOT": {c, coinspot.Base}} {
		server := httptest.NewServer(at.handler)
		ts.Defer(server.Close)
		ts.Setenv("OMC_SOURCES_"+name+"_BASE_URL", server.URL+at.path)
	}
}

// first is the id in a listing's first row.
func first(ts *testscript.TestScript, file string) string {
	rows := strings.Split(ts.ReadFile(file), "\n")
	if len(rows) < 2 {
		ts.Fatalf("%s has no row", file)
	}
	id, _, _ := strings.Cut(rows[1], ",")
	return id
}

// promote takes the listed algorithm from draft to paper.
func promote(ts *testscript.TestScript, _ bool, args []string) {
	id := first(ts, args[0])
	ts.Check(ts.Exec("omc", "algo", "promote", id))
	ts.Check(ts.Exec("omc", "algo", "promote", id))
}

// paper starts the listed algorithm on CoinSpot's quotes.
func paper(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("omc", "floor", "start", first(ts, args[0]), "--paper", "--feed", "coinspot", "--detach"))
}

// quoted waits until a session has seen its stored candles and a quote.
func quoted(ts *testscript.TestScript, _ bool, _ []string) {
	for range 200 {
		ts.Check(ts.Exec("omc", "floor", "status", "-o", "json"))
		var all []struct {
			Warmup  int `json:"warmup"`
			Account struct {
				Input int `json:"input"`
				Bars  int `json:"bars"`
			} `json:"account"`
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &all))
		if len(all) == 1 && all[0].Warmup > 0 && all[0].Account.Bars == all[0].Warmup && all[0].Account.Input > all[0].Warmup {
			return
		}
		time.Sleep(50 * time.Millisecond) // another process is at work: there is nothing to wait on
	}
	ts.Fatalf("no quote was journalled: %s", ts.ReadFile("stdout"))
}
