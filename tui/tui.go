// Package tui is the workstation in the terminal: one model that routes keys and messages to five pages and draws the header, the
// footer and what lies above the pages. It makes no call and reads no file in Update or View: everything that takes time is a
// command, and everything it knows comes from a Client.
package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

// tickMsg comes every second.
type tickMsg struct{}

// Model is the workstation. Make one with New.
type Model struct {
	client  Client
	clock   clock.Clock
	run     *page.Runner
	version string
	tick    func() tea.Cmd

	theme   theme.Theme
	fixed   bool // the theme was given, the terminal does not change it
	noColor bool
	env     tea.EnvMsg
	dark    bool

	w, h   int
	now    time.Time
	pages  []page.Page
	at     int
	glance glance
	over   overlay // what lies above the page, nil for nothing
	notice page.Notice
	noted  time.Time
	filter *page.Input // the filter line while it is written
}

// overlay is something above the page that takes every key.
type overlay interface {
	// key answers a key: the overlay that follows (nil closes), and a command.
	key(m *Model, k tea.KeyPressMsg) (overlay, tea.Cmd)
	paste(text string)
	// lines draws it for at most w columns and h lines, with the place of the caret, if any.
	lines(m *Model, w, h int) ([]string, *page.Caret)
	keys() []page.Action
}

// Init starts the clock, asks the terminal for its background, and loads the first page.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.tick(), m.glance.poll(m), m.pages[m.at].Poll(m.now)}
	if !m.fixed {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(cmds...)
}

// Update takes one message, and what the pages ask for while they take it. It never blocks.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmds := []tea.Cmd{m.take(msg)}
	for sent := m.run.Sent(); len(sent) > 0; sent = m.run.Sent() {
		for _, s := range sent {
			cmds = append(cmds, m.deliver(s))
		}
	}
	return m, tea.Batch(cmds...)
}

func (m *Model) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		return nil
	case tea.EnvMsg:
		m.env = msg
		m.retheme()
		return nil
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.retheme()
		return nil
	case tea.ResumeMsg:
		// What stands on the screen is the shell's, and the size may be another.
		m.now = m.clock.Now()
		return tea.Batch(tea.ClearScreen, tea.RequestWindowSize, m.glance.poll(m), m.pages[m.at].Poll(m.now))
	case tickMsg:
		m.now = m.clock.Now()
		if m.notice.Text != "" && !m.notice.Keep && m.now.Sub(m.noted) > 12*time.Second {
			m.notice = page.Notice{}
		}
		return tea.Batch(m.tick(), m.glance.poll(m), m.pages[m.at].Poll(m.now))
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseWheelMsg:
		m.wheel(msg)
		return nil
	case tea.MouseClickMsg:
		return m.click(msg)
	}
	return m.deliver(msg)
}

// deliver takes what is no key and no mouse: requests of the pages to the program, and answers to the pages.
func (m *Model) deliver(msg tea.Msg) tea.Cmd {
	m.now = m.clock.Now()
	var cmds []tea.Cmd
	switch msg := msg.(type) {
	case nil:
		return nil
	case quitMsg:
		return m.quit()
	case glanceMsg:
		return m.glance.take(m, msg)
	case page.Notice:
		m.notice, m.noted = msg, m.now
		return nil
	case page.Confirm:
		m.over = newConfirm(msg)
		return nil
	case page.Choice:
		m.over = &choice{Choice: msg}
		return nil
	case page.Prompt:
		m.over = newPrompt(msg)
		return nil
	case page.Goto:
		return m.open(msg.Noun)
	case actMsg:
		return tea.Batch(m.open(msg.noun), m.pages[m.at].Do(msg.key))
	case page.OpenAlgorithm:
		cmds = append(cmds, m.open("algo"))
	case page.OpenMarket:
		cmds = append(cmds, m.open("data"))
	case page.OpenCollector:
		cmds = append(cmds, m.open("daemon"))
	case page.OpenLab:
		cmds = append(cmds, m.open("lab"))
	case page.OpenFloor, page.StartFloor:
		cmds = append(cmds, m.open("floor"))
	}
	for _, p := range m.pages {
		cmds = append(cmds, p.Update(msg))
	}
	if over, ok := m.over.(*palette); ok {
		over.collect(m)
	}
	return tea.Batch(cmds...)
}

// open shows the page of a noun.
func (m *Model) open(noun string) tea.Cmd {
	for i, p := range m.pages {
		if p.Noun() == noun {
			return m.show(i)
		}
	}
	return nil
}

func (m *Model) show(i int) tea.Cmd {
	if i < 0 || i >= len(m.pages) {
		return nil
	}
	m.at, m.filter = i, nil
	return m.pages[i].Poll(m.now)
}

// retheme chooses the theme from what the terminal said of itself.
func (m *Model) retheme() {
	if m.fixed {
		return
	}
	noColor := m.noColor || m.env.Getenv("NO_COLOR") != ""
	m.theme = theme.For(theme.Detect(noColor, m.env.Getenv("TERM"), m.env.Getenv("COLORTERM"), m.dark))
	m.theme.ASCII = plainGlyphs(m.env)
}

// plainGlyphs says whether the terminal cannot show boxes and braille: the console, or a locale that is set and not UTF-8.
func plainGlyphs(env tea.EnvMsg) bool {
	switch env.Getenv("TERM") {
	case "linux", "vt100", "dumb":
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(env.Getenv(name)); v != "" {
			return !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")
		}
	}
	return false
}

func (m *Model) paste(text string) tea.Cmd {
	switch {
	case m.over != nil:
		m.over.paste(text)
	case m.filter != nil:
		m.filter.Insert(text)
		m.pages[m.at].Filter(m.filter.Text())
	case m.pages[m.at].Typing():
		return m.pages[m.at].Paste(text)
	}
	return nil
}

func (m *Model) wheel(e tea.MouseWheelMsg) {
	if m.over != nil {
		return
	}
	n := 3
	if e.Button == tea.MouseWheelUp {
		n = -3
	}
	m.pages[m.at].Wheel(e.X, e.Y-headerLines, n)
}

func (m *Model) click(e tea.MouseClickMsg) tea.Cmd {
	body, inBody := e.Y-headerLines, e.Y >= headerLines && e.Y < m.h-footerLines
	switch {
	case m.over != nil || m.filter != nil || e.Button != tea.MouseLeft:
		return nil
	case inBody:
		if p, ok := m.pages[m.at].(page.Clicked); ok {
			return p.Click(e.X, body)
		}
		return nil
	case e.Y != headerLines-1:
		return nil
	}
	x := 0
	for i := range m.pages {
		w := len(m.tab(i))
		if e.X >= x && e.X < x+w {
			return m.show(i)
		}
		x += w
	}
	return nil
}
