package source

import (
	"html"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

// Bounds of what is kept of a text, in bytes.
const (
	MaxTitle   = 500
	MaxSummary = 2_000
	MaxContent = 8_000
	MaxURL     = 2_000
	MaxID      = 500
)

// Text makes an upstream's text safe to keep and to show: valid, on one line, without control characters, bidirectional overrides or
// runs of spaces, at most n bytes.
func Text(s string, n int) string {
	if len(s) > 8*n {
		s = s[:8*n] // it may be megabytes
	}
	var b strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(s, " ") {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError:
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r) && r != '\u200d': // invisible: overrides, soft hyphens, byte order marks; a joiner holds emoji together
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	out := b.String()
	if len(out) > n {
		out = strings.TrimSpace(strings.ToValidUTF8(out[:n-len("…")], "")) + "…"
	}
	return out
}

var strict = sync.OnceValue(func() *bluemonday.Policy { return bluemonday.StrictPolicy().AddSpaceWhenStrippingTag(true) })

// PlainText is Text of what a piece of HTML says, without its tags.
func PlainText(s string, n int) string {
	if len(s) > 64*n {
		s = s[:64*n]
	}
	if strings.ContainsAny(s, "<&") {
		s = html.UnescapeString(strict().Sanitize(s))
	}
	return Text(s, n)
}

// URL keeps an http or https address of printable characters, or nothing.
func URL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > MaxURL || !utf8.ValidString(s) || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) {
			return ""
		}
	}
	return s
}
