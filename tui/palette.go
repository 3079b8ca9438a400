package tui

import (
	"sort"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// palette finds an action, a session, a market or an algorithm by a few letters of its command.
type palette struct {
	input *page.Input
	all   []page.Entry
	found []page.Entry
	list  page.List
}

func newPalette(m *Model) *palette {
	p := &palette{input: page.NewInput("")}
	p.collect(m)
	return p
}

// collect takes what the pages can do and know now; it is called again as their answers come.
func (p *palette) collect(m *Model) {
	p.all = nil
	for _, pg := range m.pages {
		for _, a := range pg.Actions() {
			if a.Verb != "" {
				e := page.Entry{Title: pg.Noun() + " " + a.Verb, Help: a.Help, Msg: actMsg{pg.Noun(), a.Key}}
				if a.Off != "" {
					e.Help, e.Msg = "not now: "+a.Off, page.Notice{Text: a.Label + ": " + a.Off, Bad: true}
				}
				p.all = append(p.all, e)
			}
		}
	}
	for _, pg := range m.pages {
		p.all = append(p.all, page.Entry{Title: pg.Noun(), Help: "open " + pg.Title(), Msg: page.Goto{Noun: pg.Noun()}})
	}
	for _, pg := range m.pages {
		p.all = append(p.all, pg.Entries()...)
	}
	p.all = append(p.all, page.Entry{Title: "quit", Help: "leave the workstation", Msg: quitMsg{}})
	at := p.list
	p.search()
	p.list = at
	p.list.Move(0, len(p.found))
}

type quitMsg struct{}

func (p *palette) key(m *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	switch k.String() {
	case "esc", "ctrl+c", "ctrl+p":
		return nil, nil
	case "up":
		p.list.Move(-1, len(p.found))
	case "down", "tab":
		p.list.Move(1, len(p.found))
	case "enter":
		if len(p.found) == 0 {
			return p, nil
		}
		msg := p.found[p.list.Cursor].Msg
		m.over = nil
		cmd := m.deliver(msg)
		return m.over, cmd
	default:
		p.input.Key(k)
		p.search()
	}
	return p, nil
}

func (p *palette) paste(text string) {
	p.input.Insert(text)
	p.search()
}

// search keeps what matches, the best first.
func (p *palette) search() {
	type hit struct {
		e     page.Entry
		score int
	}
	var hits []hit
	for _, e := range p.all {
		if s, ok := fuzzy(p.input.Text(), e.Title); ok {
			hits = append(hits, hit{e, s})
		} else if s, ok := fuzzy(p.input.Text(), e.Title+" "+e.Help); ok {
			hits = append(hits, hit{e, s - 1000})
		}
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	p.found, p.list = nil, page.List{}
	for _, h := range hits {
		p.found = append(p.found, h.e)
	}
}

// fuzzy says whether the letters of query occur in text in their order, and how well: letters that follow each other or start a
// word count more, and a shorter text is better.
func fuzzy(query, text string) (int, bool) {
	q := []rune(strings.ToLower(strings.ReplaceAll(query, " ", "")))
	if len(q) == 0 {
		return 0, true
	}
	score, run, n := 0, 0, 0
	prev := ' '
	for _, r := range strings.ToLower(text) {
		if n < len(q) && r == q[n] {
			n++
			run++
			score += run * 4
			if !unicode.IsLetter(prev) && !unicode.IsDigit(prev) {
				score += 10
			}
		} else {
			run = 0
		}
		prev = r
	}
	return score - len(text)/4, n == len(q)
}

func (p *palette) lines(m *Model, w, h int) ([]string, *page.Caret) {
	t := &m.theme
	text, x := p.input.View(max(1, w-2))
	out := []string{t.Accent.Render(": ") + text, ""}
	if len(p.found) == 0 {
		out = append(out, t.Muted.Render("nothing is called that; esc goes back"))
	}
	from, to := p.list.Window(len(p.found), min(14, h-3))
	for i := from; i < to; i++ {
		e := p.found[i]
		name := widget.Fit(widget.Neutralise(e.Title), min(42, w/2))
		line := widget.Fit("  "+name+"  "+t.Muted.Render(widget.Neutralise(e.Help)), w)
		if i == p.list.Cursor {
			line = t.Selected.Render(widget.Fit("▸ "+name+"  "+widget.Neutralise(e.Help), w))
		}
		out = append(out, line)
	}
	return out, &page.Caret{X: 2 + x}
}

func (p *palette) keys() []page.Action {
	return []page.Action{{Key: "enter", Label: "do it"}, {Key: "↑↓", Label: "choose"}, {Key: "esc", Label: "back"}}
}
