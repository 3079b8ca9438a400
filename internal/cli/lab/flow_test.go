package lab

import (
	"strings"
	"testing"
)

func TestFlowBreaksBetweenWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"one line", "a short one", "  a short one\n"},
		{"broken", "the strongest feature is momentum", "  the strongest\n  feature is\n  momentum\n"},
		{"exactly full", "eighteen columns\nx", "  eighteen columns\n  x\n"},
		{"paragraphs", "one\n\ntwo", "  one\n\n  two\n"},
		{"a word longer than a line", "see abcdefghijklmnopqrstuvwxyz", "  see\n  abcdefghijklmnop\n  qrstuvwxyz\n"},
		{"wide characters", "漢字漢字漢字 漢字漢字", "  漢字漢字漢字\n  漢字漢字\n"},
		{"list", "- a\n  - b", "  - a\n    - b\n"},
		{"control characters", "a\x1b[31mb", "  " + "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for piece := 1; piece <= 7; piece += 3 {
				var out strings.Builder
				w := flow{out: &out, indent: 2, width: 18}
				runes := []rune(c.in)
				for i := 0; i < len(runes); i += piece {
					if err := w.add(string(runes[i:min(i+piece, len(runes))])); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.end(); err != nil {
					t.Fatal(err)
				}
				if c.name == "control characters" {
					if strings.ContainsRune(out.String(), '\x1b') {
						t.Errorf("an escape reached the terminal: %q", out.String())
					}
					continue
				}
				if out.String() != c.want {
					t.Errorf("pieces of %d: %q, want %q", piece, out.String(), c.want)
				}
			}
		})
	}
}
