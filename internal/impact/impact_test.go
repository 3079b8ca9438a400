package impact

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/catalysts.md")

const (
	page  = "../../docs/catalysts.md"
	begin = "<!-- tables of internal/impact: go test ./internal/impact -run TestPage -update -->\n"
	end   = "<!-- end of the tables -->\n"
)

func TestPageShowsTheWeights(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost the marks of its tables", page)
	}
	if old == Tables() {
		return
	}
	if !*update {
		t.Fatalf("%s shows other weights than the code has: run go test ./internal/impact -run TestPage -update and read the diff", page)
	}
	if err := os.WriteFile(page, []byte(before+begin+Tables()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The page's examples are pairs of lines: an event with its count of similar ones, and what Score says of it.
func TestPageExamplesComeOut(t *testing.T) {
	f, err := os.Open(page)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, count, ok := strings.Cut(lines.Text(), " like it: ")
		if !ok || !strings.HasPrefix(text, "{") {
			continue
		}
		var e ledger.Event
		similar, err := strconv.Atoi(count)
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err != nil || !lines.Scan() {
			t.Fatalf("%s: no count or no score: %v", text, err)
		}
		if _, why := (Rule{}).Score(e, similar); why != lines.Text() {
			t.Errorf("%s\nthe page says %s\nbut it is     %s", text, lines.Text(), why)
		}
		n++
	}
	if n < 6 {
		t.Errorf("%d examples", n)
	}
}

func event(kind, source string, coins []market.Coin, facts ...string) ledger.Event {
	e := ledger.Event{Type: kind, Source: source, Coins: coins, Facts: map[string]string{}}
	for i := 0; i+1 < len(facts); i += 2 {
		e.Facts[facts[i]] = facts[i+1]
	}
	return e
}

var (
	abc = []market.Coin{"ABC"}
	btc = []market.Coin{"BTC"}
)

// What people who follow these events expect of any rule, whatever its weights.
func TestOrder(t *testing.T) {
	descending := []ledger.Event{
		event(ledger.EventListing, "binance", abc),
		event(ledger.EventListing, "coinbase", abc),
		event(ledger.EventListing, "kraken", abc),
		event(ledger.EventFiling, "edgar", btc, "form", "8-K", "items", "1.01,9.01", "cik", "0000000001"),
		event(ledger.EventFiling, "edgar", btc, "form", "8-K", "items", "8.01", "cik", "0000000001"),
		event(ledger.EventFiling, "edgar", btc, "form", "10-Q", "cik", "0000000001"),
		event(ledger.EventFiling, "edgar", btc, "form", "10-Q/A", "cik", "0000000001"),
		event(ledger.EventFiling, "edgar", btc, "form", "4", "cik", "0000000001"),
		event(ledger.EventFiling, "edgar", nil, "form", "4", "cik", "0000000001"),
	}
	last := 2.0
	for _, e := range descending {
		score, why := Rule{}.Score(e, 0)
		if score >= last {
			t.Errorf("%v is not below %.2f: %s", e, last, why)
		}
		last = score
	}
	one, _ := Rule{}.Score(event(ledger.EventFiling, "edgar", btc, "form", "8-K", "items", "8.01", "cik", "0001050446"), 0)
	other, _ := Rule{}.Score(event(ledger.EventFiling, "edgar", btc, "form", "8-K", "items", "8.01", "cik", "0000000001"), 0)
	first, _ := Rule{}.Score(event(ledger.EventListing, "kraken", abc, "first", "yes"), 0)
	further, _ := Rule{}.Score(event(ledger.EventListing, "kraken", abc, "first", "no"), 0)
	if one <= other || first <= further {
		t.Error(one, other, first, further)
	}
	for similar, before := 1, first; similar < 6; similar++ {
		score, _ := Rule{}.Score(event(ledger.EventListing, "kraken", abc, "first", "yes"), similar)
		if score > before {
			t.Errorf("%d like it: %.2f above %.2f", similar, score, before)
		}
		before = score
	}
}

// The sentence holds every factor, and they multiply to the score.
func TestTheSentenceMultipliesToTheScore(t *testing.T) {
	factor := regexp.MustCompile(` (\d\.\d\d)(?: ×|$|, and)`)
	for _, kind := range []string{ledger.EventListing, ledger.EventDelisting, ledger.EventFiling, ledger.EventHearing, ledger.EventIncident, "other"} {
		for _, source := range []string{"binance", "edgar", "nobody"} {
			for _, coins := range [][]market.Coin{nil, abc, btc, {"BTC", "ABC"}} {
				for similar := range 5 {
					e := event(kind, source, coins, "form", "8-K/A", "items", "5.02,8.01", "cik", "1050446", "first", "no", "term", "x")
					score, why := Rule{}.Score(e, similar)
					product := 1.0
					for _, m := range factor.FindAllStringSubmatch(why, -1) {
						f, _ := strconv.ParseFloat(m[1], 64)
						product *= f
					}
					if math.Abs(min(1, product)-score) > 0.0051 || !strings.HasPrefix(why, fmt.Sprintf("%.2f: ", score)) || product > 1 != strings.Contains(why, "no more than 1") {
						t.Errorf("%s: %.4f", why, product)
					}
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for coin, want := range map[market.Coin]Tier{"BTC": Mega, "SOL": Large, "LINK": Mid, "ABC": Small} {
		if got := Size(coin); got != want {
			t.Errorf("%s: %s", coin, got)
		}
	}
	// A venue's event is weighed by its smallest coin, a filing by its biggest; unknown sizes do not count beside known ones.
	r := Rule{Size: func(c market.Coin) Tier { return map[market.Coin]Tier{"A": Small, "B": Mega}[c] }}
	for kind, want := range map[string]string{ledger.EventHalt: "small coin A", ledger.EventFiling: "mega coin B"} {
		if _, why := r.Score(event(kind, "x", []market.Coin{"Z", "A", "B"}), 0); !strings.Contains(why, want) {
			t.Error(why)
		}
	}
	odd := Rule{Size: func(market.Coin) Tier { return 99 }}
	if _, why := odd.Score(event(ledger.EventHalt, "x", abc), 0); !strings.Contains(why, "unknown size ABC") {
		t.Error(why)
	}
}

func TestKeysSayWhatIsAlike(t *testing.T) {
	a := event(ledger.EventFiling, "edgar", btc, "form", "424B5", "cik", "7")
	b := event(ledger.EventFiling, "edgar", nil, "form", "424B3/A", "cik", "7")
	c := event(ledger.EventFiling, "edgar", btc, "form", "8-K", "cik", "7")
	d := event(ledger.EventFiling, "edgar", btc, "form", "SC 13G", "cik", "8")
	e := event(ledger.EventFiling, "edgar", btc, "form", "SCHEDULE 13G/A", "cik", "8")
	if Key(a) != Key(b) || Key(a) == Key(c) || Key(d) != Key(e) || Key(c) == Key(d) {
		t.Error(Key(a), Key(b), Key(c), Key(d), Key(e))
	}
	if Key(event(ledger.EventListing, "kraken", abc)) != Key(event(ledger.EventListing, "binance", abc)) {
		t.Error("a coin listed on two venues is listed twice")
	}
	if Key(event(ledger.EventHalt, "kraken", abc)) == Key(event(ledger.EventHalt, "kraken", btc)) || Key(event(ledger.EventHalt, "kraken", nil)) == Key(event(ledger.EventHalt, "x", nil)) {
		t.Error("different events are of one kind")
	}
}

func TestImpactCountsWhatIsAlikeAndBefore(t *testing.T) {
	at := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	row := func(id string, kind string, before time.Duration) ledger.EventRow {
		e := event(kind, "kraken", abc)
		e.ID, e.Time = id, at.Add(-before)
		return ledger.EventRow{Event: e}
	}
	e := row("e", ledger.EventListing, 0).Event
	recent := []ledger.EventRow{row("e", ledger.EventListing, 0), row("a", ledger.EventListing, time.Hour), row("b", ledger.EventHalt, time.Hour),
		row("c", ledger.EventListing, Window+time.Hour), row("d", ledger.EventListing, -time.Hour), row("f", ledger.EventListing, Window)}
	score, why := Rule{}.Impact(&e, recent)
	if want, say := (Rule{}).Score(e, 2); score != want || why != say {
		t.Errorf("%s, want %s", why, say)
	}
}

func FuzzScore(f *testing.F) {
	f.Add("filing", "edgar", "8-K", "1.01,,9.01", "0001050446", "BTC", 1)
	f.Fuzz(func(t *testing.T, kind, source, form, items, cik, coin string, similar int) {
		score, why := Rule{}.Score(event(kind, source, []market.Coin{market.Coin(coin)}, "form", form, "items", items, "cik", cik), similar)
		if !(score >= 0 && score <= 1) || !strings.HasPrefix(why, fmt.Sprintf("%.2f: ", score)) {
			t.Fatal(score, why)
		}
	})
}
