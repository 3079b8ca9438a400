package algorithms

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

var names = [panes]string{"Algorithms", "Figures", "Evidence", "Trades", "Code"}

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	switch {
	case p.err != nil && len(p.all) == 0:
		return page.Pane(t, "Algorithms", "", false, page.Fail(t, w, page.Explain("list algorithms", p.err)), w, h), nil
	case !p.loaded:
		return page.Pane(t, "Algorithms", "", false, []string{"", "  loading…"}, w, h), nil
	case len(p.all) == 0:
		return page.Pane(t, "Algorithms", "", false, page.Teach(t, w,
			"Here are the algorithms: what the lab found and what you wrote, with the evidence of their worth, and how far they have come: draft, validated, paper, live.",
			"", "There is none yet. Let the lab look for one: page 1, i, a goal, enter.", "", e.Shell(),
			" omc lab run \"find a momentum strategy on BTC\"", " omc algo backtest ema-cross --market BTC/USDT", " omc demo"), w, h), nil
	}
	if w < 100 {
		if !p.opened {
			return page.Pane(t, "Algorithms", p.note(), true, p.listRows(e, w, h-1), w, h), nil
		}
		return page.Rows(page.TabsOf(t, names[:], p.pane, w, p.labels()...), widget.Block(p.paneRows(e, w, h-1), w, h-1)), nil
	}
	if w < 150 {
		n := max(6, min(len(p.shown())+2, h/3))
		top := page.Pane(t, "Algorithms", p.note(), p.pane == list, p.listRows(e, w, n-1), w, n)
		left := w * 11 / 20
		curve := page.Pane(t, p.heading(), p.mark(), false, p.curve(e, left, h-n-1), left, h-n)
		right := w - left - 1
		body := page.Rows(page.Tabs(t, names[1:], max(0, p.pane-1), right), widget.Block(p.detailRows(e, right, h-n-1), right, h-n-1))
		return page.Rows(top, page.Columns(t, h-n, curve, body)), nil
	}
	left := w * 9 / 20
	n := max(8, min(len(p.shown())+2, h/3))
	right := w - left - 1
	column := page.Rows(page.Pane(t, "Algorithms", p.note(), p.pane == list, p.listRows(e, left, n-1), left, n),
		page.Pane(t, p.heading(), p.mark(), false, p.curve(e, left, h-n-1), left, h-n))
	body := page.Rows(page.Tabs(t, names[1:], max(0, p.pane-1), right), widget.Block(p.detailRows(e, right, h-1), right, h-1))
	return page.Columns(t, h, column, body), nil
}

func (p *Page) note() string {
	if p.filter == "" {
		return ""
	}
	return "filter: " + widget.Neutralise(p.filter)
}

// labels are the heading with the mark of made-up prices; the longest that fits is drawn.
func (p *Page) labels() []string {
	a := p.item()
	if a == nil {
		return nil
	}
	name := widget.Neutralise(a.Name)
	if p.mark() != "" {
		return []string{p.heading() + " SIM", name + " SIM", "SIM " + name}
	}
	return []string{p.heading(), name}
}

func (p *Page) heading() string {
	a := p.item()
	if a == nil {
		return "Equity"
	}
	return widget.Neutralise(a.Name) + " " + page.Short(a.ID)
}

func (p *Page) mark() string {
	if a := p.item(); a != nil && (a.Provenance.Simulated || a.Report != nil && a.Report.Simulated) {
		return "SIM: made-up prices"
	}
	return ""
}

func stateStyle(t *theme.Theme, s strategy.State) *lipgloss.Style {
	switch s {
	case strategy.Paper:
		return &t.Paper
	case strategy.Live:
		return &t.Danger
	case strategy.Validated:
		return &t.Up
	}
	return &t.Muted
}

// badges say in words what evidence there is.
func badges(a *api.Algorithm) string {
	var out []string
	if a.Provenance.Simulated {
		out = append(out, "SIM")
	}
	e := a.Evidence
	if e == nil {
		return strings.Join(append(out, "no evidence"), " ")
	}
	if len(e.WalkForward) > 0 && string(e.WalkForward) != "null" {
		out = append(out, "walk-forward")
	}
	if len(e.LookAhead) > 0 && string(e.LookAhead) != "null" {
		out = append(out, "look-ahead")
	}
	failed := 0
	for _, r := range e.Reasons {
		if !r.Passed && !r.Advisory {
			failed++
		}
	}
	switch {
	case failed > 0:
		out = append(out, "✗"+strconv.Itoa(failed))
	case len(e.Reasons) > 0:
		out = append(out, "✓")
	}
	return strings.Join(out, " ")
}

func (p *Page) listRows(e page.Env, w, h int) []string {
	t, shown := e.Theme, p.shown()
	if len(shown) == 0 {
		return page.Teach(t, w, "No algorithm is like that. Press esc to see all.")
	}
	cols := []page.Column{{Title: "name", Max: 24}, {Title: "id", Keep: 6}, {Title: "state"}, {Title: "markets", Keep: 5, Max: 20}, {Title: "bars", Keep: 2},
		{Title: "evidence", Keep: 7, Max: 32}, {Title: "DSR", Right: true, Keep: 8}, {Title: "trials", Right: true, Keep: 4}, {Title: "age", Right: true, Keep: 3}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		a := &shown[i]
		dsr, trials := page.None, strconv.Itoa(a.Provenance.TrialsBefore)
		if a.Evidence != nil {
			dsr, trials = page.Ratio(a.Evidence.DSR), strconv.Itoa(a.Evidence.Trials)
		}
		rows[i] = []page.Cell{page.Text(a.Name), page.Styled(page.Short(a.ID), &t.Muted), page.Styled(string(a.State), stateStyle(t, a.State)), page.Text(markets(a)),
			page.Text(a.Content.Interval.String()), page.Text(badges(a)), page.Text(dsr), page.Text(trials), page.Text(page.Since(e.Now, a.CreatedAt))}
	}
	return page.Table(t, cols, rows, &p.cursor, p.pane == list, w, h)
}

func markets(a *api.Algorithm) string {
	out := make([]string, len(a.Content.Markets))
	for i, m := range a.Content.Markets {
		out[i] = m.String()
	}
	return strings.Join(out, " ")
}

// paneRows is the pane with the focus, on a narrow terminal.
func (p *Page) paneRows(e page.Env, w, h int) []string {
	if p.pane == figures && h >= 14 {
		n := 8
		return append(strings.Split(widget.Block(p.curve(e, w, n), w, n), "\n"), p.detailRows(e, w, h-n)...)
	}
	return p.detailRows(e, w, h)
}

// detailRows is the chosen pane of the detail.
func (p *Page) detailRows(e page.Env, w, h int) []string {
	t, a := e.Theme, p.item()
	switch {
	case a == nil:
		return nil
	case p.detErr != nil:
		return page.Fail(t, w, page.Explain("show "+a.Name, p.detErr))
	case p.detail == nil:
		return []string{"", "  loading…"}
	}
	var lines []string
	pane := max(p.pane, figures)
	switch pane {
	case figures:
		lines = figureRows(t, a, e.Shell(), w)
	case gate:
		lines = gateRows(t, a, p.verdict, w)
	case trades:
		lines = tradeRows(t, a, w)
	case code:
		lines = codeRows(t, a, w)
	}
	shown, below := p.scrolls[pane].Head(lines, h)
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(" ↓ "+strconv.Itoa(below+1)+" more lines"))
	}
	return shown
}

// curve draws equity above drawdown.
func (p *Page) curve(e page.Env, w, h int) []string {
	t, a := e.Theme, p.item()
	if a == nil || h < 3 {
		return nil
	}
	if a.Report == nil || len(a.Report.Curve) < 2 {
		if p.detail == nil {
			return []string{"", "  loading…"}
		}
		return page.Teach(t, w, "No backtest is kept, so there is no equity to draw. "+e.Shell(), " omc algo backtest "+a.ID[:min(12, len(a.ID))]+" --walk-forward 5")
	}
	r := a.Report
	equity, hold, down := r.Curves()
	drawn := widget.Performance{From: r.Curve[0].Time, To: r.Curve[len(r.Curve)-1].Time, Equity: equity, Hold: hold, Drawdown: down,
		Return: page.Percent(r.Strat.Return), HoldReturn: page.Percent(r.Hold.Return)}
	return drawn.Lines(t, w, h)
}

// monthRows is the grid of monthly returns.
func monthRows(t *theme.Theme, r *report.Report, w int) []string {
	if len(r.Months) == 0 {
		return nil
	}
	months := make([]widget.Month, len(r.Months))
	years := map[int]bool{}
	for i, m := range r.Months {
		months[i] = widget.Month{Year: m.Year, Month: time.Month(m.Month), Return: m.Return}
		years[m.Year] = true
	}
	out := []string{"", t.Title.Render(" Monthly returns, %")}
	const mostLines = 5 // of a year where the grid is narrow; what is not used is blank
	for _, l := range strings.Split(widget.Months(t, months, w-2, (len(years)+1)*mostLines), "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, " "+l)
		}
	}
	return out
}

func figureRows(t *theme.Theme, a *api.Algorithm, shell string, w int) []string {
	var out []string
	if r := a.Report; r != nil {
		n := max(10, min(15, (w-20)/2)) // of a figure: a narrow pane takes from the space between
		out = append(out, t.Muted.Render(widget.Fit("", 20)+widget.FitRight("strategy", n)+widget.FitRight("buy and hold", n)))
		for _, f := range figureList(r) {
			out = append(out, " "+widget.Fit(f[0], 19)+widget.FitRight(f[1], n)+t.Muted.Render(widget.FitRight(f[2], n)))
		}
		for _, name := range slices.Sorted(maps.Keys(r.Strat.Reasons)) {
			out = append(out, widget.Wrap(t.Muted.Render(" no "+widget.Neutralise(name)+": "+widget.Neutralise(r.Strat.Reasons[name])), w-1)...)
		}
		out = append(out, monthRows(t, r, w)...)
	} else {
		out = append(out, page.Teach(t, w, "No backtest is kept of it yet. "+shell, " omc algo backtest "+a.ID[:min(12, len(a.ID))]+" --walk-forward 5")...)
	}
	out = append(out, "", t.Title.Render(" Parameters and provenance"))
	return append(out, provenance(t, a)...)
}

// figureList is label, strategy, buy and hold.
func figureList(r *report.Report) [][3]string {
	s, h := &r.Strat, &r.Hold
	q := ""
	if len(r.Markets) > 0 {
		q = " " + widget.Neutralise(string(r.Markets[0].Quote))
	}
	return [][3]string{
		{"Final equity" + q, page.Amount(s.FinalEquity), page.Amount(h.FinalEquity)}, {"Return", page.Percent(s.Return), page.Percent(h.Return)},
		{"CAGR", page.Percent(s.CAGR), page.Percent(h.CAGR)}, {"Volatility", page.Share(s.Volatility), page.Share(h.Volatility)},
		{"Sharpe", page.Ratio(s.Sharpe), page.Ratio(h.Sharpe)}, {"Sortino", page.Ratio(s.Sortino), page.Ratio(h.Sortino)}, {"Calmar", page.Ratio(s.Calmar), page.Ratio(h.Calmar)},
		{"Max drawdown", page.Percent(s.MaxDrawdown), page.Percent(h.MaxDrawdown)}, {"Drawdown length", report.Span(s.DrawdownSeconds), report.Span(h.DrawdownSeconds)},
		{"Exposure", page.Share(s.Exposure), page.Share(h.Exposure)}, {"Turnover per year", page.Ratio(s.Turnover), page.Ratio(h.Turnover)},
		{"Fees paid" + q, page.Amount(s.Fees), page.Amount(h.Fees)}, {"Closed trades", page.Count(int64(s.Trades)), page.Count(int64(h.Trades))},
		{"Win rate", page.Share(s.WinRate), page.Share(h.WinRate)}, {"Profit factor", page.Ratio(s.ProfitFactor), page.Ratio(h.ProfitFactor)},
	}
}

func provenance(t *theme.Theme, a *api.Algorithm) []string {
	v := &a.Provenance
	by := widget.Neutralise(v.Author)
	switch {
	case v.Session != "":
		by = "the lab, model " + widget.Neutralise(v.Model) + ", session " + page.Short(v.Session)
	case v.Model != "":
		by = widget.Neutralise(v.Model) + ", trained up to " + page.Day(v.ModelCutoff)
	case by == "":
		by = "a person"
	}
	params := page.Params(a.Content.Params)
	if params == "" {
		params = "none declared"
	}
	fact := func(l, s string) string { return page.Fact(t, l, s, 10) }
	return []string{
		fact("parameters", params), fact("markets", widget.Neutralise(markets(a))+", "+a.Content.Interval.String()+" bars"),
		fact("state", t.Bold.Render(string(a.State))+" since "+page.Minute(a.StateSince)), fact("made by", by),
		fact("data", page.Day(v.DataFrom)+" to "+page.Day(v.DataTo)+t.Muted.Render("  "+short(v.DataHash))), fact("trials", page.Count(int64(v.TrialsBefore))+" before it"),
		fact("code", short(v.CodeHash)), fact("id", widget.Neutralise(a.ID)),
	}
}

func short(hash string) string {
	hash = widget.Neutralise(hash)
	return hash[:min(12, len(hash))]
}

func gateRows(t *theme.Theme, a *api.Algorithm, verdict string, w int) []string {
	var out []string
	for _, l := range evidenceLines(a) {
		out = append(out, widget.Wrap(" "+l, w-1)...)
	}
	add := func(title string, list []research.Reason) {
		if len(list) > 0 {
			out = append(out, "", t.Title.Render(" "+title))
		}
		for i := range list {
			for _, l := range page.Reason(t, &list[i], w-2) {
				out = append(out, " "+l)
			}
		}
	}
	if verdict != "" {
		out = append(out, "")
		for _, l := range widget.Wrap(verdict, w-4) {
			out = append(out, " "+t.Warn.Render(l))
		}
	}
	if a.Evidence != nil {
		add("What the lab found", a.Evidence.Reasons)
	}
	add("The gate to "+string(a.State.Next()), a.Gate)
	return out
}

func tradeRows(t *theme.Theme, a *api.Algorithm, w int) []string {
	if a.Report == nil || len(a.Report.Trades) == 0 {
		return page.Teach(t, w, "No trade: it never took a position in its backtest, or no backtest is kept.")
	}
	list := a.Report.Trades
	cols := []page.Column{{Title: "entry"}, {Title: "exit", Keep: 6}, {Title: "coin", Keep: 3}, {Title: "in at", Right: true, Keep: 5}, {Title: "out at", Right: true, Keep: 4},
		{Title: "P&L", Right: true}, {Title: "return", Right: true, Keep: 8}}
	rows := make([][]page.Cell, len(list))
	for i := range list {
		x := &list[len(list)-1-i] // newest first
		exit := "open"
		if x.Exit != nil {
			exit = page.Minute(*x.Exit)
		}
		rows[i] = []page.Cell{page.Text(page.Minute(x.Entry)), page.Text(exit), page.Text(string(x.Market.Base)), page.Text(page.Price(x.EntryPrice)), page.Text(page.Price(x.ExitPrice)),
			page.Styled(page.Gain(x.PnL), t.Signed(float64(x.PnL.Sign()))), page.Styled(page.Percent(&x.Return), t.Signed(x.Return))}
	}
	return page.Table(t, cols, rows, nil, false, w, len(rows)+1)
}

func codeRows(t *theme.Theme, a *api.Algorithm, w int) []string {
	var out []string
	for i, l := range widget.NeutraliseLines(a.Content.Script) {
		out = append(out, t.Muted.Render(widget.FitRight(strconv.Itoa(i+1), 4))+" "+widget.Truncate(l, w-6))
	}
	return out
}
