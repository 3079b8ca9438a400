// Package evidence owns what a research result is worth: Sharpe ratios and their deflation, overfit probability, multiple testing,
// bootstrap tests against data snooping, leak-free splits, labels, and the figures of an equity curve. docs/evidence.md states each formula.
// It must never read prices or run a strategy, and it never returns NaN or an infinity: what has no value is an error with a reason.
//
// Returns are fractions (0.01 is 1 %) of one fixed period. The functions are pure and safe for concurrent use; random ones take a seed.
package evidence

import (
	"encoding/json"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// DegenerateError says that a figure has no value for this input, and why.
type DegenerateError struct {
	Figure string // what was asked for
	Reason string // for people
}

func (e *DegenerateError) Error() string { return e.Figure + ": " + e.Reason }

func degenerate(figure, format string, args ...any) error {
	return &DegenerateError{Figure: figure, Reason: fmt.Sprintf(format, args...)}
}

// Value is a number, or the reason why there is none. The zero Value is the number 0.
type Value struct {
	V      float64
	Reason string // "" when V is a value
}

// Valid reports whether there is a number.
func (v Value) Valid() bool { return v.Reason == "" }

// Ptr returns the number, or nil where there is none.
func (v Value) Ptr() *float64 {
	if !v.Valid() {
		return nil
	}
	return &v.V
}

// MarshalJSON writes the number or null; reasons are listed by whoever writes the report.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Ptr()) }

// number makes a Value; a result that overflowed has none.
func number(v float64) Value {
	if !finite(v) {
		return none("the result is too large for a number")
	}
	return Value{V: v}
}

func none(format string, args ...any) Value { return Value{Reason: fmt.Sprintf(format, args...)} }

func finite(x float64) bool { return x-x == 0 }

// firstBad returns the index of the first NaN or infinity, or -1.
func firstBad(x []float64) int {
	for i, v := range x {
		if !finite(v) {
			return i
		}
	}
	return -1
}

// constant tests max = min: the computed deviation of equal numbers is often not zero.
func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// variance is the sample variance (ddof 1).
func variance(x []float64) float64 {
	m := mean(x)
	var s float64
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return s / float64(len(x)-1)
}

func phi(x float64) float64      { return distuv.UnitNormal.CDF(x) }
func quantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// Matrix is Rows × Cols numbers, row-major: rows are periods, columns are trials.
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// At returns one element.
func (m Matrix) At(row, col int) float64 { return m.Data[row*m.Cols+col] }

// check refuses a matrix whose data does not fit its shape or is not finite.
func (m Matrix) check(figure string) error {
	if m.Rows < 1 || m.Cols < 1 || len(m.Data)/m.Cols != m.Rows || len(m.Data)%m.Cols != 0 {
		return degenerate(figure, "%d numbers are not a matrix of %d × %d", len(m.Data), m.Rows, m.Cols)
	}
	if i := firstBad(m.Data); i >= 0 {
		return degenerate(figure, "row %d, column %d is not a finite number", i/m.Cols, i%m.Cols)
	}
	return nil
}

// SplitMix is the SplitMix64 generator (Steele, Lea, Flood 2014): small, seeded, the same everywhere. It is no source of secrets.
type SplitMix struct{ state uint64 }

// NewSplitMix starts a stream.
func NewSplitMix(seed uint64) *SplitMix { return &SplitMix{state: seed} }

// Uint64 returns the next 64 bits.
func (s *SplitMix) Uint64() uint64 {
	s.state += 0x9E3779B97F4A7C15
	z := s.state
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// Uniform returns a number in [0, 1) with 53 random bits.
func (s *SplitMix) Uniform() float64 { return float64(s.Uint64()>>11) * 0x1p-53 }

// Normal returns a nearly standard normal number in [−6, 6]: the sum of twelve uniforms less six.
func (s *SplitMix) Normal() float64 {
	sum := 0.0
	for range 12 {
		sum += s.Uniform()
	}
	return sum - 6
}

// intn returns an index below n; its bias is below n/2⁶⁴.
func (s *SplitMix) intn(n int) int { return int(s.Uint64() % uint64(n)) }

// sqrtN is √n for a count.
func sqrtN(n int) float64 { return math.Sqrt(float64(n)) }
