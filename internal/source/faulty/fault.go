package faulty

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Status answers with a status and a JSON body of no upstream's shape.
func Status(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"fault":%d}`, code)
	}
}

// Page answers with a web page, as a proxy in front of an upstream does.
func Page(code int) Fault { return PageAs(code, "text/html; charset=utf-8") }

// PageAs answers with a web page that is passed off as something else, like application/json.
func PageAs(code int, contentType string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		io.WriteString(w, "\n<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>")
	}
}

// Body answers 200 with the given text.
func Body(text string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, text)
	}
}

// Wait answers with a status and Retry-After, where it is not "": seconds, or anything else.
func Wait(code int, retryAfter string) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		Status(code)(w, r, next)
	}
}

// WaitUntil answers with a status and Retry-After as an HTTP date, which is wait after date. date is sent as the server's own
// time; where it is not shown the answer has none.
func WaitUntil(code int, date time.Time, wait time.Duration, show bool) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header()["Date"] = nil
		if show {
			w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		}
		Wait(code, date.Add(wait).UTC().Format(http.TimeFormat))(w, r, next)
	}
}

// Redirect sends the client elsewhere.
func Redirect(code int, to string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
	}
}

// Truncate ends the answer after n bytes as though it were whole; n counts from the end where it is negative.
func Truncate(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := record(r, next)
		a.body = a.body[:cut(len(a.body), n)]
		a.send(w, len(a.body))
	}
}

// Cut closes the connection after n bytes of the body, and before its last; n counts from the end where it is negative. With n 0 the
// header is sent.
func Cut(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := record(r, next)
		whole := len(a.body)
		a.body = a.body[:min(cut(whole, n), max(0, whole-1))]
		a.send(w, whole)
		flush(w)
		panic(http.ErrAbortHandler)
	}
}

// Reset drops the connection before any byte of an answer, with a TCP reset where the connection can be had.
func Reset(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // the close that follows drops the connection either way
			}
			conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// Stall sends nothing until the client gives up.
func Stall(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // a server notices that its client has gone only once it has read what was asked
	<-r.Context().Done()
}

// Drip sends the answer one byte at a time, with a pause before each, until it is out or the client gives up.
func Drip(pause time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := record(r, next)
		body := a.body
		a.body = nil
		a.send(w, len(body))
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := range body {
			flush(w)
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
			if _, err := w.Write(body[i : i+1]); err != nil {
				return
			}
		}
	}
}

const chunk = 64 << 10

// Endless repeats a text as the body until the client gives up.
func Endless(text string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		part := []byte(strings.Repeat(text, chunk/len(text)+1))
		for {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
}

// Bomb is a body of size bytes of white space in front of an empty array, compressed about a thousandfold.
func Bomb(size int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		part := []byte(strings.Repeat(" ", chunk))
		for left := size; left > 0; left -= chunk {
			if _, err := z.Write(part[:min(left, chunk)]); err != nil {
				return
			}
		}
		io.WriteString(z, "[]")
		z.Close()
	}
}

// Header answers with n bytes of header that nobody asked for.
func Header(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for left := n; left > 0; left -= chunk {
			w.Header().Set("X-Fault-"+strconv.Itoa(left), strings.Repeat("x", min(left, chunk)))
		}
		next.ServeHTTP(w, r)
	}
}

// cut is where n leaves a body of size bytes.
func cut(size, n int) int {
	if n < 0 {
		n += size
	}
	return max(0, min(size, n))
}
