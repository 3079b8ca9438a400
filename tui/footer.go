package tui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// line is the one above the footer: the filter being written, or the newest notice.
func (m *Model) line() (string, *page.Caret) {
	t := &m.theme
	if m.filter != nil {
		label := " filter " + m.pages[m.at].FilterName() + " › "
		text, x := m.filter.View(max(1, m.w-widget.Width(label)))
		return widget.Fit(t.Accent.Render(label)+text, m.w), &page.Caret{X: widget.Width(label) + x, Y: m.h - footerLines}
	}
	if m.notice.Text == "" {
		return widget.Fit(m.filterMark(), m.w), nil
	}
	text := widget.Neutralise(m.notice.Text)
	if m.notice.Bad {
		return widget.Fit(t.Danger.Render(" ! ")+text, m.w), nil
	}
	return widget.Fit(t.Up.Render(" ✓ ")+text, m.w), nil
}

// filterMark says that a filter is kept, and what it hides.
func (m *Model) filterMark() string {
	f, ok := m.pages[m.at].(page.Filtered)
	if !ok {
		return ""
	}
	text, hidden := f.Filtered()
	if text == "" {
		return ""
	}
	out := " filter: " + widget.Neutralise(text)
	if hidden > 0 {
		out += ", " + strconv.Itoa(hidden) + " hidden"
	}
	return m.theme.Warn.Render(out + "; esc shows all")
}

// keyItem is one key of the footer.
type keyItem struct {
	key, text string
	common    bool // works on every page
}

// giveWay says which key leaves a footer that is too narrow: those that work on every page first, but not the one that lists all of
// them; then the page's last.
func giveWay(items []keyItem) int {
	for _, key := range []string{"/", ":", "q", "alt+1…5", "ctrl+p"} {
		for i, it := range items {
			if it.common && it.key == key {
				return i
			}
		}
	}
	for i := len(items) - 1; i > 0; i-- {
		if !items[i].common {
			return i
		}
	}
	return len(items) - 1
}

// keyBar lists the keys that work now. A key that does not work is shown with the reason where there is room, and left out else.
func (m *Model) keyBar() string {
	t := &m.theme
	var items []keyItem
	width := 1
	add := func(a page.Action, off string) {
		s := t.Accent.Render(a.Key) + " " + a.Label
		if off != "" {
			s = t.Muted.Render(a.Key + " " + a.Label + " (" + off + ")")
		}
		items = append(items, keyItem{a.Key, s, a.Common})
		width += widget.Width(s) + 2
	}
	var off []page.Action
	for _, a := range m.footer() {
		switch {
		case a.Quiet:
		case a.Off != "":
			off = append(off, a)
		default:
			add(a, "")
		}
	}
	for _, a := range off {
		if w := widget.Width(a.Key + " " + a.Label + " (" + a.Off + ")"); width+w+2 <= m.w {
			add(a, a.Off)
		}
	}
	for width > m.w && len(items) > 1 {
		at := giveWay(items)
		width -= widget.Width(items[at].text) + 2
		items = slices.Delete(items, at, at+1)
	}
	var b strings.Builder
	b.WriteByte(' ')
	for _, i := range items {
		b.WriteString(i.text + "  ")
	}
	return widget.Fit(strings.TrimRight(b.String(), " "), m.w)
}
