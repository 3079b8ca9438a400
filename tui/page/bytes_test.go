package page

import (
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/widget"
)

func TestBytesOfOthers(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"a\x1b[31m\nb": "a␛[31m|b", `{"x":1}`: `{"x":1}`, "\x1f\x8b\x08\x00": "00000000  1f 8b 08 00                                       |....|",
		"cut \xe2\x82": "cut ��", "": "", strings.Repeat("y", 20): strings.Repeat("y", 16) + "|yyyy",
	} {
		if got := strings.Join(Raw([]byte(raw), 16), "|"); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func FuzzRawIsHarmless(f *testing.F) {
	f.Add([]byte("a\x1b]0;t\x07\r\nb\u202e"), 20)
	f.Add([]byte{0x1f, 0x8b, 0xff, 0}, 3)
	f.Fuzz(func(t *testing.T, b []byte, w int) {
		if len(b) > 1<<12 {
			b = b[:1<<12]
		}
		w = min(max(w, 0), 300)
		for _, l := range Raw(b, w) {
			for _, r := range l {
				if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
					t.Fatalf("%U in %q", r, l)
				}
			}
			if text(b) && widget.Width(l) > max(8, w) {
				t.Fatalf("%d columns, %d are there: %q", widget.Width(l), w, l)
			}
		}
	})
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for s, want := range map[api.Seconds]string{0: "0s", 0.44: "0.4s", 5: "5s", 9.96: "10.0s", 96: "96s", 120: "2m", 127: "2.1m", 3600: "60m", 9000: "2.5h", 40_000_000: "463.0d", 172_800: "2d"} {
		if got := Span(&s); got != want {
			t.Errorf("%v: %q, want %q", s, got, want)
		}
	}
	if got := Span(nil); got != None {
		t.Error(got)
	}
}
