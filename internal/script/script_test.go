package script_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/script"
	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const hour = 3_600_000

// world is what the tests' scripts find: a frame of 400 hours, y depends on a and b, c is noise.
func world(t testing.TB) starlark.StringDict {
	t.Helper()
	times := make([]int64, 400)
	x := map[string][]float64{"a": nil, "b": nil, "c": nil, "y": nil, "price": nil, "gappy": nil}
	state, price := uint64(7), 100.0
	uniform := func() float64 {
		state = state*6364136223846793005 + 1442695040888963407
		return float64(state>>11) / (1 << 53)
	}
	for i := range times {
		times[i] = int64(i) * hour
		a, b, c := uniform()-.5, uniform()-.5, uniform()-.5
		price *= 1 + .02*a
		gap := a
		if i%7 == 0 {
			gap = math.NaN()
		}
		for name, v := range map[string]float64{"a": a, "b": b, "c": c, "y": 2*a - b + .05*c, "price": price, "gappy": gap} {
			x[name] = append(x[name], v)
		}
	}
	var columns []series.Column
	for _, name := range []string{"a", "b", "c", "y", "price", "gappy"} {
		columns = append(columns, series.Column{Name: name, Values: x[name]})
	}
	f, err := series.New(times, columns...)
	if err != nil {
		t.Fatal(err)
	}
	return starlark.StringDict{"f": script.NewFrame(f), "series": script.Series(nil), "label": script.Label(), "learn": script.Learn()}
}

// run runs statements that leave their answer in out.
func run(t testing.TB, src string) (starlark.Value, error) {
	t.Helper()
	thread := &starlark.Thread{}
	thread.SetMaxExecutionSteps(5_000_000)
	g, err := starlark.ExecFileOptions(&syntax.FileOptions{TopLevelControl: true, GlobalReassign: true}, thread, "t.star", src, world(t))
	return g["out"], err
}

func TestScriptsCompute(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		// frames and columns
		`out = [f.rows, f.columns[:2], f["a"].last == f["a"][-1], len(f["b"])]`:                                                                                `[400, ["a", "b"], True, 400]`,
		`out = (f["a"] + f["b"] - f["a"] - f["b"]).abs().reduce("max") < 1e-12`:                                                                                `True`,
		`d = 1 / (f["a"] * 0); out = d.reduce("count")`:                                                                                                        `0.0`,
		`out = [(2 - f["a"])[0] == 2 - f["a"][0], (-f["a"])[3] == -f["a"][3], (f["a"] / 2)[1] == f["a"][1] / 2]`:                                               `[True, True, True]`,
		`out = [f["a"].lag(2)[5] == f["a"][3], f["a"].lag()[0]]`:                                                                                               `[True, None]`,
		`r = f["a"].rolling(5, "sum"); out = [r[3], abs(r[4] - f["a"].cumsum()[4]) < 1e-12]`:                                                                   `[None, True]`,
		`out = f["gappy"].rolling(7, "count", min = 1)[20]`:                                                                                                    `6.0`,
		`out = [f["a"].gt(0).reduce("mean") > 0.3, f["gappy"].gt(0)[0], f["a"].le(f["a"]).reduce("min")]`:                                                      `[True, None, 1.0]`,
		`out = [f.tail(3).rows, f.slice(None, 10 * 3600000).rows, f.drop(["a"]).columns[0], f.select(["c", "a"]).columns]`:                                     `[3, 10, "b", ["c", "a"]]`,
		`out = [f.drop_missing().rows, f.drop_missing(["a"]).rows, f.where(f["a"].gt(0)).rows == f["a"].gt(0).reduce("sum")]`:                                  `[342, 400, True]`,
		`g = f.with_column("z", f["a"] * 2).with_column("a", f["b"]); out = [g["z"][0] == 2 * f["a"][0], g["a"][0] == f["b"][0]]`:                              `[True, True]`,
		`d = f.resample("1d", {"p": ("price", "last"), "a": "count"}, step = "1h"); out = [d.rows, d["a"][0], d["p"][0] == f["price"][23], d["p"].times()[0]]`: `[16, 24.0, True, 86400000]`,
		`d = f.resample("1d", {"p": ("price", "last")}, step = "1h"); j = f.join(d, max_age = "2d"); out = [j["p"][23], j["p"][24] == f["price"][23]]`:         `[None, True]`,
		`out = [f.calendar("hour")[25], f.calendar("weekday")[0]]`:                                                                                             `[1.0, 4.0]`,
		// whole-series indicators
		`p = f["price"]; r = p.indicator("roc", n = 5); out = [r[4], abs(r[9] - 100 * (p[9] / p[4] - 1)) < 1e-9]`:                                                                           `[None, True]`,
		`m = f["price"].indicator("macd"); out = [m.columns, m["line"][24], m["line"].last == m["signal"].last + m["histogram"].last or True]`:                                              `[["line", "signal", "histogram"], None, True]`,
		`g = f.with_column("high", f["price"] * 2).with_column("low", f["price"]); d = g.indicator("donchian", n = 3); out = [d["upper"][2], d["upper"][3] == max(g["high"].values()[:3])]`: `[None, True]`,
		`g = f.indicator("atr", n = 2, columns = {"high": "price", "low": "price", "close": "price"}); p = f["price"]; out = abs(g[2] - (abs(p[1] - p[0]) + abs(p[2] - p[1])) / 2) < 1e-12`: `True`,
		`out = f.group(f["a"], f.calendar("weekday"), "count", None, 48 * 3600000)`:                                                                                                         `{4.0: 24.0, 5.0: 24.0}`,
		`out = f["a"].group(f.calendar("hour"), "count")[48]`:                                                                                                                               `3.0`,
		`out = series.frame([1, 2], {"x": [1, None]})["x"].values()`:                                                                                                                        `[1.0, None]`,
		`s = series.standard(f["a"], None, 100 * 3600000); out = abs(s.apply(f["a"]).quantile(0.5)) < 1`:                                                                                    `True`,
		`s = series.winsor(f["a"], 0.1, None, None); out = s.apply(f["a"]).reduce("max") == f["a"].quantile(0.9)`:                                                                           `True`,
		`out = series.frame([3], {"x": [4]}).last()`:                                                                                                                                        `{"x": 4.0}`,
		// labels
		`l = label.horizon(f["price"], 10); out = [l.known, l.value[-1], l.value[0] == f["price"][10] / f["price"][0] - 1, l.weight[-1]]`: `[390, None, True, 0.0]`,
		`l = label.triple_barrier(f["price"], 10, up = 0.01, down = 0.01); out = sorted({v: 0 for v in l.value.values() if v != None})`:   `[-1.0, 0.0, 1.0]`,
		`l = label.triple_barrier(f["price"], 10, up = 0.01).map(lambda v: 1 if v > 0 else 0); out = l.value.reduce("max")`:               `1.0`,
		// models
		`m = learn.ridge(f.select(["a", "b"]), f["y"], penalty = 0.0); i = m.importance(); out = [m.kind, abs(i["a"] - 2) < 0.02, abs(i["b"] + 1) < 0.02]`:                                                                                           `["linear", True, True]`,
		`m = learn.boost(f.select(["a", "b"]), f["y"], rounds = 30); out = learn.r2(f["y"], m.predict(f)) > 0.9`:                                                                                                                                     `True`,
		`m = learn.boost(f.select(["a", "b", "c"]), f["y"].gt(0), objective = "logistic", rounds = 30); out = learn.auc(f["y"].gt(0), m.predict(f)) > 0.98`:                                                                                          `True`,
		`m = learn.boost(f.select(["a", "gappy"]), f["y"], rounds = 3); out = m.predict(f).reduce("count")`:                                                                                                                                          `400.0`,
		`m = learn.lasso(f.select(["gappy", "c"]), f["y"], penalty = 0.01); out = [m.predict(f)[0], m.predict(f).reduce("count")]`:                                                                                                                   `[None, 342.0]`,
		`m = learn.logistic(f.select(["a", "b"]), f["y"].gt(0)); out = learn.accuracy(f["y"].gt(0), m.predict(f)) > 0.95`:                                                                                                                            `True`,
		`m = learn.forest(f.select(["a", "b"]), f["y"].gt(0), classes = 2, trees = 20, seed = 3); out = learn.auc(f["y"].gt(0), m.predict(f)) > 0.98`:                                                                                                `True`,
		`m = learn.kmeans(f.select(["a", "b"]), 3, seed = 1); out = m.predict(f).reduce("max")`:                                                                                                                                                      `2.0`,
		`m = learn.pca(f.select(["a", "b"]), 2); t = m.transform(f); out = [t.columns, t.rows]`:                                                                                                                                                      `[["c0", "c1"], 400]`,
		`m = learn.boost(f.slice(None, 200 * 3600000).select(["a", "b"]), f.slice(None, 200 * 3600000)["y"], rounds = 9); n = learn.read(m.save(), ["a", "b"]); g = f.slice(199 * 3600000); out = (m.predict(g) - n.predict(g)).abs().reduce("max")`: `0.0`,
		`m = learn.boost(f.select(["a", "b"]), f["y"], rounds = 9); s = m.shap(f.tail(5)); out = (s["a"] + s["b"] + s["average"] - m.predict(f.tail(5))).abs().reduce("max") < 1e-9`:                                                                 `True`,
		`m = learn.boost(f.select(["a"]), f["y"], rounds = 20, monotone = {"a": -1}); out = m.predict(f).reduce("std") < 1e-9`:                                                                                                                       `True`,
		`m = learn.boost(f.select(["a"]), f["c"], rounds = 200, valid = f.tail(100), valid_target = f.tail(100)["c"], patience = 3); out = m.kind`:                                                                                                   `"trees"`,
		`x = f.select(["a", "b"]); m = learn.boost(x, f["y"].gt(0) + f["y"].gt(0.5), objective = "softmax", classes = 3, rounds = 20); p = m.probabilities(f); out = [p.columns, abs((p["p0"] + p["p1"] + p["p2"]).reduce("max") - 1) < 1e-9]`:       `[["p0", "p1", "p2"], True]`,
	} {
		got, err := run(t, src)
		if err != nil || got.String() != want {
			t.Errorf("%s\ngives %v, %v; want %s", src, got, err, want)
		}
	}
}

// Validation trains on no row whose label reaches into what is tested, and tests each row by a model that has not seen it.
func TestValidationKeepsTrainingAndTestApart(t *testing.T) {
	t.Parallel()
	const head = `
x = f.select(["a", "b"])
l = label.horizon(f["price"], 10)
seen = []
def fit(features, target, weights):
    seen.append((features["a"].times(), weights))
    return learn.ridge(features, target)
`
	got, err := run(t, head+`
r = learn.folds(x, l, fit, folds = 4, embargo = "5h", metric = "r2", weights = l.weight)
out = [[len(times) for times, w in seen], len(r["scores"]), r["predicted"].reduce("count"), [times[-1] // 3600000 for times, w in seen][3], seen[0][0][0] // 3600000, len(seen[0][1])]
`)
	// 390 labels in folds of 97: a fold's labels end 10 rows later, 5 hours of embargo follow, and 10 rows before it reach into it.
	if want := "[[278, 268, 268, 281], 4, 390.0, 280, 112, 278]"; err != nil || got.String() != want {
		t.Errorf("folds: %v %v, want %s", got, err, want)
	}
	got, err = run(t, head+`
r = learn.walk_forward(x, l, fit, 100, folds = 3, window = 50, metric = "rmse")
out = [[len(times) for times, w in seen], [times[-1] // 3600000 for times, w in seen], r["predicted"].reduce("count"), r["predicted"][99]]
`)
	if want := "[[50, 50, 50], [89, 185, 281], 290.0, None]"; err != nil || got.String() != want {
		t.Errorf("walk-forward: %v %v, want %s", got, err, want)
	}
	got, err = run(t, head+`
r = learn.combinatorial(x, l, fit, folds = 5, tested = 2, metric = "mae")
out = [len(seen), r["predicted"].reduce("count"), r["mean"] > 0]
`)
	if want := "[10, 390.0, True]"; err != nil || got.String() != want {
		t.Errorf("combinatorial: %v %v, want %s", got, err, want)
	}
}

func TestWhatScriptsGetWrongIsNamed(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`f["a"].lag(-1)`:                                                            "reads rows from the future",
		`f["a"].rolling(0)`:                                                         "1 or more rows",
		`f["a"].rolling(3, "mode")`:                                                 `statistic "mode": there are`,
		`f["a"] + f.tail(3)["a"]`:                                                   "put them into one frame with join first",
		`f["a"] + "x"`:                                                              "want a number, got string",
		`f["a"].indicator("rsx")`:                                                   "dir(ind) lists them",
		`f["a"].indicator("atr")`:                                                   `f.indicator("atr")`,
		`f["a"].indicator("rsi", 14)`:                                               "parameters by name",
		`f["a"].indicator("rsi", m = 14)`:                                           "no parameter m",
		`f["a"].indicator("rsi", n = -3)`:                                           "from 1 to",
		`f["a"].indicator("rsi", n = "x")`:                                          "want a number, got string",
		`f.indicator("atr")`:                                                        `no column "high"`,
		`f.indicator("rsi", columns = {"close": "a", "high": "b"})`:                 `does not read "high"`,
		`f.indicator("rsi", columns = ["a"])`:                                       "got list",
		`f["a"] & 1`:                                                                "unknown binary op",
		`f["zz"]`:                                                                   `no column "zz"`,
		`f[1]`:                                                                      "want a column's name",
		`f.resample("1 day", {"a": "last"})`:                                        `like "30m"`,
		`f.resample("1d", {"a": 3})`:                                                `want {"name": "last"}`,
		`f.resample("99999999d", {"a": "last"})`:                                    "at most ten years",
		`f.slice("yesterday")`:                                                      "Unix milliseconds",
		`f.join(f)`:                                                                 "there twice",
		`f.join(3)`:                                                                 "got int, want frame",
		`series.frame([2, 1], {"x": [1, 2]})`:                                       "does not come after",
		`series.frame([1], {"x": ["a"]})`:                                           "row 0: want a number",
		`series.frame([1], {"x": 4})`:                                               "columns: want",
		`series.standard(f["a"], None, 0)`:                                          "0 values",
		`series.standard(f["a"])`:                                                   "missing argument for start",
		`label.horizon(f["a"], 3)`:                                                  "prices above zero",
		`label.triple_barrier(f["price"], 3)`:                                       "one of them is needed",
		`learn.boost(f.select(["a"]), f["y"], objective = "hinge")`:                 "there are squared, logistic and softmax",
		`learn.boost(f.select(["a"]), f["y"], rounds = 10000000000)`:                "trees",
		`learn.boost(f.select(["a"]), f["y"], bins = 70000)`:                        "bins",
		`learn.boost(f.select(["a"]), f["y"], objective = "logistic")`:              "class",
		`learn.boost(f.select(["a"]), f["y"], monotone = {"q": 1})`:                 "not among the features",
		`learn.forest(f.select(["a"]), None)`:                                       "the target is None",
		`learn.forest(f.select(["a"]), f["y"], trees = -1)`:                         "trees",
		`learn.ridge(f.select(["a"]), f["y"], penalty = -1)`:                        "penalty",
		`learn.ridge(f.select([]), f["y"])`:                                         "no column",
		`learn.kmeans(f.select(["a"]), 100000)`:                                     "clusters",
		`learn.kmeans(f.select(["a"]), 2).shap(f)`:                                  "SHAP values are of trees",
		`learn.pca(f.select(["a"]), 1).predict(f)`:                                  "use transform",
		`learn.boost(f.select(["a"]), f["y"]).predict(f.select(["b"]))`:             `no column "a"`,
		`learn.read("???", ["a"], trained_until = "2024-05-31")`:                    "nor base64",
		`learn.read("AAAA", ["a"])`:                                                 "say until when",
		`learn.read("AAAA", ["a"], trained_until = "2024-05-31")`:                   "as omc's",
		`learn.read("AAAA", ["a"], trained_until = "May")`:                          "want a day",
		`learn.read("omc:x:AAAA", ["a"])`:                                           "does not say until when",
		`learn.read(learn.ridge(f.select(["a"]), f["y"]).save(), ["a"]).predict(f)`: "knows what came of the row of 1970-01-01T00:00:00Z",
		`learn.read(learn.ridge(f.select(["a"]), label.horizon(f["price"], 7)).save(), ["a"]).predict(f.tail(2))`:                                                              "trained until 1970-01-17T15:00:00Z",
		`learn.read(learn.ridge(f.slice(None, 36000000).select(["a"]), f.slice(None, 36000000)["y"]).save(), ["a"], trained_until = "1970-01-10").predict(f.slice(180000000))`: "trained until 1970-01-11",
		`learn.auc(f["y"], f["a"])`: "class",
		`learn.auc(f["y"], 3)`:      "want a column or labels",
		`[learn.folds(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: M) for M in [learn.ridge(f.select(["a"]), f["y"])]]`:                                                                "rows it was not given",
		`[learn.folds(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: M) for M in [learn.read(learn.ridge(f.select(["a"]), f["y"]).save(), ["a"])]]`:                                      "model that was read",
		`learn.walk_forward(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: learn.boost(x, y, rounds = 3, patience = 2, valid = f.select(["a"]), valid_target = f["y"]), 100, folds = 2)`: "rows it was not given",
		`learn.folds(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: 3)`:                                                                                                                  "fit returned a int",
		`learn.folds(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: x, metric = "z")`:                                                                                                    "there are auc",
		`learn.folds(f.select(["a"]), label.horizon(f["price"], 5), lambda x, y, w: x, folds = 900)`:                                                                                                     "900 folds of 395 labelled rows: it takes 2 to 63",
		`label.triple_barrier(f["price"], 5, up = -1, down = -1)`:                                                                                                                                        "barriers of -1 above and -1 below",
		`learn.folds(f.select(["a"]), f["y"], lambda x, y, w: x)`:                                                                                                                                        "got column, want labels",
		`label.horizon(f["price"], 5).map(lambda v: "x")`:                                                                                                                                                "want a number",
		`{f: 1}`: "unhashable",
	} {
		_, err := run(t, "out = "+src)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
}

func TestEverythingDocumentedHasAWord(t *testing.T) {
	t.Parallel()
	n := 0
	for _, s := range script.Reference() {
		for _, d := range s.Docs {
			if n++; d.Name == "" || !strings.Contains(d.Signature, d.Name) || len(d.Text) < 5 || strings.Contains(d.Signature+d.Text, "|") {
				t.Errorf("%s: %+v", s.Name, d)
			}
		}
	}
	if n < 80 {
		t.Errorf("%d names", n)
	}
}

// Whatever numbers a script gives, it gets an answer or an error.
func FuzzColumns(f *testing.F) {
	f.Add(int64(3), 0.5, uint8(0))
	f.Add(int64(-1), math.MaxFloat64, uint8(3))
	calls := []string{`f["a"].rolling(%[1]d, "std", min = 1)`, `f["a"].lag(%[1]d)`, `f["a"].quantiles(%[1]d, %[2]v, min = 1)`, `f["a"].ewm(%[2]v)`, `f["price"].clip(%[2]v, %[1]d)`, `f.tail(%[1]d)`, `f.slice(%[1]d, None)`,
		`label.horizon(f["price"], %[1]d)`, `label.triple_barrier(f["price"], %[1]d, up = %[2]v)`, `learn.boost(f.select(["a"]), f["y"], rounds = 2, depth = %[1]d, rate = %[2]v)`, `learn.kmeans(f.select(["a"]), 2, restarts = %[1]d)`,
		`learn.pca(f.select(["a"]), %[1]d)`, `learn.forest(f.select(["a"]), f["y"], trees = 2, min_rows = %[1]d)`, `learn.ridge(f.select(["a"]), f["y"], penalty = %[2]v)`, `f["a"].zscore(%[1]d) * %[2]v`,
		`series.winsor(f["a"], %[2]v, %[1]d, None)`, `f["a"] / %[2]v`}
	f.Fuzz(func(t *testing.T, n int64, x float64, which uint8) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		src := fmt.Sprintf(strings.ReplaceAll(calls[int(which)%len(calls)], "%[2]v", "float(\"%[2]v\")")+"%.0[1]s%.0[2]s", n, x)
		if _, err := run(t, "out = "+src); err != nil && (strings.Contains(err.Error(), "panic") || err.Error() == "") {
			t.Errorf("%s: %v", src, err)
		}
	})
}
