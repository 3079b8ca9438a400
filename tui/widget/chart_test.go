package widget

import (
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

// walk gives n made-up candles from start on: four of every 37 are missing.
func walk(n int, every time.Duration, price float64) []Candle {
	r := rand.New(rand.NewSource(3))
	at := time.Date(2025, 11, 20, 3, 0, 0, 0, time.UTC)
	var out []Candle
	for i := range n {
		open := price
		price *= 1 + r.NormFloat64()*0.006
		high := max(open, price) * (1 + math.Abs(r.NormFloat64())*0.003)
		low := min(open, price) * (1 - math.Abs(r.NormFloat64())*0.003)
		volume := math.Exp(r.NormFloat64()) * 120
		if i%37 < 33 {
			out = append(out, Candle{at.Add(time.Duration(i) * every), open, high, low, price, volume})
		}
	}
	return out
}

func equity(n int) (own, hold, drawdown []float64) {
	peak := 0.0
	for i, k := range walk(n, time.Hour, 10_000) {
		peak = max(peak, k.Close)
		drawdown, hold = append(drawdown, k.Close/peak-1), append(hold, k.High*0.97)
		if i > n/5 && i < n/4 {
			k.Close = math.NaN()
		}
		own = append(own, k.Close)
	}
	return own, hold, drawdown
}

func equityChart(th *theme.Theme) Chart {
	own, hold, _ := equity(600)
	from := time.Date(2025, 1, 3, 4, 0, 0, 0, time.UTC)
	return Chart{
		Lines: []Line{{Values: hold, Style: &th.Muted, Dashed: true, Name: "buy and hold"}, {Values: own, Style: &th.Accent, Name: "equity"}},
		From:  from, To: from.AddDate(0, 11, 3),
	}
}

func TestChartGolden(t *testing.T) {
	th, ascii := theme.For(theme.NoColor), theme.For(theme.NoColor)
	ascii.ASCII = true
	_, _, down := equity(600)
	percent := func(v float64) string { return Number(v*100, 1) + "%" }
	golden(t, "chart80", equityChart(&th).View(&th, 80, 14))
	golden(t, "chart80ascii", equityChart(&ascii).View(&ascii, 80, 14))
	golden(t, "drawdown80", Chart{Lines: []Line{{Values: down, Fill: true}}, Format: percent, Zero: true}.View(&th, 80, 8))
	onlyASCII(t, equityChart(&ascii).View(&ascii, 80, 14))
}

func TestChartSizes(t *testing.T) {
	th := theme.For(theme.NoColor)
	everySize(t, "chart", func(t *theme.Theme, w, h int) string { return equityChart(t).View(t, w, h) })
	everySize(t, "no lines", Chart{}.View)
	odd := []float64{math.NaN(), math.Inf(1), 1e308, -1e308, 5e-324, 1e299, -1e299, 0}
	everySize(t, "odd", func(t *theme.Theme, w, h int) string {
		return Chart{Lines: []Line{{Values: odd, Style: &th.Up, Fill: true}, {Values: nil, Name: "a\x1b\n日"}}}.View(t, w, h)
	})
}

func TestChartKeepsGapsAndSpikes(t *testing.T) {
	nan := math.NaN()
	d := newDots(6, 1)
	plotLine(d, Line{Values: []float64{1, 1, 1, 1, nan, nan, nan, nan, 1, 1, 1, 1}}, newScale(0, 2, 4))
	for i, want := range []bool{true, true, false, false, true, true} {
		if got := d.bits[i] != 0; got != want {
			t.Errorf("column %d drawn: %v, want %v", i, got, want)
		}
	}
	values := make([]float64, 10_000)
	values[5003] = 100
	d = newDots(40, 6)
	plotLine(d, Line{Values: values}, newScale(0, 100, 24))
	if d.bits[20] == 0 {
		t.Error("a spike of one value in ten thousand does not show")
	}
}

func TestSpark(t *testing.T) {
	th, ascii := theme.For(theme.NoColor), theme.For(theme.NoColor)
	ascii.ASCII = true
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		w      int
		want   string
	}{
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "▁▂▃▄▅▆▇█"}, {[]float64{1, 1}, 3, "▄▄▄"}, {[]float64{0, nan, 7}, 3, "▁ █"}, {nil, 2, "  "},
		{[]float64{5, 5, 9, 9, 1, 1}, 3, "▅█▁"}, {[]float64{1}, 0, ""}, {[]float64{1}, -3, ""},
	} {
		if got := Spark(&th, c.values, &th.Up, c.w); got != c.want {
			t.Errorf("Spark(%v, %d): got %q, want %q", c.values, c.w, got, c.want)
		}
		onlyASCII(t, Spark(&ascii, c.values, nil, c.w))
	}
}

func TestAxisAlwaysSaysTheScale(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 500 {
		lo := (r.Float64() - 0.5) * math.Pow(10, float64(r.Intn(10)-3))
		hi := lo + r.Float64()*math.Pow(10, float64(r.Intn(8)-4))
		for rows := 2; rows < 40; rows++ {
			sc := newScale(lo, hi, rows*4)
			ticks, dec := sc.ticks(rows)
			if len(ticks) < 2 || len(ticks) > max(rows, 5)+1 {
				t.Fatalf("%d ticks from %v to %v on %d lines", len(ticks), lo, hi, rows)
			}
			if Number(ticks[0], dec) == Number(ticks[1], dec) {
				t.Fatalf("from %v to %v two ticks read %s", lo, hi, Number(ticks[0], dec))
			}
		}
	}
}

// Without colour and without braille a dashed curve is told from a whole one by its character, in the legend as in the plot.
func TestPlainTerminalsDrawTwoCurvesWithTwoCharacters(t *testing.T) {
	th := theme.For(theme.NoColor)
	th.ASCII = true
	lines := strings.Split(equityChart(&th).View(&th, 80, 14), "\n")
	if !strings.HasPrefix(lines[0], ".. buy and hold") || !strings.Contains(lines[0], "** equity") {
		t.Errorf("the legend is %q", lines[0])
	}
	body := strings.Join(lines[1:], "\n")
	if !strings.Contains(body, ".") || !strings.Contains(body, "*") {
		t.Errorf("one of the curves is missing:\n%s", body)
	}
}
