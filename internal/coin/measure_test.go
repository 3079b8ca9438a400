package coin

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
)

// The headlines stand outside the project; testdata holds their ids and what they speak of.
func TestMeasuredOnHeadlines(t *testing.T) {
	t.Parallel()
	lin := headlines(t, "data/sentiment-cryptolin/CryptoLin_IE.csv.gz", ',', "id", "news")
	news := headlines(t, "data/news-cryptonews-2021-2022/cryptonews.csv.gz", ';', "", "title")
	labels, err := os.ReadFile("testdata/labels.tsv")
	if err != nil {
		t.Fatal(err)
	}
	hit, said, truth := map[string]int{}, map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(labels)) {
		cols := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(cols) != 3 {
			continue
		}
		set, id, _ := strings.Cut(cols[0], ":")
		text, ok := map[string]map[string]string{"lin": lin, "news": news}[set][id]
		if !ok {
			t.Fatalf("no headline %s", cols[0])
		}
		half, want, got := cols[1], strings.Fields(cols[2]), Tag(text)
		said[half] += len(got)
		truth[half] += len(want)
		for _, w := range want {
			if slices.Contains(got, market.Coin(w)) {
				hit[half]++
			}
		}
		if half == os.Getenv("OMC_COIN_ERRORS") && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Logf("%s: %v, want %v", cols[0], got, want)
		}
	}
	for _, half := range []string{"dev", "held"} {
		precision, recall := float64(hit[half])/float64(said[half]), float64(hit[half])/float64(truth[half])
		t.Logf("%s: %d coins in truth, %d said, %d right: precision %.3f, recall %.3f", half, truth[half], said[half], hit[half], precision, recall)
		if precision < 0.95 || recall < 0.90 {
			t.Errorf("%s: precision %.3f or recall %.3f is under the floor of 0.95 and 0.90", half, precision, recall)
		}
	}
}

// headlines reads a column by id; without an id column the id is the row's number from 0.
func headlines(t *testing.T, path string, comma rune, id, column string) map[string]string {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(io.LimitReader(z, 64<<20))
	r.Comma, r.LazyQuotes = comma, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	idAt, at := slices.Index(rows[0], id), slices.Index(rows[0], column)
	out := make(map[string]string, len(rows))
	for i, row := range rows[1:] {
		key := strconv.Itoa(i)
		if idAt >= 0 {
			key = row[idAt]
		}
		out[key] = row[at]
	}
	return out
}
