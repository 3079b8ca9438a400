package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

var _ ledger.Collector = (*DB)(nil)

// Bounds of what is kept of a feed's past.
const (
	maxQuarantinedBytes = 16 << 10
	maxQuarantined      = 10_000 // pieces of one feed; the oldest go
	maxRejects          = 1_000  // of one landing
	maxReason           = 1_000
	keepRuns            = 3 * 24 * time.Hour
)

// EnsureFeeds implements ledger.Collector.
func (d *DB) EnsureFeeds(ctx context.Context, names []string) error {
	return d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		for _, n := range names {
			_, err := tx.Exec(ctx, `INSERT INTO collectors (name, claim, busy_ms, owner, tick_ms, paused, ok_ms, newest_ms, error, error_ms, failed, runs,
				failures, rows_landed, quarantined) VALUES ($1, 0, 0, '', 0, $2, 0, 0, '', 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, n, false)
			if err != nil {
				return fmt.Errorf("feed %s: %w", n, err)
			}
		}
		return nil
	})
}

// Begin implements ledger.Collector. A poll that did not land (its process died) blocks its feed until the time it was given.
func (d *DB) Begin(ctx context.Context, feed, owner string, tick, until time.Time) (ledger.Claim, bool, error) {
	c := ledger.Claim{Feed: feed}
	began := false
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		now := d.clock.Now().UnixMilli()
		n, err := tx.Exec(ctx, `UPDATE collectors SET claim = claim + 1, busy_ms = $3, owner = $4, tick_ms = $2
			WHERE name = $1 AND tick_ms < $2 AND busy_ms <= $5 AND NOT paused AND (held_ms <= $5 OR held_by <> $6)`,
			feed, tick.UnixMilli(), until.UnixMilli(), owner, now, ledger.HeldByUpstream)
		if err != nil || n == 0 {
			return err
		}
		began = true
		var ok, failed, asked int64
		if err := queryRow(ctx, tx, "SELECT claim, cursor, ok_ms, failed, asked_ms FROM collectors WHERE name = $1", []any{feed}, &c.Number, &c.Cursor, &ok, &failed, &asked); err != nil {
			return err
		}
		c.LastOK, c.Failed, c.Asked = fromMilli(ok), int(failed), asked > 0
		if c.Asked {
			_, err = tx.Exec(ctx, "UPDATE collectors SET asked_ms = 0 WHERE name = $1", feed)
		}
		return err
	})
	if err != nil {
		return c, false, fmt.Errorf("begin %s: %w", feed, err)
	}
	return c, began, nil
}

// Extend implements ledger.Collector.
func (d *DB) Extend(ctx context.Context, c ledger.Claim, until time.Time) error {
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE collectors SET busy_ms = $3 WHERE name = $1 AND claim = $2 AND busy_ms > 0 AND busy_ms < $3", c.Feed, c.Number, until.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("extend the claim on %s: %w", c.Feed, err)
	}
	return nil
}

// HoldFeeds implements ledger.Collector. Each feed is a transaction of its own: two feeds that hold each other must not wait for each other.
func (d *DB) HoldFeeds(ctx context.Context, names []string, h ledger.Hold, why string) error {
	for _, name := range names {
		err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE collectors SET held_ms = $2, held = $3, held_by = $4 WHERE name = $1 AND held_ms < $2", name, h.Until.UnixMilli(), cleanText(why, maxReason), h.By)
			return err
		})
		if err != nil {
			return fmt.Errorf("hold %s: %w", name, err)
		}
	}
	return nil
}

// AskFeed implements ledger.Collector.
func (d *DB) AskFeed(ctx context.Context, name string, at time.Time) error {
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE collectors SET asked_ms = $2 WHERE name = $1", name, at.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("ask for a poll of %s: %w", name, err)
	}
	return nil
}

// ReleaseAll implements ledger.Collector.
func (d *DB) ReleaseAll(ctx context.Context) error {
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE collectors SET busy_ms = 0 WHERE busy_ms > 0")
		return err
	})
	if err != nil {
		return fmt.Errorf("release the feeds: %w", err)
	}
	return nil
}

// fromMilli reads unix milliseconds; 0 is no time.
func fromMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// rejects puts what could not be taken into quarantine, with its bytes.
func (a *lander) rejects(ctx context.Context) error {
	all := a.l.Rejects
	if len(all) > maxRejects {
		all = append(slices.Clone(all[:maxRejects-1]), ledger.Reject{Reason: fmt.Sprintf("and %d more of the same answer", len(all)-maxRejects+1)})
	}
	for _, r := range all {
		reason := cleanText(r.Reason, maxReason)
		sum := sha256.Sum256(append([]byte(reason+"\x00"), r.Bytes...))
		_, err := a.tx.Exec(ctx, `INSERT INTO quarantine (collector, source, hash, reason, bytes, size, seen, first_ms, last_ms)
			VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7) ON CONFLICT (collector, hash) DO UPDATE SET seen = quarantine.seen + 1, last_ms = excluded.last_ms`,
			a.l.Claim.Feed, a.l.Source, hex.EncodeToString(sum[:16]), reason, head(r.Bytes), max(r.Size, len(r.Bytes)), a.known)
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	_, err := a.tx.Exec(ctx, `DELETE FROM quarantine WHERE collector = $1 AND id <= (SELECT id FROM quarantine WHERE collector = $1
		ORDER BY id DESC LIMIT 1 OFFSET `+fmt.Sprint(maxQuarantined)+")", a.l.Claim.Feed)
	return err
}

func head(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	return b[:min(len(b), maxQuarantinedBytes)]
}

// cleanText is valid text without NUL, at most n bytes.
func cleanText(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// FeedStates implements ledger.Collector.
func (d *DB) FeedStates(ctx context.Context) ([]ledger.FeedState, error) {
	now := d.clock.Now().UnixMilli()
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s ledger.FeedState, err error) {
		var busy, tick, ok, newest, failure, failed, held, idle int64
		err = r.Scan(&s.Name, &s.Paused, &s.Owner, &busy, &tick, &ok, &newest, &s.Error, &failure, &failed, &s.Runs, &s.Failures, &s.Rows, &s.Quarantined,
			&held, &s.Held, &s.HeldBy, &idle)
		if busy <= now {
			s.Owner = ""
		}
		if s.LastIdle = fromMilli(idle); held > now {
			s.HeldUntil = fromMilli(held)
		} else {
			s.Held, s.HeldBy = "", ""
		}
		s.LastTick, s.LastOK, s.Newest, s.ErrorAt, s.Failed = fromMilli(tick), fromMilli(ok), fromMilli(newest), fromMilli(failure), int(failed)
		return s, err
	}, `SELECT name, paused, owner, busy_ms, tick_ms, ok_ms, newest_ms, error, error_ms, failed, runs, failures, rows_landed, quarantined,
		held_ms, held, held_by, idle_ms FROM collectors ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("feeds: %w", err)
	}
	return all, nil
}

// FeedRuns implements ledger.Collector.
func (d *DB) FeedRuns(ctx context.Context, since time.Time) (map[string]ledger.RunStats, error) {
	out := map[string]ledger.RunStats{}
	lags := map[string][]int64{}
	_, err := queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
		var name, failure string
		var landed, same, rejected, requests, lag int64
		if err := r.Scan(&name, &failure, &landed, &same, &rejected, &requests, &lag); err != nil {
			return struct{}{}, err
		}
		s := out[name]
		if failure == givenUp || failure == nothingDue || strings.HasPrefix(failure, heldBack) {
			failure = ""
			s.Runs--
		}
		s.Runs, s.Rows, s.Same, s.Rejected, s.Requests = s.Runs+1, s.Rows+landed, s.Same+same, s.Rejected+rejected, s.Requests+requests
		if failure != "" {
			s.Failures++
		}
		if lag >= 0 {
			lags[name] = append(lags[name], lag)
		}
		out[name] = s
		return struct{}{}, nil
	}, "SELECT collector, error, landed, same, rejected, requests, lag_ms FROM collector_runs WHERE started_ms >= $1", since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("feeds' polls: %w", err)
	}
	for name, l := range lags {
		slices.Sort(l)
		s := out[name]
		s.LagP50, s.LagP99 = quantile(l, 50), quantile(l, 99)
		out[name] = s
	}
	return out, nil
}

// quantile is the smallest value that p in a hundred do not pass, of sorted milliseconds.
func quantile(sorted []int64, p int) time.Duration {
	i := (len(sorted)*p + 99) / 100
	return time.Duration(sorted[max(0, i-1)]) * time.Millisecond
}

// PauseFeed implements ledger.Collector.
func (d *DB) PauseFeed(ctx context.Context, name string, paused bool) error {
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE collectors SET paused = $2 WHERE name = $1", name, paused)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	return d.named("feed", name, err)
}

// FeedGaps implements ledger.Collector.
func (d *DB) FeedGaps(ctx context.Context, feed string, limit int) ([]ledger.FeedGap, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (g ledger.FeedGap, err error) {
		var from, to, repaired int64
		err = r.Scan(&g.Feed, &from, &to, &g.Reason, &repaired)
		g.From, g.To = fromMilli(from), fromMilli(to)
		if repaired > 0 {
			t := fromMilli(repaired)
			g.Repaired = &t
		}
		return g, err
	}, "SELECT collector, from_ms, to_ms, reason, repaired_ms FROM collector_gaps WHERE collector = $1 OR $1 = '' ORDER BY from_ms DESC, collector LIMIT $2", feed, pageLimit(limit, 10_000))
	if err != nil {
		return nil, fmt.Errorf("gaps of feed %s: %w", feed, err)
	}
	return all, nil
}

// Quarantine implements ledger.Collector.
func (d *DB) Quarantine(ctx context.Context, feed string, limit int) ([]ledger.Quarantined, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (q ledger.Quarantined, err error) {
		var first, last int64
		err = r.Scan(&q.ID, &q.Feed, &q.Source, &q.Reason, &q.Bytes, &q.Size, &q.Seen, &first, &last)
		q.First, q.Last = fromMilli(first), fromMilli(last)
		return q, err
	}, `SELECT id, collector, source, reason, bytes, size, seen, first_ms, last_ms FROM quarantine WHERE collector = $1 OR $1 = ''
		ORDER BY last_ms DESC, id DESC LIMIT $2`, feed, pageLimit(limit, 1_000))
	if err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	return all, nil
}

// ClearQuarantine implements ledger.Collector.
func (d *DB) ClearQuarantine(ctx context.Context, feed string) (n int64, err error) {
	err = d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		n, err = tx.Exec(ctx, "DELETE FROM quarantine WHERE collector = $1 OR $1 = ''", feed)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("clear the quarantine: %w", err)
	}
	return n, nil
}

// Polls implements ledger.Collector.
func (d *DB) Polls(ctx context.Context, feed string, from, to time.Time) (ledger.PollTimes, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (time.Time, error) {
		var ms int64
		err := r.Scan(&ms)
		return fromMilli(ms), err
	}, "SELECT read_ms FROM collector_runs WHERE collector = $1 AND read_ms >= $2 AND read_ms < $3 AND error = '' ORDER BY read_ms", feed, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("polls of %s: %w", feed, err)
	}
	return all, nil
}

// PruneRuns forgets polls that are older than three days. What they brought stays.
func (d *DB) PruneRuns(ctx context.Context) error {
	return d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM collector_runs WHERE started_ms < $1", d.clock.Now().Add(-keepRuns).UnixMilli())
		return err
	})
}

// FeedKnown reports whether there is such a feed.
func (d *DB) FeedKnown(ctx context.Context, name string) (bool, error) {
	var n int64
	err := queryRow(ctx, d.drv, "SELECT 1 FROM collectors WHERE name = $1", []any{name}, &n)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
