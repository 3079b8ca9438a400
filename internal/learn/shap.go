package learn

import (
	"context"
	"fmt"
)

// SHAP returns each column's part in the margin of one output (Lundberg, Erion, Lee 2018, algorithm 2): columns × rows, and after them
// what the model gives on average. A row's parts and the average add up to its margin. The average runs over the rows the trees were grown on,
// by the hessians that came to each node. The context stops it between rows.
func (e *Ensemble) SHAP(ctx context.Context, columns [][]float64, output int) (parts [][]float64, average float64, err error) {
	if output < 0 || output >= len(e.base) {
		return nil, 0, fmt.Errorf("shap: output %d, the model has %d", output, len(e.base))
	}
	if err := wide(columns, e.features); err != nil {
		return nil, 0, fmt.Errorf("shap: %w", err)
	}
	rows, err := features(columns)
	if err != nil {
		return nil, 0, fmt.Errorf("shap: %w", err)
	}
	parts = make([][]float64, e.features)
	for j := range parts {
		parts[j] = make([]float64, rows)
	}
	average = e.base[output]
	x, phi := make([]float64, e.features), make([]float64, e.features)
	var explainers []*explainer
	paths := e.paths()
	for t, tree := range e.trees {
		if int(e.groups[t]) == output {
			ex := newExplainer(tree, paths)
			average += ex.mean[0]
			explainers = append(explainers, ex)
		}
	}
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return nil, 0, fmt.Errorf("shap: %w", err)
		}
		for j := range x {
			x[j], phi[j] = columns[j][i], 0
			if e.single {
				x[j] = float64(float32(x[j]))
			}
		}
		for _, ex := range explainers {
			ex.explain(x, phi)
		}
		for j := range phi {
			parts[j][i] = phi[j]
		}
	}
	return parts, average, nil
}

// explainer is one tree with the paths that its explanation needs.
type explainer struct {
	tree  []node
	mean  []float64 // of the leaves under each node
	share []float64 // of its parent's rows that come to each node
	paths [][]stop  // one for each level, shared by all trees
}

// stop is one feature on the way to a leaf: the share of rows that would pass if it were unknown, whether this row passes, and the weight of
// the subsets of features that it belongs to.
type stop struct {
	feature         int32
	zero, one, part float64
	spare           float64 // a part of the path without one of its stops
}

// paths returns room for the longest path of any tree, once for each level.
func (e *Ensemble) paths() [][]stop {
	deepest := 0
	for _, d := range e.depths {
		deepest = max(deepest, int(d))
	}
	out := make([][]stop, deepest+2)
	for i := range out {
		out[i] = make([]stop, 0, deepest+2)
	}
	return out
}

func newExplainer(t []node, paths [][]stop) *explainer {
	ex := &explainer{tree: t, paths: paths, mean: make([]float64, len(t)), share: make([]float64, len(t))}
	for i := len(t) - 1; i >= 0; i-- {
		n := t[i]
		if n.feature < 0 {
			ex.mean[i] = n.value
			continue
		}
		l, r := t[n.left].cover, t[n.left+1].cover
		left := .5 // where nothing came, neither side is the likelier
		if l+r > 0 {
			left = l / (l + r)
		}
		ex.share[n.left], ex.share[n.left+1] = left, 1-left
		ex.mean[i] = left*ex.mean[n.left] + (1-left)*ex.mean[n.left+1]
	}
	return ex
}

// explain adds the tree's parts for the row x to phi.
func (ex *explainer) explain(x, phi []float64) { ex.visit(0, nil, 0, 1, 1, -1, x, phi) }

func (ex *explainer) visit(at int32, above []stop, level int, zero, one float64, feature int32, x, phi []float64) {
	path := extend(append(ex.paths[level][:0], above...), zero, one, feature)
	n := ex.tree[at]
	if n.feature < 0 {
		for i := 1; i < len(path); i++ {
			phi[path[i].feature] += unwoundSum(path, i) * (path[i].one - path[i].zero) * n.value
		}
		return
	}
	hot := n.child(x[n.feature])
	cold := n.left + n.left + 1 - hot
	zero, one = 1, 1
	for i := 1; i < len(path); i++ {
		if path[i].feature == n.feature {
			zero, one = path[i].zero, path[i].one
			path = unwind(path, i)
			break
		}
	}
	// Nothing is passed to where neither the row nor a training row goes.
	if z := zero * ex.share[hot]; z > 0 || one > 0 {
		ex.visit(hot, path, level+1, z, one, n.feature, x, phi)
	}
	if z := zero * ex.share[cold]; z > 0 {
		ex.visit(cold, path, level+1, z, 0, n.feature, x, phi)
	}
}

func extend(path []stop, zero, one float64, feature int32) []stop {
	l := len(path)
	path = append(path, stop{feature: feature, zero: zero, one: one})
	if l == 0 {
		path[0].part = 1
	}
	for i := l - 1; i >= 0; i-- {
		path[i+1].part += one * path[i].part * float64(i+1) / float64(l+1)
		path[i].part = zero * path[i].part * float64(l-i) / float64(l+1)
	}
	return path
}

// restore writes into spare the parts of the path without stop i. extend made part j of z·n(j)·(l−j)/(l+1) and o·n(j−1)·j/(l+1), with n the
// parts before it. Solved from the top alone, as the paper has it, the rounding error grows at every step below the middle, and a path of
// 60 columns is lost in it; so the upper parts are solved from the top and the lower ones from the bottom, where each step shrinks it.
func restore(path []stop, i int) {
	l, one, zero := len(path)-1, path[i].one, path[i].zero
	turn := l // parts below it are solved from the bottom: while o·j < z·(l−j)
	if one > 0 {
		turn = min(l, int(zero/(one+zero)*float64(l)))
	}
	before := 0.0
	for j := 0; j < turn; j++ {
		before = (path[j].part*float64(l+1) - one*before*float64(j)) / (zero * float64(l-j))
		path[j].spare = before
	}
	after := 0.0
	for j := l; j > turn; j-- {
		after = (path[j].part*float64(l+1) - zero*after*float64(l-j)) / (one * float64(j))
		path[j-1].spare = after
	}
}

// unwind takes stop i out of the path again.
func unwind(path []stop, i int) []stop {
	restore(path, i)
	l := len(path) - 1
	for j := range l {
		path[j].part = path[j].spare
	}
	for j := i; j < l; j++ {
		path[j].feature, path[j].zero, path[j].one = path[j+1].feature, path[j+1].zero, path[j+1].one
	}
	return path[:l]
}

// unwoundSum is the sum of the parts that unwind would leave.
func unwoundSum(path []stop, i int) float64 {
	restore(path, i)
	total := 0.0
	for j := range len(path) - 1 {
		total += path[j].spare
	}
	return total
}
