package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

// The size of a page as text, and how long Plain waits for its answers.
const (
	plainWidth  = 120
	plainHeight = 60
	plainWait   = 20 * time.Second
)

// Plain writes one page once as text, without escape sequences, for screen readers and scripts. noun is the page's: lab, data, algo,
// floor, daemon.
func Plain(ctx context.Context, o Options, noun string, w io.Writer) error {
	none := theme.For(theme.NoColor)
	o.Theme, o.Page = &none, noun
	ctx, cancel := context.WithTimeout(ctx, plainWait)
	defer cancel()
	m := New(ctx, o)
	defer m.run.Close()
	known := make([]string, 0, len(m.pages))
	for _, p := range m.pages {
		known = append(known, p.Noun())
	}
	if m.pages[m.at].Noun() != noun {
		return fmt.Errorf("page %.20q: want one of %s", noun, strings.Join(known, ", "))
	}
	m.tick = func() tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: plainWidth, Height: plainHeight})
	settle(m, m.Init())
	if m.glance.err != nil {
		return fmt.Errorf("page %s: %w", noun, m.glance.err)
	}
	body, _ := m.pages[m.at].View(page.Env{Theme: &m.theme, Now: m.now}, plainWidth, plainHeight-headerLines)
	lines := strings.Split(m.header()+"\n"+body, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if _, err := fmt.Fprintln(w, text); err != nil {
		return fmt.Errorf("write page %s: %w", noun, err)
	}
	return nil
}

// settle runs a command and all that follows from it, one after the other. Of a stream it takes the first batch only: a stream may
// never end.
func settle(m *Model, cmd tea.Cmd) {
	queue := []tea.Cmd{cmd}
	for n := 0; len(queue) > 0 && n < 10_000; n++ {
		next := queue[0]
		queue = queue[1:]
		if next == nil {
			continue
		}
		switch msg := next().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			_, follow := m.Update(msg)
			if !page.FromStream(msg) {
				queue = append(queue, follow)
			}
		}
	}
}
