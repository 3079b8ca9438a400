package floor

import (
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// Subject names the chosen session.
func (p *Page) Subject() string {
	s := p.session()
	if s == nil {
		return ""
	}
	return widget.Neutralise(s.Strategy) + " " + page.Short(s.ID)
}
