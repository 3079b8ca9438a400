package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/internal/strategy"
)

// PutAlgorithm keeps a under its ID, which must be its content's. Where the user has it already, that one is returned unchanged:
// the first provenance wins. The bool tells that it is new.
func (d *DB) PutAlgorithm(ctx context.Context, user string, a strategy.Algorithm) (strategy.Algorithm, bool, error) {
	if a.ID == "" || a.ID != a.Content.ID() {
		return a, false, fmt.Errorf("algorithm %.12s: %w: its id is not its content's", a.ID, ErrInvalid)
	}
	content, err := toJSON(a.Content)
	if err != nil {
		return a, false, fmt.Errorf("algorithm %s: %w", a.ID, err)
	}
	provenance, err := toJSON(a.Provenance)
	if err != nil {
		return a, false, fmt.Errorf("algorithm %s: %w", a.ID, err)
	}
	var n int64
	err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) (err error) {
		n, err = tx.Exec(ctx, `INSERT INTO algorithms (user_id, id, name, state, state_since, created_at, content, provenance)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			user, a.ID, a.Name, string(a.State), stamp(a.StateSince), stamp(a.CreatedAt), content, provenance)
		if err != nil || n == 1 || a.Provenance.ModelCutoff.IsZero() {
			return err
		}
		return writtenLater(ctx, tx, user, &a)
	})
	if err != nil {
		return a, false, fmt.Errorf("algorithm %s: %w", a.ID, err)
	}
	got, err := d.Algorithm(ctx, user, a.ID)
	return got, n == 1, err
}

// writtenLater says of a stored algorithm which language model wrote it, where that is told after it was stored; of several cut-offs the latest counts.
func writtenLater(ctx context.Context, tx dialect.Tx, user string, a *strategy.Algorithm) error {
	stored, err := queryAll(ctx, tx, func(r dialect.Rows) (s string, err error) { return s, r.Scan(&s) }, "SELECT provenance FROM algorithms WHERE user_id = $1 AND id = $2", user, a.ID)
	if err != nil || len(stored) == 0 {
		return err
	}
	var p strategy.Provenance
	if err := json.Unmarshal([]byte(stored[0]), &p); err != nil {
		return fmt.Errorf("stored provenance: %w", err)
	}
	if !a.Provenance.ModelCutoff.After(p.ModelCutoff) {
		return nil
	}
	p.Model, p.ModelCutoff = a.Provenance.Model, a.Provenance.ModelCutoff
	text, err := toJSON(p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE algorithms SET provenance = $3 WHERE user_id = $1 AND id = $2", user, a.ID, text)
	return err
}

const algorithmSQL = "SELECT id, name, state, state_since, created_at, content, provenance FROM algorithms WHERE user_id = $1"

func scanAlgorithm(r dialect.Rows) (strategy.Algorithm, error) {
	var a strategy.Algorithm
	var state, since, created, content, provenance string
	if err := r.Scan(&a.ID, &a.Name, &state, &since, &created, &content, &provenance); err != nil {
		return a, err
	}
	a.State = strategy.State(state)
	err := errors.Join(json.Unmarshal([]byte(content), &a.Content), json.Unmarshal([]byte(provenance), &a.Provenance))
	var err1, err2 error
	a.StateSince, err1 = unstamp(since)
	a.CreatedAt, err2 = unstamp(created)
	if err = errors.Join(err, err1, err2); err != nil {
		return a, fmt.Errorf("stored algorithm %s: %w", a.ID, err)
	}
	return a, nil
}

// Algorithm returns the user's algorithm id, or ErrNotFound.
func (d *DB) Algorithm(ctx context.Context, user, id string) (strategy.Algorithm, error) {
	all, err := queryAll(ctx, d.drv, scanAlgorithm, algorithmSQL+" AND id = $2", user, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return strategy.Algorithm{}, fmt.Errorf("algorithm %.64s: %w", id, err)
	}
	return all[0], nil
}

// AlgorithmsByPrefix returns the user's algorithms whose id begins with prefix, by id; empty where there are none.
func (d *DB) AlgorithmsByPrefix(ctx context.Context, user, prefix string) ([]strategy.Algorithm, error) {
	if strings.Trim(prefix, "0123456789abcdef") != "" || len(prefix) > 64 {
		return nil, nil // no id begins like this
	}
	all, err := queryAll(ctx, d.drv, scanAlgorithm, algorithmSQL+" AND substr(id, 1, $2) = $3 ORDER BY id", user, len(prefix), prefix)
	if err != nil {
		return nil, fmt.Errorf("algorithms %s…: %w", prefix, err)
	}
	return all, nil
}

// Algorithms returns all of the user's algorithms, newest first.
func (d *DB) Algorithms(ctx context.Context, user string) ([]strategy.Algorithm, error) {
	all, err := queryAll(ctx, d.drv, scanAlgorithm, algorithmSQL+" ORDER BY created_at DESC, id", user)
	if err != nil {
		return nil, fmt.Errorf("algorithms: %w", err)
	}
	return all, nil
}

// SetAlgorithmState moves an algorithm from one state to another and writes that to the audit, both or neither.
// ErrConflict where it is not in state from any more.
func (d *DB) SetAlgorithmState(ctx context.Context, user, id string, from, to strategy.State, at time.Time, reason string) error {
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		var state string
		if err := queryRow(ctx, tx, d.drv.SQL("lock_algorithm", ""), []any{user, id}, &state); err != nil {
			return err
		}
		if state != string(from) {
			return fmt.Errorf("%w: it is %s, not %s", ErrConflict, state, from)
		}
		if _, err := tx.Exec(ctx, "UPDATE algorithms SET state = $3, state_since = $4 WHERE user_id = $1 AND id = $2",
			user, id, string(to), stamp(at)); err != nil {
			return err
		}
		detail, err := toJSON(map[string]string{"from": string(from), "to": string(to), "reason": reason})
		if err != nil {
			return err
		}
		return d.appendAudit(ctx, tx, at, user, "algorithm.state", id, detail)
	})
	if err != nil {
		return fmt.Errorf("algorithm %.64s: %w", id, err)
	}
	return nil
}

// PutEvidence keeps what is known of an algorithm, with the full report as JSON; it replaces what was kept before. A nil report
// keeps the old one.
func (d *DB) PutEvidence(ctx context.Context, e strategy.Evidence, report []byte) error {
	body, err := toJSON(e)
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			var doc any
			if report != nil {
				doc = report
			}
			_, err := tx.Exec(ctx, `INSERT INTO algorithm_evidence (algorithm, updated_at, body, report) VALUES ($1, $2, $3, $4)
				ON CONFLICT (algorithm) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body,
				report = COALESCE(excluded.report, algorithm_evidence.report)`, e.Algorithm, stamp(e.UpdatedAt), body, doc)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("evidence of algorithm %.64s: %w", e.Algorithm, err)
	}
	return nil
}

// Evidence returns what is known of an algorithm and its report's JSON (nil where there is none), or ErrNotFound.
func (d *DB) Evidence(ctx context.Context, id string) (*strategy.Evidence, []byte, error) {
	var body string
	var report []byte
	err := queryRow(ctx, d.drv, "SELECT body, report FROM algorithm_evidence WHERE algorithm = $1", []any{id}, &body, &report)
	var e strategy.Evidence
	if err == nil {
		err = json.Unmarshal([]byte(body), &e)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("evidence of algorithm %.64s: %w", id, err)
	}
	return &e, report, nil
}
