package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recent is how many filings a filer's first file holds at least; a year's are there in any case.
const recent = 1000

var fileShape = regexp.MustCompile(`^CIK(\d{10})(?:-submissions-(\d{3}))?\.json$`)

// submissions answers with a filer's file, or with one of its older filings.
func (x *EDGAR) submissions(w http.ResponseWriter, r *http.Request, file string, now time.Time) {
	m := fileShape.FindStringSubmatch(file)
	if m == nil {
		xmlError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	cik, _ := strconv.Atoi(m[1]) // ten digits
	name, filings := "", []Filing{}
	for _, f := range x.filings(now.AddDate(-2, 0, 0), now) {
		if i := slices.IndexFunc(f.Parties, func(p Party) bool { return p.CIK == cik }); i >= 0 {
			name, filings = f.Parties[i].Name, append(filings, f)
		}
	}
	if p, ok := company(cik); ok && !x.still {
		name = p.Name
	}
	first := len(filings)
	for i, f := range filings {
		if i >= recent && f.Accepted.Before(now.AddDate(-1, 0, 0)) {
			first = i
			break
		}
	}
	switch {
	case name == "" || m[2] != "" && (m[2] != "001" || first == len(filings)):
		xmlError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case m[2] != "":
		reply(w, r, columns(filings[first:]))
	default:
		files := []any{}
		if rest := filings[first:]; len(rest) > 0 {
			files = append(files, map[string]any{"name": fmt.Sprintf("CIK%010d-submissions-001.json", cik), "filingCount": len(rest),
				"filingFrom": rest[len(rest)-1].Accepted.Format(time.DateOnly), "filingTo": rest[0].Accepted.Format(time.DateOnly)})
		}
		reply(w, r, map[string]any{"cik": fmt.Sprintf("%010d", cik), "entityType": "operating", "sic": "", "ownerOrg": nil, "name": name, "tickers": []string{},
			"exchanges": []any{nil}, "category": "Large accelerated filer<br>Smaller reporting company", "formerNames": []any{},
			"filings": map[string]any{"recent": columns(filings[:first]), "files": files}})
	}
}

// columns writes filings as the SEC does: as columns of one length.
func columns(filings []Filing) map[string]any {
	text := map[string][]string{}
	size := make([]int, 0, len(filings))
	for _, name := range []string{"accessionNumber", "filingDate", "reportDate", "acceptanceDateTime", "act", "form", "fileNumber", "filmNumber", "items", "core_type", "primaryDocument", "primaryDocDescription"} {
		text[name] = []string{}
	}
	for _, f := range filings {
		for name, v := range map[string]string{"accessionNumber": f.Accession, "filingDate": inNewYork(f.Accepted).Format(time.DateOnly), "reportDate": "",
			"acceptanceDateTime": f.Accepted.UTC().Format("2006-01-02T15:04:05.000Z"), "act": "34", "form": f.Form, "fileNumber": "", "filmNumber": "",
			"items": strings.Join(f.Items, ","), "core_type": f.Form, "primaryDocument": "doc.htm", "primaryDocDescription": f.Form} {
			text[name] = append(text[name], v)
		}
		size = append(size, 14000)
	}
	out := map[string]any{"size": size}
	for name, c := range text {
		out[name] = c
	}
	return out
}

func (x *EDGAR) tickers(w http.ResponseWriter) {
	out := map[string]any{}
	for i, c := range companies() {
		if c.ticker != "" {
			out[strconv.Itoa(i)] = map[string]any{"cik_str": c.CIK, "ticker": c.ticker, "title": c.Name}
		}
	}
	reply(w, nil, out)
}

// search finds a phrase in filings' texts, 100 documents to a page and at most 10,000.
func (x *EDGAR) search(w http.ResponseWriter, r *http.Request, now time.Time) {
	q := r.URL.Query()
	phrase := strings.ToLower(strings.Trim(q.Get("q"), `"`))
	from, err1 := time.Parse(time.DateOnly, q.Get("startdt"))
	to, err2 := time.Parse(time.DateOnly, q.Get("enddt"))
	at, err3 := strconv.Atoi(q.Get("from"))
	if phrase == "" || q.Get("dateRange") != "custom" || err1 != nil || err2 != nil || err3 != nil || to.Before(from) || at < 0 || at >= 10_000 {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"message":"Internal server error"}`))
		return
	}
	forms := strings.Split(q.Get("forms"), ",")
	rows, found := []any{}, 0
	for _, f := range x.filings(from.Add(-24*time.Hour), now.Add(-x.delay)) {
		date := inNewYork(f.Accepted).Format(time.DateOnly)
		if !strings.Contains(strings.ToLower(f.Text), phrase) || date < q.Get("startdt") || date > q.Get("enddt") ||
			q.Get("forms") != "" && !slices.Contains(forms, strings.TrimSuffix(f.Form, "/A")) {
			continue
		}
		for doc := range max(1, f.Documents) {
			if found++; found > at && len(rows) < 100 {
				rows = append(rows, hit(f, doc, date))
			}
		}
	}
	total := map[string]any{"value": found, "relation": "eq"}
	if found >= 10_000 {
		total = map[string]any{"value": 10_000, "relation": "gte"}
	}
	reply(w, nil, map[string]any{"took": 42, "timed_out": false, "_shards": map[string]int{"total": 50, "successful": 50, "skipped": 0, "failed": 0},
		"hits": map[string]any{"total": total, "max_score": nil, "hits": rows}})
}

func hit(f Filing, doc int, date string) map[string]any {
	var ciks, names []string
	for _, p := range f.Parties {
		ciks = append(ciks, fmt.Sprintf("%010d", p.CIK))
		name := p.Name
		if c, ok := company(p.CIK); ok && c.ticker != "" {
			name += "  (" + c.ticker + ")"
		}
		names = append(names, fmt.Sprintf("%s  (CIK %010d)", name, p.CIK))
	}
	return map[string]any{"_index": "edgar_file", "_id": fmt.Sprintf("%s:doc%d.htm", f.Accession, doc), "_score": 8.5, "_source": map[string]any{
		"ciks": ciks, "period_ending": date, "display_names": names, "xsl": nil, "sequence": doc + 1, "root_forms": []string{strings.TrimSuffix(f.Form, "/A")},
		"file_date": date, "form": f.Form, "adsh": f.Accession, "file_type": f.Form, "file_description": nil, "items": append([]string{}, f.Items...)}}
}

// reply writes JSON, or 304 to a request that has it already.
func reply(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("edgar fake: %v", err)) // maps of strings and numbers always encode
	}
	w.Header().Set("Content-Type", "application/json")
	if r != nil {
		h := fnv.New64a()
		_, _ = h.Write(b) // never fails
		tag := fmt.Sprintf(`"%x"`, h.Sum64())
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
