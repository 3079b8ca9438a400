package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

var _ graph.Checkpointer = (*DB)(nil)

// Save implements graph.Checkpointer.
func (d *DB) Save(ctx context.Context, thread string, c graph.Checkpoint) error {
	err := errors.Join(graph.ValidThread(thread), c.Validate())
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error { return d.save(ctx, tx, thread, c) })
	}
	return d.graphError(thread, err)
}

func (d *DB) save(ctx context.Context, tx dialect.Tx, thread string, c graph.Checkpoint) error {
	seq, _, err := d.lockThread(ctx, tx, thread)
	if errors.Is(err, graph.ErrNotFound) {
		if c.Seq != 1 {
			return fmt.Errorf("checkpoint %d: %w", c.Seq, graph.ErrConflict)
		}
		_, err = tx.Exec(ctx, "INSERT INTO checkpoint_threads (thread, seq, step) VALUES ($1, $2, $3)", thread, c.Seq, c.Step)
	} else if err == nil {
		if c.Seq != seq+1 {
			return fmt.Errorf("checkpoint %d after %d: %w", c.Seq, seq, graph.ErrConflict)
		}
		_, err = tx.Exec(ctx, "UPDATE checkpoint_threads SET seq = $2, step = $3 WHERE thread = $1", thread, c.Seq, c.Step)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO checkpoints (thread, seq, step, spent, node, status, created_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, thread, c.Seq, c.Step, c.Spent, c.Node, string(c.Status), stamp(c.CreatedAt), c.State)
	return err
}

func (d *DB) lockThread(ctx context.Context, tx dialect.Tx, thread string) (seq, step int64, err error) {
	err = queryRow(ctx, tx, d.drv.SQL("lock_thread", ""), []any{thread}, &seq, &step)
	if errors.Is(err, ErrNotFound) {
		err = graph.ErrNotFound
	}
	return seq, step, err
}

// graphError names the thread, and says a broken key and a missing row in the port's own words.
func (d *DB) graphError(thread string, err error) error {
	switch {
	case err == nil:
		return nil
	case d.drv.Conflict(err):
		err = graph.ErrConflict
	case errors.Is(err, ErrNotFound):
		err = graph.ErrNotFound
	}
	return fmt.Errorf("thread %.60q: %w", thread, err)
}

// Latest implements graph.Checkpointer.
func (d *DB) Latest(ctx context.Context, thread string) (graph.Checkpoint, error) {
	return d.checkpoint(ctx, thread, " ORDER BY seq DESC LIMIT 1", thread)
}

// At implements graph.Checkpointer.
func (d *DB) At(ctx context.Context, thread string, seq int64) (graph.Checkpoint, error) {
	return d.checkpoint(ctx, thread, " AND seq = $2", thread, seq)
}

func (d *DB) checkpoint(ctx context.Context, thread, which string, args ...any) (graph.Checkpoint, error) {
	all, err := queryAll(ctx, d.drv, scanCheckpoint,
		"SELECT seq, step, spent, node, status, created_at, state FROM checkpoints WHERE thread = $1"+which, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return graph.Checkpoint{}, d.graphError(thread, err)
	}
	return all[0], nil
}

func scanCheckpoint(r dialect.Rows) (graph.Checkpoint, error) {
	var c graph.Checkpoint
	var status, at string
	if err := r.Scan(&c.Seq, &c.Step, &c.Spent, &c.Node, &status, &at, &c.State); err != nil {
		return c, err
	}
	c.Status = graph.Status(status)
	var err error
	c.CreatedAt, err = unstamp(at)
	return c, err
}

// History implements graph.Checkpointer.
func (d *DB) History(ctx context.Context, thread string, after int64, limit int) ([]graph.Checkpoint, error) {
	if limit < 1 || limit > graph.MaxHistory {
		return nil, fmt.Errorf("thread %.60q: history of %d: %w: 1 to %d", thread, limit, graph.ErrInvalid, graph.MaxHistory)
	}
	all, err := queryAll(ctx, d.drv, scanCheckpoint, `SELECT seq, step, spent, node, status, created_at, NULL FROM checkpoints
		WHERE thread = $1 AND seq > $2 ORDER BY seq LIMIT $3`, thread, after, limit)
	return all, d.graphError(thread, err)
}

// PutWrite implements graph.Checkpointer.
func (d *DB) PutWrite(ctx context.Context, thread string, w graph.Write) error {
	err := errors.Join(graph.ValidThread(thread), w.Validate())
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			seq, step, err := d.lockThread(ctx, tx, thread)
			if err != nil {
				return err
			}
			if seq != w.Seq || step != w.Step {
				return fmt.Errorf("%s %q at checkpoint %d, the latest is %d: %w", w.Kind, w.Key, w.Seq, seq, graph.ErrConflict)
			}
			_, err = tx.Exec(ctx, `INSERT INTO checkpoint_writes (thread, step, kind, key, seq, node, created_at, value)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, thread, w.Step, string(w.Kind), w.Key, w.Seq, w.Node, stamp(w.CreatedAt), w.Value)
			return err
		})
	}
	return d.graphError(thread, err)
}

// Writes implements graph.Checkpointer.
func (d *DB) Writes(ctx context.Context, thread string, step int64) ([]graph.Write, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (graph.Write, error) {
		w := graph.Write{Step: step}
		var kind, at string
		if err := r.Scan(&kind, &w.Key, &w.Seq, &w.Node, &at, &w.Value); err != nil {
			return w, err
		}
		w.Kind = graph.Kind(kind)
		var err error
		w.CreatedAt, err = unstamp(at)
		return w, err
	}, "SELECT kind, key, seq, node, created_at, value FROM checkpoint_writes WHERE thread = $1 AND step = $2 ORDER BY seq, kind, key", thread, step)
	return all, d.graphError(thread, err)
}

// Fork implements graph.Checkpointer.
func (d *DB) Fork(ctx context.Context, from string, seq int64, to string) error {
	err := graph.ValidThread(to)
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error { return d.fork(ctx, tx, from, seq, to) })
	}
	return d.graphError(from, err)
}

func (d *DB) fork(ctx context.Context, tx dialect.Tx, from string, seq int64, to string) error {
	if _, _, err := d.lockThread(ctx, tx, to); err == nil {
		return fmt.Errorf("thread %.60q exists: %w", to, graph.ErrConflict)
	} else if !errors.Is(err, graph.ErrNotFound) {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO checkpoint_threads (thread, seq, step)
		SELECT CAST($1 AS TEXT), seq, step FROM checkpoints WHERE thread = $2 AND seq = $3`, to, from, seq)
	if err != nil {
		return err
	}
	if n == 0 {
		return graph.ErrNotFound
	}
	if _, err := tx.Exec(ctx, `INSERT INTO checkpoints (thread, seq, step, spent, node, status, created_at, state)
		SELECT CAST($1 AS TEXT), seq, step, spent, node, status, created_at, state FROM checkpoints WHERE thread = $2 AND seq <= $3`, to, from, seq); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO checkpoint_writes (thread, step, kind, key, seq, node, created_at, value)
		SELECT CAST($1 AS TEXT), step, kind, key, seq, node, created_at, value FROM checkpoint_writes WHERE thread = $2 AND seq < $3`, to, from, seq)
	return err
}
