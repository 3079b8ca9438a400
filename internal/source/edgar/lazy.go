package edgar

import (
	"regexp"
	"sync"
)

// lazy compiles a pattern when it is first needed: every command of omc links this package, and few of them read a filing.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
