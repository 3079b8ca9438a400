package learn

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// Model is a fitted model: *Ensemble, *Linear, *KMeans or *PCA.
type Model interface {
	Features() int // columns of the tables it takes
	kind() byte
	write(w *writer)
}

const (
	fileMagic   = "OMCM"
	fileVersion = 1
	fileHead    = len(fileMagic) + 2 + 4 // magic, version, kind, length of the body
	fileTail    = 4                      // CRC-32C of all before it
	maxFile     = 1 << 30
	maxPath     = 512   // questions on a path of a model that is read
	maxLeaf     = 1e250 // what a leaf, a gain or a base may be, so that no sum overflows
)

const (
	kindEnsemble byte = iota + 1
	kindLinear
	kindKMeans
	kindPCA
)

// Features is the number of columns the model takes.
func (l *Linear) Features() int { return len(l.Coefficients) }

// Features is the number of columns the model takes.
func (m *KMeans) Features() int {
	if len(m.Centers) == 0 {
		return 0
	}
	return len(m.Centers[0])
}

// Features is the number of columns the model takes.
func (m *PCA) Features() int { return len(m.Mean) }

func (e *Ensemble) kind() byte { return kindEnsemble }
func (l *Linear) kind() byte   { return kindLinear }
func (m *KMeans) kind() byte   { return kindKMeans }
func (m *PCA) kind() byte      { return kindPCA }

// Encode returns a fitted model as a file. The same model gives the same bytes, and Decode the same predictions to the bit.
func Encode(m Model) ([]byte, error) {
	if m == nil || m.Features() == 0 {
		return nil, fmt.Errorf("encode model: there is no fitted model")
	}
	w := writer{b: append([]byte(fileMagic), fileVersion, m.kind(), 0, 0, 0, 0)}
	m.write(&w)
	if len(w.b) > maxFile-fileTail {
		return nil, fmt.Errorf("the model's file would have %d bytes, the limit is %d", len(w.b), maxFile)
	}
	binary.LittleEndian.PutUint32(w.b[fileHead-4:], uint32(len(w.b)-fileHead))
	return binary.LittleEndian.AppendUint32(w.b, checksum(w.b)), nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// Decode reads a model's file. Whatever the bytes, it uses memory in proportion to their number, and what it returns can predict.
func Decode(data []byte) (Model, error) {
	if len(data) < fileHead+fileTail || string(data[:len(fileMagic)]) != fileMagic {
		return nil, fmt.Errorf("model file: this is no model of omc")
	}
	if v := data[len(fileMagic)]; v != fileVersion {
		return nil, fmt.Errorf("model file: version %d is not known, this program reads %d", v, fileVersion)
	}
	body := data[fileHead : len(data)-fileTail]
	if n := binary.LittleEndian.Uint32(data[fileHead-4:]); uint64(n) != uint64(len(body)) {
		return nil, fmt.Errorf("model file: the body has %d bytes, %d were announced: the file is cut off or has something after it", len(body), n)
	}
	if binary.LittleEndian.Uint32(data[len(data)-fileTail:]) != checksum(data[:len(data)-fileTail]) {
		return nil, fmt.Errorf("model file: the checksum is wrong: the file is damaged")
	}
	r := reader{b: body}
	var m Model
	switch kind := data[len(fileMagic)+1]; kind {
	case kindEnsemble:
		m = r.ensemble()
	case kindLinear:
		m = &Linear{Logistic: r.flag(), Intercept: r.number(), Coefficients: r.numbers(r.count("columns", 1, MaxColumns))}
	case kindKMeans:
		k, p := r.count("clusters", 1, 1000), r.count("columns", 1, MaxColumns)
		c := &KMeans{Inertia: r.number(), Centers: r.matrix(k, p)}
		if err := squarable(c.Centers); err != nil {
			r.fail("centre: %w", err)
		}
		m = c
	case kindPCA:
		m = r.pca()
	default:
		return nil, fmt.Errorf("model file: kind %d is not known", kind)
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes are left over", len(r.b))
	}
	if r.err != nil {
		return nil, fmt.Errorf("model file: %w", r.err)
	}
	return m, nil
}

// writer appends little-endian numbers and varints.
type writer struct{ b []byte }

func (w *writer) count(n int)      { w.b = binary.AppendUvarint(w.b, uint64(n)) }
func (w *writer) number(v float64) { w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(v)) }

func (w *writer) flag(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	w.b = append(w.b, b)
}

func (w *writer) numbers(list []float64) {
	for _, v := range list {
		w.number(v)
	}
}

func (l *Linear) write(w *writer) {
	w.flag(l.Logistic)
	w.number(l.Intercept)
	w.count(len(l.Coefficients))
	w.numbers(l.Coefficients)
}

func (m *KMeans) write(w *writer) {
	w.count(len(m.Centers))
	w.count(len(m.Centers[0]))
	w.number(m.Inertia)
	for _, c := range m.Centers {
		w.numbers(c)
	}
}

func (m *PCA) write(w *writer) {
	w.count(len(m.Components))
	w.count(len(m.Mean))
	for _, list := range append([][]float64{m.Mean, m.Scale, m.Variance, m.Ratio}, m.Components...) {
		w.numbers(list)
	}
}

func (e *Ensemble) write(w *writer) {
	w.b = append(w.b, byte(e.link))
	w.flag(e.mean)
	w.flag(e.single)
	w.count(e.features)
	w.count(len(e.base))
	w.numbers(e.base)
	w.count(len(e.trees))
	for i, t := range e.trees {
		w.count(int(e.groups[i]))
		w.count(len(t))
		for at, n := range t {
			w.count(int(n.feature + 1))
			w.number(n.cover)
			if n.feature < 0 {
				w.number(n.value)
				continue
			}
			w.count(int(n.left) - at)
			w.flag(n.missingLeft)
			w.number(n.threshold)
			w.number(n.gain)
		}
	}
}

// reader reads what writer wrote. After its first error everything is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) octet() byte {
	if r.err != nil || len(r.b) == 0 {
		r.fail("it ends too early")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) flag() bool {
	v := r.octet()
	if v > 1 {
		r.fail("%d is no flag", v)
	}
	return v == 1
}

func (r *reader) count(what string, low, high int) int {
	v, n := binary.Uvarint(r.b)
	if r.err != nil || n <= 0 {
		r.fail("it ends too early")
		return low
	}
	r.b = r.b[n:]
	if v < uint64(low) || v > uint64(high) {
		r.fail("%d %s, it takes %d to %d", v, what, low, high)
		return low
	}
	return int(v)
}

func (r *reader) number() float64 {
	if r.err != nil || len(r.b) < 8 {
		r.fail("it ends too early")
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.b))
	r.b = r.b[8:]
	if !finite(v) {
		r.fail("%v is no finite number", v)
	}
	return v
}

func (r *reader) numbers(n int) []float64 {
	if n > len(r.b)/8 {
		r.fail("it ends too early")
		n = 0
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = r.number()
	}
	return out
}

func (r *reader) matrix(rows, columns int) [][]float64 {
	out := make([][]float64, 0, min(rows, len(r.b)/8))
	for range rows {
		if r.err == nil {
			out = append(out, r.numbers(columns))
		}
	}
	return out
}

func (r *reader) pca() *PCA {
	k, p := r.count("components", 1, MaxDense), r.count("columns", 1, MaxDense)
	m := &PCA{Mean: r.numbers(p), Scale: r.numbers(p), Variance: r.numbers(k), Ratio: r.numbers(k), Components: r.matrix(k, p)}
	for _, s := range m.Scale {
		if !(s > 0) {
			r.fail("scale %v is not above zero", s)
		}
	}
	return m
}

func (r *reader) ensemble() *Ensemble {
	e := &Ensemble{link: Link(r.octet()), mean: r.flag(), single: r.flag(), features: r.count("columns", 1, MaxColumns)}
	outputs := r.count("outputs", 1, MaxClasses)
	e.base = r.numbers(outputs)
	if e.link > Share || outputs > 1 && e.link != Softmaxed && e.link != Share || outputs == 1 && e.link == Softmaxed {
		r.fail("link %d does not fit %d outputs", e.link, outputs)
	}
	for _, v := range e.base {
		if math.Abs(v) > maxLeaf {
			r.fail("base %v is beyond ±%g", v, float64(maxLeaf))
		}
	}
	total := 0
	for i := range r.count("trees", 0, MaxTrees) {
		g := r.count("as the output of a tree", 0, outputs-1)
		t := r.tree(e.features)
		if total += len(t); total > MaxNodes {
			r.fail("more than %d nodes", MaxNodes)
		}
		if r.err != nil {
			return e
		}
		if err := sound(t, e.features); err != nil {
			r.fail("tree %d: %w", i, err)
			return e
		}
		e.trees, e.groups = append(e.trees, t), append(e.groups, int32(g))
	}
	if len(e.trees)%outputs != 0 {
		r.fail("%d trees are no whole rounds of %d outputs", len(e.trees), outputs)
	}
	if r.err == nil {
		e.compile()
	}
	return e
}

func (r *reader) tree(features int) []node {
	const least = 17 // bytes of a leaf
	t := make([]node, r.count("nodes", 1, max(1, len(r.b)/least)))
	for at := range t {
		n := node{feature: int32(r.count("as a column", 0, features)) - 1, cover: r.number()}
		if n.feature < 0 {
			n.value = r.number()
		} else {
			n.left, n.missingLeft, n.threshold, n.gain = int32(at+r.count("as a step to the left child", 1, len(t))), r.flag(), r.number(), r.number()
		}
		if r.err != nil {
			return nil
		}
		t[at] = n
	}
	return t
}

// sound checks that nodes are one tree: from the root each is reached once, children stand after their parent, and no path is too long.
func sound(t []node, features int) error {
	reached := make([]bool, len(t))
	reached[0] = true
	for at, n := range t {
		if !reached[at] {
			return fmt.Errorf("node %d has no parent before it", at)
		}
		if n.cover < 0 || n.cover > maxLeaf || math.Abs(n.gain) > maxLeaf || math.Abs(n.value) > maxLeaf {
			return fmt.Errorf("node %d covers %v, gains %v and holds %v: the first must not be below zero, none beyond ±%g", at, n.cover, n.gain, n.value, float64(maxLeaf))
		}
		if n.feature < 0 {
			continue
		}
		if int(n.feature) >= features {
			return fmt.Errorf("node %d asks for column %d of %d", at, n.feature, features)
		}
		if int(n.left) <= at || int(n.left)+1 >= len(t) || reached[n.left] || reached[n.left+1] {
			return fmt.Errorf("node %d has children %d and %d, which are not its own", at, n.left, n.left+1)
		}
		reached[n.left], reached[n.left+1] = true, true
	}
	if d := depth(t); d > maxPath {
		return fmt.Errorf("a path has %d questions, the limit is %d", d, maxPath)
	}
	return nil
}
