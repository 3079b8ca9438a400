package script

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Column is numbers on a time index, Unix milliseconds; NaN, None in a script, is a missing value. It never changes.
type Column struct {
	times  []int64
	values []float64
}

var (
	_ starlark.HasAttrs  = (*Column)(nil)
	_ starlark.HasBinary = (*Column)(nil)
	_ starlark.HasUnary  = (*Column)(nil)
	_ starlark.Indexable = (*Column)(nil)
)

// String shows how long it is, and its end.
func (c *Column) String() string {
	if n := len(c.values); n > 0 {
		return fmt.Sprintf("column(%d rows, last %v)", n, orNone(c.values[n-1]))
	}
	return "column(0 rows)"
}

// Type implements starlark.Value.
func (*Column) Type() string { return "column" }

// Freeze implements starlark.Value.
func (*Column) Freeze() {}

// Truth implements starlark.Value: a column of no rows is false.
func (c *Column) Truth() starlark.Bool { return len(c.values) > 0 }

// Hash implements starlark.Value.
func (*Column) Hash() (uint32, error) { return 0, errors.New("unhashable: column") }

// Len implements starlark.Indexable.
func (c *Column) Len() int { return len(c.values) }

// Index implements starlark.Indexable.
func (c *Column) Index(i int) starlark.Value { return orNone(c.values[i]) }

func (c *Column) cells() int64 { return int64(len(c.values)) }

// AttrNames implements starlark.HasAttrs.
func (*Column) AttrNames() []string { return attrNames(columnMethods()) }

// Attr implements starlark.HasAttrs.
func (c *Column) Attr(name string) (starlark.Value, error) {
	return attr(c, "column", name, columnMethods())
}

func (c *Column) with(values []float64) *Column { return &Column{c.times, values} }

// same reports that two columns have the same rows.
func (c *Column) same(o *Column) error {
	if len(c.times) == len(o.times) && (len(c.times) == 0 || &c.times[0] == &o.times[0]) || slices.Equal(c.times, o.times) {
		return nil
	}
	return fmt.Errorf("the columns have other rows, %d and %d: put them into one frame with join first", len(c.times), len(o.times))
}

// Binary implements starlark.HasBinary: + − * / with a column of the same rows, or a number.
func (c *Column) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	var f func(a, b float64) float64
	switch op {
	case syntax.PLUS:
		f = func(a, b float64) float64 { return a + b }
	case syntax.MINUS:
		f = func(a, b float64) float64 { return a - b }
	case syntax.STAR:
		f = func(a, b float64) float64 { return a * b }
	case syntax.SLASH:
		f = func(a, b float64) float64 {
			if b == 0 {
				return math.NaN()
			}
			return a / b
		}
	default:
		return nil, nil
	}
	g := f
	if side == starlark.Right {
		g = func(a, b float64) float64 { return f(b, a) }
	}
	return c.pairwise(y, g)
}

// Unary implements starlark.HasUnary.
func (c *Column) Unary(op syntax.Token) (starlark.Value, error) {
	if op != syntax.MINUS {
		return nil, nil
	}
	return c.mapped(func(v float64) float64 { return -v }), nil
}

func (c *Column) mapped(f func(float64) float64) *Column {
	out := make([]float64, len(c.values))
	for i, v := range c.values {
		out[i] = f(v)
	}
	return c.with(out)
}

// pairwise applies f to each row and y's, or the number y.
func (c *Column) pairwise(y starlark.Value, f func(a, b float64) float64) (starlark.Value, error) {
	if o, ok := y.(*Column); ok {
		if err := c.same(o); err != nil {
			return nil, err
		}
		out := make([]float64, len(c.values))
		for i, v := range c.values {
			out[i] = f(v, o.values[i])
		}
		return c.with(out), nil
	}
	n, err := number(y)
	if err != nil {
		return nil, err
	}
	return c.mapped(func(v float64) float64 { return f(v, n) }), nil
}

type columnCall = func(*Column, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// plain is a method without arguments.
func plain(f func(x []float64) []float64) columnCall {
	return func(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
			return nil, err
		}
		return c.with(f(c.values)), nil
	}
}

func each(f func(float64) float64) columnCall {
	return plain(func(x []float64) []float64 { return (&Column{values: x}).mapped(f).values })
}

// shifted is a method of a number of rows.
func shifted(least int, f func(x []float64, n int) ([]float64, error)) columnCall {
	return func(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		n := least
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n?", &n); err != nil {
			return nil, err
		}
		out, err := f(c.values, n)
		if err != nil {
			return nil, err
		}
		return c.with(out), nil
	}
}

// windowed is a method of a window: n rows, of which min have a value.
func windowed(f func(x []float64, w series.Window) ([]float64, error)) columnCall {
	return func(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var n, least int
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n, "min?", &least); err != nil {
			return nil, err
		}
		out, err := f(c.values, window(n, least))
		if err != nil {
			return nil, err
		}
		return c.with(out), nil
	}
}

func window(n, least int) series.Window {
	if least == 0 {
		least = n
	}
	return series.Window{Rows: n, MinPeriods: least}
}

// two is a method of another column and a window.
func two(m series.Together) columnCall {
	return func(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var o *Column
		var n, least int
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "other", &o, "n", &n, "min?", &least); err != nil {
			return nil, err
		}
		if err := c.same(o); err != nil {
			return nil, err
		}
		out, err := series.RollingPair(c.values, o.values, m, window(n, least))
		if err != nil {
			return nil, err
		}
		return c.with(out), nil
	}
}

// compared is a method that marks rows 1 or 0; NaN where either side has no value.
func compared(f func(a, b float64) bool) columnCall {
	return func(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var y starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "other", &y); err != nil {
			return nil, err
		}
		return c.pairwise(y, func(a, b float64) float64 {
			switch {
			case a != a || b != b:
				return math.NaN()
			case f(a, b):
				return 1
			}
			return 0
		})
	}
}

func columnMethods() []method[*Column] {
	return []method[*Column]{
		{Doc: Doc{"last", "c.last", "The newest value, or None."}, get: func(c *Column) starlark.Value {
			if len(c.values) == 0 {
				return starlark.None
			}
			return orNone(c.values[len(c.values)-1])
		}},
		{Doc: Doc{"lag", "c.lag(n=1)", "The column as it was n rows before. A negative n is refused: it reads the future."}, call: shifted(1, series.Lag)},
		{Doc: Doc{"diff", "c.diff(n=1)", "x[i] − x[i−n]."}, call: shifted(1, series.Difference)},
		{Doc: Doc{"pct", "c.pct(n=1)", "x[i]/x[i−n] − 1, a fraction; None from 0."}, call: shifted(1, series.PercentChange)},
		{Doc: Doc{"log_return", "c.log_return(n=1)", "ln(x[i]/x[i−n])."}, call: shifted(1, series.LogReturn)},
		{Doc: Doc{"rolling", `c.rolling(n, what="mean", min=n)`, "sum, mean, min, max, var, std (both ddof 1), count or median of the last n rows, this one included; None with fewer than min values."}, call: rolling},
		{Doc: Doc{"expanding", `c.expanding(what="mean", min=1)`, "The same of all rows so far."}, call: expanding},
		{Doc: Doc{"quantiles", "c.quantiles(n, p, min=n)", "The p-quantile (type 7) of the last n rows."}, call: quantiles},
		{Doc: Doc{"zscore", "c.zscore(n, min=n)", "(x − mean)/std of the last n rows; None where they are equal."}, call: windowed(series.ZScore)},
		{Doc: Doc{"rank", "c.rank(n, min=n)", "Share of the last n rows' values below this one, half of the equal ones counted."}, call: windowed(series.Rank)},
		{Doc: Doc{"corr", "c.corr(other, n, min=n)", "Pearson's correlation of two columns over the last n rows."}, call: two(series.Correlation)},
		{Doc: Doc{"cov", "c.cov(other, n, min=n)", "Covariance, ddof 1."}, call: two(series.Covariance)},
		{Doc: Doc{"beta", "c.beta(other, n, min=n)", "Slope of the column on the other one."}, call: two(series.Beta)},
		{Doc: Doc{"ewm", "c.ewm(span, adjust=True)", "Exponential mean, α = 2/(span + 1); adjusted it is divided by the weights that there are."}, call: ewm},
		{Doc: Doc{"indicator", `c.indicator(name, **parameters)`, "An indicator of one input over the whole column, as it would have been bar by bar: `c.indicator(\"rsi\", n = 14)`. A column, or a frame of its outputs."}, call: columnIndicator},
		{Doc: Doc{"cumsum", "c.cumsum()", "Sum so far, compensated."}, call: plain(series.CumulativeSum)},
		{Doc: Doc{"cumprod", "c.cumprod()", "Product so far."}, call: plain(series.CumulativeProduct)},
		{Doc: Doc{"cummax", "c.cummax()", "Greatest so far."}, call: plain(series.CumulativeMax)},
		{Doc: Doc{"drawdown", "c.drawdown()", "x over its greatest so far, less 1."}, call: plain(series.Drawdown)},
		{Doc: Doc{"group", `c.group(keys, what="mean", min=1)`, "The statistic of the rows so far that have this row's key."}, call: grouped},
		{Doc: Doc{"clip", "c.clip(low, high)", "Cut to the bounds."}, call: clip},
		{Doc: Doc{"fill", "c.fill(value)", "With a number where there was none."}, call: fill},
		{Doc: Doc{"log", "c.log()", "Natural logarithm; None of 0 and below."}, call: each(func(v float64) float64 {
			if v <= 0 {
				return math.NaN()
			}
			return math.Log(v)
		})},
		{Doc: Doc{"abs", "c.abs()", "Magnitude."}, call: each(math.Abs)},
		{Doc: Doc{"sqrt", "c.sqrt()", "Square root; None below 0."}, call: each(math.Sqrt)},
		{Doc: Doc{"sign", "c.sign()", "1, 0 or −1."}, call: each(func(v float64) float64 {
			switch {
			case v > 0:
				return 1
			case v < 0:
				return -1
			}
			return v
		})},
		{Doc: Doc{"gt", "c.gt(other), ge, lt, le, eq", "1 where the comparison with a column or a number holds, else 0."}, call: compared(func(a, b float64) bool { return a > b })},
		{Doc: Doc{"ge", "c.ge(other)", "At or above."}, call: compared(func(a, b float64) bool { return a >= b })},
		{Doc: Doc{"lt", "c.lt(other)", "Below."}, call: compared(func(a, b float64) bool { return a < b })},
		{Doc: Doc{"le", "c.le(other)", "At or below."}, call: compared(func(a, b float64) bool { return a <= b })},
		{Doc: Doc{"eq", "c.eq(other)", "Equal."}, call: compared(func(a, b float64) bool { return a == b })},
		{Doc: Doc{"reduce", `c.reduce(what)`, "One number of all rows: sum, mean, min, max, var, std, count, first, last or median."}, call: reduce},
		{Doc: Doc{"quantile", "c.quantile(p)", "The p-quantile of all rows."}, call: quantileOf},
		{Doc: Doc{"values", "c.values()", "List of the values, oldest first; at most 100,000."}, call: values},
		{Doc: Doc{"times", "c.times()", "List of the rows' times, Unix milliseconds; at most 100,000."}, call: times},
	}
}

func rolling(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	what := "mean"
	var n, least int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n, "what?", &what, "min?", &least); err != nil {
		return nil, err
	}
	s, err := series.ParseStatistic(what)
	if err != nil {
		return nil, err
	}
	out, err := series.Rolling(c.values, s, window(n, least))
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func expanding(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	what, least := "mean", 1
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "what?", &what, "min?", &least); err != nil {
		return nil, err
	}
	s, err := series.ParseStatistic(what)
	if err != nil {
		return nil, err
	}
	out, err := series.Expanding(c.values, s, least)
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func quantiles(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n, least int
	var p real
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n, "p", &p, "min?", &least); err != nil {
		return nil, err
	}
	out, err := series.Quantiles(c.values, float64(p), window(n, least))
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func ewm(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var width real
	adjust := true
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "span", &width, "adjust?", &adjust); err != nil {
		return nil, err
	}
	out, err := series.ExponentialMean(c.values, float64(width), adjust)
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func grouped(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var keys *Column
	what, least := "mean", 1
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "keys", &keys, "what?", &what, "min?", &least); err != nil {
		return nil, err
	}
	if err := c.same(keys); err != nil {
		return nil, err
	}
	s, err := series.ParseStatistic(what)
	if err != nil {
		return nil, err
	}
	out, err := series.GroupExpanding(c.values, keys.values, s, least)
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func clip(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var low, high real
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "low", &low, "high", &high); err != nil {
		return nil, err
	}
	out, err := series.Clip(c.values, float64(low), float64(high))
	if err != nil {
		return nil, err
	}
	return c.with(out), nil
}

func fill(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var with real
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &with); err != nil {
		return nil, err
	}
	return c.mapped(func(v float64) float64 {
		if v != v {
			return float64(with)
		}
		return v
	}), nil
}

func reduce(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var what string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "what", &what); err != nil {
		return nil, err
	}
	s, err := series.ParseStatistic(what)
	if err != nil {
		return nil, err
	}
	return orNone(series.Reduce(c.values, s)), nil
}

func quantileOf(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var p real
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "p", &p); err != nil {
		return nil, err
	}
	if p < 0 || p > 1 {
		return nil, fmt.Errorf("p is %v, it must be from 0 to 1", float64(p))
	}
	return orNone(series.QuantileOf(c.values, float64(p))), nil
}

// maxList bounds the lists that scripts are given: each element is a value of its own.
const maxList = 100_000

func values(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return list(len(c.values), func(i int) starlark.Value { return orNone(c.values[i]) })
}

func times(c *Column, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return list(len(c.times), func(i int) starlark.Value { return starlark.MakeInt64(c.times[i]) })
}

func list(n int, of func(i int) starlark.Value) (starlark.Value, error) {
	if n > maxList {
		return nil, fmt.Errorf("%d rows, a list may have %d: take the newest with tail", n, maxList)
	}
	out := make([]starlark.Value, n)
	for i := range out {
		out[i] = of(i)
	}
	return starlark.NewList(out), nil
}
