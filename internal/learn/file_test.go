package learn

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// small is one small fitted model of each kind.
func small(t testing.TB) map[string]Model {
	t.Helper()
	g := generator{state: 9}
	s := Sample{Columns: [][]float64{make([]float64, 60), make([]float64, 60), make([]float64, 60)}, Target: make([]float64, 60)}
	for i := range s.Target {
		for j := range s.Columns {
			s.Columns[j][i] = g.uniform()
		}
		s.Target[i] = float64(g.below(3))
	}
	two := Sample{Columns: s.Columns, Target: Classes(s.Target, .5)}
	ctx := context.Background()
	boost := func(o BoostOptions, s Sample) *Ensemble {
		o.Rounds, o.Depth, o.Classes = 3, 3, 3
		m, _, err := Boost(ctx, s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	forest := DefaultForest(3, 3)
	forest.Trees, forest.Depth = 2, 3
	return map[string]Model{
		"squared":  boost(DefaultBoost(Squared), s),
		"logistic": boost(DefaultBoost(Logistic), two),
		"softmax":  boost(DefaultBoost(Softmax), s),
		"forest":   must(Forest(ctx, s, forest))(t),
		"ridge":    must(Ridge(s, LinearOptions{Penalty: 1}))(t),
		"lasso":    must(Lasso(ctx, s, LinearOptions{Penalty: .01}))(t),
		"logit":    must(LogisticRegression(ctx, two, LinearOptions{Penalty: 1}))(t),
		"clusters": must(ClusterRows(ctx, s.Columns, DefaultKMeans(4)))(t),
		"pca":      must(Principal(s.Columns, 2, true))(t),
	}
}

func TestModelsComeBackFromTheirFiles(t *testing.T) {
	t.Parallel()
	for name, m := range small(t) {
		file := must(Encode(m))(t)
		again := must(Decode(file))(t)
		if !bytes.Equal(must(Encode(again))(t), file) {
			t.Errorf("%s: the model that was read gives another file", name)
		}
		usable(t, m)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, m := range small(t) {
		file := must(Encode(m))(t)
		for n := range len(file) {
			if _, err := Decode(file[:n]); err == nil {
				t.Fatalf("%s: the first %d of %d bytes are a model", name, n, len(file))
			}
			bad := bytes.Clone(file)
			bad[n] ^= 1 << (n % 8)
			if _, err := Decode(bad); err == nil {
				t.Fatalf("%s: byte %d may be changed", name, n)
			}
		}
		if _, err := Decode(append(bytes.Clone(file), 0)); err == nil {
			t.Errorf("%s: a byte may stand after the file", name)
		}
	}
	for name, m := range map[string]Model{"nothing": nil, "no trees": &Ensemble{}, "no centres": &KMeans{}, "no line": &Linear{}, "no components": &PCA{}} {
		if _, err := Encode(m); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}

// sealed makes a file of a body, as a hostile writer would.
func sealed(kind byte, body []byte) []byte {
	b := append([]byte(fileMagic), fileVersion, kind, 0, 0, 0, 0)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[fileHead-4:], uint32(len(body)))
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

func TestHostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	question := func(left int32) node { return node{left: left, threshold: 1, cover: 2} }
	leaf := node{feature: -1, value: 1, cover: 1}
	long := make([]node, 2*maxPath+3)
	for at := 0; at < len(long)-1; at += 2 {
		long[at], long[at+1] = question(int32(at+1)), leaf
	}
	long[len(long)-1] = leaf
	for _, c := range []struct {
		name, say string
		e         Ensemble
	}{
		{"a long path", "a path has", Ensemble{trees: [][]node{long}}},
		{"a child twice", "not its own", Ensemble{trees: [][]node{{question(1), question(2), leaf, leaf}}}},
		{"a child outside", "step to the left child", Ensemble{trees: [][]node{{question(9), leaf, leaf}}}},
		{"an orphan", "no parent", Ensemble{trees: [][]node{{leaf, leaf}}}},
		{"a negative cover", "covers", Ensemble{trees: [][]node{{{feature: -1, cover: -1}}}}},
		{"a huge leaf", "beyond", Ensemble{trees: [][]node{{{feature: -1, value: 1e300}}}}},
		{"a leaf that is no number", "finite", Ensemble{trees: [][]node{{{feature: -1, value: math.NaN()}}}}},
		{"a link of classes", "link", Ensemble{link: Softmaxed}},
		{"an unknown link", "link", Ensemble{link: 9}},
		{"half a round", "whole rounds", Ensemble{link: Softmaxed, base: []float64{0, 0}, trees: [][]node{{leaf}}}},
	} {
		e := c.e
		if e.features = 1; e.base == nil {
			e.base = []float64{0}
		}
		e.groups = make([]int32, len(e.trees))
		_, err := Decode(must(Encode(&e))(t))
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v, want it to say %q", c.name, err, c.say)
		}
	}
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	for kind := range byte(6) {
		if _, err := Decode(sealed(kind, bytes.Repeat(huge, 20))); err == nil {
			t.Errorf("kind %d holds endless counts", kind)
		}
		if _, err := Decode(sealed(kind, nil)); err == nil {
			t.Errorf("kind %d holds nothing", kind)
		}
	}
	newer := sealed(kindLinear, nil)
	newer[len(fileMagic)] = fileVersion + 1
	if _, err := Decode(newer); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("a newer file: %v", err)
	}
}

// The fuzzer changes kind and body; the checksum is made right, so that it gets behind it.
func FuzzDecode(f *testing.F) {
	for _, m := range small(f) {
		file := must(Encode(m))(f)
		f.Add(m.kind(), file[fileHead:len(file)-fileTail])
	}
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		if m, err := Decode(sealed(kind, body)); err == nil {
			usable(t, m)
		}
		if _, err := Decode(body); err == nil {
			t.Log("the fuzzer made a checksum")
		}
	})
}
