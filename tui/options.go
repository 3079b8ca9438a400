package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/page/algorithms"
	"github.com/ohmycoins/omc/tui/page/floor"
	"github.com/ohmycoins/omc/tui/page/lab"
	"github.com/ohmycoins/omc/tui/page/ledgers"
	"github.com/ohmycoins/omc/tui/page/ops"
	"github.com/ohmycoins/omc/tui/theme"
)

// frameTime is the shortest time between two redraws that a stream causes.
const frameTime = 100 * time.Millisecond

// Options are what the workstation needs.
type Options struct {
	Client  Client
	Clock   clock.Clock  // nil: the wall clock
	Theme   *theme.Theme // nil: chosen from the terminal, its background asked for
	NoColor bool
	Version string
	Page    string    // noun of the first page: lab, data, algo, floor, daemon; "" is lab
	Input   io.Reader // nil: the terminal
	Output  io.Writer // nil: the terminal
	Environ []string  // NAME=value; nil: the process's
}

// New makes the workstation's model. Calls that it starts end with ctx.
func New(ctx context.Context, o Options) *Model {
	if o.Clock == nil {
		o.Clock = clock.Wall{}
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	run := page.NewRunner(ctx, frameTime)
	m := &Model{
		client: o.Client, clock: o.Clock, run: run, version: o.Version,
		theme: theme.For(theme.Dark), noColor: o.NoColor,
		// What the terminal answers to the question for its background comes later and counts more.
		dark: theme.DarkBackground(tea.EnvMsg(o.Environ).Getenv("COLORFGBG")),
		pages: []page.Page{
			lab.New(o.Client, run), ledgers.New(o.Client, run), algorithms.New(o.Client, run), floor.New(o.Client, run), ops.New(o.Client, run),
		},
		tick: func() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} }) },
	}
	if o.NoColor {
		m.theme = theme.For(theme.NoColor)
	}
	if o.Theme != nil {
		m.theme, m.fixed = *o.Theme, true
	}
	m.now = o.Clock.Now()
	for i, p := range m.pages {
		if p.Noun() == o.Page {
			m.at = i
		}
	}
	return m
}

// Run shows the workstation until the person quits or ctx ends.
func Run(ctx context.Context, o Options) error {
	m := New(ctx, o)
	defer m.run.Close()
	opts := []tea.ProgramOption{tea.WithContext(ctx), tea.WithFPS(30)}
	if o.Input != nil {
		opts = append(opts, tea.WithInput(o.Input))
	}
	if o.Environ != nil {
		opts = append(opts, tea.WithEnvironment(o.Environ))
	}
	if o.Output != nil {
		opts = append(opts, tea.WithOutput(o.Output))
	}
	program := tea.NewProgram(m, opts...)
	defer onHangup(program)()
	if _, err := program.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("workstation: %w", err)
	}
	return nil
}
