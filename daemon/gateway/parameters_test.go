package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
)

// TestAParameterThatIsNotTakenIsRefused: a typo of as_of would be answered from today. Every route of the description is tried.
func TestAParameterThatIsNotTakenIsRefused(t *testing.T) {
	var full Services // no part is absent: a refusal comes before any is asked
	full.Data, full.Fill = struct{ Data }{}, struct{ Fill }{}
	full.Collectors, full.Algorithms, full.Lab, full.Floor, full.Ops = struct{ Collectors }{}, struct{ Algorithms }{}, struct{ Lab }{}, struct{ Floor }{}, struct{ Ops }{}
	h := New(full, Options{})
	refused := func(method, path, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		var p api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 400 || p.Code != api.CodeBadRequest || !strings.Contains(p.Detail, want) {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	raw, err := OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, item := range doc.Paths {
		for method, o := range item {
			n++
			path := strings.NewReplacer("{", "", "}", "").Replace(path)
			refused(strings.ToUpper(method), path+"?asof=2026-01-01", `"asof"`)
			for _, p := range o.Parameters {
				if p.In == "query" {
					refused(strings.ToUpper(method), path+"?asof=2026-01-01", p.Name)
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d routes are described", n)
	}
	for query, want := range map[string]string{
		"sentiment?platform=reddit": "platforms", "coins?AS_OF=2026-01-01": "this route takes as_of", "coins?as_of=2026-01-01&as_of=2026-01-02": "given 2 times",
		"coins?as_of=": "as_of is empty", "coins?as_of": "as_of is empty", "coins?as_of=2026-01-01;x=1": "cannot be read", "coins?as_of=%zz": "cannot be read", "trust?as_of=2026-01-01": "takes none",
		"gaps?market=BTC/AUD&as_of=2026-01-01": "interval, limit, market", "export?market=BTC/AUD&limit=5": "as_of, from, interval, market, to",
	} {
		refused(http.MethodGet, "/api/v1/data/"+query, want)
	}
	refused(http.MethodDelete, "/api/v1/collect/quarantine?name=coinspot", "collector") // and does not clear all of it
}

// slow is a Data of which one thing lands after another, without end.
type slow struct {
	Data
	ended chan error
}

func (s slow) Stream(ctx context.Context, _ api.StreamRequest, emit func(api.LedgerItem) error) error {
	for i := int64(1); ; i++ {
		if err := emit(api.LedgerItem{Seq: i, Kind: "news", News: &api.NewsRow{Title: strings.Repeat("x", 1<<16)}}); err != nil {
			s.ended <- err
			return err
		}
	}
}

// TestAReaderThatTakesNothingIsLetGo: over a real socket, by time without a byte taken; the service is told why, which counts it.
func TestAReaderThatTakesNothingIsLetGo(t *testing.T) {
	data := slow{ended: make(chan error, 1)}
	srv := httptest.NewServer(New(Services{Data: data, Fill: struct{ Fill }{}}, Options{Patience: 50 * time.Millisecond}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /api/v1/data/stream HTTP/1.1\r\nHost: omc\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := <-data.ended; !errors.Is(err, os.ErrDeadlineExceeded) { // nothing is read
		t.Errorf("it ended with %v", err)
	}
}

// placed is a Data that says where it is, and what it was asked.
type placed struct {
	Data
	asked chan api.StreamRequest
}

func (p placed) Stream(_ context.Context, r api.StreamRequest, emit func(api.LedgerItem) error) error {
	p.asked <- r
	return emit(api.LedgerItem{Seq: 7})
}

// TestAPlaceIsAnIdWithoutAnEvent, which a reader keeps; and 0 is asked for as 0.
func TestAPlaceIsAnIdWithoutAnEvent(t *testing.T) {
	data := placed{asked: make(chan api.StreamRequest, 1)}
	h := New(Services{Data: data, Fill: struct{ Fill }{}}, Options{})
	zero, five := int64(0), int64(5)
	for _, c := range []struct {
		query, header string
		want          *int64
	}{{"", "", nil}, {"", "0", &zero}, {"?after=0", "", &zero}, {"?after=9", "5", &five}} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/data/stream"+c.query, nil)
		if c.header != "" {
			r.Header.Set("Last-Event-ID", c.header)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := (<-data.asked).After; (got == nil) != (c.want == nil) || got != nil && *got != *c.want || !strings.HasPrefix(w.Body.String(), "id: 7\n\nevent: end\n") {
			t.Errorf("%+v: after %v, %q", c, got, w.Body)
		}
	}
}
