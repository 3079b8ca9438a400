package floor

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// The speeds that the dialog starts with, times real speed.
const (
	replaySpeed = 3600
	simSpeed    = 300
)

// startChoice is what the start dialog knows of what would be started. It is asked for while the dialog stands.
type startChoice struct {
	id    string
	a     *api.Algorithm
	cover []ledger.Coverage
	err   error
}

type startInfoMsg struct{ startChoice }

// load asks for the algorithm and for what of its markets is stored.
func (c *startChoice) load(p *Page, id string) tea.Cmd {
	*c = startChoice{id: id}
	client := p.client
	return page.Read(p.run, func(ctx context.Context) (startChoice, error) {
		got := startChoice{id: id}
		list, err := client.Algorithms(ctx)
		if err != nil {
			return got, err
		}
		for i := range list {
			if list[i].ID == id {
				got.a = &list[i]
			}
		}
		got.cover, err = client.Coverage(ctx)
		return got, err
	}, func(got startChoice, err error) tea.Msg {
		got.err = err
		return startInfoMsg{got}
	})
}

func (c *startChoice) take(msg startInfoMsg) {
	if msg.id == c.id {
		*c = msg.startChoice
	}
}

// lines say what would be started: market, interval, money and window.
func (c *startChoice) lines() []string {
	paper := "Paper: orders are filled by omc's own simulator, with fees and slippage; no venue hears of them."
	switch {
	case c.err != nil:
		return []string{page.Explain("read what would be started", c.err), paper}
	case c.a == nil:
		return []string{"loading what would be started…", "", "", paper}
	}
	d, content := report.Default(), &c.a.Content
	names := make([]string, len(content.Markets))
	quote := ""
	for i, m := range content.Markets {
		names[i], quote = widget.Neutralise(m.String()), widget.Neutralise(string(m.Quote))
	}
	out := []string{
		"trades   " + strings.Join(names, " ") + " on bars of " + content.Interval.String() + parameters(content.Params),
		"cash     " + page.Amount(d.Cash) + " " + quote + ", fee " + d.FeeBps.String() + " and slippage " + d.SlippageBps.String() + " basis points",
		"replay   " + c.window(),
	}
	return append(out, paper)
}

func parameters(m map[string]float64) string {
	if len(m) == 0 {
		return ""
	}
	return ", " + page.Params(m)
}

// window is what a replay would play: from where the algorithm's data and evidence end to the last stored bar.
func (c *startChoice) window() string {
	seen := c.a.Provenance.DataTo
	if e := c.a.Evidence; e != nil && e.DataTo.After(seen) {
		seen = e.DataTo
	}
	var last time.Time
	for _, m := range c.a.Content.Markets {
		for _, k := range c.cover {
			iv := c.a.Content.Interval
			if k.Market != m || k.Bars == 0 || k.Interval > iv || iv%k.Interval != 0 {
				continue
			}
			if end := k.Last.Add(k.Interval.Duration()); end.After(last) {
				last = end
			}
		}
	}
	switch {
	case last.IsZero():
		return "not possible: no bars of its markets are stored"
	case !seen.Before(last):
		return "not possible: no bar is stored after its own data, which ends " + page.Minute(seen)
	}
	return page.Minute(seen) + " to " + page.Minute(last) + " UTC"
}

// feeds lets the person choose where prices come from.
func (p *Page) feeds(id, name string) tea.Cmd {
	start := func(r api.FloorRequest) tea.Cmd {
		r.Algorithm, r.Paper = id, true
		c := p.client
		return page.Work(p.run, func(ctx context.Context) (api.FloorSession, error) { return c.StartFloor(ctx, r) }, func(s api.FloorSession, err error) tea.Msg {
			return doneMsg{text: "started " + widget.Neutralise(s.Strategy) + " " + page.Short(s.ID) + " on paper", doing: "start " + name, session: s.ID, err: err}
		})
	}
	return p.run.Send(page.Choice{
		Title: "Start " + widget.Neutralise(name) + " " + page.Short(id) + " on paper: which prices?",
		Now:   func() []string { return p.start.lines() },
		Options: []page.Option{
			{Label: "coinspot", Help: "CoinSpot's public prices, until it is stopped", Do: start(api.FloorRequest{Feed: "coinspot"})},
			{Label: "replay", Help: "stored bars after its data, " + times(replaySpeed) + " real speed", Do: start(api.FloorRequest{Feed: "replay", Speed: replaySpeed})},
			{Label: "sim", Help: "made-up prices (SIM), from now on, " + times(simSpeed) + " real speed", Do: start(api.FloorRequest{Feed: "sim", Speed: simSpeed})},
			{Label: "look", Help: "a replay into the sealed newest bars, which is counted",
				Do: start(api.FloorRequest{Feed: "replay", Speed: replaySpeed, AcceptRisk: []string{api.RiskHoldout}})},
		},
	})
}

func times(n int64) string { return page.Count(n) + "×" }

// contentText is what an algorithm trades, on one line.
func contentText(c *strategy.Content) string {
	names := make([]string, len(c.Markets))
	for i, m := range c.Markets {
		names[i] = widget.Neutralise(m.String())
	}
	return strings.Join(names, " ") + " " + c.Interval.String() + "  " + page.Params(c.Params)
}
