package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/store/dialect"
)

// Search is one whose points several processes evaluate.
type Search struct {
	ID       string
	User     string
	Request  string // JSON, all that a process needs to evaluate a point
	DataHash string // of the bars and facts that the asking process has
}

// SearchPoint is one evaluation: to be made, or made.
type SearchPoint struct {
	N      int64
	Args   string // JSON
	Result string // JSON; "" until it has been made
}

// How long a process may say nothing before it is taken for dead.
const (
	askerSilence  = 30 * time.Second
	workerSilence = 15 * time.Second
)

// OpenSearch begins a search.
func (d *DB) OpenSearch(ctx context.Context, s Search) error {
	if s.ID == "" || s.User == "" {
		return fmt.Errorf("search: %w: it names no id or user", ErrInvalid)
	}
	return d.exec(ctx, "search", "INSERT INTO searches (id, user_id, request, data_hash, alive_ms) VALUES ($1, $2, $3, $4, $5)", s.ID, s.User, s.Request, s.DataHash, d.clock.Now().UnixMilli())
}

// KeepSearch says that the process that asked is there.
func (d *DB) KeepSearch(ctx context.Context, id string) error {
	return d.exec(ctx, "search", "UPDATE searches SET alive_ms = $2 WHERE id = $1", id, d.clock.Now().UnixMilli())
}

// CloseSearch ends a search: whoever works at a point of it has nobody to tell.
func (d *DB) CloseSearch(ctx context.Context, id string) error {
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM search_points WHERE search = $1", id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM searches WHERE id = $1", id)
		return err
	})
}

// PruneSearches removes those whose asking process is gone.
func (d *DB) PruneSearches(ctx context.Context) error {
	gone := d.clock.Now().Add(-10 * askerSilence).UnixMilli()
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM search_points WHERE search IN (SELECT id FROM searches WHERE alive_ms < $1)", gone); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM searches WHERE alive_ms < $1", gone)
		return err
	})
}

// AddPoints adds points to be evaluated.
func (d *DB) AddPoints(ctx context.Context, id string, points []SearchPoint) error {
	now := d.clock.Now().UnixMilli()
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		for _, p := range points {
			if _, err := tx.Exec(ctx, "INSERT INTO search_points (search, n, args, worker, beat_ms, result, taken) VALUES ($1, $2, $3, '', $4, '', 0)", id, p.N, p.Args, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClaimPoint gives a point to a worker; ok is false where it is made, somebody else works at it, or nobody waits for it any more.
func (d *DB) ClaimPoint(ctx context.Context, id string, n int64, worker string) (s Search, p SearchPoint, ok bool, err error) {
	now := d.clock.Now()
	err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		ok = false
		var alive int64
		found, err := queryAll(ctx, tx, func(r dialect.Rows) (s Search, err error) {
			return s, r.Scan(&s.ID, &s.User, &s.Request, &s.DataHash, &alive)
		}, "SELECT id, user_id, request, data_hash, alive_ms FROM searches WHERE id = $1", id)
		if err != nil || len(found) == 0 || alive < now.Add(-askerSilence).UnixMilli() {
			return err
		}
		s = found[0]
		points, err := queryAll(ctx, tx, func(r dialect.Rows) (p SearchPoint, err error) { return p, r.Scan(&p.N, &p.Args) },
			"UPDATE search_points SET worker = $3, beat_ms = $4 WHERE search = $1 AND n = $2 AND result = '' AND (worker = '' OR beat_ms < $5) RETURNING n, args",
			id, n, worker, now.UnixMilli(), now.Add(-workerSilence).UnixMilli())
		if err == nil && len(points) == 1 {
			p, ok = points[0], true
		}
		return err
	})
	if err != nil {
		return s, p, false, fmt.Errorf("search point: %w", err)
	}
	return s, p, ok, nil
}

// BeatPoint says that a worker still works at a point; false where it is not its any more.
func (d *DB) BeatPoint(ctx context.Context, id string, n int64, worker string) (bool, error) {
	return d.changed(ctx, "UPDATE search_points SET beat_ms = $4 WHERE search = $1 AND n = $2 AND worker = $3 AND result = ''", id, n, worker, d.clock.Now().UnixMilli())
}

// EndPoint keeps a point's result, the first that comes.
func (d *DB) EndPoint(ctx context.Context, id string, n int64, result string) (bool, error) {
	return d.changed(ctx, "UPDATE search_points SET result = $3 WHERE search = $1 AND n = $2 AND result = ''", id, n, result)
}

// TakePoints returns the results that have come since it was last asked.
func (d *DB) TakePoints(ctx context.Context, id string) (out []SearchPoint, err error) {
	err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		out, err = queryAll(ctx, tx, func(r dialect.Rows) (p SearchPoint, err error) { return p, r.Scan(&p.N, &p.Args, &p.Result) },
			"UPDATE search_points SET taken = 1 WHERE search = $1 AND taken = 0 AND result <> '' RETURNING n, args, result", id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search points: %w", err)
	}
	return out, nil
}

// SilentPoints are those that nobody has worked at for so long that they must be asked for again; they count as asked for now.
func (d *DB) SilentPoints(ctx context.Context, id string) (out []int64, err error) {
	now := d.clock.Now()
	err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		out, err = queryAll(ctx, tx, func(r dialect.Rows) (n int64, err error) { return n, r.Scan(&n) },
			"UPDATE search_points SET worker = '', beat_ms = $2 WHERE search = $1 AND result = '' AND worker <> '' AND beat_ms < $3 RETURNING n", id, now.UnixMilli(), now.Add(-workerSilence).UnixMilli())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search points: %w", err)
	}
	return out, nil
}

// SearchLoad is what the processes on this database have to do for searches.
type SearchLoad struct {
	Searches  int64 // whose asking process is there
	Points    int64 // of them
	Made      int64
	UnderWay  int64
	Processes int64 // that work at those
}

// SearchLoad counts.
func (d *DB) SearchLoad(ctx context.Context) (SearchLoad, error) {
	now := d.clock.Now()
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (l SearchLoad, err error) {
		return l, r.Scan(&l.Searches, &l.Points, &l.Made, &l.UnderWay, &l.Processes)
	}, `SELECT count(DISTINCT s.id), count(p.n), count(CASE WHEN p.result <> '' THEN 1 END), count(CASE WHEN p.result = '' AND p.worker <> '' AND p.beat_ms >= $2 THEN 1 END),
		count(DISTINCT CASE WHEN p.result = '' AND p.worker <> '' AND p.beat_ms >= $2 THEN p.worker END)
		FROM searches s LEFT JOIN search_points p ON p.search = s.id WHERE s.alive_ms >= $1`, now.Add(-askerSilence).UnixMilli(), now.Add(-workerSilence).UnixMilli())
	if err != nil || len(all) == 0 {
		return SearchLoad{}, fmt.Errorf("searches: %w", err)
	}
	return all[0], nil
}

func (d *DB) exec(ctx context.Context, what, sql string, args ...any) error {
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (d *DB) changed(ctx context.Context, sql string, args ...any) (bool, error) {
	n := int64(0)
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) (err error) {
		n, err = tx.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("search point: %w", err)
	}
	return n > 0, nil
}
