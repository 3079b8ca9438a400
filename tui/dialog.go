package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// confirm asks before something is done: by y, or by typing a word where money or data can be lost.
type confirm struct {
	page.Confirm
	input  *page.Input
	wrong  bool
	scroll page.Scroll
}

func newConfirm(c page.Confirm) *confirm {
	o := &confirm{Confirm: c}
	if c.Word != "" && c.Off == "" {
		o.input = page.NewInput("")
	}
	return o
}

func (c *confirm) key(_ *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	switch key := k.String(); {
	case key == "esc" || key == "ctrl+c":
		return nil, nil
	case scrolled(key) != 0:
		c.scroll.Move(scrolled(key))
		return c, nil
	case c.input == nil && key == "G":
		c.scroll.Move(1 << 30)
		return c, nil
	case c.Off != "":
		if key == "enter" || key == "q" || key == "n" {
			return nil, nil
		}
		return c, nil
	case c.input == nil:
		switch key {
		case "y", "Y":
			return nil, c.Yes
		case "n", "N", "q":
			return nil, nil
		}
		return c, nil
	case key == "enter":
		if c.input.Text() == c.Word {
			return nil, c.Yes
		}
		c.wrong = true
		return c, nil
	}
	c.input.Key(k)
	c.wrong = false
	return c, nil
}

func (c *confirm) paste(string) {} // what is typed is typed

// scrolled says by how many lines a key scrolls a dialog's text.
func scrolled(key string) int {
	return map[string]int{"up": -1, "down": 1, "pgup": -8, "pgdown": 8, "home": -1 << 30, "end": 1 << 30}[key]
}

// text is what it says now.
func (c *confirm) text() (title string, lines []string, label string) {
	if c.Now != nil && c.Off == "" {
		return c.Now()
	}
	return c.Title, c.Lines, c.Label
}

// lines draws it. Where there is little room the text gives way, then the blank lines: what is typed is always seen.
func (c *confirm) lines(m *Model, w, h int) ([]string, *page.Caret) {
	t := &m.theme
	title, text, label := c.text()
	var body []string
	for _, l := range text {
		body = append(body, widget.Wrap(l, w)...)
	}
	foot, x := c.foot(m, label, w)
	head := []string{t.Title.Render(widget.Truncate(title, w))}
	roomy := h >= len(foot)+6
	if roomy {
		head = append(head, "")
	}
	room := max(0, h-len(head)-len(foot))
	if len(body)+1 > room || roomy {
		room-- // the line below the text says how much there is more of it
	}
	shown, below := c.scroll.Head(body, max(0, room))
	out := append(head, shown...)
	switch {
	case below > 0 && len(out)+len(foot) < h:
		out = append(out, t.Muted.Render("↓ "+page.Plural(below, "more line")+": ↓ pgdn"))
	case roomy:
		out = append(out, "")
	}
	var caret *page.Caret
	if x >= 0 {
		caret = &page.Caret{X: x, Y: len(out)}
	}
	return append(out, foot...), caret
}

// foot is what is asked, and where the caret stands in its first line; -1 for none.
func (c *confirm) foot(m *Model, label string, w int) ([]string, int) {
	t := &m.theme
	switch {
	case c.Off != "":
		var out []string
		for _, l := range widget.Wrap(c.Off, w-2) {
			out = append(out, t.Warn.Render(l))
		}
		return append(out, t.Accent.Render("esc")+" back"), -1
	case c.input != nil:
		ask := "type " + c.Word + " to " + label + " › "
		if widget.Width(ask)+len(c.Word)+1 > w {
			ask = "type " + c.Word + " › "
		}
		text, x := c.input.View(max(1, w-widget.Width(ask)))
		out := []string{t.Danger.Render(ask) + text}
		if c.wrong {
			out = append(out, t.Warn.Render("that is not "+c.Word+": nothing was done"))
		}
		return out, widget.Width(ask) + x
	}
	return []string{t.Accent.Render("y") + " " + label + "    " + t.Accent.Render("n") + " leave it as it is"}, -1
}

func (c *confirm) keys() []page.Action {
	_, _, label := c.text()
	switch {
	case c.Off != "":
		return []page.Action{{Key: "esc", Label: "back"}}
	case c.input != nil:
		return []page.Action{{Key: "enter", Label: label}, {Key: "esc", Label: "leave it"}}
	}
	return []page.Action{{Key: "y", Label: label}, {Key: "n", Label: "leave it"}}
}

// choice asks for one of several options.
type choice struct {
	page.Choice
	list page.List
}

func (c *choice) key(m *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	pick := -1
	switch key := k.String(); key {
	case "esc", "ctrl+c", "q":
		return nil, nil
	case "up", "k":
		c.list.Move(-1, len(c.Options))
	case "down", "j":
		c.list.Move(1, len(c.Options))
	case "enter":
		pick = c.list.Cursor
	default:
		if n, err := strconv.Atoi(key); err == nil {
			pick = n - 1
		}
	}
	if pick < 0 || pick >= len(c.Options) || c.Options[pick].Off != "" {
		return c, nil
	}
	if msg := c.Options[pick].Msg; msg != nil {
		m.over = nil
		cmd := m.deliver(msg)
		return m.over, cmd
	}
	return nil, c.Options[pick].Do
}

func (c *choice) paste(string) {}

func (c *choice) lines(m *Model, w, h int) ([]string, *page.Caret) {
	t := &m.theme
	out := []string{t.Title.Render(widget.Truncate(c.Title, w))}
	told := c.Lines
	if c.Now != nil {
		told = c.Now()
	}
	var text []string
	for _, l := range told {
		text = append(text, widget.Wrap(l, w)...)
	}
	room := h - 1 - len(c.Options) // what the options leave
	text = text[:max(0, min(len(text), room))]
	switch {
	case len(text) == 0 && room > 0:
		text = []string{""}
	case len(text) > 0 && len(text)+2 <= room:
		text = append(append([]string{""}, text...), "")
	}
	out = append(out, text...)
	from, to := c.list.Window(len(c.Options), max(1, h-len(out)))
	for i := from; i < to; i++ {
		out = append(out, c.option(m, i, w))
	}
	return out, nil
}

func (c *choice) option(m *Model, i, w int) string {
	t, o := &m.theme, &c.Options[i]
	mark := "  "
	if i == c.list.Cursor {
		mark = "▸ "
	}
	help := o.Help
	if o.Off != "" {
		help = "not now: " + o.Off
	}
	line := widget.Fit(mark+strconv.Itoa(i+1)+"  "+widget.Fit(o.Label, 14)+" "+help, w)
	switch {
	case i == c.list.Cursor:
		return t.Selected.Render(line)
	case o.Off != "":
		return t.Muted.Render(line)
	}
	return line
}

func (c *choice) keys() []page.Action {
	digits := "1…" + strconv.Itoa(len(c.Options))
	if len(c.Options) == 1 {
		digits = "1"
	}
	return []page.Action{{Key: digits, Label: "choose"}, {Key: "↑↓ enter", Label: "choose"}, {Key: "esc", Label: "leave it"}}
}

// prompt asks for a line of text.
type prompt struct {
	page.Prompt
	input *page.Input
}

func newPrompt(p page.Prompt) *prompt { return &prompt{Prompt: p, input: page.NewInput(p.Value)} }

func (p *prompt) key(_ *Model, k tea.KeyPressMsg) (overlay, tea.Cmd) {
	switch k.String() {
	case "esc", "ctrl+c":
		return nil, nil
	case "enter":
		if text := strings.TrimSpace(p.input.Text()); text != "" {
			return nil, p.Do(text)
		}
		return p, nil
	}
	p.input.Key(k)
	return p, nil
}

func (p *prompt) paste(text string) { p.input.Insert(text) }

func (p *prompt) lines(m *Model, w, _ int) ([]string, *page.Caret) {
	t := &m.theme
	out := []string{t.Title.Render(widget.Truncate(p.Title, w)), ""}
	for _, l := range p.Lines {
		out = append(out, widget.Wrap(l, w)...)
	}
	text, x := p.input.View(max(1, w-2))
	out = append(out, "", t.Accent.Render("› ")+text)
	return out, &page.Caret{X: 2 + x, Y: len(out) - 1}
}

func (p *prompt) keys() []page.Action {
	return []page.Action{{Key: "enter", Label: p.Label}, {Key: "esc", Label: "leave it"}}
}
