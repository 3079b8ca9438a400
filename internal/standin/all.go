package standin

import (
	"github.com/ohmycoins/omc/internal/clock"
	coinspot "github.com/ohmycoins/omc/internal/source/coinspot/fake"
)

// All are the fakes of all upstreams, each with a world of its own that moves with the clock.
func All(c clock.Clock) []Upstream {
	return []Upstream{
		{"coinspot", coinspot.Base, coinspot.New(c)},
	}
}
