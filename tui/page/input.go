package page

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/widget"
)

// maxInput bounds a line that is typed or pasted, in characters.
const maxInput = 4000

// Input is one line of text being written. Its text is drawn neutralised.
type Input struct{ m textinput.Model }

// NewInput makes an Input holding text.
func NewInput(text string) *Input {
	m := textinput.New()
	m.CharLimit = maxInput
	m.SetVirtualCursor(false)
	_ = m.Focus() // its command blinks the virtual cursor, which is off
	m.SetValue(text)
	m.CursorEnd()
	return &Input{m: m}
}

// Key takes one key: letters, backspace, arrows, ctrl+w and the other keys of a line editor.
func (i *Input) Key(k tea.KeyPressMsg) {
	if k.String() == "ctrl+v" { // would ask the clipboard, which is I/O; terminals paste by themselves
		return
	}
	i.m, _ = i.m.Update(k)
}

// Insert puts pasted text at the caret, its line breaks as blanks.
func (i *Input) Insert(text string) { i.m, _ = i.m.Update(tea.PasteMsg{Content: text}) }

// Text is what was written.
func (i *Input) Text() string { return i.m.Value() }

// Set replaces the text.
func (i *Input) Set(text string) {
	i.m.SetValue(text)
	i.m.CursorEnd()
}

// View draws the part of the text around the caret in exactly w columns, and says in which column the caret is.
func (i *Input) View(w int) (string, int) {
	if w <= 0 {
		return "", 0
	}
	runes, at := []rune(i.m.Value()), i.m.Position()
	at = min(at, len(runes))
	from := at
	for used := 0; from > 0; from-- {
		used += widget.Width(widget.Neutralise(string(runes[from-1])))
		if used > w-1 {
			break
		}
	}
	x := widget.Width(widget.Neutralise(string(runes[from:at])))
	return widget.Fit(widget.Neutralise(string(runes[from:])), w), x
}
