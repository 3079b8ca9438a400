package edgar

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/coin"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
)

// filing is one filing of one filer. The same filing read from another feed is the same event, byte for byte, so that it lands once.
type filing struct {
	accession string
	form      string
	filer     Filer
	accepted  time.Time
	day       bool     // accepted is no better than the day
	items     []string // of an 8-K, sorted
	term      string   // the search term, where nothing else makes it worth keeping
}

var (
	accessionShape = lazy(`^\d{10}-\d{2}-\d{6}$`)
	itemShape      = lazy(`^[1-9]\.\d\d$`)
	formShape      = lazy(`^[0-9A-Z][0-9A-Z .-]{0,22}(/A)?$`)
)

const maxItems = 40

// check says what keeps a filing from being one.
func (f *filing) check(now time.Time) error {
	switch {
	case !accessionShape().MatchString(f.accession):
		return fmt.Errorf("%.40q is no accession number", f.accession)
	case !formShape().MatchString(f.form):
		return fmt.Errorf("%.40q is no form", f.form)
	case f.filer.CIK <= 0 || f.filer.CIK > maxCIK:
		return fmt.Errorf("%d is no CIK", f.filer.CIK)
	case f.filer.Name == "":
		return fmt.Errorf("filing %s has no filer's name", f.accession)
	}
	return source.Past(f.accepted, now)
}

// event writes a filing as the ledger keeps it.
func (f *filing) event() ledger.Event {
	name := source.Text(f.filer.Name, 150)
	e := ledger.Event{
		ID: f.accession, Source: "edgar", Type: ledger.EventFiling, Time: f.accepted.UTC(),
		Title: fmt.Sprintf("%s files %s", name, f.form),
		URL:   fmt.Sprintf("https://www.sec.gov/Archives/edgar/data/%d/%s/%s-index.htm", f.filer.CIK, strings.ReplaceAll(f.accession, "-", ""), f.accession),
		Coins: ledger.Merge(f.filer.Coins, append(coin.Tag(name), coin.Tag(f.term)...)),
		Facts: map[string]string{"form": f.form, "cik": fmt.Sprintf("%010d", f.filer.CIK), "filer": name, "accession": f.accession},
	}
	what := meaning(f.form)
	if main := f.main(); main != "" {
		what = main
	}
	if what != "" {
		e.Title += ": " + what
	}
	var said []string
	for _, it := range f.items {
		said = append(said, strings.TrimSpace("item "+it+" "+itemName(it)))
	}
	if len(f.items) > 0 {
		e.Facts["items"] = strings.Join(f.items, ",")
	}
	if f.term != "" {
		e.Facts["term"] = f.term
		said = append(said, fmt.Sprintf("its text says %q", f.term))
	}
	if f.day {
		said = append(said, "the hour is not known")
	}
	e.Title, e.Description = source.Text(e.Title, source.MaxTitle), source.Text(strings.Join(said, "; "), source.MaxSummary)
	return e
}

// main is the name of the item that the title tells: the first that is not the list of exhibits.
func (f *filing) main() string {
	for _, it := range f.items {
		if name := itemName(it); name != "" && it != "9.01" {
			return name
		}
	}
	return ""
}

// setItems keeps the items of an 8-K, sorted and each once; other forms number their items in ways of their own.
func (f *filing) setItems(codes []string) {
	if family(f.form) != "8-K" {
		return
	}
	for _, c := range codes {
		if c = strings.TrimSpace(c); itemShape().MatchString(c) && len(f.items) < maxItems {
			f.items = append(f.items, c)
		}
	}
	slices.Sort(f.items)
	f.items = slices.Compact(f.items)
}

// itemName is the SEC's heading of an item of form 8-K, shortened.
func itemName(code string) string {
	switch code {
	case "1.01":
		return "Entry into a Material Definitive Agreement"
	case "1.02":
		return "Termination of a Material Definitive Agreement"
	case "1.03":
		return "Bankruptcy or Receivership"
	case "1.05":
		return "Material Cybersecurity Incidents"
	case "2.01":
		return "Completion of Acquisition or Disposition of Assets"
	case "2.02":
		return "Results of Operations and Financial Condition"
	case "2.03":
		return "Creation of a Direct Financial Obligation"
	case "2.04":
		return "Triggering Events That Accelerate an Obligation"
	case "2.05":
		return "Costs Associated with Exit or Disposal Activities"
	case "2.06":
		return "Material Impairments"
	case "3.01":
		return "Notice of Delisting or Failure to Satisfy a Listing Rule"
	case "3.02":
		return "Unregistered Sales of Equity Securities"
	case "3.03":
		return "Material Modification to Rights of Security Holders"
	case "4.01":
		return "Changes in Certifying Accountant"
	case "4.02":
		return "Non-Reliance on Previously Issued Financial Statements"
	case "5.01":
		return "Changes in Control"
	case "5.02":
		return "Departure or Election of Directors or Officers"
	case "5.03":
		return "Amendments to Articles or Bylaws"
	case "5.07":
		return "Submission of Matters to a Vote"
	case "7.01":
		return "Regulation FD Disclosure"
	case "8.01":
		return "Other Events"
	case "9.01":
		return "Financial Statements and Exhibits"
	}
	return ""
}

// events sorts filings by time, drops all but the first of each accession number, and writes them.
func events(filings []filing) []ledger.Event {
	slices.SortStableFunc(filings, func(a, b filing) int {
		return cmp.Or(a.accepted.Compare(b.accepted), strings.Compare(a.accession, b.accession))
	})
	seen := make(map[string]bool, len(filings))
	out := make([]ledger.Event, 0, len(filings))
	for i := range filings {
		if f := &filings[i]; !seen[f.accession] {
			seen[f.accession] = true
			out = append(out, f.event())
		}
	}
	return out
}

// parseCIK reads a CIK with or without zeros in front.
func parseCIK(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 || n > maxCIK || len(s) > 10 {
		return 0, fmt.Errorf("%.40q is no CIK", s)
	}
	return n, nil
}
