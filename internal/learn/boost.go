package learn

import (
	"context"
	"fmt"
	"math"
)

// Objective is the loss that boosting lowers.
type Objective uint8

// The objectives.
const (
	Squared  Objective = iota // half the squared error; any finite target
	Logistic                  // log loss of two classes, 0 and 1
	Softmax                   // log loss of Classes classes, 0 to Classes−1
)

// BoostOptions say how to boost. DefaultBoost fills them; a zero is taken as it stands.
type BoostOptions struct {
	Objective Objective
	Classes   int // for Softmax, 2 to MaxClasses
	Rounds    int // each grows one tree, one per class for Softmax
	Rate      float64
	Depth     int // questions on the longest path, 1 to 32
	Leaves    int // per tree: the best leaf is split next until there are so many; 0 for no limit but the depth's
	Bins      int // 2 to 255

	L2         float64 // λ: what is added to each leaf's hessian
	MinGain    float64 // γ: how much a split must lower twice the loss
	MinHessian float64 // least sum of hessians in a leaf
	MinRows    int     // least rows in a leaf

	RowSample    float64 // share of the rows drawn for each tree, above 0 to 1
	ColumnSample float64 // share of the columns drawn for each tree, above 0 to 1
	// Monotone holds per column 1 where the prediction must not fall when the value rises, −1 where it must not rise, 0 where it is free;
	// nil for none. Not for Softmax.
	Monotone []int
	Patience int // stop after so many rounds without a better validation loss; 0 never stops
	Seed     uint64
}

// DefaultBoost returns XGBoost's defaults but for the rate, which is 0.1 here: 100 rounds of depth 6, λ 1, at least 1 hessian a leaf.
func DefaultBoost(o Objective) BoostOptions {
	return BoostOptions{Objective: o, Rounds: 100, Rate: 0.1, Depth: 6, Bins: maxBins, L2: 1, MinHessian: 1, MinRows: 1, RowSample: 1, ColumnSample: 1}
}

// Sample is a table with one target per row. Weights may be nil.
type Sample struct {
	Columns [][]float64 // columns × rows; NaN is a missing value
	Target  []float64
	Weights []float64
}

const (
	maxLeaves     = 1 << 16
	maxHistograms = 1 << 17 // columns × leaves that are kept at once: 512 MiB
)

func (o *BoostOptions) check(columns int) error {
	outputs := 1
	if o.Objective == Softmax {
		outputs = o.Classes
		if o.Classes < 2 || o.Classes > MaxClasses {
			return fmt.Errorf("%d classes, it takes 2 to %d", o.Classes, MaxClasses)
		}
		if o.Monotone != nil {
			return fmt.Errorf("monotone constraints are for one output, softmax has %d", o.Classes)
		}
	}
	if o.Objective > Softmax {
		return fmt.Errorf("objective %d is not known", o.Objective)
	}
	if o.Rounds < 1 || o.Rounds > MaxTrees/outputs {
		return fmt.Errorf("%d rounds of %d trees, it takes 1 to %d trees", o.Rounds, outputs, MaxTrees)
	}
	if o.Monotone != nil && len(o.Monotone) != columns {
		return fmt.Errorf("%d monotone constraints, the table has %d columns", len(o.Monotone), columns)
	}
	for j, d := range o.Monotone {
		if d < -1 || d > 1 {
			return fmt.Errorf("monotone constraint of column %d is %d, it must be -1, 0 or 1", j, d)
		}
	}
	kept := o.Leaves
	if kept == 0 {
		kept = o.Depth + 2
	}
	if o.Leaves < 0 || o.Leaves == 1 || o.Leaves > maxLeaves {
		return fmt.Errorf("%d leaves, it takes 2 to %d, or 0 for no limit", o.Leaves, maxLeaves)
	}
	if kept > maxHistograms/columns {
		return fmt.Errorf("%d leaves of %d columns need too much memory; the product may be %d", kept, columns, maxHistograms)
	}
	for _, b := range []struct {
		name         string
		v, low, high float64
	}{
		{"rate", o.Rate, 1e-6, 1}, {"depth", float64(o.Depth), 1, 32}, {"bins", float64(o.Bins), 2, maxBins}, {"l2", o.L2, 0, 1e12},
		{"min gain", o.MinGain, 0, 1e12}, {"min hessian", o.MinHessian, 0, 1e12}, {"min rows", float64(o.MinRows), 1, MaxRows},
		{"row sample", o.RowSample, 1e-6, 1}, {"column sample", o.ColumnSample, 1e-6, 1}, {"patience", float64(o.Patience), 0, MaxTrees},
	} {
		if err := between(b.name, b.v, b.low, b.high); err != nil {
			return err
		}
	}
	return nil
}

// maxTarget bounds a regression's target, so that no square overflows.
const maxTarget = 1e100

func (s *Sample) check(o *BoostOptions) (rows int, weights []float64, err error) {
	if rows, err = features(s.Columns); err != nil {
		return 0, nil, err
	}
	switch o.Objective {
	case Squared:
		err = vector("target", s.Target, rows)
		for i, v := range s.Target {
			if err == nil && math.Abs(v) > maxTarget {
				err = fmt.Errorf("row %d of the target is %v, beyond ±%g", i, v, float64(maxTarget))
			}
		}
	case Logistic:
		err = classes(s.Target, rows, 2)
	default:
		if err = classes(s.Target, rows, o.Classes); err == nil && rows > MaxOutputs/o.Classes {
			err = fmt.Errorf("%d rows of %d classes exceed %d numbers; use fewer rows or classes", rows, o.Classes, MaxOutputs)
		}
	}
	if err != nil {
		return 0, nil, err
	}
	weights, err = weighting(s.Weights, rows)
	return rows, weights, err
}

// Boost fits gradient-boosted trees by second-order boosting on histograms (Chen, Guestrin 2016). With a validation sample it returns its loss
// after each round (mean squared error or log loss), and with Patience the model ends at the best of them. The context stops it between trees.
func Boost(ctx context.Context, train Sample, valid *Sample, o BoostOptions) (*Ensemble, []float64, error) {
	if _, err := shape(train.Columns); err != nil {
		return nil, nil, fmt.Errorf("boost: %w", err)
	}
	if err := o.check(len(train.Columns)); err != nil {
		return nil, nil, fmt.Errorf("boost: %w", err)
	}
	b := booster{o: o, train: train}
	var err error
	if b.rows, b.weights, err = train.check(&o); err != nil {
		return nil, nil, fmt.Errorf("boost: training sample: %w", err)
	}
	if valid != nil {
		if err = wide(valid.Columns, len(train.Columns)); err == nil {
			_, b.validWeights, err = valid.check(&o)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("boost: validation sample: %w", err)
		}
		b.valid = valid
	} else if o.Patience > 0 {
		return nil, nil, fmt.Errorf("boost: stopping early takes a validation sample")
	}
	if err := b.run(ctx); err != nil {
		return nil, nil, fmt.Errorf("boost: %w", err)
	}
	return b.model, b.losses, nil
}

type booster struct {
	o       BoostOptions
	train   Sample
	rows    int
	weights []float64

	valid        *Sample
	validWeights []float64
	losses       []float64

	model       *Ensemble
	margin      [][]float64
	probability [][]float64 // of softmax
	validMargin [][]float64
	g, h        []float64
	grower      *grower
	usable      []int
	total       int // nodes
}

func (b *booster) run(ctx context.Context) error {
	o := &b.o
	table := bin(b.train.Columns, o.Bins, o.Seed)
	how := growth{depth: o.Depth, leaves: o.Leaves, l2: o.L2, minGain: o.MinGain, minHessian: o.MinHessian, minRows: o.MinRows, rate: o.Rate}
	for _, d := range o.Monotone {
		how.monotone = append(how.monotone, int8(d))
	}
	b.grower, b.usable = newGrower(table, how), table.usable()
	b.start()
	best, bestRound := math.Inf(1), 0
	for round := range o.Rounds {
		b.classify()
		for k := range b.model.base {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.gradients(k)
			if err := b.tree(round, k); err != nil {
				return err
			}
		}
		if b.valid == nil {
			continue
		}
		loss := b.loss()
		b.losses = append(b.losses, loss)
		if loss < best {
			best, bestRound = loss, round+1
		}
		if o.Patience > 0 && round+1-bestRound >= o.Patience {
			break
		}
	}
	if o.Patience > 0 {
		n := bestRound * len(b.model.base)
		b.model.trees, b.model.groups = b.model.trees[:n:n], b.model.groups[:n:n]
	}
	b.model.compile()
	return nil
}

// usable lists the columns that can part rows.
func (b *binned) usable() []int {
	out := []int{}
	for j := range b.bins {
		if len(b.cuts[j]) > 0 || b.missing[j] {
			out = append(out, j)
		}
	}
	return out
}

// start sets the margin before the first tree: the mean, the log odds, or the logs of the classes' shares.
func (b *booster) start() {
	o, outputs := &b.o, 1
	if o.Objective == Softmax {
		outputs = o.Classes
	}
	b.model = &Ensemble{features: len(b.train.Columns), base: make([]float64, outputs)}
	sum, all := make([]float64, outputs), 0.0
	for i, w := range b.weights {
		all += w
		if o.Objective == Softmax {
			sum[int(b.train.Target[i])] += w
		} else {
			sum[0] += w * b.train.Target[i]
		}
	}
	for k := range sum {
		share := sum[k] / all
		within := max(1e-6, min(1-1e-6, share)) // a class that is absent or alone has no finite log odds
		switch o.Objective {
		case Squared:
			b.model.base[k] = share
		case Logistic:
			b.model.base[k], b.model.link = math.Log(within/(1-within)), Sigmoid
		default:
			b.model.base[k], b.model.link = math.Log(within), Softmaxed
		}
	}
	b.margin = filled(b.model.base, b.rows)
	if o.Objective == Softmax {
		b.probability = filled(b.model.base, b.rows)
	}
	if b.valid != nil {
		b.validMargin = filled(b.model.base, len(b.valid.Target))
	}
	b.g, b.h = make([]float64, b.rows), make([]float64, b.rows)
}

func filled(base []float64, rows int) [][]float64 {
	out := make([][]float64, len(base))
	for k, v := range base {
		out[k] = make([]float64, rows)
		for i := range out[k] {
			out[k][i] = v
		}
	}
	return out
}

// gradients of output k. The hessian of softmax is doubled, as XGBoost does: the plain one makes its steps too long.
func (b *booster) gradients(k int) {
	y, margin := b.train.Target, b.margin[k]
	switch b.o.Objective {
	case Squared:
		for i, w := range b.weights {
			b.g[i], b.h[i] = w*(margin[i]-y[i]), w
		}
	case Logistic:
		for i, w := range b.weights {
			p := sigmoid(margin[i])
			b.g[i], b.h[i] = w*(p-y[i]), w*p*(1-p)
		}
	default:
		for i, w := range b.weights {
			p, is := b.probability[k][i], 0.0
			if int(y[i]) == k {
				is = 1
			}
			b.g[i], b.h[i] = w*(p-is), 2*w*p*(1-p)
		}
	}
}

// classify keeps the probabilities that a round of softmax starts from: all its trees answer to the same ones.
func (b *booster) classify() {
	if b.o.Objective != Softmax {
		return
	}
	row := make([]float64, len(b.margin))
	for i := range b.rows {
		for k := range row {
			row[k] = b.margin[k][i]
		}
		softmax(row)
		for k := range row {
			b.probability[k][i] = row[k]
		}
	}
}

// tree grows one tree for output k and adds it to the margins.
func (b *booster) tree(round, k int) error {
	gr, draw := b.grower, fork(b.o.Seed, round*len(b.model.base)+k)
	gr.load(b.g, b.h)
	gr.rows = gr.rows[:0]
	want := max(1, int(math.Round(b.o.RowSample*float64(b.rows))))
	for i := range b.rows {
		// Selection sampling (Knuth, vol. 2, algorithm S): each subset of this size is as likely.
		if want == b.rows || draw.below(b.rows-i) < want-len(gr.rows) {
			gr.rows = append(gr.rows, uint32(i))
		}
	}
	gr.columns = draw.choose(b.usable, b.o.ColumnSample)
	t := gr.grow()
	if b.total += len(t); b.total > MaxNodes {
		return fmt.Errorf("the trees have more than %d nodes; use fewer rounds or a smaller depth", MaxNodes)
	}
	b.model.trees, b.model.groups = append(b.model.trees, t), append(b.model.groups, int32(k))
	if gr.all {
		for _, l := range gr.leaves {
			v := t[l.node].value
			for _, r := range gr.rows[l.lo:l.hi] {
				b.margin[k][r] += v
			}
		}
	} else {
		for i := range b.rows {
			b.margin[k][i] += t[leafOf(t, b.train.Columns, i)].value
		}
	}
	if b.valid != nil {
		for i := range b.valid.Target {
			b.validMargin[k][i] += t[leafOf(t, b.valid.Columns, i)].value
		}
	}
	return nil
}

// choose draws a share of the list, at least one, in the list's order.
func (g *generator) choose(list []int, part float64) []int {
	want := min(len(list), max(1, int(math.Round(part*float64(len(list))))))
	out := make([]int, 0, want)
	for i, v := range list {
		if g.below(len(list)-i) < want-len(out) {
			out = append(out, v)
		}
	}
	return out
}

// loss of the validation sample.
func (b *booster) loss() float64 {
	sum, all := 0.0, 0.0
	row := make([]float64, len(b.validMargin))
	for i, y := range b.valid.Target {
		w := b.validWeights[i]
		all += w
		switch b.o.Objective {
		case Squared:
			d := b.validMargin[0][i] - y
			sum += w * d * d
		case Logistic:
			m := b.validMargin[0][i]
			sum += w * (softplus(m) - y*m)
		default:
			for k := range row {
				row[k] = b.validMargin[k][i]
			}
			softmax(row)
			sum -= w * math.Log(max(row[int(y)], 1e-15))
		}
	}
	return sum / all
}

// softplus is ln(1 + e^m).
func softplus(m float64) float64 { return max(m, 0) + math.Log1p(math.Exp(-math.Abs(m))) }
