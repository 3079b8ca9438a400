package strategy

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed examples/*.star
var exampleFiles embed.FS

// Example is one built-in, annotated script.
type Example struct {
	Name   string
	Source string
}

// Examples lists the built-in scripts by name.
func Examples() []Example {
	entries, err := exampleFiles.ReadDir("examples") // sorted by name
	if err != nil {
		panic(fmt.Sprintf("strategy: embedded examples: %v", err))
	}
	out := make([]Example, 0, len(entries))
	for _, e := range entries {
		b, err := exampleFiles.ReadFile("examples/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("strategy: embedded examples: %v", err))
		}
		out = append(out, Example{Name: strings.TrimSuffix(e.Name(), ".star"), Source: string(b)})
	}
	return out
}

// FindExample returns the built-in script of that name.
func FindExample(name string) (Example, bool) {
	all := Examples()
	i := slices.IndexFunc(all, func(e Example) bool { return e.Name == name })
	if i < 0 {
		return Example{}, false
	}
	return all[i], true
}
