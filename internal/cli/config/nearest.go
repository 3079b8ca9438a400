package config

import (
	"cmp"
	"slices"
	"strings"

	settings "github.com/ohmycoins/omc/internal/config"
)

// nearest are up to three settings that a mistyped name may have meant, "" for none.
func nearest(name string) string {
	type candidate struct {
		name  string
		edits int
	}
	var near []candidate
	name = strings.ToLower(name[:min(len(name), 64)])
	for _, k := range settings.Keys() {
		edits := distance(name, k.Name)
		if strings.Contains(k.Name, name) && len(name) > 2 {
			edits = 1
		}
		if edits <= max(2, len(k.Name)/4) {
			near = append(near, candidate{k.Name, edits})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.edits, b.edits) })
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return strings.Join(names, " or ")
}

// distance is Levenshtein's: how many letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
