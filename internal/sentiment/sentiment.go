// Package sentiment scores short finance and crypto texts, such as headlines and posts, as positive, neutral or negative
// (docs/sentiment.md). It never calls a model over the network, never keeps a text, and never says which coin a text is about.
package sentiment

import (
	_ "embed"
	"sync"
)

// MaxBytes is how much of a text is read; the rest is ignored.
const MaxBytes = 10_000

// Label is the class of a text.
type Label string

// The labels, in the order of Result.Probability.
const (
	Negative Label = "negative"
	Neutral  Label = "neutral"
	Positive Label = "positive"
)

// Labels are the classes in the order of Result.Probability.
func Labels() [3]Label { return [3]Label{Negative, Neutral, Positive} }

// Result is what the scorer says of one text.
type Result struct {
	Label       Label      // the likeliest class; an empty text is neutral
	Score       float64    // P(positive) − P(negative), -1..1
	Probability [3]float64 // of negative, neutral, positive; they add up to 1
}

//go:embed model.bin
var modelFile []byte

var loaded = sync.OnceValue(func() *Model {
	m, err := Parse(modelFile)
	if err != nil {
		panic("sentiment: the embedded model is broken: " + err.Error())
	}
	return m
})

// Score scores the first MaxBytes bytes of text, which may be any bytes. It is deterministic and safe for concurrent use; the first
// call loads the embedded model.
func Score(text string) Result { return loaded().Score(text) }

// Method names the scorer and its version, as it stands in each row it scored. It changes whenever a score may change.
func Method() string { return "omc-lr-1" }
