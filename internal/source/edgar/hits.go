package edgar

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// What full-text search gives: so many hits on a page, and so many in all.
const (
	hitsPage = 100
	hitsMost = 10_000
)

// hits is a page of full-text search: filings, each once however many of its documents were found.
type hits struct {
	filings []filing
	rows    int  // documents on the page
	total   int  // documents found
	capped  bool // there are more than can be asked for
}

var displayName = lazy(`^(.{1,300}?)(?:\s+\([A-Z0-9., -]{1,80}\))?\s+\(CIK (\d{10})\)$`)

// decodeHits reads a page; a row that is none goes to to. A filing of several filers is the watched one's, else the first's.
func decodeHits(body []byte, watched map[int]Filer, now time.Time, to *source.Harvest) (hits, error) {
	var env struct {
		TimedOut bool `json:"timed_out"`
		Hits     *struct {
			Total struct {
				Value    int    `json:"value"`
				Relation string `json:"relation"`
			} `json:"total"`
			Hits *[]json.RawMessage `json:"hits"`
		} `json:"hits"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return hits{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	switch {
	case env.Hits == nil && env.Message != "":
		return hits{}, fmt.Errorf("%w: %s", upstream.ErrUnavailable, upstream.Text(env.Message))
	case env.Hits == nil || env.Hits.Hits == nil || env.Hits.Total.Value < 0 || len(*env.Hits.Hits) > hitsMost:
		return hits{}, fmt.Errorf("%w: no hits, or too many", upstream.ErrMalformed)
	case env.TimedOut:
		return hits{}, fmt.Errorf("%w: the search took too long and is not complete", upstream.ErrUnavailable)
	}
	h := hits{rows: len(*env.Hits.Hits), total: env.Hits.Total.Value}
	h.capped = env.Hits.Total.Relation == "gte" || h.total >= hitsMost
	seen := map[string]bool{}
	for _, row := range *env.Hits.Hits {
		f, err := decodeHit(row, watched)
		if err == nil {
			err = f.check(now)
		}
		switch {
		case err != nil:
			to.Reject(row, "%v", err)
		case !seen[f.accession]:
			seen[f.accession] = true
			h.filings = append(h.filings, f)
		}
	}
	return h, nil
}

func decodeHit(raw json.RawMessage, watched map[int]Filer) (filing, error) {
	var row struct {
		Source struct {
			Form  string                 `json:"form"`
			ADSH  string                 `json:"adsh"`
			Date  string                 `json:"file_date"`
			Names []source.Loose[string] `json:"display_names"`
			Items source.Loose[[]string] `json:"items"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		return filing{}, fmt.Errorf("hit: %w", err)
	}
	src := &row.Source
	f := filing{accession: src.ADSH, form: src.Form, day: true}
	day, err := time.Parse(time.DateOnly, src.Date)
	if err != nil {
		return filing{}, fmt.Errorf("file_date %.40q is no day", src.Date)
	}
	f.accepted = eastern(day)
	for i, name := range src.Names {
		m := displayName().FindStringSubmatch(strings.TrimSpace(name.V))
		if m == nil || i == 50 {
			continue
		}
		cik, err := parseCIK(m[2])
		if err != nil {
			continue
		}
		if w, ok := watched[cik]; ok {
			f.filer = w.named(m[1])
			break
		}
		if f.filer.CIK == 0 {
			f.filer = Filer{CIK: cik, Name: m[1]}
		}
	}
	f.setItems(src.Items.V)
	return f, nil
}
