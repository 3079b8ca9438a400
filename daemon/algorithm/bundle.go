package algorithm

import (
	"context"
	"strings"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/strategy"
)

// BundleFormat names the layout of an exported algorithm.
const BundleFormat = "omc-algorithm/1"

// Export returns an algorithm as a file, with its evidence for people to read.
func (s *Service) Export(ctx context.Context, user, id string) (api.Bundle, error) {
	a, err := s.find(ctx, user, id)
	if err != nil {
		return api.Bundle{}, err
	}
	e, _, err := s.known(ctx, a.ID)
	if err != nil {
		return api.Bundle{}, err
	}
	return api.Bundle{Format: BundleFormat, Algorithm: a, Evidence: e}, nil
}

// Import stores an exported algorithm as a draft. The content must match its id and load as it says. Its state and its evidence are
// another machine's claims: they are not taken over, and a walk-forward here must show them anew.
func (s *Service) Import(ctx context.Context, user string, b api.Bundle) (api.Algorithm, error) {
	a := b.Algorithm
	if b.Format != BundleFormat {
		return api.Algorithm{}, bad("format %.40q: this omc reads %s", b.Format, BundleFormat)
	}
	if a.Content.Language != "starlark" {
		return api.Algorithm{}, bad("language %.40q: this omc runs starlark", a.Content.Language)
	}
	d, err := s.declare(ctx, a.Name, a.Content.Script, strategy.Options{Params: a.Content.Params, Markets: a.Content.Markets, Interval: a.Content.Interval})
	if err != nil {
		return api.Algorithm{}, err
	}
	if d.Content.ID() != a.ID {
		return api.Algorithm{}, bad("the content's hash is %.12s, the file says %.12q: it was changed after it was exported", d.Content.ID(), a.ID)
	}
	p := a.Provenance
	for _, text := range []*string{&p.Session, &p.Model, &p.Author, &p.DataHash} {
		*text = plain(*text)
	}
	p.TrialsBefore = max(0, min(p.TrialsBefore, 1_000_000_000))
	stored, err := s.put(ctx, user, d.Spec.Name, d.Content, p)
	if err != nil {
		return api.Algorithm{}, err
	}
	return s.Get(ctx, user, stored.ID)
}

// plain bounds a name from a file and takes out what a terminal might act on.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r == '\ufffd' {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > 200 {
		return string(r[:200])
	}
	return text
}
