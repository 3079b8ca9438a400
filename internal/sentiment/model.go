package sentiment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

const magic = "OMCSENT2"

// Model is a multinomial logistic regression over Features, its weights rounded to eight bits. It is not changed once made.
type Model struct {
	scale  [2]float32 // of hashed and of dense weights: the weight of one step
	weight [3][Dim]int8
	offset [3]float32 // added to each class of a text about crypto, chosen apart from the weights
	cool   float32    // what the logits of a text about crypto are divided by, so that probabilities are not too sure; over 0
}

// New rounds weights (Labels × Dim) to a model. offset is added to the three logits of
// a text about crypto, which are then divided by cool.
func New(weight [3][]float64, offset [3]float64, cool float64) (*Model, error) {
	m := &Model{cool: float32(cool)}
	var top [2]float64
	for c, row := range weight {
		if len(row) != Dim {
			return nil, fmt.Errorf("sentiment model: %d weights of class %d, want %d", len(row), c, Dim)
		}
		for i, w := range row {
			top[part(i)] = max(top[part(i)], math.Abs(w))
		}
		m.offset[c] = float32(offset[c])
	}
	for p := range top {
		m.scale[p] = float32(max(top[p], 1e-9) / 127)
	}
	for c, row := range weight {
		for i, w := range row {
			m.weight[c][i] = int8(math.Round(w / float64(m.scale[part(i)])))
		}
	}
	if _, err := Parse(m.Bytes()); err != nil {
		return nil, err
	}
	return m, nil
}

func part(i int) int {
	if i < Buckets {
		return 0
	}
	return 1
}

// Parse reads what Bytes wrote.
func Parse(b []byte) (*Model, error) {
	const want = len(magic) + 4 + 6*4 + 3*Dim
	if len(b) != want || string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("sentiment model: %d bytes that are no model of this version; train it again with 'go run ./internal/sentiment/train'", len(b))
	}
	r := bytes.NewReader(b[len(magic):])
	m := &Model{}
	var dim uint32
	for _, v := range []any{&dim, &m.scale, &m.offset, &m.cool, &m.weight} {
		if err := binary.Read(r, binary.LittleEndian, v); err != nil {
			return nil, fmt.Errorf("sentiment model: %w", err)
		}
	}
	if dim != Dim {
		return nil, fmt.Errorf("sentiment model: %d features, want %d", dim, Dim)
	}
	if !(m.cool >= 0.1) {
		return nil, fmt.Errorf("sentiment model: the logits are divided by %v, want 0.1 or more", m.cool)
	}
	for _, f := range [...]float32{m.cool, m.scale[0], m.scale[1], m.offset[0], m.offset[1], m.offset[2]} {
		if !(math.Abs(float64(f)) < 1e6) {
			return nil, fmt.Errorf("sentiment model: a scale or offset is %v", f)
		}
	}
	return m, nil
}

// Bytes is the model as model.bin holds it: little-endian, the same for the same model.
func (m *Model) Bytes() []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, v := range []any{uint32(Dim), m.scale, m.offset, m.cool, m.weight} {
		// Writing fixed-size values to a buffer cannot fail.
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

// Score scores the first MaxBytes bytes of text. It is safe for concurrent use.
func (m *Model) Score(text string) Result {
	fs := Features(text)
	if !hasWord(fs) {
		return Result{Label: Neutral, Probability: [3]float64{0, 1, 0}}
	}
	var z [3]float64
	cool := 1.0
	for _, f := range fs {
		if f.Index == Buckets+denseCrypto {
			for c := range z {
				z[c] += float64(m.offset[c])
			}
			cool = float64(m.cool)
		}
		x := f.Value * float64(m.scale[part(f.Index)])
		for c := range z {
			z[c] += x * float64(m.weight[c][f.Index])
		}
	}
	for c := range z {
		z[c] /= cool
	}
	p := Softmax(z)
	best := 1
	for _, c := range [...]int{2, 0} {
		if p[c] > p[best] {
			best = c
		}
	}
	return Result{Label: Labels()[best], Score: p[2] - p[0], Probability: p}
}

func hasWord(fs []Feature) bool { return len(fs) > 0 && fs[0].Index < Buckets }

// Softmax turns three logits into probabilities.
func Softmax(z [3]float64) [3]float64 {
	top := max(z[0], z[1], z[2])
	sum := 0.0
	for c := range z {
		z[c] = math.Exp(z[c] - top)
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
	return z
}
