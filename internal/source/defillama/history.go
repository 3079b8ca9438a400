package defillama

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// perPoll is how many histories one poll reads; the others follow at once, in further polls. A history may have 29 MB and 3,000 days.
const perPoll = 4

// maxWatch is how many protocols' histories are followed: their cursor has a bound.
const maxWatch = 200

// progress is the cursor of the histories: they are read in rounds, each once.
type progress struct {
	Round  time.Time           `json:"round"` // when it began
	Series map[string]position `json:"series"`
}

// position is how far one history has come. One that fails is tried again in the next round, and keeps none back.
type position struct {
	Tried  time.Time           `json:"tried"`
	Done   time.Time           `json:"done"`
	Months map[string]uint32   `json:"months"`
	Mark   upstream.Validators `json:"mark"`
}

// pollTVL reads the next few histories. Once a round has gone well, all that DeFiLlama says of the past has landed.
func (c *Client) pollTVL(ctx context.Context, cursor []byte) (out source.Harvest, err error) {
	now := c.clock.Now()
	if len(c.watch) > maxWatch {
		out.Reject(nil, "sources.defillama.protocols names %d protocols, the first %d are followed", len(c.watch), maxWatch)
	}
	p, due := resume(cursor, histories(c.names, c.watch[:min(len(c.watch), maxWatch)]), now)
	done := 0
	var failed error
	for _, s := range due[:min(len(due), perPoll)] {
		pos := p.Series[s.key]
		pos.Tried = now
		err := c.history(ctx, s, &pos, &out)
		if err == nil {
			pos.Done = now
			done++
		}
		p.Series[s.key] = pos
		if err != nil {
			failed = err
		}
		if err != nil && !errors.Is(err, upstream.ErrMalformed) {
			break // the others would fail alike
		}
	}
	whole := true
	for _, pos := range p.Series {
		whole = whole && !pos.Done.Before(p.Round)
		out.Again = out.Again || pos.Tried.Before(p.Round)
	}
	if whole {
		out.Since = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC) // DeFiLlama has nothing older
	}
	out.Cursor, _ = json.Marshal(p) // times, texts and numbers always marshal
	if done > 0 && errors.Is(failed, upstream.ErrMalformed) {
		failed = nil // its reject tells it
	}
	out.Again = out.Again && failed == nil
	return out, failed
}

// resume reads a cursor and tells which series this round still lacks. Where it lacks none a new round begins. What the cursor says of
// series that are not followed any more is forgotten.
func resume(cursor []byte, all []series, now time.Time) (p progress, due []series) {
	if json.Unmarshal(cursor, &p) != nil || p.Round.After(now) {
		p = progress{}
	}
	was := p.Series
	p.Series = map[string]position{}
	for _, s := range all {
		p.Series[s.key] = was[s.key]
		if was[s.key].Tried.Before(p.Round) {
			due = append(due, s)
		}
	}
	if len(due) == 0 {
		p.Round, due = now, all
	}
	return p, due
}

// history reads one series and lands the months that are not as they were.
func (c *Client) history(ctx context.Context, s series, pos *position, out *source.Harvest) error {
	if s.protocol != "" && strings.Trim(s.protocol, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" && s.protocol != allChains {
		out.Reject(nil, "sources.defillama.protocols: %s is no slug like aave-v3", upstream.Text(s.protocol))
		return nil
	}
	var days []day
	var h *haul
	a, err := c.ask(ctx, c.api, upstream.Request{Path: s.path, If: pos.Mark}, out, func(in *stream) (err error) {
		days, h, err = s.read(in, c.clock.Now())
		return err
	})
	switch {
	case errors.Is(err, upstream.ErrUnknownSymbol):
		wayOut := ""
		if s.protocol != "" {
			wayOut = ": correct sources.defillama.protocols"
		}
		out.RejectAll([]ledger.Reject{unknown("", strings.TrimPrefix(s.path, "/"), wayOut)})
		return nil
	case err != nil || a.NotModified:
		return err
	}
	is := months(days)
	s.land(out, days, pos.Months, is)
	out.RejectAll(h.kept.Rejects)
	pos.Months, pos.Mark = is, a.Validators
	return nil
}
