package algo

import (
	"regexp"

	"github.com/ohmycoins/omc/internal/api"
)

var declared = regexp.MustCompile(`(?m)^\s*name\s*=\s*["']([\w.-]+)["']`)

// name is an example's declared name.
func name(r api.AlgorithmCreate) string {
	if m := declared.FindStringSubmatch(r.Source); m != nil {
		return m[1]
	}
	return "?"
}
