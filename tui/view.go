package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// The lines above and below a page, and the smallest terminal that is drawn in.
const (
	headerLines = 2
	footerLines = 2
	minWidth    = 40
	minHeight   = 10
)

// View draws the whole terminal.
func (m *Model) View() tea.View {
	frame, caret := m.frame()
	v := tea.NewView(frame)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "omc · " + m.pages[m.at].Title()
	if caret != nil {
		v.Cursor = tea.NewCursor(caret.X, caret.Y)
	}
	return v
}

// frame gives exactly h lines of w columns, and where the caret is.
func (m *Model) frame() (string, *page.Caret) {
	if m.w <= 0 || m.h <= 0 {
		return "", nil
	}
	if m.w < minWidth || m.h < minHeight {
		return widget.Block([]string{"omc needs " + strconv.Itoa(minWidth) + "×" + strconv.Itoa(minHeight), "this is " + strconv.Itoa(m.w) + "×" + strconv.Itoa(m.h)}, m.w, m.h), nil
	}
	h := m.h - headerLines - footerLines
	body, caret := m.pages[m.at].View(page.Env{Theme: &m.theme, Now: m.now, Embedded: m.glance.status.Embedded}, m.w, h)
	body = widget.Block(strings.Split(body, "\n"), m.w, h)
	if caret != nil && caret.Y < h {
		caret = &page.Caret{X: caret.X, Y: caret.Y + headerLines}
	} else {
		caret = nil
	}
	if m.over != nil {
		body, caret = m.cover(body, h)
	}
	line, lineCaret := m.line()
	if lineCaret != nil {
		caret = lineCaret
	}
	frame := page.Rows(m.header(), m.tabs(), body, line, m.keyBar())
	if m.theme.ASCII {
		frame = widget.ASCII(frame)
	}
	return frame, caret
}

func (m *Model) tab(i int) string {
	s := strconv.Itoa(i+1) + " " + m.pages[i].Title()
	if i == m.at {
		return "[" + s + "]"
	}
	return " " + s + " "
}

// tabs is the line with the pages' names and the time.
func (m *Model) tabs() string {
	t := &m.theme
	var b strings.Builder
	for i := range m.pages {
		if i == m.at {
			b.WriteString(t.Header.Render(m.tab(i)))
		} else {
			b.WriteString(t.Muted.Render(m.tab(i)))
		}
	}
	clock := m.now.UTC().Format("Mon 2 Jan 15:04:05") + " UTC "
	if m.w < 80 {
		clock = m.now.UTC().Format("15:04:05") + " "
	}
	left := b.String()
	return widget.Fit(left, m.w-len(clock)) + t.Muted.Render(clock)
}

// cover draws what lies above the page in a box in the middle of it.
func (m *Model) cover(body string, h int) (string, *page.Caret) {
	t := &m.theme
	inner := 84
	if m.w < inner+16 { // beside the box less than a word of the page would show: it takes the whole width
		inner = m.w - 4
	}
	lines, caret := m.over.lines(m, inner, h-2)
	lines = lines[:min(len(lines), h-2)]
	x, y := (m.w-inner-4)/2, max(0, (h-len(lines)-2)/3)
	box := make([]string, 0, len(lines)+2)
	box = append(box, t.Accent.Render("╭"+strings.Repeat("─", inner+2)+"╮"))
	for _, l := range lines {
		box = append(box, t.Accent.Render("│")+" "+widget.Fit(l, inner)+" "+t.Accent.Render("│"))
	}
	box = append(box, t.Accent.Render("╰"+strings.Repeat("─", inner+2)+"╯"))
	under := strings.Split(body, "\n")
	for i, l := range box {
		if y+i < len(under) {
			under[y+i] = widget.Overlay(under[y+i], l, x, m.w)
		}
	}
	if caret != nil {
		caret = &page.Caret{X: x + 2 + caret.X, Y: headerLines + y + 1 + caret.Y}
	}
	return strings.Join(under, "\n"), caret
}
