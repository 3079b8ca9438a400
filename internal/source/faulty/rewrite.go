package faulty

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rewrite sends the answer with another body.
func rewrite(w http.ResponseWriter, r *http.Request, next http.Handler, change func([]byte) []byte) {
	a := record(r, next)
	a.body = change(a.body)
	a.send(w, len(a.body))
}

// Number puts with in the place of the nth number of a JSON answer, counted from 0, of all of them where n is negative. A text that
// holds nothing but a number counts as one, a name does not. An answer that has no such number is passed on.
func Number(n int, with string) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rewrite(w, r, next, func(b []byte) []byte {
			var out []byte
			last := 0
			for i, at := range Numbers(b) {
				if n < 0 || i == n {
					out = append(append(out, b[last:at[0]]...), with...)
					last = at[1]
				}
			}
			return append(out, b[last:]...)
		})
	}
}

// Numbers are where the numbers of a JSON text begin and end, those in quotes with their quotes.
func Numbers(b []byte) [][2]int {
	var out [][2]int
	for i := 0; i < len(b); {
		end := i + 1
		switch {
		case b[i] == '"':
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(b))
			name := bytes.HasPrefix(bytes.TrimSpace(b[end:]), []byte(":"))
			if text := string(b[i:end]); !name && number(strings.Trim(text, `"`)) {
				out = append(out, [2]int{i, end})
			}
		case b[i] == '-' || b[i] >= '0' && b[i] <= '9':
			for end < len(b) && strings.IndexByte("+-.0123456789Ee", b[end]) >= 0 {
				end++
			}
			out = append(out, [2]int{i, end})
		}
		i = end
	}
	return out
}

// number reports a text that is a finite number, as people write them.
func number(s string) bool {
	if s == "" || strings.Trim(s, "+-.0123456789Ee") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// Reversed turns the rows of a JSON answer round: the outermost arrays of nothing but objects or arrays.
func Reversed(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rewrite(w, r, next, func(b []byte) []byte {
		return rows(b, func(in []json.RawMessage) []json.RawMessage {
			slices.Reverse(in)
			return in
		})
	})
}

// Doubled has every row of a JSON answer twice, one behind the other. What rows are stands with Reversed.
func Doubled(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rewrite(w, r, next, func(b []byte) []byte {
		return rows(b, func(in []json.RawMessage) (out []json.RawMessage) {
			for _, row := range in {
				out = append(out, row, row)
			}
			return out
		})
	})
}

// rows is a JSON text with its rows changed; what is no JSON stays as it is.
func rows(b []byte, change func([]json.RawMessage) []json.RawMessage) []byte {
	d := json.NewDecoder(bytes.NewReader(b))
	t, err := d.Token()
	if err != nil || !json.Valid(b) || t != json.Delim('[') && t != json.Delim('{') {
		return b
	}
	var names, values []json.RawMessage // of an array: no names
	all := t == json.Delim('[')
	for d.More() {
		if t == json.Delim('{') {
			name, _ := d.Token() // the text is valid
			quoted, _ := json.Marshal(name)
			names = append(names, quoted)
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return b
		}
		all = all && (v[0] == '[' || v[0] == '{')
		values = append(values, v)
	}
	if all {
		values = change(values)
	}
	var out bytes.Buffer
	out.WriteByte(b[bytes.IndexAny(b, "[{")])
	for i, v := range values {
		if i > 0 {
			out.WriteByte(',')
		}
		if names != nil {
			out.Write(names[i])
			out.WriteByte(':')
		}
		if !all {
			v = rows(v, change)
		}
		out.Write(v)
	}
	out.WriteByte(map[json.Delim]byte{'[': ']', '{': '}'}[t.(json.Delim)])
	return out.Bytes()
}

// Dated sends the answer as one of another time: of an upstream whose clock is wrong.
func Dated(at time.Time) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	}
}

// Stale passes the first request of each address on, and answers all later ones of that address with the same bytes. It is one fault
// for all its turns in a script.
func Stale() Fault {
	var mu sync.Mutex // guards kept
	kept := map[string]*answer{}
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		a := kept[r.Method+r.URL.String()]
		if a == nil {
			a = record(r, next)
			kept[r.Method+r.URL.String()] = a
		}
		mu.Unlock()
		a.send(w, len(a.body))
	}
}
