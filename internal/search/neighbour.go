package search

import (
	"math"

	"github.com/ohmycoins/omc/internal/strategy"
)

// nearby is how far a neighbour lies, as a share of a parameter's value.
const nearby = 0.1

// Neighbours are the points beside the declared values: each number one step down and one up, the others staying. A step is a tenth of the
// value (of the range where the value is 0), at least 1 for a whole number, and cut off at the bounds. What is on or off has no neighbours. One of
// each parameter comes first, then the others, so that whoever takes a part has some of each.
func Neighbours(declared []strategy.Param) []Point {
	var out, others []Point
	for _, p := range declared {
		if p.Kind == "bool" {
			continue
		}
		step := math.Abs(p.Value) * nearby
		if step == 0 {
			step = (p.Max - p.Min) * nearby
		}
		if p.Kind == "int" {
			step = math.Max(1, math.Round(step))
		}
		first := true
		for _, v := range []float64{math.Max(p.Min, p.Value-step), math.Min(p.Max, p.Value+step)} {
			if v == p.Value || math.IsNaN(v) || math.IsInf(v, 0) || len(out)+len(others) >= MaxPoints {
				continue
			}
			if first {
				out, first = append(out, Point{p.Name: v}), false
			} else {
				others = append(others, Point{p.Name: v})
			}
		}
	}
	return append(out, others...)
}
