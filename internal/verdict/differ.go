package verdict

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

const maxDifferences = 20

// differ walks two JSON trees and notes where they part.
func differ(path string, a, b any, out *[]string) {
	if len(*out) >= maxDifferences {
		return
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		names := slices.Sorted(maps.Keys(x))
		for n := range y {
			if _, both := x[n]; !both {
				names = append(names, n)
			}
		}
		for _, n := range names {
			differ(path+"/"+n, x[n], y[n], out)
		}
		return
	case []any:
		y, ok := b.([]any)
		if !ok {
			break
		}
		if len(x) != len(y) {
			*out = append(*out, fmt.Sprintf("%s: %d entries, now %d", path, len(x), len(y)))
			return
		}
		for i := range x {
			differ(fmt.Sprintf("%s/%d", path, i), x[i], y[i], out)
		}
		return
	}
	if x, y := written(a), written(b); x != y {
		x, y = apart(x, y)
		*out = append(*out, fmt.Sprintf("%s: %s, now %s", path, x, y))
	}
}

// shownText is how much of a text is shown, about where two part.
const shownText = 60

// apart cuts two texts about the place where they part.
func apart(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	return about(x, same), about(y, same)
}

func about(x []rune, at int) string {
	from, to := max(0, at-shownText/3), min(len(x), max(0, at-shownText/3)+shownText)
	out := string(x[from:to])
	if from > 0 {
		out = "…" + out
	}
	if to < len(x) {
		out += "…"
	}
	return out
}

// written is a tree as JSON.
func written(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
