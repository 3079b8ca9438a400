package widget

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

func hourly(n int) OHLC {
	return OHLC{Candles: walk(n, time.Hour, 4120), Interval: time.Hour, Cross: -1, Values: true, Volume: true}
}

func TestCandlesGolden(t *testing.T) {
	th, ascii := theme.For(theme.NoColor), theme.For(theme.NoColor)
	ascii.ASCII = true
	cross := hourly(60)
	cross.Cross = 30
	golden(t, "candles80", Candles(&th, cross, 80, 20))
	golden(t, "candles80ascii", Candles(&ascii, cross, 80, 20))
	onlyASCII(t, Candles(&ascii, cross, 80, 20))
	golden(t, "candles120", Candles(&th, hourly(2000), 120, 24))
	small := OHLC{Candles: walk(300, 5*time.Minute, 0.0000241), Interval: 5 * time.Minute, Cross: -1}
	golden(t, "candles60", Candles(&th, small, 60, 10))
}

func TestCandlesSizes(t *testing.T) {
	o := hourly(100)
	o.Cross = 70
	everySize(t, "candles", func(t *theme.Theme, w, h int) string { return Candles(t, o, w, h) })
	o.Interval = 0
	o.Label = func(time.Time) string { return "日\x1b本" }
	everySize(t, "side by side", func(t *theme.Theme, w, h int) string { return Candles(t, o, w, h) })
	everySize(t, "none", func(t *theme.Theme, w, h int) string { return Candles(t, OHLC{}, w, h) })
}

// flat makes a candle chart whose bars stand at the given hours.
func flat(hours ...int) OHLC {
	o := OHLC{Interval: time.Hour, Cross: -1}
	for _, h := range hours {
		o.Candles = append(o.Candles, Candle{time.Unix(int64(h)*3600, 0), 1, 2, 0.5, 1.5, 1})
	}
	return o
}

func TestCandlesStandWhereTheirTimeIs(t *testing.T) {
	o := flat(10, 11, 14)
	bars, each, _ := o.columns(40)
	var got []int
	for _, b := range bars {
		got = append(got, b.n)
	}
	if want := []int{1, 1, 0, 0, 1}; each != 1 || !slices.Equal(got, want) {
		t.Errorf("bars by column: got %v, want %v", got, want)
	}
	th := theme.For(theme.NoColor)
	if v := Candles(&th, o, 30, 8); strings.Count(v, "·") != 2 {
		t.Errorf("the gap is not marked:\n%s", v)
	}
}

func TestCandlesGroupWhereColumnsAreFew(t *testing.T) {
	o := OHLC{Interval: time.Hour, Cross: 5}
	for i := range 8 {
		p := float64(10 + i)
		o.Candles = append(o.Candles, Candle{time.Unix(int64(i)*3600, 0), p, p + 5, p - 5, p + 1, 2})
	}
	bars, each, cross := o.columns(2)
	if len(bars) != 2 || each != 4 || cross != 1 {
		t.Fatalf("got %d columns of %d and the crosshair at %d, want 2 of 4 and 1", len(bars), each, cross)
	}
	b := bars[1]
	if b.n != 4 || b.Open != 14 || b.Close != 18 || b.High != 22 || b.Low != 9 || b.Volume != 8 || !b.Time.Equal(time.Unix(4*3600, 0)) {
		t.Errorf("second group: got %+v", b)
	}
}

func TestCandlesReadWithoutColour(t *testing.T) {
	th := theme.For(theme.NoColor)
	at := time.Unix(0, 0)
	up := Candles(&th, OHLC{Candles: []Candle{{at, 1, 4, 0, 3, 0}}, Cross: -1}, 40, 12)
	down := Candles(&th, OHLC{Candles: []Candle{{at, 3, 4, 0, 1, 0}}, Cross: -1}, 40, 12)
	if !strings.Contains(up, "┃") || strings.Contains(up, "█") || !strings.Contains(down, "█") || strings.Contains(down, "┃") {
		t.Errorf("up:\n%s\ndown:\n%s", up, down)
	}
}

func FuzzCandles(f *testing.F) {
	f.Add(int64(0), int64(3600), int64(1), 1.0, 2.0, 0.5, 1.5, 80, 20, 1)
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), int64(1), 1e299, -1e299, math.NaN(), 5e-324, 30, 12, 0)
	f.Add(int64(-1<<62), int64(1<<62), int64(time.Second), 1.0, math.Inf(1), 0.5, 1.5, 200, 50, 2)
	f.Fuzz(func(t *testing.T, a, b, every int64, open, high, low, last float64, w, h, cross int) {
		w, h = w%250, h%60
		o := OHLC{
			Candles: []Candle{{time.Unix(a, 0), open, high, low, last, high}, {time.Unix(b, 0), last, low, high, open, low}, {time.Unix(a/2+b/2, 1), low, last, open, high, last}},
			Cross:   cross, Values: true, Volume: true, Interval: time.Duration(every),
		}
		for _, th := range themes() {
			sized(t, "candles", Candles(th, o, w, h), w, h)
			lines := []Line{{Values: []float64{open, high, low, last}, Fill: cross%2 == 0, Dashed: true, Name: "x"}}
			sized(t, "chart", Chart{Lines: lines, From: time.Unix(a, 0), To: time.Unix(b, 0), Zero: w%2 == 0}.View(th, w, h), w, h)
			sized(t, "spark", Spark(th, []float64{open, high, low, last}, nil, w), w, 1)
		}
	})
}

func BenchmarkCandles200x50(b *testing.B) {
	th := theme.For(theme.Dark)
	o := hourly(5000)
	o.Cross = 2500
	for b.Loop() {
		if Candles(&th, o, 200, 50) == "" {
			b.Fatal("nothing drawn")
		}
	}
}
