// Package fake is a strict stand-in for the SEC's EDGAR in the wire formats of its recordings: the list of current filings, filers'
// files, tickers, and full-text search, of all three hosts at once. It refuses what the SEC refuses: who does not give a name and a
// contact, and who asks more than ten times in a second. It is for tests and omc dev upstreams, and knows no real filing.
package fake

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

const (
	perSecond = 10
	mostKept  = 100_000 // times of requests, for Most
)

// Party is one of those whom a filing concerns.
type Party struct {
	CIK  int
	Name string
	Role string // Filer, Issuer, Reporting, Subject, Filed by
}

// Filing is one filing.
type Filing struct {
	Accession string
	Form      string
	Accepted  time.Time
	Items     []string // 2.02
	Parties   []Party
	Text      string // what full-text search finds
	Documents int    // each is a hit; 0: one
}

// EDGAR is an http.Handler. Safe for concurrent use.
type EDGAR struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	still  bool       // the world has stopped
	world  world
	put    []Filing
	window window.Window
	asked  []time.Time
	keep   time.Duration // how far the list of current filings goes back
	delay  time.Duration // by which full-text search lags
}

// New returns an EDGAR with a small world of its own, which files every few minutes of the clock.
func New(c clock.Clock) *EDGAR {
	return &EDGAR{clock: c, window: window.Window{Span: time.Second}, keep: 24 * time.Hour, delay: 10 * time.Minute}
}

// Still takes the world away: what is Put is all there is.
func (x *EDGAR) Still() *EDGAR {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.still = true
	return x
}

// Keep is how far back the list of current filings goes from now on.
func (x *EDGAR) Keep(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.keep = d
}

// Put files something. It is shown from its acceptance on.
func (x *EDGAR) Put(f ...Filing) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.put = append(x.put, f...)
}

// Most is the most requests that came within any stretch of time as long as w.
func (x *EDGAR) Most(w time.Duration) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	most, begin := 0, 0
	for i, t := range x.asked {
		for !x.asked[begin].After(t.Add(-w)) {
			begin++
		}
		most = max(most, i-begin+1)
	}
	return most
}

// ServeHTTP answers for www.sec.gov, data.sec.gov and efts.sec.gov alike.
func (x *EDGAR) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	if x.asked = append(x.asked, now); len(x.asked) > mostKept {
		x.asked = slices.Clone(x.asked[mostKept/2:])
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	agent := r.UserAgent()
	switch file, ok := strings.CutPrefix(r.URL.Path, "/submissions/"); {
	case !strings.Contains(agent, "@") || !strings.Contains(agent, " "):
		page(w, http.StatusForbidden, "SEC.gov | Your Request Originates from an Undeclared Automated Tool")
	case x.window.Add(now, 1) > perSecond:
		page(w, http.StatusTooManyRequests, "SEC.gov | Request Rate Threshold Exceeded")
	case r.Method != http.MethodGet:
		page(w, http.StatusMethodNotAllowed, "405 Method Not Allowed")
	case r.URL.Path == "/cgi-bin/browse-edgar":
		x.current(w, r, now)
	case r.URL.Path == "/files/company_tickers.json":
		x.tickers(w)
	case r.URL.Path == "/LATEST/search-index":
		x.search(w, r, now)
	case ok:
		x.submissions(w, r, file, now)
	case strings.HasPrefix(r.URL.Path, "/Archives/"):
		xmlError(w, http.StatusForbidden, "AccessDenied", "Access Denied")
	default:
		page(w, http.StatusNotFound, "SEC.gov | Page Not Found")
	}
}

// filings are all that were accepted in (from, to], newest first.
func (x *EDGAR) filings(from, to time.Time) []Filing {
	var out []Filing
	if !x.still {
		x.world.until(to)
		for i := len(x.world.filings) - 1; i >= 0 && x.world.filings[i].Accepted.After(from); i-- {
			if f := x.world.filings[i]; !f.Accepted.After(to) {
				out = append(out, f)
			}
		}
	}
	made := len(out)
	for _, f := range x.put {
		if f.Accepted.After(from) && !f.Accepted.After(to) {
			out = append(out, f)
		}
	}
	if len(out) > made {
		slices.SortStableFunc(out, func(a, b Filing) int { return b.Accepted.Compare(a.Accepted) })
	}
	return out
}

// current lists filings once for every party.
func (x *EDGAR) current(w http.ResponseWriter, r *http.Request, now time.Time) {
	q := r.URL.Query()
	if q.Get("action") != "getcurrent" || q.Get("output") != "atom" {
		page(w, http.StatusOK, "Latest Filings")
		return
	}
	count := 40
	if n, err := strconv.Atoi(q.Get("count")); err == nil && slices.Contains([]int{10, 20, 40, 80, 100}, n) {
		count = n
	}
	start, _ := strconv.Atoi(q.Get("start")) // as the SEC does: what is no number is 0
	var lines []string
	for _, f := range x.filings(now.Add(-x.keep), now) {
		if !strings.HasPrefix(f.Form, q.Get("type")) {
			continue
		}
		for _, p := range f.Parties {
			if p.Role == "Reporting" && q.Get("owner") == "exclude" {
				continue
			}
			lines = append(lines, line(f, p))
		}
	}
	if start < 0 || start > 0 && start >= len(lines) {
		page(w, http.StatusServiceUnavailable, "SEC.gov | File Unavailable")
		return
	}
	lines = lines[start:min(len(lines), start+count)]
	local := inNewYork(now)
	w.Header().Set("Content-Type", "application/atom+xml")
	text := `<?xml version="1.0" encoding="ISO-8859-1" ?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>Latest Filings - ` + local.Format("Mon, 02 Jan 2006 15:04:05 MST") + `</title>
<link rel="alternate" href="/cgi-bin/browse-edgar?action=getcurrent"/>
<id>https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent</id>
<author><name>Webmaster</name><email>webmaster@sec.gov</email></author>
<updated>` + local.Format(time.RFC3339) + `</updated>
` + strings.Join(lines, "") + "</feed>"
	_, _ = w.Write(latin1(text)) // a client that has gone away misses nothing
}

func line(f Filing, p Party) string {
	folder := strings.ReplaceAll(f.Accession, "-", "")
	local := inNewYork(f.Accepted)
	summary := fmt.Sprintf("\n <b>Filed:</b> %s <b>AccNo:</b> %s <b>Size:</b> 14 KB\n", local.Format(time.DateOnly), f.Accession)
	for _, it := range f.Items {
		summary += "<br>Item " + it + ": as the form calls it\n"
	}
	return fmt.Sprintf(`<entry>
<title>%s - %s (%010d) (%s)</title>
<link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/edgar/data/%d/%s/%s-index.htm"/>
<summary type="html">%s</summary>
<updated>%s</updated>
<category scheme="https://www.sec.gov/" label="form type" term="%s"/>
<id>urn:tag:sec.gov,2008:accession-number=%s</id>
</entry>
`, f.Form, html.EscapeString(p.Name), p.CIK, p.Role, p.CIK, folder, f.Accession, html.EscapeString(summary), local.Format(time.RFC3339), f.Form, f.Accession)
}

// latin1 writes ISO-8859-1, and a question mark for what that has not.
func latin1(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}

func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>"+title+"</title></head><body>"+title+"</body></html>\n")
}

func xmlError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}
