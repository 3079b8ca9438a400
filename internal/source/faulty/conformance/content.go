package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// garbage is JSON of another shape, or none: an error or nothing, never a panic and never a row.
func (s *Source) garbage(t *testing.T, w whole) {
	ask := s.asker(t)
	for _, body := range []string{
		"", " ", "null", "true", "0", `""`, "{}", "[]", "[[]]", "[null]", "[{}]", `{"error":{}}`, `{"result":[]}`, `{"prices":[]}`, "NaN", "-", "[1e999]",
		"\xff\xfe", "\x00", "\xef\xbb\xbf[]", `{"status":"ok","prices":null}`, `{"status":1}`, `{"error":[null],"result":null}`,
		`{"error":[],"result":{"last":null}}`, `{"error":[],"result":{"X":null,"last":1}}`, `{"error":[],"result":{"X":[null],"last":1}}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), strings.Repeat("[],", 300_000), "[" + strings.Repeat("[],", 300_000) + "[]]",
		"[" + strings.Repeat("9", 1_000_000) + "]", `[["` + strings.Repeat("9", 900_000) + `"]]`, `{"message":"` + strings.Repeat("\\u001b", 1000) + `"}`,
	} {
		for i := range s.Methods {
			rows, err := ask(i, faulty.Body(body))
			what := fmt.Sprintf("%q", upstream.Text(body[:min(len(body), 40)]))
			if rows >= w.rows || rows > 0 && len(s.Methods) == 1 {
				t.Errorf("%s in request %d: %d rows", what, i, rows)
			}
			if err != nil {
				s.check(t, what, err, nil)
			}
		}
	}
}

// truncated cuts each answer short at every byte, as though it were whole. Only white space at its end may be missing.
func (s *Source) truncated(t *testing.T, w whole) {
	ask := s.asker(t)
	for i, body := range w.answers {
		for n := range body {
			rows, err := ask(i, faulty.Truncate(n))
			switch {
			case len(bytes.TrimSpace(body[n:])) == 0:
				if err != nil || rows != w.rows {
					t.Errorf("%d of %d bytes of answer %d, which is whole: %d rows, %v", n, len(body), i, rows, err)
				}
			case rows >= w.rows || rows > 0 && len(s.Methods) == 1 || !errors.Is(err, upstream.ErrMalformed):
				t.Errorf("%d of %d bytes of answer %d: %d rows, %v", n, len(body), i, rows, err)
			}
		}
	}
}

// numbers of a JSON answer that are none: NaN without quotes makes it malformed; all else costs the rows that need it at most.
func (s *Source) numbers(t *testing.T, w whole) {
	ask := s.asker(t)
	for i, body := range w.answers {
		if !json.Valid(body) {
			continue
		}
		for n := range len(faulty.Numbers(body)) {
			if rows, err := ask(i, faulty.Number(n, "NaN")); rows >= w.rows || rows > 0 && len(s.Methods) == 1 || !errors.Is(err, upstream.ErrMalformed) {
				t.Errorf("NaN for number %d of answer %d: %d rows, %v", n, i, rows, err)
			}
			s.loses(t, w, fmt.Sprintf(`"NaN" for number %d of answer %d`, n, i), ask, i, faulty.Number(n, `"NaN"`))
		}
		for _, with := range []string{"null", "1e309", "-0", "0", `"1,234"`, `""`, "{}", strings.Repeat("9", 40), `"Infinity"`, "-1e-40"} {
			s.loses(t, w, fmt.Sprintf("%s for all numbers of answer %d", with, i), ask, i, faulty.Number(-1, with))
		}
	}
}

// loses fails where an answer with a fault in it brings more than a whole one, or an error that does not help.
func (s *Source) loses(t *testing.T, w whole, what string, ask func(int, ...faulty.Fault) (int, error), i int, faults ...faulty.Fault) {
	t.Helper()
	rows, err := ask(i, faults...)
	if rows > w.rows {
		t.Errorf("%s: %d rows, there are %d", what, rows, w.rows)
	}
	if err != nil {
		s.check(t, what, err, nil)
	}
}

// moved: rows in another order are all there, or none of them is taken; of rows that come twice the ledgers keep one, so that they may
// come twice from the source; and an answer that comes again, as from a cache that has not noticed, is no error.
func (s *Source) moved(t *testing.T, w whole) {
	ask := s.asker(t)
	rows, err := ask(0, s.all(faulty.Reversed)...)
	if err == nil && rows != w.rows || err != nil && rows != 0 {
		t.Errorf("reversed: %d of %d rows, %v", rows, w.rows, err)
	}
	s.loses(t, w, "reversed", ask, 0, s.all(faulty.Reversed)...)
	s.loses(t, whole{rows: 2 * w.rows}, "doubled", ask, 0, s.all(faulty.Doubled)...)
	srv := s.serve(t, faulty.Times(2*len(s.Methods), faulty.Stale())...)
	again := s.Client(srv.config)
	for n := range 2 {
		if rows, err := again(t.Context()); err != nil || rows > w.rows || n == 0 && rows != w.rows {
			t.Errorf("the same answer, %d: %d of %d rows, %v", n, rows, w.rows, err)
		}
		s.Clock.Advance(time.Second)
	}
}

// clocks: an upstream whose clock is an hour fast loses nothing; one that is slow, nothing but what may not be over yet there.
func (s *Source) clocks(t *testing.T, w whole) {
	ask := s.asker(t)
	if rows, err := ask(0, s.all(faulty.Dated(s.Clock.Now().Add(time.Hour)))...); err != nil || rows != w.rows {
		t.Errorf("an hour fast: %d of %d rows, %v", rows, w.rows, err)
	}
	if rows, err := ask(0, s.all(faulty.Dated(s.Clock.Now().Add(-time.Hour)))...); err != nil || rows > w.rows {
		t.Errorf("an hour slow: %d of %d rows, %v", rows, w.rows, err)
	}
}
