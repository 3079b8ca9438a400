package lab

import (
	"io"
	"strings"

	"github.com/ohmycoins/omc/tui/widget"
)

// flow writes text that comes in pieces, broken between words; a word stands once its end is known.
type flow struct {
	out           io.Writer
	indent, width int // of a line, in columns; width counts the indent
	col           int // written on this line, 0 before the indent
	blanks        int // before the next word
	word          strings.Builder
}

// add takes a piece.
func (w *flow) add(piece string) error {
	for i, line := range widget.NeutraliseLines(piece) {
		if i > 0 {
			if err := w.newline(); err != nil {
				return err
			}
		}
		for _, r := range line {
			if r != ' ' {
				w.word.WriteRune(r)
				continue
			}
			if err := w.put(); err != nil {
				return err
			}
			w.blanks++
		}
	}
	return nil
}

// end writes what is left and ends the line.
func (w *flow) end() error { return w.newline() }

func (w *flow) newline() error {
	if err := w.put(); err != nil {
		return err
	}
	w.col, w.blanks = 0, 0
	_, err := io.WriteString(w.out, "\n")
	return err
}

// put writes the word that has ended. One longer than a line is broken where the line is full.
func (w *flow) put() error {
	if w.word.Len() == 0 {
		return nil
	}
	room := max(1, w.width-w.indent)
	var b strings.Builder
	for i, part := range widget.Wrap(w.word.String(), room) {
		wide := widget.Width(part)
		switch {
		case w.col == 0:
			b.WriteString(strings.Repeat(" ", w.indent+w.blanks))
			w.col = w.indent + w.blanks
		case i > 0 || w.col+w.blanks+wide > w.width:
			b.WriteString("\n" + strings.Repeat(" ", w.indent))
			w.col = w.indent
		default:
			b.WriteString(strings.Repeat(" ", w.blanks))
			w.col += w.blanks
		}
		b.WriteString(part)
		w.col += wide
		w.blanks = 0
	}
	w.word.Reset()
	_, err := io.WriteString(w.out, b.String())
	return err
}
