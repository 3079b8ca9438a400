package ledgers

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// The views of the page: prices have panes of their own, each other ledger is a list with what its chosen record says.
const (
	priceView = iota
	quoteView
	newsView
	eventView
	chainView
	walletView
	views
)

// bookRows bounds what is asked of a ledger; of texts it is as many again for posts. Figures are more, as the newest of each series is
// looked for among them.
const (
	bookRows   = 300
	figureRows = 3000
	maxListed  = 500              // records that are kept, whatever comes
	slowly     = 30 * time.Second // what moves by the minute or less often
)

// record is one row of a ledger, as it is listed and as it is read.
type record struct {
	key  string // stays the same as newer ones land
	find string // what a filter looks in
	row  func(e page.Env) []page.Cell
	full func(e page.Env, w int) []string
	say  func(now time.Time) []string // in words, for a reader
}

// book is what the page knows of one ledger.
type book struct {
	asked   time.Time
	waiting bool
	loaded  bool
	err     error
	records []record
	total   int // of which records are the first
	notes   []string
	list    page.List
	chosen  string
	scroll  page.Scroll
	filter  string
	opened  bool // the record has the focus; on a narrow screen it stands alone
}

// kind is one ledger: its names, its columns, and where it comes from.
type kind struct {
	title string
	verb  string // the command line's
	key   string
	help  string
	many  string // what a filter narrows
	cols  []page.Column
	every time.Duration // how often it is asked for
	load  func(ctx context.Context, c Client, asset string) ([]record, []string, error)
	empty string // what it is
	fill  string // the command that fills it, beside the daemon
}

type (
	bookMsg struct {
		view    int
		asset   string
		records []record
		notes   []string
		err     error
	}
	assetMsg struct{ asset string }
)

// kinds gives the ledger of a view.
func kinds(view int) *kind {
	var k kind
	switch view {
	case quoteView:
		k = quoteKind()
	case newsView:
		k = newsKind()
	case eventView:
		k = eventKind()
	case chainView:
		k = chainKind()
	case walletView:
		k = walletKind()
	default:
		k = kind{title: "Prices", verb: "coins", key: "P", help: "the markets: prices, coverage, candles, gaps", many: "coins"}
	}
	return &k
}

// book gives the ledger that is shown, nil for prices.
func (p *Page) book() *book {
	if p.view == priceView {
		return nil
	}
	return &p.shelf[p.view]
}

// askBook asks for the ledger that is shown when it is time.
func (p *Page) askBook(now time.Time) tea.Cmd {
	b := p.book()
	if b == nil || b.waiting || b.loaded && now.Sub(b.asked) < kinds(p.view).every {
		return nil
	}
	b.waiting, b.asked = true, now
	c, k, m := p.client, kinds(p.view), bookMsg{view: p.view, asset: p.asset}
	return page.Read(p.run, func(ctx context.Context) (bookMsg, error) {
		var err error
		m.records, m.notes, err = k.load(ctx, c, m.asset)
		return m, err
	}, func(got bookMsg, err error) tea.Msg {
		m.records, m.notes, m.err = got.records, got.notes, err
		return m
	})
}

func (p *Page) takeBook(m bookMsg) tea.Cmd {
	b := &p.shelf[m.view]
	b.waiting = false
	if m.view == chainView && m.asset != p.asset { // another coin was asked for meanwhile
		return p.askBook(p.now)
	}
	b.loaded, b.err = true, m.err
	if m.err == nil {
		b.total = len(m.records)
		b.records, b.notes = m.records[:min(len(m.records), maxListed)], m.notes
		b.keep()
	}
	return nil
}

// shown are the records that the filter leaves.
func (b *book) shown() []record {
	if b.filter == "" {
		return b.records
	}
	var out []record
	for i := range b.records {
		if page.Matches(b.records[i].find, b.filter) {
			out = append(out, b.records[i])
		}
	}
	return out
}

// keep leaves the cursor on the record that it was on while others come and go.
func (b *book) keep() {
	shown := b.shown()
	for i := range shown {
		if shown[i].key == b.chosen {
			b.list.Cursor = i
			return
		}
	}
	b.list.Move(0, len(shown))
	b.scroll = page.Scroll{}
	if len(shown) > 0 {
		b.chosen = shown[b.list.Cursor].key
	}
}

// move moves the cursor, or scrolls the record that has the focus.
func (b *book) move(n int) {
	if b.opened {
		b.scroll.Move(n)
		return
	}
	shown := b.shown()
	b.list.Move(n, len(shown))
	b.scroll = page.Scroll{}
	if len(shown) > 0 {
		b.chosen = shown[b.list.Cursor].key
	}
}

// item is the chosen record, nil where there is none.
func (b *book) item() *record {
	shown := b.shown()
	for i := range shown {
		if shown[i].key == b.chosen {
			return &shown[i]
		}
	}
	return nil
}

// turn shows another ledger.
func (p *Page) turn(view int) tea.Cmd {
	p.view = (view%views + views) % views
	return p.askBook(p.now)
}

// viewActions are the keys that choose the ledger.
func (p *Page) viewActions() []page.Action {
	out := []page.Action{{Key: "v", Label: "view", Help: "the next ledger: prices, quotes, news, events, on-chain, wallets; V goes back"},
		{Key: "V", Label: "view back", Help: "the ledger before", Quiet: true}}
	for v := range views {
		k := kinds(v)
		out = append(out, page.Action{Key: k.key, Label: strings.ToLower(k.title), Help: k.help, Verb: k.verb, Quiet: true})
	}
	return out
}

func (p *Page) bookActions() []page.Action {
	b, none := p.book(), ""
	if len(b.shown()) == 0 {
		none = "nothing is listed"
	}
	open := page.Action{Key: "enter", Label: "read", Help: "read the record whole; the arrows scroll it", Off: none}
	if b.opened {
		open = page.Action{Key: "tab", Label: "list", Help: "back to the list"}
	}
	out := []page.Action{open}
	if p.view == chainView {
		out = append(out, page.Action{Key: "a", Label: "coin…", Help: "ask for the figures of one coin, or of all"})
	}
	return append(out, p.viewActions()...)
}

// doBook runs a key while a ledger beside the prices is shown.
func (p *Page) doBook(key string) tea.Cmd {
	b := p.book()
	switch key {
	case "enter":
		b.opened = b.item() != nil
	case "tab", "shift+tab":
		b.opened = !b.opened && b.item() != nil
	case "up", "down", "j", "k", "pgup", "pgdown", "home", "end":
		b.move(map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key])
	case "a":
		if p.view == chainView {
			return p.run.Send(page.Prompt{Title: "Whose figures?", Label: "show", Value: p.asset, Lines: []string{"A coin, like BTC or AAVE; all for the newest of every coin."},
				Do: func(text string) tea.Cmd { return func() tea.Msg { return assetMsg{text} } }})
		}
	}
	return nil
}

// setAsset asks for the figures of one coin.
func (p *Page) setAsset(text string) tea.Cmd {
	asset := strings.ToUpper(strings.TrimSpace(text))
	if asset == "ALL" {
		asset = ""
	}
	p.asset = asset
	b := &p.shelf[chainView]
	*b = book{filter: b.filter, waiting: b.waiting}
	return p.askBook(p.now)
}

func coinList(coins []market.Coin) string {
	s := make([]string, len(coins))
	for i, c := range coins {
		s[i] = string(c)
	}
	return strings.Join(s, " ")
}

// facts draws names and values, those without a value left out.
func facts(e page.Env, w int, pairs ...[2]string) []string {
	var out []string
	for _, f := range pairs {
		if f[1] == "" || f[1] == page.None {
			continue
		}
		for i, l := range widget.Wrap(f[1], max(8, w-13)) {
			label := f[0]
			if i > 0 {
				label = ""
			}
			out = append(out, page.Fact(e.Theme, label, l, 10))
		}
	}
	return out
}

// prose wraps a text of others, its line breaks kept.
func prose(text string, w int) []string {
	var out []string
	for _, line := range widget.NeutraliseLines(strings.TrimSpace(text)) {
		for _, l := range widget.Wrap(line, max(8, w-2)) {
			out = append(out, " "+l)
		}
	}
	return out
}

// when writes a moment for a record: how far it is, and exactly.
func when(e page.Env, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	far := page.Since(e.Now, t)
	if !t.After(e.Now) {
		far += " ago"
	}
	return far + ", " + page.MomentSeconds(e.Now, t) + " UTC"
}
