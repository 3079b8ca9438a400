package floor

import (
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
)

// The page's list of sessions is the workstation's one list: what the header, the rows, the pane and a dialog say is read off it. Its
// answers come from three askers, the page, its stream and the header; the newer state of a session wins, whoever brought it.

// Sessions are the floor's sessions as they are known now. They are read only.
func (p *Page) Sessions() []api.FloorSession { return p.sessions }

// merge takes a whole list: sessions that it lacks are gone.
func (p *Page) merge(list []api.FloorSession) {
	known := make(map[string]*api.FloorSession, len(p.sessions))
	for i := range p.sessions {
		known[p.sessions[i].ID] = &p.sessions[i]
	}
	out := make([]api.FloorSession, len(list))
	for i := range list {
		out[i] = newer(known[list[i].ID], &list[i])
	}
	p.sessions = out
}

// replace takes the state of one session.
func (p *Page) replace(s api.FloorSession) {
	for i := range p.sessions {
		if p.sessions[i].ID == s.ID {
			p.sessions[i] = newer(&p.sessions[i], &s)
		}
	}
}

// newer gives what is further on: an end is, and then more inputs in the books. Of two alike it is the one that came last.
func newer(have, got *api.FloorSession) api.FloorSession {
	switch {
	case have == nil:
	case have.Status.Final() != got.Status.Final():
		if have.Status.Final() {
			return *have
		}
	case have.Account.Input > got.Account.Input:
		return *have
	}
	return *got
}

// frozen counts the positions that were left when a session was ended before its feed was. Nothing looks after them any more, and the
// kill switch does not reach them. What a replay holds at its end is history.
func frozen(s *api.FloorSession) int {
	if !page.LeftAlone(s) {
		return 0
	}
	return page.Held(s)
}
