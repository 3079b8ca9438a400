package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
)

const (
	// beat is how often an idle event stream says that it is alive.
	beat = 15 * time.Second
	// patience is how long a reader may take no byte of an event stream before it is let go, where Options say nothing.
	patience = 30 * time.Second
)

// stream writes an answer piece by piece. The status is sent with the first piece, so that an error before it is still a problem.
type stream struct {
	w     http.ResponseWriter
	kind  string // media type
	began bool
	stall time.Duration // how long the reader may take no byte of an event
}

func (s *stream) begin() {
	if s.began {
		return
	}
	s.began = true
	h := s.w.Header()
	h.Set("Content-Type", s.kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
}

// Write sends bytes as they are.
func (s *stream) Write(b []byte) (int, error) {
	s.begin()
	return s.w.Write(b)
}

func (s *stream) flush() error {
	if err := http.NewResponseController(s.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// line sends one JSON line at once.
func (s *stream) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := s.Write(append(b, '\n')); err != nil {
		return err
	}
	return s.flush()
}

// event sends one server-sent event. id 0 is left out: the client's Last-Event-ID then stays where it was.
func (s *stream) event(id int64, kind string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	head := ""
	if id > 0 {
		head = "id: " + strconv.FormatInt(id, 10) + "\n"
	}
	return s.piece(fmt.Appendf(nil, "%sevent: %s\ndata: %s\n\n", head, kind, b))
}

// place says where a reader would go on, without an event: a client keeps the id as its Last-Event-ID.
func (s *stream) place(id int64) error {
	return s.piece([]byte("id: " + strconv.FormatInt(id, 10) + "\n\n"))
}

// comment keeps an idle stream alive, and finds out that the client is gone.
func (s *stream) comment() error { return s.piece([]byte(": alive\n\n")) }

// piece sends a piece of an event stream at once. A reader that takes nothing of it is os.ErrDeadlineExceeded.
func (s *stream) piece(b []byte) error {
	_ = http.NewResponseController(s.w).SetWriteDeadline(time.Now().Add(s.stall)) // a connection in memory has none
	if _, err := s.Write(b); err != nil {
		return err
	}
	return s.flush()
}

// stream registers a route whose answer is written piece by piece, and describes it. A parameter that ends in ... may be given
// several times.
func (g *server) stream(o huma.Operation, kind string, params []string, serve func(*stream, *http.Request) error) {
	for _, p := range params {
		schema := &huma.Schema{Type: huma.TypeString}
		name, several := strings.CutSuffix(p, "...")
		if several {
			schema = &huma.Schema{Type: huma.TypeArray, Items: schema}
		}
		o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "query", Schema: schema})
	}
	o.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{kind: {}}},
		"default": {Description: "Error", Content: map[string]*huma.MediaType{"application/problem+json": {}}}}
	g.api.OpenAPI().AddOperation(&o)
	g.mux.HandleFunc(o.Method+" "+o.Path, func(w http.ResponseWriter, r *http.Request) {
		s := &stream{w: w, kind: kind, stall: cmp.Or(g.Patience, patience)}
		err := serve(s, r)
		if err == nil {
			s.begin()
			return
		}
		p := g.problem(r.Context(), err).(*api.Problem) // problem always returns one
		if !s.began {
			writeProblem(w, p)
			return
		}
		if r.Context().Err() != nil {
			return
		}
		// The status is out: the error is the stream's last piece, and the cut tells that it is not whole.
		switch kind {
		case "text/event-stream":
			_ = s.event(0, "problem", p)
		case "application/x-ndjson":
			_ = s.line(map[string]any{"problem": p})
		default:
			panic(http.ErrAbortHandler)
		}
	})
}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte(`{"code":"internal"}`)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b) // the connection's own failure
}

func intParam(s, name string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "%s %.20q: want a whole number from 0", name, s)
	}
	return n, nil
}

// after is where an event stream goes on, 0 where nothing is said.
func after(r *http.Request) (int64, error) {
	at, err := place(r)
	if at == nil {
		return 0, err
	}
	return *at, err
}

// place is where an event stream goes on: Last-Event-ID of a client that reconnects, else the query's after; nil where neither is there.
func place(r *http.Request) (*int64, error) {
	id, name := r.Header.Get("Last-Event-ID"), "Last-Event-ID"
	if id == "" {
		id, name = r.URL.Query().Get("after"), "after"
	}
	if id == "" {
		return nil, nil
	}
	n, err := intParam(id, name)
	return &n, err
}
