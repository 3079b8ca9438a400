package learn

import (
	"math"
	"slices"
)

const (
	maxBins    = 255 // of present values
	missingBin = 255
	binSample  = 200_000 // rows that the cuts of a longer table are taken from
)

// binned is a table as bin numbers, column by column: value v lies in the first bin whose cut it does not exceed, the last bin has none.
type binned struct {
	rows    int
	bins    [][]uint8
	cuts    [][]float64
	missing []bool // per column: it has missing values
}

// bin cuts each column at its quantiles. A column of at most limit distinct values has one bin for each of them; a cut is the midpoint of
// the two values that it parts.
func bin(columns [][]float64, limit int, seed uint64) *binned {
	rows := len(columns[0])
	b := &binned{rows: rows, bins: make([][]uint8, len(columns)), cuts: make([][]float64, len(columns)), missing: make([]bool, len(columns))}
	cells := make([]uint8, rows*len(columns))
	var sample []int
	if rows > binSample {
		g := fork(seed, -2)
		sample = make([]int, binSample)
		for i := range sample {
			sample[i] = int((uint64(i)*uint64(rows) + uint64(g.below(rows))) / binSample)
		}
	}
	var s sorter
	for j, c := range columns {
		b.bins[j] = cells[j*rows : (j+1)*rows : (j+1)*rows]
		s.load(c, sample)
		b.cuts[j] = cut(s.sorted(), limit)
		b.missing[j] = place(b.bins[j], c, b.cuts[j])
	}
	return b
}

// place writes the bin of each value and reports whether one is missing.
func place(out []uint8, column, cuts []float64) (missing bool) {
	// The search runs over a power of two of cuts, the rest at +∞, so that it has no branch to mispredict.
	var table [256]float64
	for i := range table {
		table[i] = math.Inf(1)
	}
	copy(table[:], cuts)
	for i, v := range column {
		if v != v {
			out[i], missing = missingBin, true
			continue
		}
		at := uint8(0)
		for step := uint8(128); step > 0; step >>= 1 {
			up := step
			if v <= table[at+step-1] {
				up = 0
			}
			at += up
		}
		out[i] = at
	}
	return missing
}

// threshold is the largest value that lies in a bin or before it.
func (b *binned) threshold(column, bin int) float64 {
	if bin == len(b.cuts[column]) {
		return math.MaxFloat64
	}
	return b.cuts[column][bin]
}

// cut returns at most limit−1 ascending cuts of sorted values.
func cut(sorted []float64, limit int) []float64 {
	distinct := 0
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			if distinct++; distinct > limit {
				break
			}
		}
	}
	cuts := make([]float64, 0, min(distinct, limit))
	if distinct <= limit {
		for i := 1; i < len(sorted); i++ {
			if sorted[i] != sorted[i-1] {
				cuts = append(cuts, midpoint(sorted[i-1], sorted[i]))
			}
		}
		return cuts
	}
	last := sorted[len(sorted)-1]
	for k := 1; k < limit; k++ {
		// The k-th quantile lies between two values; of those that are equal it is the value itself.
		at, rest := k*(len(sorted)-1)/limit, k*(len(sorted)-1)%limit
		c := sorted[at]
		if rest > 0 {
			c = midpoint(c, sorted[at+1])
		}
		if c < last && (len(cuts) == 0 || c > cuts[len(cuts)-1]) {
			cuts = append(cuts, c)
		}
	}
	return cuts
}

// midpoint is at least a and below b.
func midpoint(a, b float64) float64 {
	m := a/2 + b/2
	if m < a || m >= b {
		return a
	}
	return m
}

// sorter sorts numbers by their bits, least digit first. Its two buffers are reused from column to column.
type sorter struct{ keys, spare []uint64 }

// load takes the present values of a column, at the rows of sample or all.
func (s *sorter) load(column []float64, sample []int) {
	s.keys = s.keys[:0]
	take := func(v float64) {
		if v == v {
			s.keys = append(s.keys, order(v))
		}
	}
	if sample == nil {
		for _, v := range column {
			take(v)
		}
		return
	}
	for _, i := range sample {
		take(column[i])
	}
}

// order maps numbers to keys of the same order; both zeros have one key.
func order(v float64) uint64 {
	u := math.Float64bits(v + 0)
	return u ^ (uint64(int64(u)>>63) | 1<<63)
}

// unorder is the number of a key.
func unorder(k uint64) float64 {
	if k>>63 != 0 {
		return math.Float64frombits(k &^ (1 << 63))
	}
	return math.Float64frombits(^k)
}

func (s *sorter) sorted() []float64 {
	const digit = 11
	if cap(s.spare) < len(s.keys) {
		s.spare = make([]uint64, len(s.keys))
	}
	from, to := s.keys, s.spare[:len(s.keys)]
	if len(from) < 4*1<<digit {
		slices.Sort(from)
	} else {
		for shift := 0; shift < 64; shift += digit {
			var starts [1 << digit]int
			for _, k := range from {
				starts[k>>shift&(1<<digit-1)]++
			}
			if starts[from[0]>>shift&(1<<digit-1)] == len(from) {
				continue // the digit is the same everywhere
			}
			at := 0
			for d, n := range starts {
				starts[d], at = at, at+n
			}
			for _, k := range from {
				d := k >> shift & (1<<digit - 1)
				to[starts[d]] = k
				starts[d]++
			}
			from, to = to, from
		}
		s.keys, s.spare = from, to
	}
	out := make([]float64, len(from))
	for i, k := range from {
		out[i] = unorder(k)
	}
	return out
}
