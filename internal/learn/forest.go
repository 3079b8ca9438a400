package learn

import (
	"context"
	"fmt"
	"math"
)

// ForestOptions say how to grow a random forest. DefaultForest fills them.
type ForestOptions struct {
	Classes   int // 0 for a regression, or 2 to MaxClasses
	Trees     int
	Depth     int // 1 to 64
	MinRows   int // least different rows in a leaf
	Columns   int // drawn for each node; 0 takes all
	Bins      int
	Bootstrap bool // each tree sees as many rows as there are, drawn with replacement
	Seed      uint64
}

// DefaultForest returns 100 trees grown until their leaves are pure, on bootstrapped rows; √columns are drawn for each node of a classifier
// and all for a regression, as scikit-learn does.
func DefaultForest(classes, columns int) ForestOptions {
	o := ForestOptions{Classes: classes, Trees: 100, Depth: 64, MinRows: 1, Bins: maxBins, Bootstrap: true}
	if classes > 0 {
		o.Columns = max(1, int(math.Sqrt(float64(columns))))
	}
	return o
}

func (o *ForestOptions) check(columns int) error {
	if o.Classes != 0 && (o.Classes < 2 || o.Classes > MaxClasses) {
		return fmt.Errorf("%d classes, it takes 0 for a regression or 2 to %d", o.Classes, MaxClasses)
	}
	for _, b := range []struct {
		name         string
		v, low, high int
	}{
		{"trees", o.Trees, 1, MaxTrees / o.outputs()}, {"depth", o.Depth, 1, 64}, {"min rows", o.MinRows, 1, MaxRows}, {"bins", o.Bins, 2, maxBins},
		{"columns of a node", o.Columns, 0, columns},
	} {
		if err := between(b.name, float64(b.v), float64(b.low), float64(b.high)); err != nil {
			return err
		}
	}
	if kept := o.Depth + 2; o.Columns == 0 && kept > maxHistograms/columns {
		return fmt.Errorf("depth %d with all of %d columns at each node needs too much memory; draw columns for each node, or use a smaller depth", o.Depth, columns)
	}
	return nil
}

// outputs is one, or one per class of more than two.
func (o *ForestOptions) outputs() int {
	if o.Classes > 2 {
		return o.Classes
	}
	return 1
}

// Forest grows a random forest (Breiman 2001). Splits lower the squared error, which of classes is the Gini rule, of all classes at once.
// Predictions are the means of the trees' leaves.
func Forest(ctx context.Context, s Sample, o ForestOptions) (*Ensemble, error) {
	if _, err := shape(s.Columns); err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	if err := o.check(len(s.Columns)); err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	like := BoostOptions{Objective: Squared, Classes: o.Classes}
	switch {
	case o.Classes == 2:
		like.Objective = Logistic
	case o.Classes > 2:
		like.Objective = Softmax
	}
	rows, weights, err := s.check(&like)
	if err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	f := woods{o: o, rows: rows, weights: weights, g: make([]float64, rows), h: make([]float64, rows), target: s.Target}
	table := bin(s.Columns, o.Bins, o.Seed)
	f.usable = table.usable()
	how := growth{depth: o.Depth, minRows: o.MinRows, rate: 1 / float64(o.Trees), perNode: o.Columns}
	if o.Columns >= len(f.usable) && o.Depth+2 <= maxHistograms/max(1, len(f.usable)) {
		how.perNode = 0
	}
	f.grower = newGrower(table, how)
	f.model = &Ensemble{features: len(s.Columns), mean: true, base: make([]float64, o.outputs())}
	if o.Classes > 0 {
		f.model.link = Share
	}
	if err := f.grow(ctx); err != nil {
		return nil, fmt.Errorf("forest: %w", err)
	}
	return f.model, nil
}

type woods struct {
	o       ForestOptions
	rows    int
	target  []float64
	weights []float64
	usable  []int
	g, h    []float64
	grower  *grower
	model   *Ensemble
}

func (f *woods) grow(ctx context.Context) error {
	for k := range f.model.base {
		sum, all := 0.0, 0.0
		for i, w := range f.weights {
			if v := f.target[i]; f.o.Classes <= 2 {
				sum += w * v
			} else if int(v) == k {
				sum += w
			}
			all += w
		}
		f.model.base[k] = sum / all
	}
	var several *voter
	if f.o.Classes > 2 {
		several = newVoter(f)
	}
	total := 0
	for t := range f.o.Trees {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.rowsOf(t)
		var trees [][]node
		if several != nil {
			trees = several.grow()
		} else {
			trees = [][]node{f.tree()}
		}
		for k, tree := range trees {
			if total += len(tree); total > MaxNodes {
				return fmt.Errorf("the trees have more than %d nodes; use fewer trees, a smaller depth or more rows a leaf", MaxNodes)
			}
			f.model.trees, f.model.groups = append(f.model.trees, tree), append(f.model.groups, int32(k))
		}
	}
	f.model.compile()
	return nil
}

// rowsOf draws the rows of tree t, how often each counts, and the generator for the rest of it.
func (f *woods) rowsOf(t int) {
	gr, draw := f.grower, fork(f.o.Seed, t)
	clear(f.h)
	if f.o.Bootstrap {
		for range f.rows {
			f.h[draw.below(f.rows)]++
		}
		for i, w := range f.weights {
			f.h[i] *= w
		}
	} else {
		copy(f.h, f.weights)
	}
	gr.rows, gr.columns, gr.draw = gr.rows[:0], f.usable, draw
	for i, h := range f.h {
		if h > 0 {
			gr.rows = append(gr.rows, uint32(i))
		}
	}
}

// tree grows a tree of one output.
func (f *woods) tree() []node {
	for i, h := range f.h {
		f.g[i] = -h * (f.target[i] - f.model.base[0])
	}
	f.grower.load(f.g, f.h)
	return f.grower.grow()
}
