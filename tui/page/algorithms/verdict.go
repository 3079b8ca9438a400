package algorithms

import (
	"context"
	"encoding/json"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// detail is an algorithm in full with the verdict of the lab session that made it.
type detail struct {
	api.Algorithm
	verdict string
}

func readDetail(ctx context.Context, c Client, id string) (detail, error) {
	a, err := c.Algorithm(ctx, id)
	if err != nil || a.Provenance.Session == "" {
		return detail{Algorithm: a}, err
	}
	var newest *research.Verdict
	err = c.SessionEvents(ctx, a.Provenance.Session, 0, false, func(e research.Event) error {
		var v research.Verdict
		if e.Kind == research.EventVerdict && json.Unmarshal(e.Data, &v) == nil {
			newest = &v
		}
		return nil
	})
	if err != nil { // the algorithm is worth showing without the session that made it
		return detail{Algorithm: a}, nil
	}
	return detail{a, verdictText(newest, a.ID)}, nil
}

// verdictText is the lab's verdict on one line with its mark: a session that found nothing says so of every algorithm it made, and one
// that found something speaks of that algorithm only.
func verdictText(v *research.Verdict, id string) string {
	switch {
	case v == nil || v.Headline == "" || v.Deserves && v.Algorithm != id:
		return ""
	case v.Deserves:
		return "✓ the lab's verdict: " + page.Signs(widget.Neutralise(v.Headline))
	}
	return "! the lab's verdict: " + page.Signs(widget.Neutralise(v.Headline))
}
