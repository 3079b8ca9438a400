package daemon

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/upstream"
	"github.com/ohmycoins/omc/internal/standin"
)

// askers are the three clients that a daemon has of CoinSpot, as it makes them: the quotes' collector, the listings', and the floor's.
func askers(t *testing.T, settings map[string]string) (front *faulty.Handler, x *fake.Exchange, clk *clock.Manual, ask map[string]func() error) {
	t.Helper()
	clk = clock.NewManual(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	x = fake.Empty(clk)
	x.Quote(market.Market{Base: "BTC", Quote: "AUD"}, "1", "2", "1.5")
	front = faulty.New(x)
	srv := httptest.NewServer(front)
	t.Cleanup(srv.Close)
	settings["sources.coinspot.base_url"] = srv.URL + fake.Base
	s := newSources(&Config{Settings: settings}, nil)
	s.clock = clk
	s.wait = func(ctx context.Context, d time.Duration) error {
		clk.Advance(d)
		return ctx.Err()
	}
	ask = map[string]func() error{}
	for _, p := range s.plans() {
		if p.Name == "coinspot" || p.Name == "coinspot.listings" {
			ask[p.Name] = func() error {
				ctx := t.Context()
				if p.Urgent {
					ctx = source.Urgently(ctx)
				}
				_, err := p.Poll(ctx, nil)
				return err
			}
		}
	}
	floors := coinspot.New(s.config("coinspot"), clk)
	ask["floor"] = func() error {
		_, _, err := floors.Latest(source.Urgently(t.Context()))
		return err
	}
	if len(ask) != 3 {
		t.Fatal(ask)
	}
	return front, x, clk, ask
}

func TestTheClientsOfCoinSpotKeepOneLimit(t *testing.T) {
	t.Parallel()
	_, x, _, ask := askers(t, map[string]string{"sources.coinspot.requests_per_minute": "30"})
	for range 40 {
		for name, f := range ask {
			if err := f(); err != nil {
				t.Fatal(name, err)
			}
		}
	}
	// One after another they use the two tracks by turns; what is urgent would not wait for the rest.
	if most := x.Most(time.Minute); most > 30 || most < 20 {
		t.Errorf("%d requests in a minute, want up to 30", most)
	}
}

// What CoinSpot tells one of them holds for all, until it is over.
func TestALimitThatOneMeetsHoldsAll(t *testing.T) {
	t.Parallel()
	front, _, clk, ask := askers(t, map[string]string{})
	front.Then(faulty.Wait(429, "60"))
	var limited *upstream.RateLimitError
	for _, name := range []string{"coinspot.listings", "coinspot", "floor", "coinspot.listings"} {
		if err := ask[name](); !errors.As(err, &limited) || front.Seen() != 1 {
			t.Errorf("%s: %v after %d requests", name, err, front.Seen())
		}
	}
	clk.Advance(time.Minute)
	for name, f := range ask {
		if err := f(); err != nil {
			t.Error(name, err)
		}
	}
}

// Whichever of them fails until it is left alone, the others ask on.
func TestTroubleOfOneStopsNoOther(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"coinspot", "coinspot.listings", "floor"} {
		front, _, _, ask := askers(t, map[string]string{})
		front.Then(faulty.Times(5, faulty.Page(200))...)
		for range 5 {
			if err := ask[bad](); !errors.Is(err, upstream.ErrUnavailable) {
				t.Fatal(bad, err)
			}
		}
		if err := ask[bad](); !errors.As(err, new(*upstream.OpenError)) || front.Seen() != 5 {
			t.Fatal(bad, err, front.Seen())
		}
		for name, f := range ask {
			if err := f(); name != bad && err != nil {
				t.Errorf("%s has failed, and stops %s: %v", bad, name, err)
			}
		}
	}
}

// TestWhereToSetAnAddressIsASetting: an upstream that sends its readers to another host is told with the setting that says where it is.
func TestWhereToSetAnAddressIsASetting(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	srv := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)
	all, err := standin.All(c)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, line := range standin.Environ(strings.TrimPrefix(srv.URL, "http://"), all) {
		env, v, _ := strings.Cut(line, "=")
		for _, k := range config.Keys() {
			if k.Env() == env {
				settings[k.Name] = strings.Trim(v, "'")
			}
		}
	}
	s := newSources(&Config{Settings: settings}, nil)
	s.clock = c
	s.wait = func(ctx context.Context, d time.Duration) error {
		c.Advance(d)
		return ctx.Err()
	}
	says := regexp.MustCompile(`redirected to https://elsewhere\.example, .*, set (\S+):`)
	for _, p := range s.plans() {
		_, err := p.Poll(t.Context(), nil)
		if err == nil {
			t.Errorf("%s: no error", p.Name)
			continue
		}
		c.Advance(time.Hour) // breakers that feeds of one upstream share
		if m := says.FindStringSubmatch(err.Error()); m == nil {
			t.Errorf("%s: %v", p.Name, err)
		} else if _, ok := config.Find(m[1]); !ok {
			t.Errorf("%s: %s is no setting: %v", p.Name, m[1], err)
		}
	}
}
