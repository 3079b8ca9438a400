package search

import (
	"reflect"
	"testing"

	"github.com/ohmycoins/omc/internal/strategy"
)

func TestNeighboursAreOneStepAway(t *testing.T) {
	got := Neighbours([]strategy.Param{
		{Name: "fast", Kind: "int", Value: 12, Min: 1, Max: 500},
		{Name: "slow", Kind: "int", Value: 50, Min: 1, Max: 52},
		{Name: "edge", Kind: "int", Value: 1, Min: 1, Max: 9},
		{Name: "width", Kind: "float", Value: 2, Min: 0, Max: 10},
		{Name: "zero", Kind: "float", Value: 0, Min: -1, Max: 1},
		{Name: "on", Kind: "bool", Value: 1, Min: 0, Max: 1},
	})
	want := []Point{{"fast": 11}, {"slow": 45}, {"edge": 2}, {"width": 1.8}, {"zero": -.2}, {"fast": 13}, {"slow": 52}, {"width": 2.2}, {"zero": .2}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
