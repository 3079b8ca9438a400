package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
)

// actMsg runs an action of a page: what the palette gives.
type actMsg struct{ noun, key string }

// press routes a key: what lies above the page first, then the filter line, then the page's text, then the keys of every page,
// then the page's own.
func (m *Model) press(k tea.KeyPressMsg) tea.Cmd {
	p := m.pages[m.at]
	key := k.String()
	switch {
	case key == "ctrl+z":
		return tea.Suspend
	case m.over != nil:
		before := m.over
		next, cmd := before.key(m, k)
		if m.over == before { // else what the key gave has already put another there
			m.over = next
		}
		return cmd
	case m.filter != nil:
		m.writeFilter(k)
		return nil
	case key == "ctrl+p":
		return m.openPalette()
	case len(key) == 5 && key[:4] == "alt+" && key[4] >= '1' && key[4] <= '9':
		return m.show(int(key[4] - '1'))
	case p.Typing():
		return p.Type(k)
	}
	if cmd, ok := m.global(key, p); ok {
		return cmd
	}
	if key == "G" { // the end, as in a pager
		key = "end"
	}
	for _, a := range p.Actions() {
		if a.Key == key && a.Off != "" {
			return m.deliver(page.Notice{Text: a.Label + ": " + a.Off, Bad: true})
		}
	}
	return p.Do(key)
}

// global runs the keys that work on every page.
func (m *Model) global(key string, p page.Page) (tea.Cmd, bool) {
	switch key {
	case "1", "2", "3", "4", "5":
		n, _ := strconv.Atoi(key) // one of the digits above
		return m.show(n - 1), true
	case ":":
		return m.openPalette(), true
	case "?":
		m.over = &help{}
		return nil, true
	case "/":
		if p.FilterName() == "" {
			return m.deliver(page.Notice{Text: "filter: nothing to filter here", Bad: true}), true
		}
		m.filter = page.NewInput("")
		return nil, true
	case "esc":
		if m.notice.Text != "" {
			m.notice = page.Notice{}
		} else {
			p.Back()
		}
		return nil, true
	case "q":
		return m.quit(), true
	case "ctrl+c":
		for _, a := range p.Actions() {
			if a.Key == key && a.Off == "" {
				return p.Do(key), true
			}
		}
		return m.quit(), true
	}
	return nil, false
}

// openPalette shows the palette and lets every page load what it can name.
func (m *Model) openPalette() tea.Cmd {
	m.over = newPalette(m)
	cmds := make([]tea.Cmd, len(m.pages))
	for i, p := range m.pages {
		cmds[i] = p.Poll(m.now)
	}
	return tea.Batch(cmds...)
}

func (m *Model) writeFilter(k tea.KeyPressMsg) {
	p := m.pages[m.at]
	switch k.String() {
	case "esc", "ctrl+c":
		p.Filter("")
		m.filter = nil
	case "enter":
		m.filter = nil
	default:
		m.filter.Key(k)
		p.Filter(m.filter.Text())
	}
}

// quit ends the program; it asks first where that would stop something.
func (m *Model) quit() tea.Cmd {
	stops := m.stopsWithUs()
	if len(stops) == 0 {
		return tea.Quit
	}
	lines := append([]string{"No daemon runs: what works in this process pauses when it ends.", ""}, stops...)
	lines = append(lines, "", "'omc daemon start' keeps them running without the workstation.")
	m.over = newConfirm(page.Confirm{Title: "Quit and pause?", Lines: lines, Label: "quit", Yes: tea.Quit})
	return nil
}

// footer lists the keys that work now.
func (m *Model) footer() []page.Action {
	switch {
	case m.over != nil:
		return m.over.keys()
	case m.filter != nil:
		return []page.Action{{Key: "enter", Label: "keep"}, {Key: "esc", Label: "clear"}}
	}
	p := m.pages[m.at]
	if p.Typing() {
		return append(p.Actions(), page.Action{Key: "alt+1…5", Label: "pages", Common: true}, page.Action{Key: "ctrl+p", Label: "command", Common: true})
	}
	return append(p.Actions(), m.commonKeys()...)
}

func (m *Model) commonKeys() []page.Action {
	filter := page.Action{Key: "/", Label: "filter", Help: "narrow the list by words"}
	if name := m.pages[m.at].FilterName(); name == "" {
		filter.Off, filter.Quiet = "nothing to filter here", true
	}
	out := []page.Action{
		filter,
		{Key: ":", Label: "command", Help: "find any action, session, market or algorithm by name"},
		{Key: "?", Label: "keys", Help: "this list"},
		{Key: "1…5", Label: "pages", Help: "change the page", Quiet: true},
		{Key: "esc", Label: "back", Help: "leave what was opened last", Quiet: true},
		{Key: "ctrl+z", Label: "suspend", Help: "back to the shell; fg comes back here", Quiet: true},
		{Key: "q", Label: "quit", Help: "leave the workstation; asks only if something would stop"},
	}
	for i := range out {
		out[i].Common = true
	}
	return out
}
