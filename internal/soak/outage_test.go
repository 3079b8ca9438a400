package soak_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// relay stands between omc and one of its servers, and can cut it off, or keep its connections and let nothing through.
type relay struct {
	listener      net.Listener
	network, dest string

	mu    sync.Mutex // guards what follows
	cut   bool
	open  map[net.Conn]bool
	pause chan struct{} // closed: everything flows
}

func newRelay(t *testing.T, network, dest string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, network: network, dest: dest, open: map[net.Conn]bool{}, pause: make(chan struct{})}
	close(r.pause)
	t.Cleanup(func() {
		_ = l.Close()
		r.resume()
		r.sever()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.carry(c)
		}
	}()
	return r
}

func (r *relay) carry(c net.Conn) {
	r.mu.Lock()
	refused := r.cut
	r.mu.Unlock()
	if refused {
		_ = c.Close()
		return
	}
	s, err := net.Dial(r.network, r.dest)
	if err != nil {
		_ = c.Close()
		return
	}
	r.mu.Lock()
	r.open[c], r.open[s] = true, true
	r.mu.Unlock()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{c, s}, {s, c}} {
		both.Go(func() {
			r.copy(way[0], way[1])
			_, _ = way[0].Close(), way[1].Close()
		})
	}
	both.Wait()
	r.mu.Lock()
	delete(r.open, c)
	delete(r.open, s)
	r.mu.Unlock()
}

func (r *relay) copy(to io.Writer, from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		r.mu.Lock()
		pause := r.pause
		r.mu.Unlock()
		<-pause
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

// sever ends all connections, as a server does that dies.
func (r *relay) sever() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.open {
		_ = c.Close()
	}
}

func (r *relay) die() {
	r.mu.Lock()
	r.cut = true
	r.mu.Unlock()
	r.sever()
}

// hang lets nothing through and keeps the connections, as a server does that was suspended.
func (r *relay) hang() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pause = make(chan struct{})
}

func (r *relay) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = false
	select {
	case <-r.pause:
	default:
		close(r.pause)
	}
}

// through is the database's url with the relay in place of its server.
func through(t *testing.T, database string) (*relay, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	var r *relay
	if dir := q.Get("host"); strings.HasPrefix(dir, "/") {
		r = newRelay(t, "unix", dir+"/.s.PGSQL.5432")
	} else {
		r = newRelay(t, "tcp", u.Host)
	}
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = r.listener.Addr().String(), q.Encode()
	return r, u.String()
}

// The store and the bus die and hang under two processes that collect. Both go on by themselves when the servers are back; what is
// stored is right, and everything that upstreams still serve is stored once.
func TestStoreAndBusGoAway(t *testing.T) {
	d, long := length(t)
	if !long {
		d = 3 * time.Second
	}
	address := os.Getenv("OMC_TEST_REDIS_URL")
	if address == "" {
		t.Skip("OMC_TEST_REDIS_URL is not set: run under 'scripts/testenv.sh run --' to test with Redis")
	}
	direct := storetest.Postgres(t)
	t.Parallel()
	s := serve(t)
	s.settle()
	store, database := through(t, direct)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	bus := newRelay(t, "tcp", u.Host)
	env := append(append(hurried(), small()...), "OMC_DATABASE_URL="+database, "OMC_REDIS_URL=redis://"+bus.listener.Addr().String()+"/6")
	nodes := []*node{}
	for _, name := range []string{"soak-g", "soak-h"} {
		n := newNode(t, name, append(s.environ(name), env...))
		n.start()
		nodes = append(nodes, n)
	}
	b := openBooks(t, direct)
	landed := func() int64 {
		return b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot' AND error = ''")
	}
	until(t, 30*time.Second, "CoinSpot's quotes land", func() bool { return landed() >= 5 })
	for _, outage := range []struct {
		what string
		off  func()
		back func()
		most time.Duration // until quotes land again; 0: they never stop
	}{
		{"Redis dies", bus.die, bus.resume, 0},
		{"Redis hangs", bus.hang, bus.resume, 0},
		{"PostgreSQL dies", store.die, store.resume, 90 * time.Second},
		{"PostgreSQL hangs", store.hang, store.resume, 90 * time.Second},
		{"both die", func() { store.die(); bus.die() }, func() { store.resume(); bus.resume() }, 90 * time.Second},
	} {
		outage.off()
		if before := landed(); outage.most == 0 {
			until(t, 30*time.Second, outage.what+": quotes land all the same", func() bool { return landed() >= before+3 })
		} else {
			<-time.After(d) // the outage lasts
		}
		outage.back()
		before, back := landed(), time.Now()
		until(t, max(outage.most, 30*time.Second), outage.what+": quotes land again", func() bool { return landed() >= before+5 })
		t.Logf("%s: five polls had landed %s after it was back", outage.what, time.Since(back).Round(10*time.Millisecond))
	}
	calm := time.Now()
	press := func() int {
		n := 0
		b.each("SELECT collector FROM collector_runs WHERE collector LIKE 'rss.%' AND error = '' AND started_ms > "+fmt.Sprint(calm.UnixMilli())+" GROUP BY collector HAVING COUNT(*) >= 2", func(scan func(...any)) {
			var name string
			scan(&name)
			n++
		})
		return n
	}
	feeds := int(b.number("SELECT COUNT(*) FROM collectors WHERE name LIKE 'rss.%'"))
	until(t, 3*time.Minute, "every publisher is read again", func() bool { return press() == feeds })
	stop(nodes...)
	b.balance()
	b.asOf(b.quotes(s), 100)
	b.stillServed(s)
	alone(t, s)
}

// stillServed checks that all that the press served in its last answers is stored, once, and nothing that was never served.
func (b *books) stillServed(s *server) {
	b.t.Helper()
	last, ever := map[string]answer{}, map[version]bool{}
	for _, a := range s.seen(func(a *answer) bool { return a.whole && a.upstream == "rss" && a.status == 200 }) {
		name, _, _ := strings.Cut(strings.TrimPrefix(a.path, "/"), "/")
		for _, v := range published(name, a.body) {
			ever[v] = true
		}
		if polls := b.polls("rss." + name); len(polls) > 0 {
			if p, ok := covering(polls, &a); ok && !p.failed {
				last[name] = a
			}
		}
	}
	stored := map[version]int{}
	b.each("SELECT n.publisher, n.external_id, n.title FROM news_sentiment n JOIN sources s ON s.id = n.source_id WHERE s.name = 'rss'", func(scan func(...any)) {
		var v version
		scan(&v.publisher, &v.id, &v.title)
		if stored[v]++; !ever[v] {
			b.t.Errorf("%+v is stored and was never served whole", v)
		}
		if stored[v] > 1 {
			b.t.Errorf("%+v is stored %d times", v, stored[v])
		}
	})
	texts := 0
	for name, a := range last {
		for _, v := range published(name, a.body) {
			if texts++; stored[v] != 1 {
				b.t.Errorf("%+v is served at the end and stored %d times", v, stored[v])
			}
		}
	}
	if texts == 0 {
		b.t.Error("no text was served after the outages")
	}
}
