package evidence

import "math/bits"

// Span is the period an observation's label looks at, from its own time to the time the label is known, both included. Any one unit.
type Span struct{ From, To int64 }

// meets reports whether two closed spans have a moment in common.
func (s Span) meets(o Span) bool { return s.From <= o.To && o.From <= s.To }

const maxFoldSplits = 20_000

// Purge returns the indices of the training observations that are left when those whose span meets a test span are dropped: they start in
// it, end in it or envelop it (López de Prado 2018, ch. 7). An observation that starts within embargo after the end of a test span is dropped
// too, for what serial correlation carries over; embargo is in the spans' unit and not below zero.
func Purge(spans, tests []Span, embargo int64) ([]int, error) {
	const figure = "purge"
	if embargo < 0 {
		return nil, degenerate(figure, "the embargo is %d, it must not be below zero", embargo)
	}
	if len(tests) == 0 {
		return nil, degenerate(figure, "there is no test span")
	}
	for _, list := range [][]Span{spans, tests} {
		for i, s := range list {
			if s.To < s.From {
				return nil, degenerate(figure, "span %d ends at %d, before it starts at %d", i, s.To, s.From)
			}
		}
	}
	kept := make([]int, 0, len(spans))
next:
	for i, s := range spans {
		for _, t := range tests {
			if s.meets(t) || s.From > t.To && uint64(s.From)-uint64(t.To) <= uint64(embargo) {
				continue next
			}
		}
		kept = append(kept, i)
	}
	return kept, nil
}

// Fold is a run of rows, From included and To excluded.
type Fold struct{ From, To int }

// Split is one split of combinatorial purged cross-validation.
type Split struct {
	Tests []int // which folds are tested, ascending
	Train []int // rows, ascending, after the purge and the embargo
	Test  []int // rows, ascending
}

// Plan is combinatorial purged cross-validation (López de Prado 2018, ch. 12): every choice of k of n folds is tested once.
type Plan struct {
	Folds  []Fold
	Splits []Split // in lexical order of Tests
	Paths  int     // φ = k/n·C(n, k): how often the whole history is covered by tests
}

// Path returns, for each fold, the split whose test of it belongs to path j from 0 to Paths−1: the j-th of those that test the fold.
// Strung together they are one out-of-sample history of all rows. It is nil for a path that does not exist.
func (p *Plan) Path(j int) []int {
	if j < 0 || j >= p.Paths {
		return nil
	}
	seen, out := make([]int, len(p.Folds)), make([]int, len(p.Folds))
	for i, s := range p.Splits {
		for _, f := range s.Tests {
			if seen[f] == j {
				out[f] = i
			}
			seen[f]++
		}
	}
	return out
}

// CombineSpans plans n folds, k of them tested at a time, over rows in order of time: rows whose span meets that of a test fold are purged,
// and rows that start within embargo after it are dropped. A fold's span is from the first start to the last end of its rows.
func CombineSpans(spans []Span, n, k int, embargo int64) (*Plan, error) {
	const figure = "combinatorial cross-validation"
	p, err := newPlan(len(spans), n, k)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].From {
			return nil, degenerate(figure, "row %d starts before row %d: rows must be in order of time", i, i-1)
		}
	}
	whole := make([]Span, n)
	for f, fold := range p.Folds {
		whole[f] = spans[fold.From]
		for _, s := range spans[fold.From:fold.To] {
			whole[f].To = max(whole[f].To, s.To)
		}
	}
	for i := range p.Splits {
		s := &p.Splits[i]
		tests := make([]Span, len(s.Tests))
		for j, f := range s.Tests {
			tests[j] = whole[f]
		}
		if s.Train, err = Purge(spans, tests, embargo); err != nil {
			return nil, err
		}
	}
	return p.trained()
}

// CombineRows is the rule by row count, as skfolio has it, kept to compare with: purge rows are dropped on both sides of each test fold, and
// embargo more after it.
func CombineRows(rows, n, k, purge, embargo int) (*Plan, error) {
	p, err := newPlan(rows, n, k)
	if err != nil {
		return nil, err
	}
	if purge < 0 || embargo < 0 || purge > rows || embargo > rows {
		return nil, degenerate("combinatorial cross-validation", "purge %d and embargo %d must be from 0 to the %d rows", purge, embargo, rows)
	}
	for i := range p.Splits {
		s := &p.Splits[i]
		drop := make([]bool, rows)
		for _, f := range s.Tests {
			fold := p.Folds[f]
			for r := max(0, fold.From-purge); r < min(rows, fold.To+purge+embargo); r++ {
				drop[r] = true
			}
		}
		for r, gone := range drop {
			if !gone {
				s.Train = append(s.Train, r)
			}
		}
	}
	return p.trained()
}

// newPlan cuts the folds, of which the last takes the remainder, and lists the splits' test rows.
func newPlan(rows, n, k int) (*Plan, error) {
	const figure = "combinatorial cross-validation"
	if n < 2 || n > 63 || k < 1 || k >= n {
		return nil, degenerate(figure, "%d folds with %d tested: it takes 2 to 63 folds, and at least one but not all of them tested", n, k)
	}
	if rows < n {
		return nil, degenerate(figure, "%d rows are too few for %d folds", rows, n)
	}
	count := choose(n, k)
	if count > maxFoldSplits {
		return nil, degenerate(figure, "%d of %d folds make %d splits, the limit is %d", k, n, count, maxFoldSplits)
	}
	p := &Plan{Folds: make([]Fold, n), Splits: make([]Split, 0, count), Paths: count * k / n}
	for f := range p.Folds {
		p.Folds[f] = Fold{From: f * (rows / n), To: (f + 1) * (rows / n)}
	}
	p.Folds[n-1].To = rows
	tests := make([]int, k)
	for i := range tests {
		tests[i] = i
	}
	for {
		s := Split{Tests: append([]int(nil), tests...)}
		for _, f := range tests {
			for r := p.Folds[f].From; r < p.Folds[f].To; r++ {
				s.Test = append(s.Test, r)
			}
		}
		p.Splits = append(p.Splits, s)
		i := k - 1
		for i >= 0 && tests[i] == n-k+i {
			i--
		}
		if i < 0 {
			return p, nil
		}
		tests[i]++
		for j := i + 1; j < k; j++ {
			tests[j] = tests[j-1] + 1
		}
	}
}

// trained refuses a plan in which nothing is left to train on.
func (p *Plan) trained() (*Plan, error) {
	for _, s := range p.Splits {
		if len(s.Train) == 0 {
			return nil, degenerate("combinatorial cross-validation", "nothing is left to train on when the folds %v are tested", s.Tests)
		}
	}
	return p, nil
}

// choose is C(n, k), or a number above every limit where that is larger.
func choose(n, k int) int {
	out := uint64(1)
	for i := 1; i <= min(k, n-k); i++ {
		high, low := bits.Mul64(out, uint64(n-i+1))
		if high != 0 {
			return maxFoldSplits + 1
		}
		out = low / uint64(i)
	}
	if out > 1<<40 {
		return maxFoldSplits + 1
	}
	return int(out)
}
