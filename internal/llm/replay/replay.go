// Package replay serves recorded exchanges with model providers to the tests of their adapters.
package replay

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

// Exchange is one recorded request and what was answered.
type Exchange struct {
	Name    string // folder and number
	URL     string
	Request []byte // its body
	Status  int
	Header  http.Header
	Body    []byte
}

// Exchanges are the recorded ones whose URL holds a text. The test skips where shared data is absent, and fails where there is none of them.
func Exchanges(t *testing.T, holds string) []Exchange {
	t.Helper()
	root := sharedtest.Root()
	if root == "" {
		t.Skip("OMC_SHARED is absent: recorded exchanges with model providers are not replayed")
	}
	root = filepath.Join(root, "wire", "fixtures", "llm")
	var out []Exchange
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".http.json") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var f struct {
			Request struct {
				URL  string          `json:"url"`
				Body json.RawMessage `json:"body"`
			} `json:"request"`
			Response struct {
				Status   int               `json:"status"`
				Headers  map[string]string `json:"headers"`
				BodyFile string            `json:"body_file"`
			} `json:"response"`
		}
		if err := json.Unmarshal(raw, &f); err != nil || !strings.Contains(f.Request.URL, holds) {
			return err
		}
		e := Exchange{URL: f.Request.URL, Request: f.Request.Body, Status: f.Response.Status, Header: http.Header{}}
		e.Name, _ = filepath.Rel(root, strings.TrimSuffix(path, ".http.json"))
		if text := ""; json.Unmarshal(f.Request.Body, &text) == nil {
			e.Request = []byte(text) // kept as a text
		}
		for k, v := range f.Response.Headers {
			e.Header.Set(k, v)
		}
		if e.Body, err = os.ReadFile(filepath.Join(filepath.Dir(path), f.Response.BodyFile)); err != nil {
			return err
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no recorded exchange with %s", holds)
	}
	return out
}

// Server answers with an exchange, and keeps what it was asked.
type Server struct {
	*httptest.Server
	Path   string
	Header http.Header
	Body   []byte
	Sent   int
}

// Serve serves one exchange for one call.
func (e *Exchange) Serve(t *testing.T) *Server {
	t.Helper()
	s := &Server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Path, s.Header = r.URL.RequestURI(), r.Header.Clone()
		s.Body, _ = io.ReadAll(r.Body) // a short body shows in the test
		s.Sent++
		for k, v := range e.Header {
			if k != "Content-Length" && k != "Content-Encoding" && k != "Transfer-Encoding" && k != "Connection" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(e.Status)
		_, _ = w.Write(e.Body) // who has gone misses it
	}))
	t.Cleanup(s.Close)
	return s
}
