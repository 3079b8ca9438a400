package edgar

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxEntries bounds a page; the SEC gives at most 100.
const maxEntries = 1000

// entry is one line of the list of current filings: a filing as one of its parties.
type entry struct {
	filing
	role string // Filer, Issuer, Reporting, Subject, Filed by
}

type atomEntry struct {
	Title   string `xml:"title"`
	Summary string `xml:"summary"`
	Updated string `xml:"updated"`
	ID      string `xml:"id"`
	Form    struct {
		Term string `xml:"term,attr"`
	} `xml:"category"`
	Raw string `xml:",innerxml"`
}

var (
	titleShape = lazy(`^(.{1,400}) \((\d{10})\)(?: \(([A-Za-z ]{1,20})\))?$`)
	itemLine   = lazy(`Item (\d{1,2}\.\d\d)\b`)
)

// decodeCurrent reads a page of the list of current filings; n counts its lines, good or not, of which those that are not go to h.
func decodeCurrent(body []byte, now time.Time, h *source.Harvest) (entries []entry, n int, err error) {
	var feed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Entries []atomEntry `xml:"http://www.w3.org/2005/Atom entry"`
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = charset
	if err := d.Decode(&feed); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if len(feed.Entries) > maxEntries {
		return nil, 0, fmt.Errorf("%w: %d filings on a page", upstream.ErrMalformed, len(feed.Entries))
	}
	for _, a := range feed.Entries {
		e, err := a.decode(now)
		if err != nil {
			h.Reject([]byte(a.Raw), "%v", err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, len(feed.Entries), nil
}

func (a *atomEntry) decode(now time.Time) (entry, error) {
	form := strings.TrimSpace(a.Form.Term)
	title := strings.TrimPrefix(source.Text(a.Title, source.MaxTitle), form+" - ")
	m := titleShape().FindStringSubmatch(title)
	if m == nil {
		return entry{}, fmt.Errorf("title %.80q is not of the shape: form - name (CIK) (role)", title)
	}
	cik, err := parseCIK(m[2])
	if err != nil {
		return entry{}, err
	}
	_, accession, ok := strings.Cut(strings.TrimSpace(a.ID), "accession-number=")
	if !ok {
		return entry{}, fmt.Errorf("id %.80q has no accession number", a.ID)
	}
	accepted, err := time.Parse(time.RFC3339, strings.TrimSpace(a.Updated))
	if err != nil {
		return entry{}, fmt.Errorf("updated %.40q is no time", a.Updated)
	}
	e := entry{role: m[3], filing: filing{accession: accession, form: form, accepted: accepted.UTC().Truncate(time.Second), filer: Filer{CIK: cik, Name: m[1]}}}
	var items []string
	for _, it := range itemLine().FindAllStringSubmatch(a.Summary, maxItems) {
		items = append(items, it[1])
	}
	e.setItems(items)
	return e, e.check(now)
}

// charset reads the encodings of the SEC's XML: ISO-8859-1, whose bytes are the first 256 code points, and what needs no reading.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii":
		return in, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin1{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %.40q", label)
}

// latin1 turns ISO-8859-1 into UTF-8.
type latin1 struct {
	in  io.Reader
	out []byte // read and not yet passed on
}

// Read implements io.Reader.
func (l *latin1) Read(p []byte) (int, error) {
	if len(l.out) == 0 {
		var buf [4096]byte
		n, err := l.in.Read(buf[:])
		if n == 0 {
			return 0, err
		}
		for _, b := range buf[:n] {
			l.out = append(l.out, string(rune(b))...)
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// pick makes filings of those lines that are worth keeping: one for each accession number, as its watched party, else as the one
// whose name says crypto. What a reporting person is called does not matter.
func pick(entries []entry, watched map[int]Filer) []filing {
	type found struct {
		filing filing
		rank   int // 2 watched, 1 named
	}
	best, order := map[string]found{}, []string{}
	for _, e := range entries {
		if meaning(e.form) == "" {
			continue
		}
		f, rank := e.filing, 0
		if w, ok := watched[f.filer.CIK]; ok {
			f.filer, rank = w.named(f.filer.Name), 2
		} else if !ofWatched(f.form) && e.role != "Reporting" && e.role != "Filed by" && cryptoName(f.filer.Name) {
			rank = 1
		}
		old, seen := best[f.accession]
		if rank == 0 || seen && (old.rank > rank || old.rank == rank && old.filing.filer.CIK <= f.filer.CIK) {
			continue
		}
		if !seen {
			order = append(order, f.accession)
		}
		best[f.accession] = found{f, rank}
	}
	out := make([]filing, 0, len(order))
	for _, a := range order {
		out = append(out, best[a].filing)
	}
	return out
}

// named is the filer under its own name, or under the SEC's where it has none.
func (f Filer) named(name string) Filer {
	if f.Name == "" {
		f.Name = name
	}
	return f
}
