package fit

import (
	"math"
	"math/rand/v2"

	"github.com/ohmycoins/omc/internal/sentiment"
)

// Part is a set with the weight of each of its examples.
type Part struct {
	Examples []Example
	Weight   float64
}

// The choices below were made on CryptoLin's early part, never on a held-out set.
const (
	epochs      = 12
	stepSize    = 0.35
	shrink      = 2e-5
	ownWeight   = 6.0
	tweetWeight = 0.3
	cryptoCool  = 3.0 // from a grid, by the calibration error on CryptoLin's early part
)

// cryptoOffset moves the logits of texts about crypto from the class mix of the tweets (65 % neutral) towards that of crypto headlines
// (half positive). It is what the model holds of CryptoLin's early part: three numbers, picked from a grid of 15, beside cryptoCool.
func cryptoOffset() [3]float64 { return [3]float64{0.5, 0, 1.5} }

// Shipped trains the model that is embedded: on the sentences of our own and the MIT-licensed tweets, and on nothing else.
func Shipped(s Sets) (*sentiment.Model, error) {
	return Train(cryptoOffset(), Part{s.TwitterTrain, tweetWeight}, Part{s.Own, ownWeight})
}

type sample struct {
	features []sentiment.Feature
	class    int
	weight   float64
}

// Train fits a multinomial logistic regression by AdaGrad with a fixed order of examples, in one goroutine, so that the same data
// gives the same bytes on the same processor architecture (fused multiply-add differs between architectures).
func Train(offset [3]float64, parts ...Part) (*sentiment.Model, error) {
	var samples []sample
	for _, p := range parts {
		for _, e := range p.Examples {
			samples = append(samples, sample{sentiment.Features(e.Text), e.Class, p.Weight})
		}
	}
	var weight, square [3][]float64
	for c := range weight {
		weight[c], square[c] = make([]float64, sentiment.Dim), make([]float64, sentiment.Dim)
	}
	rng := rand.New(rand.NewPCG(7, 11))
	for range epochs {
		rng.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		for _, s := range samples {
			step(&weight, &square, s)
		}
	}
	return sentiment.New(weight, offset, cryptoCool)
}

func step(weight, square *[3][]float64, s sample) {
	var z [3]float64
	for _, f := range s.features {
		for c := range z {
			z[c] += weight[c][f.Index] * f.Value
		}
	}
	p := sentiment.Softmax(z)
	p[s.class]--
	for _, f := range s.features {
		for c := range z {
			g := s.weight * (p[c]*f.Value + shrink*weight[c][f.Index])
			square[c][f.Index] += g * g
			weight[c][f.Index] -= stepSize * g / (math.Sqrt(square[c][f.Index]) + 1e-8)
		}
	}
}
