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
	case key == "up" || key == "down":
		c.scroll.Move(map[string]int{"up": -1, "down": 1}[key])
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

func (c *confirm) lines(m *Model, w, h int) ([]string, *page.Caret) {
	t := &m.theme
	var body []string
	for _, l := range c.Lines {
		body = append(body, widget.Wrap(l, w)...)
	}
	head := []string{t.Title.Render(widget.Truncate(c.Title, w)), ""}
	foot := []string{""}
	var caret *page.Caret
	switch {
	case c.Off != "":
		for _, l := range widget.Wrap(c.Off, w-2) {
			foot = append(foot, t.Warn.Render(l))
		}
		foot = append(foot, t.Accent.Render("esc")+" back")
	case c.input != nil:
		label := "type " + c.Word + " to " + c.Label + " › "
		text, x := c.input.View(max(1, w-widget.Width(label)))
		foot = append(foot, t.Danger.Render(label)+text)
		caret = &page.Caret{X: widget.Width(label) + x}
		if c.wrong {
			foot = append(foot, t.Warn.Render("that is not "+c.Word+": nothing was done"))
		}
	default:
		foot = append(foot, t.Accent.Render("y")+" "+c.Label+"    "+t.Accent.Render("n")+" leave it as it is")
	}
	shown, below := c.scroll.Head(body, max(1, h-len(head)-len(foot)))
	out := append(head, shown...)
	if below > 0 {
		foot[0] = t.Muted.Render("↓ " + strconv.Itoa(below) + " more lines")
	}
	if caret != nil {
		caret.Y = len(out) + 1
	}
	return append(out, foot...), caret
}

func (c *confirm) keys() []page.Action {
	switch {
	case c.Off != "":
		return []page.Action{{Key: "esc", Label: "back"}}
	case c.input != nil:
		return []page.Action{{Key: "enter", Label: c.Label}, {Key: "esc", Label: "leave it"}}
	}
	return []page.Action{{Key: "y", Label: c.Label}, {Key: "n", Label: "leave it"}}
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

func (c *choice) lines(m *Model, w, _ int) ([]string, *page.Caret) {
	t := &m.theme
	out := []string{t.Title.Render(widget.Truncate(c.Title, w)), ""}
	for _, l := range c.Lines {
		out = append(out, widget.Wrap(l, w)...)
	}
	if len(c.Lines) > 0 {
		out = append(out, "")
	}
	for i, o := range c.Options {
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
			line = t.Selected.Render(line)
		case o.Off != "":
			line = t.Muted.Render(line)
		}
		out = append(out, line)
	}
	return out, nil
}

func (c *choice) keys() []page.Action {
	return []page.Action{{Key: "1…" + strconv.Itoa(len(c.Options)), Label: "choose"}, {Key: "↑↓ enter", Label: "choose"}, {Key: "esc", Label: "leave it"}}
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
