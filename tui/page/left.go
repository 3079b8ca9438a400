package page

import (
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
)

// LeftAlone reports a session that was ended before its feed was: what it holds has a market, and nobody looks after it. A replay's
// market is history.
func LeftAlone(s *api.FloorSession) bool {
	return s.Feed != "replay" && (s.Status == journal.Stopped || s.Status == journal.Failed || s.Status == journal.Killed)
}

// Held counts the positions that a session has.
func Held(s *api.FloorSession) int {
	n := 0
	for i := range s.Account.Positions {
		if !s.Account.Positions[i].Quantity.IsZero() {
			n++
		}
	}
	return n
}
