package verdict

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

//go:embed page.html
var page string

// section is one table of a bundle as people read it; the first row is its heading.
type section struct {
	Title string
	Rows  [][]string
	Note  string
}

const date = "2006-01-02"

// sections are all that a bundle says, in the order in which it is read.
func (b *Bundle) sections() []section {
	f := &b.Findings
	out := []section{b.inputs(), {Title: "Figures", Rows: [][]string{
		{"", "whole window", "out of sample", "buy and hold"},
		{"return", report.Percent(f.Whole.Return), report.Percent(&f.Forward.Return), report.Percent(f.Hold.Return)},
		{"Sharpe", report.Ratio(f.Whole.Sharpe), report.Ratio(f.Forward.Sharpe), report.Ratio(f.Hold.Sharpe)},
		{"max drawdown", report.Percent(f.Whole.MaxDrawdown), report.Percent(&f.Forward.Drawdown), report.Percent(f.Hold.MaxDrawdown)},
		{"closed trades", fmt.Sprint(f.Whole.Trades), fmt.Sprint(f.Forward.Trades), ""},
	}, Note: "Look-ahead test: " + f.LookAhead}, b.luck()}
	if f.Bands != nil {
		s := section{Title: "Bootstrap bands, out of sample", Rows: [][]string{{"", "observed", "5 %", "25 %", "50 %", "75 %", "95 %"}},
			Note: fmt.Sprintf("%d resamples in blocks of %.1f days on average", f.Bands.Return.Resamples, f.Bands.Block)}
		for _, x := range []struct {
			name string
			b    evidence.Band
			show func(*float64) string
		}{{"return", f.Bands.Return, report.Percent}, {"return, a year", f.Bands.Annual, report.Percent}, {"max drawdown", f.Bands.Drawdown, report.Percent}, {"Sharpe", f.Bands.Sharpe, report.Ratio}} {
			s.Rows = append(s.Rows, []string{x.name, x.show(&x.b.Observed), x.show(&x.b.P5), x.show(&x.b.P25), x.show(&x.b.P50), x.show(&x.b.P75), x.show(&x.b.P95)})
		}
		out = append(out, s)
	}
	out = append(out, b.costs())
	if len(f.Beside) > 0 {
		s := section{Title: "Neighbouring parameters", Rows: [][]string{{"changed", "Sharpe"}, {"(as it is)", report.Ratio(f.Whole.Sharpe)}}}
		for _, n := range f.Beside {
			s.Rows = append(s.Rows, []string{report.Params(n.Params), report.Ratio(n.Score)})
		}
		out = append(out, s)
	}
	if len(f.Regimes) > 0 {
		s := section{Title: "Regimes, out of sample", Rows: [][]string{{"market before", "days", "trades", "return", "Sharpe", "profit share"}}}
		for _, r := range f.Regimes {
			s.Rows = append(s.Rows, []string{r.Name, fmt.Sprint(r.Days), fmt.Sprint(r.Trades), report.Percent(&r.Return), report.Ratio(r.Sharpe), report.Percent(r.Share)})
		}
		if best, ok := evidence.BestRegime(f.Regimes); ok {
			s.Note = fmt.Sprintf("It hangs most on days that are %s: %s of the profit", best.Name, report.Percent(best.Share))
		}
		out = append(out, s)
	}
	out = append(out, b.rest()...)
	return append(out, verdictSection("Paper trading", &b.Paper), verdictSection("Live trading", &b.Live))
}

func (b *Bundle) inputs() section {
	in := &b.Inputs
	var markets []string
	for _, m := range in.Content.Markets {
		markets = append(markets, m.String())
	}
	s := section{Title: "What was measured", Rows: [][]string{
		{"", ""},
		{"algorithm", fmt.Sprintf("%s %.12s", in.Name, in.Algorithm)},
		{"markets", strings.Join(markets, ", ") + " at " + in.Content.Interval.String()},
		{"parameters", report.Params(in.Content.Params)},
		{"window", in.From.Format(date) + " to " + in.To.Format(date)},
		{"costs", fmt.Sprintf("fee %s bps, slippage %s bps", in.Settings.FeeBps, in.Settings.SlippageBps)},
		{"data", fmt.Sprintf("%.12s from %s", in.DataHash, strings.Join(in.Sources, ", "))},
		{"campaign", fmt.Sprintf("trials: %d, looks at the hold-out: %d", in.Trials, in.Looks)},
	}}
	for _, l := range b.Findings.Ledgers {
		what := fmt.Sprintf("%d facts", l.Facts)
		if l.Assumed != "" {
			what += ", assumed known after " + l.Assumed
		}
		s.Rows = append(s.Rows, []string{l.Question, what})
	}
	if in.Model != "" && in.Cutoff != nil {
		s.Rows = append(s.Rows, []string{"written by", in.Model + ", trained up to " + in.Cutoff.Format(date)})
	}
	if in.Simulated {
		s.Note = "SIMULATED PRICES: no real market did this"
	}
	return s
}

func (b *Bundle) luck() section {
	f := &b.Findings
	s := section{Title: "Luck", Rows: [][]string{{"", ""}, {"days that count", fmt.Sprint(f.Counted)}, {"Sharpe per day", number(f.Sharpe, 4)}, {"probability that it is above 0", number(f.PSR, 3)}}}
	if d := f.Deflated; d != nil {
		s.Rows = append(s.Rows, []string{"… above the best of the worthless (DSR)", number(&d.DSR, 3)}, []string{"Sharpe per day of that best", number(&d.SR0, 4)})
		s.Note = d.Note
	}
	s.Rows = append(s.Rows, []string{fmt.Sprintf("days needed for %g of that", b.Inputs.Limits.DSR), number(f.Needed, 0)})
	if o := f.Overfit; o != nil {
		s.Rows = append(s.Rows, []string{"probability of overfitting", fmt.Sprintf("%.3f (%d trials that differ, of %d; %d days, %d blocks)", o.PBO, o.Trials, o.Compared, o.Days, o.Blocks)})
	}
	if x := f.Snooping; x != nil {
		s.Rows = append(s.Rows, []string{"as good by chance (White, Hansen)", fmt.Sprintf("p %.3f, p %.3f", x.RealityCheck, x.SPA)})
	}
	if x := f.Haircut; x != nil {
		s.Rows = append(s.Rows, []string{"annual Sharpe, cut for the trials", fmt.Sprintf("%.2f, of %.2f", x.Left, x.Annual)})
	}
	if r := f.Random; r != nil {
		s.Rows = append(s.Rows, []string{"random entries that do worse", fmt.Sprintf("%.1f %% of %d, p %.3f", 100*r.Better, r.Strategies, r.PValue)})
	}
	return s
}

func (b *Bundle) costs() section {
	f := &b.Findings
	s := section{Title: "Costs", Rows: [][]string{{"times", "return", "Sharpe", "trades"}}}
	for _, c := range f.Costs {
		s.Rows = append(s.Rows, []string{fmt.Sprintf("%g", c.Multiple), report.Percent(&c.Return), report.Ratio(c.Sharpe), fmt.Sprint(c.Trades)})
	}
	if f.BreakEven != nil {
		s.Note = fmt.Sprintf("Nothing is left at %.2f times the costs", *f.BreakEven)
	} else {
		s.Note = "Break-even: " + f.Missing["break_even_cost"]
	}
	return s
}

// rest are the sections that not every bundle has.
func (b *Bundle) rest() []section {
	f := &b.Findings
	var out []section
	if c := f.Capacity; c != nil {
		s := section{Title: "Capacity", Rows: [][]string{{"times the money", ""}, {fmt.Sprintf("%.3g", c.OnePercent), "one trade in ten takes more than 1 % of its bar"}, {fmt.Sprintf("%.3g", c.FivePercent), "… more than 5 %"}}}
		if c.Impact != nil {
			s.Rows = append(s.Rows, []string{fmt.Sprintf("%.3g", *c.Impact), "its own impact takes the whole edge"})
		}
		out = append(out, s)
	}
	if c := f.Cutoff; c != nil {
		out = append(out, section{Title: "The model's cut-off", Rows: [][]string{{"out of sample", "days", "return", "Sharpe", "P above 0"},
			{"before (in-sample)", fmt.Sprint(c.Before.Days), report.Percent(c.Before.Return), report.Ratio(c.Before.Sharpe), number(c.Before.PSR, 3)},
			{"after", fmt.Sprint(c.After.Days), report.Percent(c.After.Return), report.Ratio(c.After.Sharpe), number(c.After.PSR, 3)}}})
	}
	if h := f.Holdout; h != nil {
		out = append(out, section{Title: "Hold-out", Rows: [][]string{{"", "strategy", "buy and hold"}, {"return", report.Percent(h.Figures.Return), report.Percent(h.Hold.Return)},
			{"Sharpe", report.Ratio(h.Figures.Sharpe), report.Ratio(h.Hold.Sharpe)}, {"max drawdown", report.Percent(h.Figures.MaxDrawdown), report.Percent(h.Hold.MaxDrawdown)}},
			Note: fmt.Sprintf("%s to %s, %d days unseen before look %d", h.From.Format(date), h.To.Format(date), h.Unseen, b.Inputs.Looks)})
	}
	if len(f.Missing) > 0 {
		s := section{Title: "Not measured", Rows: [][]string{{"", ""}}}
		for _, name := range slices.Sorted(maps.Keys(f.Missing)) {
			s.Rows = append(s.Rows, []string{name, f.Missing[name]})
		}
		out = append(out, s)
	}
	return out
}

func verdictSection(what string, v *Verdict) section {
	s := section{Title: what + ": " + map[bool]string{true: "ALLOWED", false: "REFUSED"}[v.Pass], Rows: [][]string{{"", "", ""}}}
	for _, r := range v.Reasons {
		s.Rows = append(s.Rows, []string{mark(r), r.Code, r.Text})
	}
	return s
}

func mark(r research.Reason) string {
	switch {
	case r.Passed:
		return "ok"
	case r.Advisory:
		return "note"
	}
	return "NO"
}

func number(v *float64, digits int) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, *v)
}

// WriteText writes a bundle for a terminal of the given width (columns; at least 60 is assumed). Plain text, no colour.
func (b *Bundle) WriteText(w io.Writer, hash string, width int) error {
	width = max(60, width)
	out := bufio.NewWriter(w)
	for _, s := range b.sections() {
		fmt.Fprintf(out, "%s\n", s.Title)
		widths := columnWidths(s.Rows)
		for i, row := range s.Rows {
			if i == 0 && strings.Join(row, "") == "" {
				continue
			}
			textRow(out, row, widths, width)
		}
		if s.Note != "" {
			textRow(out, []string{s.Note}, []int{0}, width)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "Evidence %s\n", hash)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(r)-1 || len(r) > 3 || len(r) == 2 && len(cell) < 24 {
				widths[i] = max(widths[i], len([]rune(cell)))
			}
		}
	}
	return widths
}

// textRow writes cells in columns; the last one is wrapped into what is left of the width.
func textRow(out *bufio.Writer, row []string, widths []int, width int) {
	line := " "
	for i, cell := range row[:len(row)-1] {
		line += " " + cell + strings.Repeat(" ", max(0, widths[i]-len([]rune(cell))))
	}
	indent := len([]rune(line)) + 1
	room := max(16, width-indent)
	for i, part := range wrapText(row[len(row)-1], room) {
		if i > 0 {
			line = strings.Repeat(" ", indent-1)
		}
		fmt.Fprintln(out, strings.TrimRight(line+" "+part, " "))
	}
}

func wrapText(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}

// WriteHTML writes a bundle as one self-contained page: nothing is loaded from anywhere, and every text is escaped.
func (b *Bundle) WriteHTML(w io.Writer, hash string) error {
	t, err := template.New("evidence").Parse(page)
	if err != nil {
		return fmt.Errorf("write evidence page: %w", err)
	}
	err = t.Execute(w, struct {
		Title, Hash string
		Paper, Live bool
		Sections    []section
	}{b.Inputs.Name, hash, b.Paper.Pass, b.Live.Pass, b.sections()})
	if err != nil {
		return fmt.Errorf("write evidence page: %w", err)
	}
	return nil
}
