package learn

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// LoadXGBoost reads a model that XGBoost saved as JSON or as UBJ (versions 1.0 to 3.x; XGBoost documentation, "Introduction to Model IO"),
// for prediction. Trees of boosters gbtree and dart are read, all of them: what early stopping made of a model is the caller's to
// Truncate. Categorical splits, linear boosters and vector leaves are refused.
func LoadXGBoost(data []byte) (*Ensemble, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("xgboost model: %d bytes, the limit is %d", len(data), maxDocument)
	}
	parse := parseUBJ
	if text := strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n"); len(text) > 1 && text[0] == '{' && strings.ContainsRune("\" \t\r\n}", rune(text[1])) {
		parse = parseJSON // after its brace UBJ has the type of a length
	}
	doc, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("xgboost model: %w", err)
	}
	m, err := foreign(doc)
	if err != nil {
		return nil, fmt.Errorf("xgboost model: %w", err)
	}
	return m, nil
}

// clip keeps a stranger's text short in an error.
func clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}

// at follows field names; nil where there is nothing.
func (d *document) at(names ...string) *document {
	for _, n := range names {
		if d == nil || d.kind != documentObject {
			return nil
		}
		d = d.fields[n]
	}
	return d
}

func (d *document) string() string {
	if d == nil {
		return ""
	}
	return d.text
}

// whole is a count, written as text or as a number; missing stands for what is not there.
func (d *document) whole(name string, missing, low, high int) (int, error) {
	v := float64(missing)
	if d != nil && d.kind == documentText {
		n, err := strconv.Atoi(d.text)
		if err != nil {
			return 0, fmt.Errorf("%s is %s", name, clip(d.text))
		}
		v = float64(n)
	} else if d != nil {
		v = d.number
	}
	if v != math.Trunc(v) || v < float64(low) || v > float64(high) {
		return 0, fmt.Errorf("%s is %v, it must be from %d to %d", name, v, low, high)
	}
	return int(v), nil
}

// list is a list of want numbers.
func (d *document) list(name string, want int) ([]float64, error) {
	if d == nil || d.kind != documentNumbers || len(d.numbers) != want {
		return nil, fmt.Errorf("%s is not a list of %d numbers", name, want)
	}
	return d.numbers, nil
}

// links of the objectives that are read, and whether the base score has to go through the link's inverse.
func foreignLink(objective string) (link Link, inverse func(float64) float64, err error) {
	same := func(v float64) float64 { return v }
	logit := func(p float64) float64 { return math.Log(p / (1 - p)) }
	switch objective {
	case "reg:squarederror", "reg:linear", "reg:absoluteerror", "reg:pseudohubererror", "reg:squaredlogerror", "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map",
		"binary:logitraw": // its base score is a margin already, as XGBoost 1.7.4 predicts
		return Identity, same, nil
	case "binary:logistic", "reg:logistic":
		return Sigmoid, logit, nil
	case "multi:softprob", "multi:softmax":
		return Softmaxed, same, nil
	case "count:poisson", "reg:gamma", "reg:tweedie":
		return Log, math.Log, nil
	}
	return 0, nil, fmt.Errorf("objective %s is not one that can be predicted here", clip(objective))
}

func foreign(doc *document) (*Ensemble, error) {
	learner := doc.at("learner")
	if learner == nil {
		return nil, fmt.Errorf("it has no learner: this is no model that XGBoost saved")
	}
	param := learner.at("learner_model_param")
	count, err := param.at("num_class").whole("num_class", 0, 0, MaxClasses)
	if err != nil {
		return nil, err
	}
	if _, err := param.at("num_target").whole("num_target", 1, 1, 1); err != nil {
		return nil, fmt.Errorf("%w: models of several targets are not read", err)
	}
	e := &Ensemble{single: true, base: make([]float64, max(1, count))}
	if e.features, err = param.at("num_feature").whole("num_feature", 0, 1, MaxColumns); err != nil {
		return nil, err
	}
	link, inverse, err := foreignLink(learner.at("objective", "name").string())
	if err != nil {
		return nil, err
	}
	if link == Softmaxed != (count > 1) {
		return nil, fmt.Errorf("objective %s with %d classes", learner.at("objective", "name").string(), count)
	}
	e.link = link
	if err := e.baseScore(param.at("base_score"), inverse); err != nil {
		return nil, err
	}
	booster, drops := learner.at("gradient_booster"), (*document)(nil)
	switch name := booster.at("name").string(); name {
	case "gbtree":
	case "dart":
		drops, booster = booster.at("weight_drop"), booster.at("gbtree")
	default:
		return nil, fmt.Errorf("booster %s is not read, only gbtree and dart", clip(name))
	}
	if err := e.foreignTrees(booster.at("model"), drops); err != nil {
		return nil, err
	}
	e.compile()
	return e, nil
}

// baseScore reads one number for all outputs, or since XGBoost 3.1 a list of one or of one each: "5E-1", "[5E-1]", "[1E-1,2E-1]".
func (e *Ensemble) baseScore(d *document, inverse func(float64) float64) error {
	text := d.string()
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if opened != closed {
		return fmt.Errorf("base_score is %s, one bracket of it is missing", clip(text))
	}
	parts := strings.Split(inner, ",")
	if len(parts) != 1 && len(parts) != len(e.base) {
		return fmt.Errorf("base_score has %d numbers for %d outputs", len(parts), len(e.base))
	}
	for k := range e.base {
		v, err := strconv.ParseFloat(strings.TrimSpace(parts[k%len(parts)]), 32)
		if err != nil {
			return fmt.Errorf("base_score is %s, it must be a number", clip(text))
		}
		if e.base[k] = inverse(v); !(math.Abs(e.base[k]) <= maxLeaf) {
			return fmt.Errorf("base_score is %s, outside what its objective takes", clip(text))
		}
	}
	return nil
}

func (e *Ensemble) foreignTrees(model, drops *document) error {
	trees := model.at("trees")
	n, total := 0, 0
	if trees != nil {
		n = len(trees.items)
	}
	if trees == nil || n > MaxTrees || len(trees.numbers) > 0 {
		return fmt.Errorf("trees are not a list of at most %d", MaxTrees)
	}
	if n%len(e.base) != 0 {
		return fmt.Errorf("%d trees are no whole rounds of %d outputs", n, len(e.base))
	}
	info, err := model.at("tree_info").list("tree_info", n)
	if err != nil {
		return err
	}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1
	}
	if drops != nil {
		if weights, err = drops.list("weight_drop", n); err != nil {
			return err
		}
	}
	for i, d := range trees.items {
		g := info[i]
		if g != math.Trunc(g) || g < 0 || int(g) >= len(e.base) {
			return fmt.Errorf("tree %d adds to output %v of %d", i, g, len(e.base))
		}
		t, err := foreignTree(d, e.features, weights[i])
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		if total += len(t); total > MaxNodes {
			return fmt.Errorf("the trees have more than %d nodes", MaxNodes)
		}
		e.trees, e.groups = append(e.trees, t), append(e.groups, int32(g))
	}
	return nil
}

// single rounds to single precision, in which XGBoost holds every number: JSON has its shortest decimals.
func single(v float64) float64 { return float64(float32(v)) }

// foreignTree reads one tree and lays its nodes out level by level, so that children stand side by side and after their parent. Nodes
// that pruning cut off are left out.
func foreignTree(d *document, features int, weight float64) ([]node, error) {
	n, err := d.at("tree_param", "num_nodes").whole("num_nodes", -1, 1, MaxNodes)
	if err != nil {
		return nil, err
	}
	if _, err := d.at("tree_param", "size_leaf_vector").whole("size_leaf_vector", 0, 0, 1); err != nil {
		return nil, fmt.Errorf("%w: vector leaves are not read", err)
	}
	lists := [6][]float64{}
	for i, name := range [...]string{"left_children", "right_children", "split_indices", "split_conditions", "default_left", "sum_hessian"} {
		if lists[i], err = d.at(name).list(name, n); err != nil {
			return nil, err
		}
	}
	left, right, index, condition, missing, cover := lists[0], lists[1], lists[2], lists[3], lists[4], lists[5]
	gain, err := d.at("loss_changes").list("loss_changes", n)
	if err != nil {
		return nil, err
	}
	if c := d.at("categories_nodes"); c != nil && len(c.numbers) > 0 {
		return nil, fmt.Errorf("node %v splits by categories, which are not read: train without enable_categorical", c.numbers[0])
	}
	if kinds := d.at("split_type"); kinds != nil {
		for at, k := range kinds.numbers {
			if k != 0 {
				return nil, fmt.Errorf("node %d splits by categories, which are not read: train without enable_categorical", at)
			}
		}
	}
	out, source := make([]node, 1, n), append(make([]int, 0, n), 0)
	for at := 0; at < len(out); at++ {
		from := source[at]
		to := node{feature: -1, cover: single(cover[from])}
		if left[from] == -1 {
			to.value = single(condition[from]) * single(weight)
		} else {
			l, r := left[from], right[from]
			if !(l >= 0 && r >= 0) || l >= float64(n) || r >= float64(n) || l != math.Trunc(l) || r != math.Trunc(r) || len(out)+2 > n {
				return nil, fmt.Errorf("node %d has children %v and %v of %d nodes, which are no tree", from, l, r, n)
			}
			if j := index[from]; !(j >= 0) || j >= float64(features) || j != math.Trunc(j) {
				return nil, fmt.Errorf("node %d asks for column %v of %d", from, j, features)
			}
			// XGBoost sends left what is below the condition, in single precision; here it is what is not above the number before it.
			to.feature, to.left, to.missingLeft = int32(index[from]), int32(len(out)), missing[from] != 0
			to.threshold, to.gain = math.Nextafter(single(condition[from]), math.Inf(-1)), single(gain[from])
			out, source = append(out, node{}, node{}), append(source, int(l), int(r))
		}
		if !finite(to.value) || !finite(to.threshold) || !finite(to.cover) || !finite(to.gain) {
			return nil, fmt.Errorf("node %d holds a number that is not finite", from)
		}
		out[at] = to
	}
	return out, sound(out, features)
}
