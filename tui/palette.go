package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// palette finds an action, a session, a market or an algorithm by the words of its command, or by a few letters of them.
type palette struct {
	input *page.Input
	all   []page.Entry // shown where nothing is written
	opens int          // from here on all opens something: what a bare name is taken for
	deep  []page.Entry // every command on every thing: shown where words ask for them
	found []page.Entry
	list  page.List
	lost  string   // words that name nothing, and were left out
	flags []string // what the palette does not take
	moved bool     // the person chose a line since the newest letter
}

func newPalette(m *Model) *palette {
	p := &palette{input: page.NewInput("")}
	p.collect(m)
	return p
}

// collect takes what the pages can do and know now; it is called again as their answers come.
func (p *palette) collect(m *Model) {
	p.all, p.deep = nil, nil
	seen := map[string]bool{}
	add := func(to *[]page.Entry, e page.Entry) {
		if !seen[e.Title] {
			seen[e.Title] = true
			*to = append(*to, e)
		}
	}
	for _, pg := range m.pages {
		for _, a := range pg.Actions() {
			if a.Verb != "" {
				add(&p.all, actionEntry(pg, &a))
			}
		}
	}
	p.opens = len(p.all)
	for _, pg := range m.pages {
		for _, e := range listEntries(pg) {
			add(&p.all, e)
		}
	}
	for _, pg := range m.pages {
		for _, e := range pg.Entries() {
			for i, made := range objectEntries(pg, e) {
				if i == 0 {
					add(&p.all, made)
				} else {
					add(&p.deep, made)
				}
			}
		}
	}
	add(&p.all, page.Entry{Title: "help", Help: "every key of this page", Msg: helpMsg{}})
	add(&p.all, page.Entry{Title: "quit", Help: "leave the workstation", Msg: quitMsg{}})
	at, moved := p.list, p.moved
	p.search()
	p.list, p.moved = at, moved
	p.list.Move(0, len(p.found))
}

type quitMsg struct{}

func (p *palette) key(m *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	switch k.String() {
	case "esc", "ctrl+c", "ctrl+p":
		return nil, nil
	case "up", "down", "tab":
		p.moved = true
		p.list.Move(map[string]int{"up": -1, "down": 1, "tab": 1}[k.String()], len(p.found))
	case "enter":
		if len(p.found) == 0 || p.lost != "" && !p.moved { // what was written is not what stands in the first line
			return p, nil
		}
		msg := p.found[p.list.Cursor].Msg
		m.over = nil
		cmd := m.choose(msg)
		if len(p.flags) > 0 {
			cmd = tea.Batch(cmd, m.deliver(page.Notice{Text: "left out: " + strings.Join(p.flags, " ") + "; the dialog asks what it needs", Bad: true}))
		}
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

// search keeps what the words name, the best first. Words at the end that name nothing are left out, and said.
func (p *palette) search() {
	words, flags := commandLine(p.input.Text())
	p.found, p.list, p.lost, p.moved, p.flags = p.all, page.List{}, "", false, flags
	if goal, ok := goalEntry(p.input.Text()); ok {
		p.found, p.flags = []page.Entry{goal}, nil
		return
	}
	if len(words) == 0 {
		return
	}
	every := ofCommand(words, slices.Concat(p.all[p.opens:], p.all[:p.opens], p.deep))
	for n := len(words); n > 0; n-- {
		if p.found = rank(words[:n], every); len(p.found) > 0 {
			p.lost = strings.Join(words[n:], " ")
			return
		}
	}
}

func (p *palette) lines(m *Model, w, h int) ([]string, *page.Caret) {
	t := &m.theme
	text, x := p.input.View(max(1, w-2))
	said := ""
	switch {
	case len(p.found) == 0:
		said = t.Muted.Render("nothing is called that; esc goes back")
	case p.lost != "":
		said = t.Warn.Render(widget.Truncate("nothing here is called “"+widget.Neutralise(p.lost)+"”; without it, ↑↓ choose one of these:", w))
	case len(p.flags) > 0:
		said = t.Warn.Render(widget.Truncate("left out: "+widget.Neutralise(strings.Join(p.flags, " ")), w))
	}
	out := []string{t.Accent.Render(": ") + text, said}
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
