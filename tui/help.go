package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// help lists every key of the page and of the workstation.
type help struct{ page.Scroll }

func (h *help) key(_ *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	switch k.String() {
	case "down", "j":
		h.Move(3)
	case "up", "k":
		h.Move(-3)
	case "pgdown", "space":
		h.Move(12)
	case "pgup":
		h.Move(-12)
	case "home", "g":
		h.Move(-1 << 30)
	case "end", "G":
		h.Move(1 << 30)
	case "esc", "?", "q", "enter", "ctrl+c":
		return nil, nil
	}
	return h, nil
}

func (h *help) paste(string) {}

func (h *help) lines(m *Model, w, height int) ([]string, *page.Caret) {
	t := &m.theme
	p := m.pages[m.at]
	out := []string{t.Title.Render(p.Title() + ": every key")}
	add := func(actions []page.Action) {
		for _, a := range actions {
			text := a.Help
			if text == "" {
				text = a.Label
			}
			style := &t.Accent
			if a.Off != "" {
				text, style = text+" (not now: "+a.Off+")", &t.Muted
			}
			for i, l := range widget.Wrap(text, max(8, w-13)) {
				key := ""
				if i == 0 {
					key = a.Key
				}
				if a.Off != "" {
					l = t.Muted.Render(l)
				}
				out = append(out, widget.Truncate("  "+style.Render(widget.Fit(key, 10))+" "+l, w))
			}
		}
	}
	add(p.Actions())
	out = append(out, "", t.Title.Render("Everywhere"))
	add(m.commonKeys())
	add([]page.Action{
		{Key: "alt+1…5", Help: "change the page while writing"}, {Key: "ctrl+p", Help: "the command palette while writing"},
		{Key: "↑↓ j k", Help: "move; pgup, pgdown, home, end and G move further"}, {Key: "mouse", Help: "the wheel scrolls, a click opens a page or chooses a row"},
	})
	if m.version != "" {
		out = append(out, "", t.Muted.Render("omc "+widget.Neutralise(m.version)))
	}
	shown, below := h.Head(out, height-1)
	if below > 0 {
		return append(shown, t.Muted.Render("  ↓ more: ↑↓ pgdn G")), nil
	}
	return shown, nil
}

func (h *help) keys() []page.Action {
	return []page.Action{{Key: "↑↓", Label: "scroll"}, {Key: "esc", Label: "back"}}
}
