package report

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/money"
)

// simulatedBanner stands in every rendering of a report on simulated prices.
const simulatedBanner = "SIMULATED PRICES: made by omc's market simulator, no real market did this"

// row is one line of the table of figures.
type row struct {
	name, label string
	value       func(f *Figures) string
}

func figureRows(quote string) []row {
	return []row{
		{"final_equity", "Final equity", func(f *Figures) string { return Amount(f.FinalEquity) + " " + quote }},
		{"pnl", "Profit and loss", func(f *Figures) string { return Amount(f.PnL) + " " + quote }},
		{"return", "Return", func(f *Figures) string { return Percent(f.Return) }},
		{"cagr", "CAGR", func(f *Figures) string { return Percent(f.CAGR) }},
		{"volatility", "Volatility", func(f *Figures) string { return Percent(f.Volatility) }},
		{"sharpe", "Sharpe", func(f *Figures) string { return Ratio(f.Sharpe) }},
		{"sortino", "Sortino", func(f *Figures) string { return Ratio(f.Sortino) }},
		{"calmar", "Calmar", func(f *Figures) string { return Ratio(f.Calmar) }},
		{"max_drawdown", "Max drawdown", func(f *Figures) string { return Percent(f.MaxDrawdown) }},
		{"drawdown_seconds", "Drawdown length", func(f *Figures) string { return Span(f.DrawdownSeconds) }},
		{"exposure", "Exposure", func(f *Figures) string { return Percent(f.Exposure) }},
		{"turnover_per_year", "Turnover per year", func(f *Figures) string { return suffixed(Ratio(f.Turnover), "×") }},
		{"fees_paid", "Fees paid", func(f *Figures) string { return Amount(f.Fees) + " " + quote }},
		{"trades", "Closed trades", func(f *Figures) string { return strconv.Itoa(f.Trades) }},
		{"win_rate", "Win rate", func(f *Figures) string { return Percent(f.WinRate) }},
		{"profit_factor", "Profit factor", func(f *Figures) string { return Ratio(f.ProfitFactor) }},
	}
}

// none stands for a figure that has no value.
const none = "–"

// Percent writes a fraction as a percentage with two decimals, or "–" for nil.
func Percent(v *float64) string {
	if v == nil {
		return none
	}
	return strconv.FormatFloat(*v*100, 'f', 2, 64) + " %"
}

// Ratio writes a ratio with two decimals, or "–" for nil.
func Ratio(v *float64) string {
	if v == nil {
		return none
	}
	return strconv.FormatFloat(*v, 'f', 2, 64)
}

// Amount writes an amount of the quote currency with two decimals and thousands apart.
func Amount(d money.Decimal) string {
	s := d.StringFixed(2)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	dot := strings.IndexByte(s, '.')
	for i := dot - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Span writes seconds in the two largest units, or "–" for nil.
func Span(seconds *int64) string {
	if seconds == nil {
		return none
	}
	d := *seconds
	switch {
	case d >= 86400:
		return fmt.Sprintf("%dd %dh", d/86400, d%86400/3600)
	case d >= 3600:
		return fmt.Sprintf("%dh %dm", d/3600, d%3600/60)
	default:
		return fmt.Sprintf("%dm", d/60)
	}
}

func suffixed(s, unit string) string {
	if s == none {
		return s
	}
	return s + unit
}

// title is the report's headline: strategy, markets, interval.
func (r *Report) title() string {
	return fmt.Sprintf("%s on %s, %s bars", r.Strategy, r.marketNames(), r.Interval)
}

func (r *Report) marketNames() string {
	names := make([]string, len(r.Markets))
	for i, m := range r.Markets {
		names[i] = m.String()
	}
	return strings.Join(names, ", ")
}

func (r *Report) quote() string {
	if len(r.Markets) == 0 {
		return ""
	}
	return string(r.Markets[0].Quote)
}

// Params writes parameters in name order: fast=12 slow=48.
func Params(p map[string]float64) string {
	names := make([]string, 0, len(p))
	for n := range p {
		names = append(names, n)
	}
	sort.Strings(names)
	for i, n := range names {
		names[i] = n + "=" + strconv.FormatFloat(p[n], 'g', -1, 64)
	}
	return strings.Join(names, " ")
}

// codes writes counts by code, in code order.
func codes(m map[string]int) string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, m[n])
	}
	return strings.Join(names, ", ")
}

// textResults lists what the script reported.
func (r *Report) textResults(b *bufio.Writer, width int) {
	if len(r.Results) == 0 {
		return
	}
	fmt.Fprintf(b, "\nReported by the script\n")
	names := 0
	for _, x := range r.Results {
		names = max(names, min(width/2, utf8.RuneCountInString(x.Name)))
	}
	for _, x := range r.Results {
		line := []rune(fmt.Sprintf("  %-*s  %s", names, x.Name, x.Text))
		fmt.Fprintln(b, string(line[:min(len(line), width)]))
	}
}

const minute = "2006-01-02 15:04"

// textTrades is how many trades WriteText lists; the rest is in the JSON and HTML forms.
const textTrades = 20

// WriteText writes the report for a terminal of the given width (columns; at least 60 is assumed). Plain text, no colour.
func WriteText(w io.Writer, r *Report, width int) error {
	width = max(60, width)
	b := bufio.NewWriter(w)
	if r.Simulated {
		wrap(b, simulatedBanner, width)
		fmt.Fprintln(b)
	}
	wrap(b, r.title(), width)
	wrap(b, fmt.Sprintf("%s to %s UTC, %d bars, %d for warm-up, %d missing", r.From.Format(minute), r.To.Format(minute), r.Bars, r.Warmup, r.Missing), width)
	if p := Params(r.Params); p != "" {
		wrap(b, "Parameters: "+p, width)
	}
	s := &r.Settings
	wrap(b, fmt.Sprintf("Cash %s %s, fee %s bps, slippage %s bps, volume rule %s", Amount(s.Cash), r.quote(), s.FeeBps, s.SlippageBps, r.Volume), width)
	fmt.Fprintf(b, "\n%-20s%20s%20s\n", "", "strategy", "buy and hold")
	for _, row := range figureRows(r.quote()) {
		fmt.Fprintf(b, "%-20s%s%s\n", row.label, right(row.value(&r.Strat), 20), right(row.value(&r.Hold), 20))
	}
	for _, row := range figureRows("") {
		if why := r.Strat.Reasons[row.name]; why != "" {
			wrap(b, fmt.Sprintf("%s has no value: %s", row.label, why), width)
		}
	}
	o := &r.Orders
	fmt.Fprintf(b, "\nOrders: %d submitted, %d filled, %d ended partly filled\n", o.Submitted, o.Filled, o.Partial)
	if len(o.Ended) > 0 {
		wrap(b, "Ended early: "+codes(o.Ended), width)
	}
	if len(o.Refused) > 0 {
		wrap(b, "Refused: "+codes(o.Refused), width)
	}
	if r.Forward != nil {
		r.Forward.text(b, width)
	}
	r.textResults(b, width)
	r.textMonths(b)
	r.textTrades(b, width)
	if r.Holdout != nil {
		wrap(b, r.Holdout.String(), width)
	}
	for _, n := range r.Notes {
		wrap(b, "Note: "+n, width)
	}
	fmt.Fprintf(b, "Data %.12s, code %.12s", r.DataHash, r.CodeHash)
	if r.Algorithm != "" {
		fmt.Fprintf(b, ", algorithm %.12s", r.Algorithm)
	}
	fmt.Fprintln(b)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r *Report) textMonths(b *bufio.Writer) {
	if len(r.Months) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-20s%20s%20s\n", "Month", "strategy", "buy and hold")
	for _, m := range r.Months {
		fmt.Fprintf(b, "%04d-%02d             %s%s\n", m.Year, m.Month, right(Percent(&m.Return), 20), right(Percent(&m.Hold), 20))
	}
}

func (r *Report) textTrades(b *bufio.Writer, width int) {
	if len(r.Trades) == 0 {
		fmt.Fprint(b, "\nNo trades.\n")
		return
	}
	list := r.Trades
	fmt.Fprint(b, "\nTrades")
	if len(list) > textTrades {
		fmt.Fprintf(b, " (the last %d of %d; -o json and --html have all)", textTrades, len(list))
		list = list[len(list)-textTrades:]
	}
	coins := len(r.Markets) > 1
	prices := width >= 80 && !coins || width >= 90
	line := func(coin, entry, exit, in, out, pnl, ret string) {
		if coins {
			fmt.Fprintf(b, "%-5s ", coin)
		}
		fmt.Fprintf(b, "%-16s %-16s", entry, exit)
		if prices {
			fmt.Fprint(b, right(in, 12), right(out, 12))
		}
		fmt.Fprintf(b, "%s%s\n", right(pnl, 11), right(ret, 10))
	}
	fmt.Fprintln(b)
	line("coin", "entry", "exit", "in at", "out at", "P&L", "return")
	for i := range list {
		t := &list[i]
		line(string(t.Market.Base), t.Entry.Format(minute), exitTime(t), short(t.EntryPrice), short(t.ExitPrice), Amount(t.PnL), Percent(&t.Return))
	}
}

func exitTime(t *Trade) string {
	if t.Exit == nil {
		return "open"
	}
	return t.Exit.Format(minute)
}

// short writes a price with at most 11 characters, as far as its whole part allows.
func short(p money.Decimal) string {
	s := p.String()
	if dot := strings.IndexByte(s, '.'); dot >= 0 && len(s) > 11 {
		s = strings.TrimRight(s[:max(dot, 11)], ".")
	}
	return s
}

// right aligns by characters, not bytes.
func right(s string, width int) string {
	return strings.Repeat(" ", max(1, width-len([]rune(s)))) + s
}

// wrap breaks a line at blanks.
func wrap(b *bufio.Writer, s string, width int) {
	n := 0
	for i, word := range strings.Fields(s) {
		l := len([]rune(word))
		switch {
		case i == 0:
		case n+1+l > width:
			fmt.Fprint(b, "\n  ")
			n = 2
		default:
			fmt.Fprint(b, " ")
			n++
		}
		fmt.Fprint(b, word)
		n += l
	}
	fmt.Fprintln(b)
}

// since writes a time for a chart's axis.
func since(t time.Time) string { return t.UTC().Format(time.DateOnly) }
