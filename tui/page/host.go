package page

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
)

// StatusClient is what Host asks.
type StatusClient interface {
	Status(ctx context.Context) (api.Status, error)
}

// Host is what a page knows of the omc that it talks to. The zero Host has not asked yet.
type Host struct {
	asked    bool
	embedded bool
}

type hostMsg struct {
	embedded bool
	err      error
}

// Ask asks once whether omc works in this very process. The answer reaches every page.
func (h *Host) Ask(r *Runner, c StatusClient) tea.Cmd {
	if h.asked {
		return nil
	}
	h.asked = true
	return Read(r, c.Status, func(s api.Status, err error) tea.Msg { return hostMsg{s.Embedded, err} })
}

// Take takes the answer; other messages are left alone.
func (h *Host) Take(msg tea.Msg) {
	if m, ok := msg.(hostMsg); ok {
		h.asked, h.embedded = m.err == nil, m.embedded
	}
}

// Shell is the line that stands above commands for a shell. Without a daemon this process holds the data directory, and another omc
// is refused until it has ended.
func (h *Host) Shell() string {
	if h.embedded {
		return "Press q first: while no daemon runs, this omc keeps the data to itself. Then in a shell:"
	}
	return "In a shell:"
}
