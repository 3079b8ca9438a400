package listing

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/listing/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Half of all answers are spoilt, and markets come, go, stop and start: what is announced adds up to what is listed.
func TestNothingIsLostUnderFaults(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 11))
	clk := clock.NewManual(now)
	x := fake.New(clk).Still()
	h := faulty.New(x)
	srv := httptest.NewServer(h)
	defer srv.Close()
	c := New(config(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, fake.Base))
	status := map[string]string{}
	for i := range 40 {
		coin := fmt.Sprintf("C%d", i)
		status[coin] = "online"
		x.Set(fake.Coinbase, fake.Market{Base: coin, Quote: "USD", Status: "online"})
	}
	told, ids := map[string]string{}, map[string]bool{}
	for coin := range status {
		told[coin] = "online"
	}
	var cursor []byte
	failed := 0
	ask := func() {
		got, err := c.coinbaseListings(t.Context(), cursor)
		if err != nil {
			failed++
		}
		if got.Cursor != nil {
			cursor = got.Cursor
		}
		for _, e := range got.Events {
			if ids[e.ID] {
				t.Errorf("%s is told twice", e.ID)
			}
			ids[e.ID] = true
			told[string(e.Coins[0])] = map[string]string{ledger.EventListing: "online", ledger.EventResume: "online", ledger.EventHalt: "offline", ledger.EventDelisting: ""}[e.Type]
		}
	}
	ask()
	for n := range 200 {
		clk.Advance(time.Duration(10+chance.IntN(7200)) * time.Second)
		coin := fmt.Sprintf("C%d", chance.IntN(40+n/4))
		to := []string{"online", "offline", ""}[chance.IntN(3)]
		if m := (fake.Market{Base: coin, Quote: "USD", Status: to}); to == "" {
			x.Drop(fake.Coinbase, m)
		} else if status[coin] != "" || to == "online" { // what is new begins open
			x.Set(fake.Coinbase, m)
		} else {
			to = ""
		}
		status[coin] = to
		for range chance.IntN(6) {
			h.Then([]faulty.Fault{faulty.Status(500), faulty.Status(400), faulty.Page(200), faulty.Truncate(chance.IntN(9000)), faulty.Cut(chance.IntN(9000)), faulty.Body("[]"), faulty.Pass, faulty.Pass}[chance.IntN(8)])
		}
		ask()
	}
	for i := 0; i < 5 || h.Left() > 0; i++ {
		clk.Advance(10 * time.Minute)
		ask()
	}
	for coin, want := range status {
		if told[coin] != want {
			t.Errorf("%s is %q, and was told to be %q", coin, want, told[coin])
		}
	}
	if failed < 20 {
		t.Errorf("%d polls failed", failed)
	}
}
