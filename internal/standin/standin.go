// Package standin serves the fakes of all upstreams on one loopback address, so that a person can run omc against a small living
// world and watch every ledger fill, in good weather and in bad. It is for those who work on omc: nothing it serves is true.
package standin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/faulty"
)

// Upstream is one fake.
type Upstream struct {
	Name    string // as in sources.<name>.base_url
	Path    string // of the base URL, after the host
	Handler http.Handler
}

// Scenario decides which fault the next answer to an upstream plays; nil: none.
type Scenario struct {
	Name, Doc string
	fault     func(rng *rand.Rand, since time.Duration) faulty.Fault
}

// Scenarios are those there are.
func Scenarios() []Scenario {
	pick := func(rng *rand.Rand, faults []faulty.Fault) faulty.Fault { return faults[rng.IntN(len(faults))] }
	bad := []faulty.Fault{
		faulty.Status(500), faulty.Status(502), faulty.Status(503), faulty.Page(200), faulty.Page(503), faulty.Body(""), faulty.Body("null"), faulty.Body(`{"NaN":`),
		faulty.Truncate(40), faulty.Cut(100), faulty.Reset, faulty.Drip(200 * time.Millisecond), faulty.Stall, faulty.Endless("["), faulty.Bomb(16 << 20), faulty.Wait(429, ""), faulty.Wait(429, "5"),
	}
	return []Scenario{
		{"calm", "every answer is as it should be", func(*rand.Rand, time.Duration) faulty.Fault { return nil }},
		{"rough", "one answer in ten is spoilt: errors, pages, cuts, slow bodies, limits", func(rng *rand.Rand, _ time.Duration) faulty.Fault {
			if rng.IntN(10) > 0 {
				return nil
			}
			return pick(rng, bad)
		}},
		{"storm", "every second answer is spoilt", func(rng *rand.Rand, _ time.Duration) faulty.Fault {
			if rng.IntN(2) > 0 {
				return nil
			}
			return pick(rng, bad)
		}},
		{"outage", "nobody answers for two minutes of every five", func(_ *rand.Rand, since time.Duration) faulty.Fault {
			if since%(5*time.Minute) < 3*time.Minute {
				return nil
			}
			return faulty.Reset
		}},
		{"limits", "one answer in five asks for fewer requests, with and without saying how long", func(rng *rand.Rand, _ time.Duration) faulty.Fault {
			switch rng.IntN(10) {
			case 0:
				return faulty.Wait(429, "")
			case 1:
				return faulty.Wait(429, "10")
			}
			return nil
		}},
	}
}

// weather plays a scenario in front of a fake.
type weather struct {
	next     http.Handler
	scenario Scenario
	start    time.Time
	clock    clock.Clock

	mu  sync.Mutex // guards rng
	rng *rand.Rand
}

// ServeHTTP implements http.Handler.
func (w *weather) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	f := w.scenario.fault(w.rng, w.clock.Now().Sub(w.start))
	w.mu.Unlock()
	if f == nil {
		w.next.ServeHTTP(rw, r)
		return
	}
	f(rw, r, w.next)
}

// Handler serves all upstreams, each under its name.
func Handler(c clock.Clock, scenario string, seed uint64, all []Upstream) (http.Handler, error) {
	var s *Scenario
	var names []string
	for _, x := range Scenarios() {
		names = append(names, x.Name)
		if x.Name == scenario {
			s = &x
		}
	}
	if s == nil {
		return nil, fmt.Errorf("scenario %.40q: want one of %s", scenario, strings.Join(names, ", "))
	}
	mux := http.NewServeMux()
	for i, u := range all {
		w := &weather{next: u.Handler, scenario: *s, start: c.Now(), clock: c, rng: rand.New(rand.NewPCG(seed, uint64(i)))}
		mux.Handle("/"+u.Name+"/", http.StripPrefix("/"+u.Name, w))
	}
	return mux, nil
}

// Environ are the lines that point omc to the stand-ins, for a shell to read: set -a; . FILE; set +a.
func Environ(host string, all []Upstream) []string {
	out := make([]string, 0, len(all))
	for _, u := range all {
		out = append(out, "OMC_SOURCES_"+strings.ToUpper(u.Name)+"_BASE_URL=http://"+host+"/"+u.Name+u.Path)
	}
	for _, k := range keys() {
		out = append(out, k[0]+"='"+k[1]+"'")
	}
	sort.Strings(out)
	return out
}

// Serve serves until ctx ends; ready is told the address once requests are answered. address must be one of this machine's own.
func Serve(ctx context.Context, address string, h http.Handler, ready func(host string)) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %.60q: want host:port, like 127.0.0.1:18080", address)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("address %.60q: stand-ins are served on loopback only, like 127.0.0.1:18080", address)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	ready(ln.Addr().String())
	select {
	case err = <-served:
	case <-ctx.Done():
		err = srv.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}
