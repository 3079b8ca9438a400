package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/ohmycoins/omc/tui/theme"
)

// glyph is one character with its style; nil is plain.
type glyph struct {
	r     rune
	style *lipgloss.Style
}

// reach is how far the end of an emphasis may be from its start, so that a text of nothing but stars is read in one pass.
const reach = 2000

// inline reads the marks inside one neutralised line: **bold**, *emphasis*, `code`, [text](address), and \ before a mark. A mark
// without its end is an ordinary character, as it is while an answer still streams in.
func inline(t *theme.Theme, s string, base *lipgloss.Style) []glyph {
	var out []glyph
	plain := func(s string, st *lipgloss.Style) {
		for _, r := range s {
			out = append(out, glyph{r, st})
		}
	}
	word := false // whether the character before is part of a word: snake_case is no emphasis
	for s != "" {
		if s[0] == '\\' && len(s) > 1 && strings.IndexByte("\\`*_[]#|-", s[1]) >= 0 {
			plain(s[1:2], base)
			s, word = s[2:], false
			continue
		}
		if text, used := enclosed(s, "`", "`"); used > 0 {
			if t.Profile == theme.NoColor {
				text = "`" + text + "`"
			}
			plain(text, &t.Code)
			s, word = s[used:], true
			continue
		}
		if text, address, used := link(s); used > 0 {
			plain(text, base)
			// The address is always shown: where a link leads must not depend on what it calls itself.
			plain(" ("+address+")", &t.Muted)
			s, word = s[used:], true
			continue
		}
		if text, used := emphasis(s, word); used > 0 {
			out = append(out, inline(t, text, &t.Bold)...)
			s, word = s[used:], true
			continue
		}
		n := strings.IndexAny(s[1:], "\\`*_[") + 1
		if n == 0 {
			n = len(s)
		}
		plain(s[:n], base)
		last := s[n-1]
		word = last >= 0x80 || last >= '0' && last <= '9' || last >= 'A' && last <= 'Z' || last >= 'a' && last <= 'z' || last == '_'
		s = s[n:]
	}
	return out
}

// enclosed gives what stands between open at the start of s and the next end, and how many bytes all of it took; 0 if there is none.
func enclosed(s, open, end string) (string, int) {
	if !strings.HasPrefix(s, open) {
		return "", 0
	}
	rest := s[len(open):min(len(s), reach)]
	n := strings.Index(rest, end)
	if n <= 0 {
		return "", 0
	}
	return rest[:n], len(open) + n + len(end)
}

// emphasis reads **text**, __text__, *text* and _text_; the text neither starts nor ends with a space, so 2 * 3 * 4 stays as it is.
func emphasis(s string, afterWord bool) (string, int) {
	for _, mark := range []string{"**", "__", "*", "_"} {
		if mark[0] == '_' && afterWord {
			continue
		}
		if text, used := enclosed(s, mark, mark); used > 0 && text[0] != ' ' && text[len(text)-1] != ' ' {
			return text, used
		}
	}
	return "", 0
}

func link(s string) (text, address string, used int) {
	text, n := enclosed(s, "[", "]")
	if n == 0 {
		return "", "", 0
	}
	address, m := enclosed(s[n:], "(", ")")
	if m == 0 {
		return "", "", 0
	}
	return text, address, n + m
}

// flow breaks glyphs at spaces into lines of at most w columns; a word wider than that is broken where it must.
func flow(text []glyph, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	var line, word []glyph
	lineW, wordW := 0, 0
	flush := func() {
		for len(line) > 0 && line[len(line)-1].r == ' ' {
			line = line[:len(line)-1]
		}
		lines = append(lines, Truncate(paint(line), w))
		line, lineW = nil, 0
	}
	place := func() {
		if lineW > 0 && lineW+wordW > w {
			flush()
		}
		line, lineW = append(line, word...), lineW+wordW
		word, wordW = nil, 0
	}
	for _, g := range text {
		gw := ansi.StringWidth(string(g.r))
		if g.r == ' ' {
			place()
			if lineW > 0 && lineW < w {
				line, lineW = append(line, g), lineW+1
			}
			continue
		}
		if wordW+gw > w {
			place()
			flush()
		}
		word, wordW = append(word, g), wordW+gw
	}
	place()
	if len(line) > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// paint writes glyphs with their styles, so that no style reaches over the end of the line.
func paint(line []glyph) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		end := i
		var run strings.Builder
		for end < len(line) && line[end].style == line[i].style {
			run.WriteRune(line[end].r)
			end++
		}
		if st := line[i].style; st != nil {
			b.WriteString(st.Render(run.String()))
		} else {
			b.WriteString(run.String())
		}
		i = end
	}
	return b.String()
}
