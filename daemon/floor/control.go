package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
)

const maxReason = 1_000 // bytes

// Stop cancels a session's open orders and ends it; its positions stay in the books.
func (s *Service) Stop(ctx context.Context, user, id string) (api.FloorSession, error) {
	j, err := s.find(ctx, user, id)
	if err != nil {
		return api.FloorSession{}, err
	}
	if err := running(&j); err != nil {
		return api.FloorSession{}, err
	}
	if err := s.command(ctx, user, &j, engine.StopCommand, ""); err != nil {
		return api.FloorSession{}, err
	}
	return s.Get(ctx, user, j.ID)
}

func running(j *journal.Session) error {
	if !j.Status.Final() {
		return nil
	}
	return api.NewProblem(http.StatusConflict, api.CodeConflict, "session %s is %s already, since %s", j.ID, j.Status, j.UpdatedAt.Format("2006-01-02 15:04:05"))
}

// command gives a command to a running session and writes it to the audit. A session that does not run here is taken up first.
func (s *Service) command(ctx context.Context, user string, j *journal.Session, what, reason string) error {
	a, err := s.run(*j)
	if err != nil {
		return err
	}
	if err := a.do(ctx, what); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return fmt.Errorf("audit of session %s: %w", j.ID, err)
	}
	if err := s.store.AppendAudit(ctx, user, "floor."+what, j.ID, detail); err != nil {
		return fmt.Errorf("audit of session %s: %w", j.ID, err)
	}
	return nil
}

// Kill cancels all orders of one session, or of all, sells every position at market, and halts. It waits until the sessions are flat,
// their feeds have ended, or ctx ends: the selling then goes on by itself.
func (s *Service) Kill(ctx context.Context, user string, r api.KillRequest) (api.KillResult, error) {
	out := api.KillResult{Sessions: []string{}}
	if len(r.Reason) > maxReason {
		return out, bad("the reason has %d characters, at most %d are kept", len(r.Reason), maxReason)
	}
	targets, err := s.targets(ctx, user, r.Session)
	if err != nil {
		return out, err
	}
	held := make([]int, len(targets))
	working := make([]*session, len(targets))
	var failed error
	for i := range targets { // every session gets its command before any is waited for
		j := &targets[i]
		if held[i], err = s.held(ctx, j.ID); err != nil {
			failed = err
			continue
		}
		if working[i], err = s.run(*j); err == nil {
			err = s.command(ctx, user, j, engine.KillCommand, r.Reason)
		}
		if err != nil {
			working[i], failed = nil, err
			continue
		}
		out.Sessions = append(out.Sessions, j.ID)
	}
	for i, a := range working {
		if a == nil {
			continue
		}
		select {
		case <-a.finished:
		case <-ctx.Done():
			return out, ctx.Err()
		}
		left, err := s.held(ctx, a.j.ID)
		if err != nil {
			return out, err
		}
		out.Closed += max(0, held[i]-left)
	}
	return out, failed
}

func (s *Service) targets(ctx context.Context, user, id string) ([]journal.Session, error) {
	if id != "" {
		j, err := s.find(ctx, user, id)
		if err == nil {
			err = running(&j)
		}
		return []journal.Session{j}, err
	}
	all, err := s.store.FloorSessions(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	kept := all[:0]
	for _, j := range all {
		if !j.Status.Final() {
			kept = append(kept, j)
		}
	}
	return kept, nil
}

// held counts a session's journalled positions that are not flat.
func (s *Service) held(ctx context.Context, id string) (int, error) {
	a, _, err := s.store.FloorAccount(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("books of session %s: %w", id, err)
	}
	n := 0
	for i := range a.Positions {
		if !a.Positions[i].Quantity.IsZero() {
			n++
		}
	}
	return n, nil
}
