package fit

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/sentiment"
)

func classOf(m *sentiment.Model) func(Example) int {
	return func(e Example) int {
		l := sentiment.Labels()
		return slices.Index(l[:], m.Score(e.Text).Label)
	}
}

func always(c int) func(Example) int { return func(Example) int { return c } }

// Report writes the measured tables as plain text.
func Report(w io.Writer, s Sets, shipped *sentiment.Model, method string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "sentiment scorer %s: %d bytes, trained on %d tweets (MIT) and %d sentences of our own\n\n", method, len(shipped.Bytes()), len(s.TwitterTrain), len(s.Own))
	with, err := Train([3]float64{}, Part{s.TwitterTrain, tweetWeight}, Part{s.Own, ownWeight}, Part{s.LinEarly, 3})
	if err != nil {
		return err
	}
	whole := slices.Concat(s.LinEarly, s.LinHeld)
	fmt.Fprintf(&b, "%-30s %-34s %6s %9s %9s %9s\n", "set", "who", "n", "accuracy", "macro-F1", "balanced")
	line := func(set, who string, es []Example, f func(Example) int) Matrix {
		m := Measure(es, f)
		fmt.Fprintf(&b, "%-30s %-34s %6d %8.1f%% %9.3f %9.3f\n", set, who, m.Total(), 100*m.Accuracy(), m.MacroF1(), m.Balanced())
		return m
	}
	var held Matrix
	for _, set := range []struct {
		name string
		es   []Example
	}{{"CryptoLin held out", s.LinHeld}, {"CryptoLin early (developed on)", s.LinEarly}, {"CryptoLin whole", whole}} {
		m := line(set.name, "shipped (no CryptoLin in training)", set.es, classOf(shipped))
		if set.name == "CryptoLin held out" {
			held = m
			line(set.name, "with CryptoLin early (not shipped)", set.es, classOf(with))
		}
		line(set.name, "FinBERT, its own columns", set.es, func(e Example) int { return e.finbertNeg })
		line(set.name, "VADER, its own columns", set.es, func(e Example) int { return e.vader })
		line(set.name, "always positive", set.es, always(2))
	}
	for _, set := range []struct {
		name string
		es   []Example
	}{{"twitter-financial valid", s.TwitterValid}, {"SemEval 2017 task 5", s.SemEval}, {"PhraseBank, all agree", s.PhraseAll}, {"PhraseBank, half agree", s.PhraseMajor}} {
		line(set.name, "shipped", set.es, classOf(shipped))
		line(set.name, "always neutral", set.es, always(1))
		line(set.name, "always positive", set.es, always(2))
	}
	fmt.Fprintf(&b, "\nconfusion, CryptoLin held out, shipped (rows true, columns said)\n%-10s", "")
	for _, l := range sentiment.Labels() {
		fmt.Fprintf(&b, "%10s", l)
	}
	for c, l := range sentiment.Labels() {
		fmt.Fprintf(&b, "\n%-10s%10d%10d%10d", l, held[c][0], held[c][1], held[c][2])
	}
	fmt.Fprintf(&b, "\n\ncalibration error (10 bins of the said class): CryptoLin early %.3f, held out %.3f, twitter-financial valid %.3f\n",
		calibration(s.LinEarly, shipped), calibration(s.LinHeld, shipped), calibration(s.TwitterValid, shipped))
	side := Measure(s.SemEval, classOf(shipped))
	right, taken := side[0][0]+side[2][2], side[0][0]+side[0][2]+side[2][0]+side[2][2]
	fmt.Fprintf(&b, "SemEval, of the %d headlines with a side where the scorer takes one: %.1f%% the right one\n", taken, 100*ratio(right, taken))
	_, err = io.WriteString(w, b.String())
	return err
}

// calibration is the expected calibration error: the mean distance, over ten bins, of the probability said from the share right.
func calibration(es []Example, m *sentiment.Model) float64 {
	var said, right, n [10]float64
	labels := sentiment.Labels()
	for _, e := range es {
		r := m.Score(e.Text)
		c := slices.Index(labels[:], r.Label)
		k := min(int(r.Probability[c]*10), 9)
		n[k]++
		said[k] += r.Probability[c]
		if c == e.Class {
			right[k]++
		}
	}
	sum := 0.0
	for k := range n {
		sum += math.Abs(said[k] - right[k])
	}
	return sum / float64(max(len(es), 1))
}
