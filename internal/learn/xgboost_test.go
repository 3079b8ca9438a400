package learn

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// foreignCase is what XGBoost 1.7.4 predicted and explained with the models in testdata.
type foreignCase struct {
	P    [][]float64   `json:"p"`
	SHAP [][][]float64 `json:"shap"` // row, output, columns and the average
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestXGBoostModelsPredictAsXGBoostDoes(t *testing.T) {
	t.Parallel()
	var want struct {
		X                  [][]*float64
		Logistic, Softprob foreignCase
	}
	if err := json.Unmarshal(testdata(t, "xgboost_expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	x := make([][]float64, 3)
	for _, row := range want.X {
		for j, v := range row {
			if v == nil {
				x[j] = append(x[j], math.NaN())
			} else {
				x[j] = append(x[j], *v)
			}
		}
	}
	for _, name := range []string{"logistic.json", "logistic.ubj", "softprob.json", "softprob.ubj"} {
		m, err := LoadXGBoost(testdata(t, "xgboost_"+name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := must(m.Probabilities(x))(t)
		expected := want.Softprob
		if strings.HasPrefix(name, "logistic") {
			expected, p = want.Logistic, p[1:]
		}
		for i := range want.X {
			for k := range p {
				near(t, name+" probability", p[k][i], expected.P[i][k], 1e-6)
			}
		}
		for k := range m.Outputs() {
			parts, average, err := m.SHAP(context.Background(), x, k)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.X {
				for j := range parts {
					near(t, name+" part", parts[j][i], expected.SHAP[i][k][j], 2e-6)
				}
				near(t, name+" average", average, expected.SHAP[i][k][len(parts)], 2e-6)
			}
		}
	}
}

func TestXGBoostModelsInBothFormatsAreOne(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"xgboost_logistic", "xgboost_softprob"} {
		a := must(LoadXGBoost(testdata(t, name+".json")))(t)
		b := must(LoadXGBoost(testdata(t, name+".ubj")))(t)
		if !bytes.Equal(must(Encode(a))(t), must(Encode(b))(t)) {
			t.Errorf("%s: JSON and UBJ give different models", name)
		}
	}
}

func TestXGBoostRefusals(t *testing.T) {
	t.Parallel()
	good := string(testdata(t, "xgboost_logistic.json"))
	for _, c := range []struct{ old, new, say string }{
		{`"name":"binary:logistic"`, `"name":"survival:cox"`, `objective "survival:cox"`},
		{`"name":"gbtree"`, `"name":"gblinear"`, `booster "gblinear"`},
		{`"split_type":[0`, `"split_type":[1`, "categories"},
		{`"categories_nodes":[]`, `"categories_nodes":[0]`, "categories"},
		{`"num_feature":"3"`, `"num_feature":"1"`, "asks for column"},
		{`"num_feature":"3"`, `"num_feature":"99999999"`, "num_feature"},
		{`"num_target":"1"`, `"num_target":"2"`, "several targets"},
		{`"size_leaf_vector":"0"`, `"size_leaf_vector":"3"`, "vector leaves"},
		{`"base_score":"4E-1"`, `"base_score":"2"`, "base_score"},
		{`"base_score":"4E-1"`, `"base_score":"nan"`, "base_score"},
		{`"base_score":"4E-1"`, `"base_score":"[4E-1"`, "bracket"},
		{`"split_type":[0,0,0,0,0,0,0],`, `"split_type":[1,0,0,0,0,0,0],"categories_nodes":[0],"more":[NaN],`, "categories"},
		{`"split_conditions":[`, `"split_conditions":[NaN,`, "split_conditions"},
		{`"sum_hessian":[1.4400001E1,`, `"sum_hessian":[-Infinity,`, "not finite"},
		{`"sum_hessian":[1.4400001E1,`, `"sum_hessian":[NaNs,`, "after"},
		{`"left_children":[1`, `"left_children":[0`, "children"},
		{`"left_children":[1`, `"left_children":[1e300`, "children"},
		{`"left_children":[1`, `"left_children":[0.5`, "children"},
		{`"tree_info":[0`, `"tree_info":[7`, "output"},
		{`"split_conditions":[`, `"split_conditions":[0,`, "split_conditions"},
		{`"learner":`, `"lerner":`, "no learner"},
	} {
		bad := strings.ReplaceAll(good, c.old, c.new)
		if bad == good {
			t.Errorf("%s is not in the model", c.old)
			continue
		}
		if _, err := LoadXGBoost([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v, want it to say %q", c.new, err, c.say)
		}
	}
	for n := range len(good) {
		if _, err := LoadXGBoost([]byte(good[:n])); err == nil {
			t.Fatalf("the first %d bytes are a model", n)
		}
	}
	ubj := testdata(t, "xgboost_logistic.ubj")
	for n := range len(ubj) {
		if _, err := LoadXGBoost(ubj[:n]); err == nil {
			t.Fatalf("the first %d bytes of UBJ are a model", n)
		}
	}
}

// XGBoost writes numbers that are not finite as bare words. Where nothing needs them, they do not matter; in a text they are text.
func TestXGBoostBareWords(t *testing.T) {
	t.Parallel()
	good := string(testdata(t, "xgboost_logistic.json"))
	want := must(Encode(must(LoadXGBoost([]byte(good)))(t)))(t)
	with := strings.ReplaceAll(good, `"base_weights":[`, `"say":"a \" NaN -Infinity","odd":[NaN,Infinity, -Infinity],"base_weights":[`)
	if got := must(Encode(must(LoadXGBoost([]byte(with)))(t)))(t); with == good || !bytes.Equal(got, want) {
		t.Error("bare words that nothing needs change the model")
	}
	d := must(parseJSON([]byte(`{"a":[NaN,1,-Infinity,Infinity],"NaN":"\\","b":"Infinity"}`)))(t)
	n := d.at("a").numbers
	if len(n) != 4 || !math.IsNaN(n[0]) || !math.IsInf(n[2], -1) || !math.IsInf(n[3], 1) || d.at("NaN").text != `\` || d.at("b").text != "Infinity" {
		t.Errorf("%+v", n)
	}
}

// What holds much more than its bytes is refused by count, before it is in memory.
func TestForeignDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100)
	fields := `{"a":1` + strings.Repeat(`,"b":1`, maxItems) + "}"
	mixed := `[""` + strings.Repeat(",1", maxItems) + "]"
	for name, parse := range map[string]func() error{
		"deep json":   func() error { _, err := parseJSON([]byte(deep)); return err },
		"deep ubj":    func() error { _, err := parseUBJ([]byte(deep)); return err },
		"json fields": func() error { _, err := parseJSON([]byte(fields)); return err },
		"json mixed":  func() error { _, err := parseJSON([]byte(mixed)); return err },
		"ubj nulls":   func() error { _, err := parseUBJ([]byte("[$Z#l\x07\xff\xff\xff")); return err },
		"ubj text":    func() error { _, err := parseUBJ([]byte("Sl\x07\xff\xff\xff")); return err },
		"ubj numbers": func() error { _, err := parseUBJ([]byte("[$D#l\x07\xff\xff\xff")); return err },
	} {
		err := parse()
		if err == nil || !strings.Contains(err.Error(), "nested") && !strings.Contains(err.Error(), "holds more") && !strings.Contains(err.Error(), "too early") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLoadXGBoost(f *testing.F) {
	for _, name := range []string{"logistic.json", "logistic.ubj", "softprob.json", "softprob.ubj"} {
		f.Add(testdata(f, "xgboost_"+name))
	}
	f.Add([]byte("{}"))
	f.Add([]byte("[$Z#U\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := LoadXGBoost(data)
		if err != nil {
			return
		}
		usable(t, m)
	})
}

// usable checks that a model that was read predicts numbers, explains them, and is the same after writing and reading.
func usable(t *testing.T, m Model) {
	t.Helper()
	x := make([][]float64, m.Features())
	for j := range x {
		x[j] = []float64{0, -1e30, float64(j), 1e30, .5}
		if _, trees := m.(*Ensemble); trees {
			x[j][4] = math.NaN()
		}
	}
	again, err := Decode(must(Encode(m))(t))
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	switch m := m.(type) {
	case *Ensemble:
		margins, err := m.Margin(x)
		if err != nil {
			t.Fatal(err)
		}
		other := must(again.(*Ensemble).Margin(x))(t)
		for k := range margins {
			parts, average, err := m.SHAP(context.Background(), x, k)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range margins[k] {
				sum, size := average, math.Abs(v)+math.Abs(average)
				for j := range parts {
					sum += parts[j][i]
					size += math.Abs(parts[j][i])
				}
				if !finite(v) || !(math.Abs(sum-v) <= 1e-6*size+1e-300) {
					t.Fatalf("row %d: margin %v, parts make %v", i, v, sum)
				}
				if v != other[k][i] {
					t.Fatalf("row %d: %v before and %v after the file", i, v, other[k][i])
				}
			}
		}
		if p, err := m.Predict(x); err == nil {
			for i, v := range p {
				if !finite(v) {
					t.Fatalf("row %d: prediction %v", i, v)
				}
			}
		}
	case Predictor:
		p, err := m.Predict(x)
		q, again := again.(Predictor).Predict(x)
		if (err == nil) != (again == nil) {
			t.Fatalf("%v before and %v after the file", err, again)
		}
		for i := range p {
			if !finite(p[i]) || p[i] != q[i] {
				t.Fatalf("row %d: %v before and %v after the file", i, p[i], q[i])
			}
		}
	case *PCA:
		p, err := m.Transform(x)
		if err != nil {
			return
		}
		for k := range p {
			for i, v := range p[k] {
				if !finite(v) {
					t.Fatalf("row %d: coordinate %v", i, v)
				}
			}
		}
	}
}
