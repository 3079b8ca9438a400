package floor

import (
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
)

func at(id string, input int64, status journal.Status) api.FloorSession {
	s := api.FloorSession{Session: journal.Session{ID: id, Status: status}}
	s.Account.Input = input
	return s
}

func TestTheNewerStateOfASessionWinsWhoeverBringsIt(t *testing.T) {
	t.Parallel()
	p := New(nil, nil)
	p.merge([]api.FloorSession{at("a", 5, journal.Running), at("b", 5, journal.Killed), at("c", 1, journal.Running)})
	p.merge([]api.FloorSession{at("a", 4, journal.Running), at("b", 9, journal.Running), at("d", 1, journal.Running)})
	p.replace(at("a", 6, journal.Running))
	p.replace(at("gone", 6, journal.Running))
	got := map[string]api.FloorSession{}
	for _, s := range p.Sessions() {
		got[s.ID] = s
	}
	if len(got) != 3 || got["a"].Account.Input != 6 || got["b"].Status != journal.Killed || got["d"].Account.Input != 1 {
		t.Errorf("%+v", got)
	}
	p.replace(at("a", 6, journal.Stopped))
	p.merge([]api.FloorSession{at("a", 6, journal.Running)})
	if s := p.byID("a"); s.Status != journal.Stopped {
		t.Errorf("an end was taken back: %s", s.Status)
	}
}
