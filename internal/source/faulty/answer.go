package faulty

import (
	"net/http"
	"strconv"
)

// answer is what a handler wanted to send.
type answer struct {
	header http.Header
	status int
	body   []byte
}

func record(r *http.Request, h http.Handler) *answer {
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return a
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// send writes the answer and claims a length for its body.
func (a *answer) send(w http.ResponseWriter, length int) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone away misses nothing
}

// flush sends what has been written so far.
func flush(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // without it the bytes leave with the next write
}
