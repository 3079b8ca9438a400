package edgar

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/edgar/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Half of all answers are spoilt, and filings go on coming: each lands in the end, and none in two versions.
func TestNothingIsLostUnderFaults(t *testing.T) {
	for name, feed := range map[string]func(*Client) func(context.Context, []byte) (source.Harvest, error){
		"current": func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.current },
		"filings": func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.filings },
		"search":  func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.search },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(7, uint64(len(name))))
			clk := clock.NewManual(now)
			x := fake.New(clk).Still()
			h := faulty.New(x)
			srv := httptest.NewServer(h)
			defer srv.Close()
			c := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent, Watch: []string{"MSTR", "COIN"}, Terms: []string{"bitcoin treasury"}})
			poll := feed(c)
			landed, filed, noise := map[string]string{}, 0, 0
			var cursor []byte
			failed := 0
			ask := func() {
				got, err := poll(t.Context(), cursor)
				if err != nil {
					failed++
					if !got.Since.IsZero() {
						t.Error("claims to be complete beside an error")
					}
				}
				if got.Cursor != nil {
					cursor = got.Cursor
				}
				for _, e := range got.Events {
					if v, ok := landed[e.ID]; ok && v != e.Version() {
						t.Errorf("%s in another version: %+v", e.ID, e)
					}
					landed[e.ID] = e.Version()
				}
			}
			for range 60 {
				clk.Advance(time.Duration(1+chance.IntN(600)) * time.Second)
				for range chance.IntN(4) {
					filed++
					x.Put(speaking(filed, clk.Now().Add(-time.Duration(chance.IntN(60))*time.Second).Truncate(time.Second), []int{1050446, 1679788}[chance.IntN(2)], "Strategy or Coinbase", 1))
				}
				for range 15 { // so that what was missed is on a later page
					noise++
					x.Put(other(500_000+noise, clk.Now()))
				}
				for range chance.IntN(6) {
					h.Then([]faulty.Fault{faulty.Status(500), faulty.Status(400), faulty.Page(200), faulty.Truncate(chance.IntN(900)), faulty.Cut(chance.IntN(900)), faulty.Body("{}"), faulty.Pass, faulty.Pass}[chance.IntN(8)])
				}
				ask()
			}
			for h.Left() > 0 || failed == 0 {
				clk.Advance(time.Minute)
				ask()
			}
			clk.Advance(time.Hour)
			for range 3 {
				ask()
			}
			if len(landed) != filed || failed < 15 {
				t.Errorf("%d of %d filings landed, %d polls failed", len(landed), filed, failed)
			}
		})
	}
}

// other is a filing of somebody whom nobody watches.
func other(n int, at time.Time) fake.Filing {
	return filed(n, "10-K", at.Truncate(time.Second), 77, "Lantern Foods, Inc.")
}
