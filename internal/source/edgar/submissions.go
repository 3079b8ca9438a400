package edgar

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxRows bounds a filer's file; the SEC keeps about a thousand, or a year, in one.
const maxRows = 50_000

// cell is a text in a column; null is "", and what is no text is told where the row is read.
type cell string

const notText = cell("\x00")

// UnmarshalJSON implements json.Unmarshaler.
func (c *cell) UnmarshalJSON(b []byte) error {
	var s *string
	if json.Unmarshal(b, &s) != nil {
		*c = notText
	} else if s != nil {
		*c = cell(*s)
	}
	return nil
}

// columns are a filer's filings, newest first, as columns of one length.
type columns struct {
	Accession []cell `json:"accessionNumber"`
	Accepted  []cell `json:"acceptanceDateTime"`
	Form      []cell `json:"form"`
	Items     []cell `json:"items"`
}

// older names a file of older filings and their first and last day.
type older struct {
	Name string `json:"name"`
	To   string `json:"filingTo"`
}

// submissions is a filer's file.
type submissions struct {
	filer   Filer // as the SEC writes it
	filings []filing
	rejects []ledger.Reject
	oldest  time.Time // of all its filings, kept or not
	older   []older
}

var olderShape = lazy(`^CIK\d{10}-submissions-\d{3}\.json$`)

// decodeSubmissions reads the file of the filer cik.
func decodeSubmissions(body []byte, cik int, now time.Time) (submissions, error) {
	var env struct {
		CIK     json.RawMessage `json:"cik"`
		Name    string          `json:"name"`
		Filings *struct {
			Recent *columns                            `json:"recent"`
			Files  source.Loose[[]source.Loose[older]] `json:"files"`
		} `json:"filings"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return submissions{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	got, err := parseCIK(strings.Trim(string(env.CIK), `"`)) // older files have it as a number
	switch {
	case err != nil:
		return submissions{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case got != cik:
		return submissions{}, fmt.Errorf("%w: the filings of CIK %d, want those of %d", upstream.ErrMalformed, got, cik)
	case env.Filings == nil || env.Filings.Recent == nil || env.Name == "":
		return submissions{}, fmt.Errorf("%w: no name or no recent filings", upstream.ErrMalformed)
	}
	s := submissions{filer: Filer{CIK: cik, Name: env.Name}}
	if bad := env.Filings.Files.Bad; bad != nil {
		s.rejects = append(s.rejects, ledger.Reject{Reason: "the files of older filings cannot be read", Bytes: bad})
	}
	for _, o := range env.Filings.Files.V {
		switch {
		case o.Bad != nil:
			s.rejects = append(s.rejects, ledger.Reject{Reason: "no file of older filings", Bytes: o.Bad})
		case !olderShape().MatchString(o.V.Name):
			s.rejects = append(s.rejects, ledger.Reject{Reason: "no name of a file of older filings", Bytes: []byte(o.V.Name)})
		case len(s.older) < 100:
			s.older = append(s.older, o.V)
		}
	}
	return s, s.add(env.Filings.Recent, now)
}

// decodeOlder adds the filings of a file of older ones, which is columns and nothing else.
func (s *submissions) decodeOlder(body []byte, now time.Time) error {
	var c columns
	if err := json.Unmarshal(body, &c); err != nil {
		return fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if c.Accession == nil {
		return fmt.Errorf("%w: no accession numbers", upstream.ErrMalformed)
	}
	return s.add(&c, now)
}

func (s *submissions) add(c *columns, now time.Time) error {
	n := len(c.Accession)
	if n > maxRows || len(c.Accepted) != n || len(c.Form) != n || len(c.Items) != n && len(c.Items) != 0 {
		return fmt.Errorf("%w: columns of %d, %d, %d and %d rows", upstream.ErrMalformed, n, len(c.Accepted), len(c.Form), len(c.Items))
	}
	labels := make([]time.Time, n)
	var good []time.Time
	for i, t := range c.Accepted {
		if at, err := time.Parse(time.RFC3339, string(t)); err == nil {
			labels[i] = at.UTC().Truncate(time.Second)
			good = append(good, labels[i])
			if s.oldest.IsZero() || labels[i].Before(s.oldest) {
				s.oldest = labels[i]
			}
		}
	}
	inEastern := easternLabels(good, now)
	for i := range n {
		f := filing{accession: string(c.Accession[i]), form: string(c.Form[i]), filer: s.filer, accepted: labels[i]}
		if inEastern && !labels[i].IsZero() {
			f.accepted = eastern(labels[i])
		}
		if len(c.Items) > 0 {
			f.setItems(strings.Split(string(c.Items[i]), ","))
		}
		if meaning(f.form) == "" && f.form != "" && c.Form[i] != notText {
			continue // of no interest, however it is written
		}
		if !labels[i].IsZero() && labels[i].Year() < 2010 {
			continue // before any coin
		}
		if err := f.check(now); err != nil {
			row, _ := json.Marshal([]cell{c.Accession[i], c.Accepted[i], c.Form[i]}) // texts always marshal
			s.rejects = append(s.rejects, ledger.Reject{Reason: upstream.Text(err.Error()), Bytes: row})
			continue
		}
		s.filings = append(s.filings, f)
	}
	return nil
}

// decodeTickers reads the SEC's list of tickers and returns the CIKs of those wanted; one that the list does not hold is missing. A row
// that is none goes to h.
func decodeTickers(body []byte, wanted []string, h *source.Harvest) (map[string]int, error) {
	var rows map[string]json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if len(rows) == 0 || len(rows) > 200_000 {
		return nil, fmt.Errorf("%w: %d tickers", upstream.ErrMalformed, len(rows))
	}
	want := make(map[string]bool, len(wanted))
	for _, w := range wanted {
		want[w] = true
	}
	out := map[string]int{}
	for _, raw := range rows {
		var r struct {
			CIK    json.RawMessage `json:"cik_str"`
			Ticker string          `json:"ticker"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			h.Reject(raw, "list of tickers: %v", err)
			continue
		}
		t := strings.ToUpper(r.Ticker)
		if !want[t] {
			continue
		}
		cik, err := parseCIK(strings.Trim(string(r.CIK), `"`))
		if err != nil {
			h.Reject(raw, "ticker %s: %v", t, err)
			continue
		}
		out[t] = cik
	}
	return out, nil
}
