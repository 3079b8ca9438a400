package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/money"
)

//go:embed page.html
var page string

// WriteHTML writes the report as one self-contained page: its charts are inline SVG, nothing is loaded from anywhere, and every
// text from outside is escaped.
func WriteHTML(w io.Writer, r *Report) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return fmt.Errorf("write report page: %w", err)
	}
	if err := t.Execute(w, view(r)); err != nil {
		return fmt.Errorf("write report page: %w", err)
	}
	return nil
}

// pageView is what page.html shows.
type pageView struct {
	Title, Span, Params, Settings, Volume, Simulated string
	Rows                                             [][4]string // label, strategy, buy and hold, why there is no value
	Equity, Drawdown                                 *chart
	Months                                           [][3]string
	Folds                                            [][8]string // the last row is all of them
	LookAhead                                        string
	Trades                                           [][9]string
	Orders, Ended, Refused                           string
	Notes                                            []string
	Results                                          []Result
	DataHash, CodeHash, Algorithm, Sources           string
}

func view(r *Report) *pageView {
	s := &r.Settings
	v := &pageView{
		Title:  r.title(),
		Span:   fmt.Sprintf("%s to %s UTC, %d bars, %d for warm-up, %d missing", r.From.Format(minute), r.To.Format(minute), r.Bars, r.Warmup, r.Missing),
		Params: Params(r.Params), Volume: r.Volume, Notes: r.Notes, Results: r.Results, DataHash: r.DataHash, CodeHash: r.CodeHash, Algorithm: r.Algorithm,
		Settings: fmt.Sprintf("cash %s %s, fee %s bps, slippage %s bps, participation %s, max gap %d intervals, min notional %s, tick %s, step %s",
			Amount(s.Cash), r.quote(), s.FeeBps, s.SlippageBps, s.Participation, s.MaxGap, s.MinNotional, s.PriceTick, s.QuantityStep),
		Orders: fmt.Sprintf("%d submitted, %d filled, %d ended partly filled", r.Orders.Submitted, r.Orders.Filled, r.Orders.Partial),
		Ended:  codes(r.Orders.Ended), Refused: codes(r.Orders.Refused), Sources: strings.Join(r.Sources, ", "),
	}
	if r.Simulated {
		v.Simulated = simulatedBanner
	}
	for _, row := range figureRows(r.quote()) {
		v.Rows = append(v.Rows, [4]string{row.label, row.value(&r.Strat), row.value(&r.Hold), r.Strat.Reasons[row.name]})
	}
	if f := r.Forward; f != nil {
		v.Folds, v.LookAhead = f.rows(), f.LookAhead
		if !f.NoLookAhead {
			v.LookAhead = "LOOK-AHEAD: " + f.LookAhead
		}
	}
	for i := range r.Months {
		m := &r.Months[i]
		v.Months = append(v.Months, [3]string{fmt.Sprintf("%04d-%02d", m.Year, m.Month), Percent(&m.Return), Percent(&m.Hold)})
	}
	for i := range r.Trades {
		t := &r.Trades[i]
		v.Trades = append(v.Trades, [9]string{t.Market.String(), t.Entry.Format(minute), exitTime(t), t.Quantity.String(), t.EntryPrice.String(),
			t.ExitPrice.String(), Amount(t.Fees), Amount(t.PnL), Percent(&t.Return)})
	}
	if len(r.Curve) > 1 {
		v.Equity = newChart(r.Curve, func(p *Point) float64 { return p.Equity }, func(p *Point) float64 { return p.Hold })
		v.Drawdown = newChart(r.Curve, func(p *Point) float64 { return p.Drawdown * 100 }, nil)
	}
	return v
}

// chart is one SVG chart: paths in a box of 1000 × 260, with round levels and five dates.
type chart struct {
	Line, Second string
	Levels       []level
	Dates        []date
}

// date is one label of the time axis.
type date struct{ X, Label, Anchor string }

const dates = 5

type level struct {
	Y     string
	Label string
}

const chartWidth, chartHeight = 1000.0, 260.0

func newChart(points []Point, value, second func(*Point) float64) *chart {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range points {
		low, high = min(low, value(&points[i])), max(high, value(&points[i]))
		if second != nil {
			low, high = min(low, second(&points[i])), max(high, second(&points[i]))
		}
	}
	if high == low {
		high, low = high+1, low-1
	}
	start, end := points[0].Time.Unix(), points[len(points)-1].Time.Unix()
	path := func(f func(*Point) float64) string {
		var b strings.Builder
		for i := range points {
			x := chartWidth * float64(points[i].Time.Unix()-start) / float64(max(1, end-start))
			y := chartHeight * (high - f(&points[i])) / (high - low)
			b.WriteString(map[bool]string{true: "M", false: "L"}[i == 0])
			b.WriteString(strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64))
		}
		return b.String()
	}
	c := &chart{Line: path(value)}
	if second != nil {
		c.Second = path(second)
	}
	step := niceStep((high - low) / 4)
	decimals := 0
	if step < 1 {
		decimals = int(math.Ceil(-math.Log10(step)))
	}
	for k := 0.0; k < 10; k++ { // a step that vanishes beside the values ends too
		v := (math.Ceil(low/step) + k) * step
		if v > high {
			break
		}
		y := chartHeight * (high - v) / (high - low)
		c.Levels = append(c.Levels, level{strconv.FormatFloat(y, 'f', 1, 64), grouped(v, decimals)})
	}
	for i := range dates {
		t := time.Unix(start+(end-start)*int64(i)/(dates-1), 0).UTC()
		c.Dates = append(c.Dates, date{strconv.FormatFloat(chartWidth*float64(i)/(dates-1), 'f', 1, 64), since(t), [...]string{"start", "middle", "end"}[min(i, 1)+i/(dates-1)]})
	}
	return c
}

// niceStep is the distance of round levels, 1, 2 or 5 times a power of ten, at least x apart.
func niceStep(x float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(x)))
	for _, k := range []float64{1, 2, 5} {
		if k*base >= x {
			return k * base
		}
	}
	return 10 * base
}

// grouped writes a level with thousands apart; a zero has no sign.
func grouped(v float64, decimals int) string {
	d, err := money.FromFloat(v)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	d = d.RoundHalfEven(uint8(decimals))
	text, frac, _ := strings.Cut(strings.TrimPrefix(d.StringFixed(uint8(decimals)), "-"), ".")
	for k := len(text) - 3; k > 0; k -= 3 {
		text = text[:k] + "," + text[k:]
	}
	if frac != "" {
		text += "." + frac
	}
	if d.Sign() < 0 {
		return "−" + text
	}
	return text
}
