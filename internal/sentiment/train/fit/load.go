// Package fit trains the sentiment model and measures it on labelled sets that are read from outside the project.
// It never writes a text of those sets anywhere.
package fit

import (
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/ohmycoins/omc/internal/sentiment"
)

// HeldOutFrom is the first day of CryptoLin's held-out part: the last 30 % of its rows by date.
const HeldOutFrom = "2021-10-20"

const maxFile = 64 << 20

// Example is one labelled text; Class indexes sentiment.Labels.
type Example struct {
	Text  string
	Class int
	Date  string // of CryptoLin's rows

	vader, finbertNeg int // the classes that CryptoLin's own columns give
}

// Sets are the labelled sets.
type Sets struct {
	Own                    []Example // sentences written for this project
	TwitterTrain           []Example // published as MIT
	TwitterValid           []Example
	LinEarly, LinHeld      []Example // CryptoLin before and from HeldOutFrom; no licence
	SemEval                []Example // research use
	PhraseAll, PhraseMajor []Example // PhraseBank, all agree and half agree; non-commercial
}

//go:embed own.txt
var ownText string

// Load reads the sets from the shared folder.
func Load(shared string) (Sets, error) {
	var s Sets
	var err error
	for line := range strings.Lines(ownText) {
		mark, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		class := strings.Index("-=+", mark)
		if !ok || len(mark) != 1 || class < 0 {
			return Sets{}, fmt.Errorf("own.txt: line %q has no label", line)
		}
		s.Own = append(s.Own, Example{Text: text, Class: class})
	}
	data := filepath.Join(shared, "data")
	if s.TwitterTrain, err = twitter(filepath.Join(data, "sentiment-twitter-financial", "sent_train.csv.gz")); err != nil {
		return Sets{}, err
	}
	if s.TwitterValid, err = twitter(filepath.Join(data, "sentiment-twitter-financial", "sent_valid.csv.gz")); err != nil {
		return Sets{}, err
	}
	lin, err := cryptoLin(filepath.Join(data, "sentiment-cryptolin", "CryptoLin_IE.csv.gz"))
	if err != nil {
		return Sets{}, err
	}
	at := sort.Search(len(lin), func(i int) bool { return lin[i].Date >= HeldOutFrom })
	s.LinEarly, s.LinHeld = lin[:at], lin[at:]
	if s.SemEval, err = semEval(filepath.Join(data, "sentiment-semeval2017-t5", "Headline_Trainingdata.json.gz")); err != nil {
		return Sets{}, err
	}
	if s.PhraseAll, err = phraseBank(filepath.Join(data, "sentiment-phrasebank", "Sentences_AllAgree.txt.gz")); err != nil {
		return Sets{}, err
	}
	s.PhraseMajor, err = phraseBank(filepath.Join(data, "sentiment-phrasebank", "Sentences_50Agree.txt.gz"))
	return s, err
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(z, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// rows reads a CSV file into one map a row.
func rows(path string) ([]map[string]string, error) {
	b, err := read(path)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(string(b)))
	r.LazyQuotes = true
	all, err := r.ReadAll()
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s: no readable rows: %v", path, err)
	}
	var out []map[string]string
	for _, rec := range all[1:] {
		m := make(map[string]string, len(rec))
		for i, v := range rec {
			m[all[0][i]] = v
		}
		out = append(out, m)
	}
	return out, nil
}

func twitter(path string) ([]Example, error) {
	rs, err := rows(path)
	if err != nil {
		return nil, err
	}
	class := map[string]int{"0": 0, "1": 2, "2": 1}
	var out []Example
	for i, r := range rs {
		c, ok := class[r["label"]]
		if !ok {
			return nil, fmt.Errorf("%s: row %d has label %q", path, i, r["label"])
		}
		out = append(out, Example{Text: r["text"], Class: c})
	}
	return out, nil
}

func cryptoLin(path string) ([]Example, error) {
	rs, err := rows(path)
	if err != nil {
		return nil, err
	}
	class := map[string]int{"-1": 0, "0": 1, "1": 2}
	var out []Example
	for i, r := range rs {
		c, ok := class[r["final_manual_labelling"]]
		if !ok {
			return nil, fmt.Errorf("%s: row %d has no label", path, i)
		}
		out = append(out, Example{Text: r["news"], Class: c, Date: r["date"], vader: class[r["vader_class"]], finbertNeg: class[r["finbert_negative_class"]]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Date < out[j].Date })
	return out, nil
}

func semEval(path string) ([]Example, error) {
	b, err := read(path)
	if err != nil {
		return nil, err
	}
	var items []struct {
		Title     string  `json:"title"`
		Sentiment float64 `json:"sentiment"`
	}
	if err := json.Unmarshal(b, &items); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []Example
	for _, it := range items {
		c := 1
		if it.Sentiment > 0.05 {
			c = 2
		} else if it.Sentiment < -0.05 {
			c = 0
		}
		out = append(out, Example{Text: it.Title, Class: c})
	}
	return out, nil
}

func phraseBank(path string) ([]Example, error) {
	b, err := read(path)
	if err != nil {
		return nil, err
	}
	var out []Example
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		i := strings.LastIndexByte(line, '@')
		if i < 0 {
			continue
		}
		for c, l := range sentiment.Labels() {
			if string(l) == line[i+1:] {
				out = append(out, Example{Text: line[:i], Class: c})
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no sentences", path)
	}
	return out, nil
}
