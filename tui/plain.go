package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/page/algorithms"
	"github.com/ohmycoins/omc/tui/page/floor"
	"github.com/ohmycoins/omc/tui/page/lab"
	"github.com/ohmycoins/omc/tui/page/ledgers"
	"github.com/ohmycoins/omc/tui/page/ops"
	"github.com/ohmycoins/omc/tui/theme"
)

// plainHeader is wider than any header, and plainWait is how long Plain waits for its answers.
const (
	plainHeader = 400
	plainWait   = 60 * time.Second
)

// Plain writes one page once as lines of words, for screen readers and pipes: one column, no escape sequence, nothing drawn. It waits
// for all that the page shows. noun is the page's: lab, data, algo, floor, daemon.
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
	settle(m, m.glance.poll(m))
	if m.glance.err != nil {
		return fmt.Errorf("page %s: %w", noun, m.glance.err)
	}
	body, err := words(ctx, o.Client, noun, m.now)
	if err != nil {
		return fmt.Errorf("page %s: %w", noun, err)
	}
	head := []string{m.pages[m.at].Title() + ", " + page.Minute(m.now) + " UTC"}
	m.w = plainHeader
	head = append(head, headerWords(m.header()))
	for _, s := range m.wrong() {
		head = append(head, "wrong: "+s)
	}
	text := strings.Join(append(append(head, ""), body...), "\n")
	if _, err := fmt.Fprintln(w, text); err != nil {
		return fmt.Errorf("write page %s: %w", noun, err)
	}
	return nil
}

// headerWords is the header without its marks, a comma where blanks part it.
func headerWords(header string) string {
	header = strings.NewReplacer("✓ ", "", "! ", "", " · ", "  ", " omc ", "  ").Replace(header)
	var parts []string
	for part := range strings.SplitSeq(header, "  ") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// words asks for a page in words.
func words(ctx context.Context, c Client, noun string, now time.Time) ([]string, error) {
	switch noun {
	case "lab":
		return lab.Plain(ctx, c, now)
	case "data":
		return ledgers.Plain(ctx, c, now)
	case "algo":
		return algorithms.Plain(ctx, c, now)
	case "floor":
		return floor.Plain(ctx, c, now)
	}
	return ops.Plain(ctx, c, now)
}

// settle runs a command and all that follows from it, one after the other.
func settle(m *Model, cmd tea.Cmd) {
	queue := []tea.Cmd{cmd}
	for n := 0; len(queue) > 0 && n < 1000; n++ {
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
			queue = append(queue, follow)
		}
	}
}
