package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
)

// cuts serves event streams that are cut: each answer is one connection's.
type cuts struct {
	answers []string
	asked   []string // the Last-Event-ID of each connection
}

func (c *cuts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked = append(c.asked, r.Header.Get("Last-Event-ID"))
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = w.Write([]byte(c.answers[min(len(c.asked), len(c.answers))-1]))
}

// TestFollowingGoesOnWhereItWas: also before the first item, and where it was let go because it was too slow; and whoever follows is told.
func TestFollowingGoesOnWhereItWas(t *testing.T) {
	slow := `event: problem` + "\n" + `data: {"code":"slow_consumer","status":409,"title":"x","detail":"y"}` + "\n\n"
	s := &cuts{answers: []string{"id: 5\n\n", "id: 6\nevent: news\ndata: {\"seq\":6,\"kind\":\"news\"}\n\nid: 7\nevent: ne", "id: 9\n\n" + slow, "event: end\ndata: {}\n\n"}}
	c := New("http://omc", &Memory{Handler: s})
	items, told := "", ""
	a := again{tries: 2, first: time.Nanosecond, most: time.Nanosecond, slow: true, tell: func(c Cut) { told += fmt.Sprint(" ", c.After) }}
	err := c.events(t.Context(), "/data/stream", nil, -1, a, func(b []byte) error { items += string(b); return nil })
	if got := fmt.Sprintf("%q", s.asked); err != nil || got != `["" "5" "6" "9"]` || told != " 5 6 9" || items != `{"seq":6,"kind":"news"}` {
		t.Errorf("asked %s, told%s, items %s, %v", got, told, items, err)
	}
}

// TestFollowingGivesUp where nothing comes any more, waiting longer each time up to a bound; and at once where it is refused.
func TestFollowingGivesUp(t *testing.T) {
	s := &cuts{answers: []string{""}}
	c := New("http://omc", &Memory{Handler: s})
	var waits []time.Duration
	a := again{tries: 4, first: 1, most: 4, tell: func(c Cut) { waits = append(waits, c.Wait) }}
	err := c.events(t.Context(), "/data/stream", nil, 0, a, nil)
	var u *Unreachable
	if !errors.As(err, &u) || fmt.Sprint(waits) != "[1ns 2ns 4ns 4ns]" || len(s.asked) != 5 || s.asked[0] != "0" {
		t.Errorf("%v after %v, asked %q", err, waits, s.asked)
	}
	s = &cuts{answers: []string{"event: problem\ndata: {\"code\":\"bad_request\",\"status\":400}\n\n"}}
	c = New("http://omc", &Memory{Handler: s})
	var p *api.Problem
	if err := c.Follow(context.Background(), api.StreamRequest{}, nil, nil); !errors.As(err, &p) || len(s.asked) != 1 || s.asked[0] != "" {
		t.Errorf("%v, asked %q", err, s.asked)
	}
}
