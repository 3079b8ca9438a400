package floor

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
)

const (
	watchPage  = 500
	watchPages = 10
	watchEvery = 100 * time.Millisecond // between two looks at a session, so at most ten snapshots a second
)

// Events streams a session's audit lines after seq, and its books at most ten times a second, until ctx ends or the session has ended;
// the last event of one that ended is its status. Everything is read from the journal, so that a slow reader holds nothing up.
func (s *Service) Events(ctx context.Context, user, id string, after int64, emit func(api.FloorEvent) error) error {
	j, err := s.find(ctx, user, id)
	if err != nil {
		return err
	}
	woken, leave := s.hub.follow(j.ID)
	defer leave()
	for {
		// The status is read before the lines: of a session that has ended all lines are there.
		now, err := s.store.FloorSession(ctx, user, j.ID)
		if err != nil {
			return fmt.Errorf("session %s: %w", j.ID, err)
		}
		more := false
		if after, more, err = s.lines(ctx, &now, after, emit); err != nil {
			return err
		}
		v, err := s.show(ctx, &now)
		if err != nil {
			return err
		}
		kind := "account"
		if now.Status.Final() {
			kind = "status"
		}
		if err := emit(api.FloorEvent{Kind: kind, Session: &v}); err != nil || now.Status.Final() {
			return err
		}
		if err := s.opts.Wait(ctx, watchEvery); err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return nil
		}
	}
}

// lines emits the lines after seq that are there and returns the newest number. Of a running session it emits so many pages at most,
// so that the books come in between; more says that there are more.
func (s *Service) lines(ctx context.Context, j *journal.Session, after int64, emit func(api.FloorEvent) error) (newest int64, more bool, err error) {
	for n := 0; n < watchPages || j.Status.Final(); n++ {
		page, err := s.store.FloorLines(ctx, j.ID, after, watchPage)
		if err != nil {
			return after, false, fmt.Errorf("audit of session %s: %w", j.ID, err)
		}
		for i := range page {
			if err := emit(api.FloorEvent{Seq: page[i].Seq, Kind: "line", Line: &page[i]}); err != nil {
				return after, false, err
			}
			after = page[i].Seq
		}
		if len(page) < watchPage {
			return after, false, nil
		}
	}
	return after, true, nil
}
