package page

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/ohmycoins/omc/tui/widget"
)

// Raw writes bytes of others as lines of at most w columns that are safe to draw: text neutralised, whatever is no text as a hex dump.
func Raw(b []byte, w int) []string {
	w = max(8, w)
	if !text(b) {
		return strings.Split(strings.TrimRight(strings.ReplaceAll(hex.Dump(b), "\t", " "), "\n"), "\n")
	}
	var out []string
	for _, l := range widget.NeutraliseLines(string(b)) {
		out = append(out, widget.Wrap(l, w)...)
	}
	return out
}

// text says whether bytes are read as text: UTF-8, its last character perhaps cut, with hardly a control character.
func text(b []byte) bool {
	whole := b
	for range utf8.UTFMax - 1 {
		if len(whole) > 0 && !utf8.Valid(whole) {
			whole = whole[:len(whole)-1]
		}
	}
	if !utf8.Valid(whole) {
		return false
	}
	odd := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' {
			odd++
		}
	}
	return odd <= 1+len(b)/20
}
