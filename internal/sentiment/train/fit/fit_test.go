package fit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

func TestEmbeddedModelIsWhatTheDataTrainsAndHoldsItsFloors(t *testing.T) {
	t.Parallel()
	sharedtest.Path(t, "data/sentiment-cryptolin/CryptoLin_IE.csv.gz")
	s, err := Load(sharedtest.Root())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Shipped(s)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join("..", "..", "model.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, m.Bytes()) {
		t.Error("model.bin is not what this data trains; run: go run ./internal/sentiment/train -o internal/sentiment/model.bin")
	}
	held, tweets := Measure(s.LinHeld, classOf(m)), Measure(s.TwitterValid, classOf(m))
	if held.Accuracy() < 0.62 || held.MacroF1() < 0.59 || tweets.Accuracy() < 0.82 {
		t.Errorf("CryptoLin held out %.3f, macro-F1 %.3f, tweets %.3f: under 0.62, 0.59, 0.82", held.Accuracy(), held.MacroF1(), tweets.Accuracy())
	}
	if vader := Measure(s.LinHeld, func(e Example) int { return e.vader }); vader.Accuracy() > 0.5 {
		t.Errorf("VADER's column gives %.3f: the columns are read wrongly", vader.Accuracy())
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	m := Matrix{{1, 1, 0}, {0, 2, 0}, {1, 0, 3}}
	if m.Total() != 8 || m.Accuracy() != 0.75 || m.Balanced() != (0.5+1+0.75)/3 {
		t.Errorf("total %d, accuracy %v, balanced %v", m.Total(), m.Accuracy(), m.Balanced())
	}
	if got, want := m.MacroF1(), (0.5+0.8+6.0/7)/3; got < want-1e-12 || got > want+1e-12 {
		t.Errorf("macro-F1 %v, want %v", got, want)
	}
}
