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
	case "down", "j", "pgdown", "space":
		h.Move(3)
	case "up", "k", "pgup":
		h.Move(-3)
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
			line := "  " + t.Accent.Render(widget.Fit(a.Key, 10)) + " " + text
			if a.Off != "" {
				line = t.Muted.Render("  " + widget.Fit(a.Key, 10) + " " + text + " (not now: " + a.Off + ")")
			}
			out = append(out, widget.Truncate(line, w))
		}
	}
	add(p.Actions())
	out = append(out, "", t.Title.Render("Everywhere"))
	add(m.commonKeys())
	add([]page.Action{
		{Key: "alt+1…5", Help: "change the page while writing"}, {Key: "ctrl+p", Help: "the command palette while writing"},
		{Key: "↑↓ j k", Help: "move; pgup, pgdown, home and end move further"}, {Key: "mouse", Help: "the wheel scrolls, a click on a page's name opens it"},
	})
	if m.version != "" {
		out = append(out, "", t.Muted.Render("omc "+widget.Neutralise(m.version)))
	}
	shown, below := h.Head(out, height-1)
	if below > 0 {
		return append(shown, t.Muted.Render("  ↓ more")), nil
	}
	return shown, nil
}

func (h *help) keys() []page.Action {
	return []page.Action{{Key: "↑↓", Label: "scroll"}, {Key: "esc", Label: "back"}}
}
