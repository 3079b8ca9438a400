package sentiment

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func TestScore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Label{
		"Bitcoin surges to a new all-time high":             Positive,
		"Crypto startup raises $25 million in Series B":     Positive,
		"Exchange hacked, $90 million in crypto stolen":     Negative,
		"DeFi token plunges 40% after exploit":              Negative,
		"SEC sues crypto exchange over unregistered tokens": Negative,
		"What is a blockchain?":                             Neutral,
		"":                                                  Neutral,
		"\xff\x00 … —":                                      Neutral,
	} {
		r := Score(text)
		if r.Label != want {
			t.Errorf("%q: %s (%.2f), want %s", text, r.Label, r.Score, want)
		}
	}
	if plain, negated := Score("Bitcoin is a scam").Score, Score("Bitcoin is not a scam").Score; negated <= plain {
		t.Errorf("a negation does not lift the score: %.2f against %.2f", negated, plain)
	}
}

func TestTextPastTheBoundIsNotRead(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("x", MaxBytes)
	if Score(head) != Score(head+" crash hack fraud") {
		t.Error("read past the bound")
	}
}

func TestModelReadsWhatItWrote(t *testing.T) {
	t.Parallel()
	m, err := Parse(modelFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Bytes(), modelFile) {
		t.Error("the model changed on the way")
	}
	for _, bad := range [][]byte{nil, modelFile[:100], append([]byte("WRONGMAG"), modelFile[8:]...)} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%d bytes of no model are taken", len(bad))
		}
	}
}

func FuzzScore(f *testing.F) {
	for _, s := range []string{"$", "+5%", "n't", "£1,000m", "'", "\xff", "http://x", "-@#$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Score(s)
		sum := r.Probability[0] + r.Probability[1] + r.Probability[2]
		if !(math.Abs(sum-1) < 1e-9) || !(math.Abs(r.Score) <= 1) || r != Score(s) {
			t.Errorf("%q: %+v", s, r)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(modelFile[:64])
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(b); err == nil {
			m.Score("bitcoin falls")
		}
	})
}

func BenchmarkScore(b *testing.B) {
	for b.Loop() {
		Score("Bitcoin falls below $30,000 as investors fear tighter rules, analyst says")
	}
}
