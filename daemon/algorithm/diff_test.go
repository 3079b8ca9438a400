package algorithm

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUnifiedLooksLikeDiff(t *testing.T) {
	a := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"
	b := "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\n13"
	want := `--- x
+++ y
@@ -2,7 +2,7 @@
 2
 3
 4
-5
+five
 6
 7
 8
@@ -10,3 +10,4 @@
 10
 11
 12
+13
\ No newline at end of file
`
	if got := unified("x", "y", a, b); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := unified("x", "y", "", "new\n"); got != "--- x\n+++ y\n@@ -0,0 +1 @@\n+new\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestUnifiedCanBeApplied applies the diff of two random texts to the first and gets the second.
func TestUnifiedCanBeApplied(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		ls := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "", "d"}), 0, 40).Draw(t, "lines")
		s := strings.Join(ls, "\n")
		if rapid.Bool().Draw(t, "newline") && s != "" {
			s += "\n"
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if got, err := apply(a, unified("a", "b", a, b)); err != nil || got != b {
			t.Fatalf("%q, %v; want %q from %q by\n%s", got, err, b, a, unified("a", "b", a, b))
		}
	})
}

// apply is an independent reader of unified diffs.
func apply(a, patch string) (string, error) {
	if patch == "" {
		return a, nil
	}
	patch = strings.ReplaceAll(patch, "\n\\ No newline at end of file\n", "\x00")
	patch = strings.ReplaceAll(patch, "\n", "\n\x01")
	patch = strings.ReplaceAll(patch, "\x00", "\x01")
	src, at := lines(a), 0
	var out strings.Builder
	for i, l := range strings.Split(patch, "\x01") {
		switch {
		case i < 2 || l == "":
		case strings.HasPrefix(l, "@@"):
			var start, count int
			if _, err := fmt.Sscanf(l, "@@ -%d,%d", &start, &count); err != nil {
				if _, err := fmt.Sscanf(l, "@@ -%d", &start); err != nil {
					return "", err
				}
				count = 1
			}
			if count > 0 {
				start--
			}
			for ; at < start; at++ {
				out.WriteString(src[at])
			}
		default:
			if l[0] != '+' {
				if at >= len(src) || src[at] != l[1:] {
					return "", fmt.Errorf("line %d of the source is not %q", at+1, l[1:])
				}
				at++
			}
			if l[0] != '-' {
				out.WriteString(l[1:])
			}
		}
	}
	for ; at < len(src); at++ {
		out.WriteString(src[at])
	}
	return out.String(), nil
}
