// Package ledgers is the workstation's page of what omc knows: of the markets coins with their coverage, candles
// and gaps; and the newest of the other ledgers: quotes, news and posts, events, figures of chains, flows of wallets. It only reads.
package ledgers

import (
	"context"
	"math"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// Client is what the page asks.
type Client interface {
	Coverage(ctx context.Context) ([]ledger.Coverage, error)
	Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error)
	Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error)
	Quotes(ctx context.Context, q api.DataQuery) (api.Quotes, error)
	Sentiment(ctx context.Context, q api.DataQuery) (api.SentimentData, error)
	CatalystEvents(ctx context.Context, q api.DataQuery) (api.Catalysts, error)
	OnChainMetrics(ctx context.Context, q api.DataQuery) (api.OnChain, error)
	SmartMoneyFlows(ctx context.Context, q api.DataQuery) (api.SmartMoney, error)
}

// The panes, in tab order.
const (
	coins = iota
	chart
	gaps
	panes
)

const (
	pollEvery  = 5 * time.Second
	sparkBars  = 168 // hours in a sparkline
	sparkBatch = 40  // markets whose sparkline is asked for, besides the chosen one
)

// intervals are the choices of the interval keys, in seconds.
var intervals = []market.Interval{60, 300, 900, 3600, 4 * 3600, 86400, 7 * 86400}

// spans are how many bars the chart shows, as the range keys step through them.
var spans = []int{60, 120, 240, 480, 960}

// Page is the ledgers.
type Page struct {
	page.NoText

	client Client
	run    *page.Runner

	loaded  bool
	waiting bool
	asked   time.Time
	err     error
	all     []ledger.Coverage
	chosen  string // market and stored interval of the row under the cursor
	market  string
	pane    int
	opened  bool
	cursor  page.List
	filter  string
	sparks  map[string]spark // by market and stored interval
	fresh   map[string]bool  // whose spark is of the bars as they are now
	asking  string           // whose sparkline is under way

	interval market.Interval // of the chart; 0: as stored
	span     int             // index into spans
	end      time.Time       // of the chart's last bar; zero: the newest
	bars     bars
	barsFor  string // what the newest question asked
	cross    int    // bars back from the newest one; −1: no crosshair
	gaps     gapList
	gapPos   page.List

	view  int // which ledger is shown
	now   time.Time
	shelf [views]book
	asset string // whose figures are shown; "": of all coins
}

type bars struct {
	key     string
	prices  api.Prices
	candles []widget.Candle
	err     error
}

type gapList struct {
	market string
	api.Gaps
	err error
}

// New makes the page.
func New(c Client, run *page.Runner) *Page {
	return &Page{client: c, run: run, sparks: map[string]spark{}, fresh: map[string]bool{}, cross: -1, span: 1}
}

// Title is the page's name.
func (p *Page) Title() string { return "Ledgers" }

// Noun is the command line's.
func (p *Page) Noun() string { return "data" }

type (
	coverageMsg struct {
		all []ledger.Coverage
		err error
	}
	sparkMsg struct {
		key string
		spark
	}
	barsMsg struct{ bars }
	gapsMsg struct{ gapList }
)

func key(c *ledger.Coverage) string { return c.Market.String() + " " + c.Interval.String() }

// Poll asks for the ledger that is shown; of prices for what there is, and for the chart where it shows the newest bars.
func (p *Page) Poll(now time.Time) tea.Cmd {
	p.now = now
	book := p.askBook(now)
	if p.waiting || p.loaded && (book != nil || p.view != priceView || now.Sub(p.asked) < pollEvery) {
		return book
	}
	p.waiting, p.asked = true, now
	return tea.Batch(book, page.Read(p.run, p.client.Coverage, func(all []ledger.Coverage, err error) tea.Msg { return coverageMsg{all, err} }))
}

// Update takes answers and requests.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case coverageMsg:
		p.waiting, p.loaded, p.err = false, true, msg.err
		if msg.err == nil {
			if changed(p.all, msg.all) {
				p.barsFor, p.gaps, p.fresh = "", gapList{}, map[string]bool{}
			}
			p.all = msg.all
		}
		return tea.Batch(p.choose(), p.nextSpark())
	case sparkMsg:
		p.sparks[msg.key], p.fresh[msg.key], p.asking = msg.spark, true, ""
		return p.nextSpark()
	case barsMsg:
		if msg.key == p.barsFor {
			p.bars = msg.bars
		}
	case gapsMsg:
		if msg.market == p.chosen {
			p.gaps = msg.gapList
		}
	case bookMsg:
		return p.takeBook(msg)
	case assetMsg:
		return p.setAsset(msg.asset)
	case page.OpenMarket:
		p.view, p.filter, p.opened, p.pane = priceView, "", true, chart
		for i := range p.all {
			if p.all[i].Market.String() == msg.Market {
				p.chosen = key(&p.all[i])
				break
			}
		}
		return p.choose()
	}
	return nil
}

// changed says whether the ledgers hold other bars than before.
func changed(a, b []ledger.Coverage) bool {
	if len(a) != len(b) {
		return true
	}
	for i := range a {
		if a[i].Bars != b[i].Bars || !a[i].Last.Equal(b[i].Last) || a[i].Market != b[i].Market {
			return true
		}
	}
	return false
}

func (p *Page) shown() []ledger.Coverage {
	if p.filter == "" {
		return p.all
	}
	var out []ledger.Coverage
	for i := range p.all {
		c := &p.all[i]
		text := key(c)
		for _, s := range c.Sources {
			text += " " + s
		}
		if page.Matches(text, p.filter) {
			out = append(out, *c)
		}
	}
	return out
}

// item gives the chosen market's coverage, nil where there is none.
func (p *Page) item() *ledger.Coverage {
	for i := range p.all {
		if key(&p.all[i]) == p.chosen {
			return &p.all[i]
		}
	}
	return nil
}

// choose keeps the cursor on the chosen market, or takes the one under it, and loads its bars and gaps.
func (p *Page) choose() tea.Cmd {
	shown := p.shown()
	found := false
	for i := range shown {
		if key(&shown[i]) == p.chosen {
			p.cursor.Cursor, found = i, true
		}
	}
	if !found && len(shown) > 0 {
		p.cursor.Move(0, len(shown))
		p.chosen = key(&shown[p.cursor.Cursor])
	}
	c := p.item()
	if c == nil {
		return nil
	}
	if p.market != p.chosen {
		p.market, p.interval, p.end, p.cross = p.chosen, 0, time.Time{}, -1
	}
	return tea.Batch(p.loadBars(c), p.loadGaps(c))
}

// shownInterval is the chart's interval: the chosen one, or the one as stored.
func (p *Page) shownInterval(c *ledger.Coverage) market.Interval {
	if p.interval == 0 {
		return c.Interval
	}
	return p.interval
}

func (p *Page) loadBars(c *ledger.Coverage) tea.Cmd {
	iv := p.shownInterval(c)
	q := api.PriceQuery{Market: c.Market.String(), Interval: iv.String(), Limit: spans[p.span]}
	if !p.end.IsZero() {
		q.To = p.end.UTC().Format(time.RFC3339)
	}
	k := q.Market + " " + q.Interval + " " + q.To + " " + strconv.Itoa(q.Limit)
	if k == p.barsFor {
		return nil
	}
	p.barsFor = k
	client := p.client
	return page.Read(p.run, func(ctx context.Context) (bars, error) {
		prices, err := client.Prices(ctx, q)
		return bars{key: k, prices: prices, candles: candles(prices.Rows)}, err
	}, func(b bars, err error) tea.Msg { b.key, b.err = k, err; return barsMsg{b} })
}

// candles turns rows into what the chart draws. Missing bars are no candles: the chart leaves their time empty.
func candles(rows []api.Price) []widget.Candle {
	out := make([]widget.Candle, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		volume := math.NaN()
		if r.Volume != nil {
			volume = r.Volume.Float64()
		}
		out = append(out, widget.Candle{Time: r.Timestamp, Open: r.Open.Float64(), High: r.High.Float64(), Low: r.Low.Float64(), Close: r.Close.Float64(), Volume: volume})
	}
	return out
}

func (p *Page) loadGaps(c *ledger.Coverage) tea.Cmd {
	if p.gaps.market == p.chosen {
		return nil
	}
	k, client := p.chosen, p.client
	p.gaps, p.gapPos = gapList{market: k}, page.List{}
	q := api.PriceQuery{Market: c.Market.String(), Interval: c.Interval.String(), Limit: 500}
	return page.Read(p.run, func(ctx context.Context) (api.Gaps, error) { return client.Gaps(ctx, q) },
		func(g api.Gaps, err error) tea.Msg { return gapsMsg{gapList{k, g, err}} })
}
