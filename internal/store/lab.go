package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// Bounds of one page and one batch.
const (
	maxPage     = 10_000
	maxListed   = 200_000 // orders and fills
	maxEvents   = 1_000
	maxArtifact = 64 << 20 // bytes
)

// PutSession keeps a new lab session; ErrConflict where its id is taken.
func (d *DB) PutSession(ctx context.Context, s research.Session) error {
	body, err := toJSON(s)
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO agent_sessions (id, user_id, goal, model, status, created_at, updated_at, body)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				s.ID, s.UserID, s.Goal, s.Model, string(s.Status), stamp(s.CreatedAt), stamp(s.UpdatedAt), body)
			return err
		})
	}
	return d.named("lab session", s.ID, err)
}

// named names the thing in an error, and says a taken key as ErrConflict.
func (d *DB) named(what, id string, err error) error {
	if err == nil {
		return nil
	}
	if d.drv.Conflict(err) {
		err = fmt.Errorf("%w: it is there already", ErrConflict)
	}
	return fmt.Errorf("%s %.64s: %w", what, id, err)
}

// UpdateSession replaces a lab session: the last write wins. Owner and creation time stay as they were put.
func (d *DB) UpdateSession(ctx context.Context, s research.Session) error {
	body, err := toJSON(s)
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			n, err := tx.Exec(ctx, `UPDATE agent_sessions SET goal = $2, model = $3, status = $4, updated_at = $5, body = $6
				WHERE id = $1 AND user_id = $7`, s.ID, s.Goal, s.Model, string(s.Status), stamp(s.UpdatedAt), body, s.UserID)
			if err == nil && n == 0 {
				err = ErrNotFound
			}
			return err
		})
	}
	return d.named("lab session", s.ID, err)
}

// sessionSQL reads a session with the trials that are there, not those there were when it was last written.
const sessionSQL = "SELECT body, (SELECT count(*) FROM trials WHERE session_id = agent_sessions.id) FROM agent_sessions"

func scanSession(r dialect.Rows) (s research.Session, err error) {
	var body string
	var trials int
	if err := r.Scan(&body, &trials); err != nil {
		return s, err
	}
	err = json.Unmarshal([]byte(body), &s)
	s.Trials = trials
	return s, err
}

// Session returns a lab session, or ErrNotFound; also for another user's. user "" asks for anybody's.
func (d *DB) Session(ctx context.Context, user, id string) (research.Session, error) {
	all, err := queryAll(ctx, d.drv, scanSession, sessionSQL+" WHERE id = $1 AND (user_id = $2 OR $2 = '')", id, user)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return research.Session{}, d.named("lab session", id, err)
	}
	return all[0], nil
}

// Sessions returns the user's lab sessions, newest first; user "" asks for everybody's.
func (d *DB) Sessions(ctx context.Context, user string) ([]research.Session, error) {
	all, err := queryAll(ctx, d.drv, scanSession, sessionSQL+" WHERE user_id = $1 OR $1 = '' ORDER BY created_at DESC, id", user)
	return all, d.named("lab sessions of", user, err)
}

// AppendEvent stores one event under the session's next number.
func (d *DB) AppendEvent(ctx context.Context, e research.Event) (research.Event, error) {
	out, err := d.AppendEvents(ctx, e.Session, "", []research.Event{e})
	if err != nil {
		return e, err
	}
	return out[0], nil
}

// AppendEvents stores events under the session's next numbers, all or none. Where key is not empty and was used before in this
// session, nothing is added and the events it brought then are returned.
func (d *DB) AppendEvents(ctx context.Context, session, key string, events []research.Event) ([]research.Event, error) {
	var out []research.Event
	err := fmt.Errorf("%w: %d events at once, the limit is %d", ErrInvalid, len(events), maxEvents)
	if len(events) <= maxEvents {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) (err error) {
			out, err = d.appendEvents(ctx, tx, session, key, events)
			return err
		})
	}
	if err != nil {
		return nil, d.named("events of lab session", session, err)
	}
	return out, nil
}

func (d *DB) appendEvents(ctx context.Context, tx dialect.Tx, session, key string, events []research.Event) ([]research.Event, error) {
	var user string
	if err := queryRow(ctx, tx, d.drv.SQL("lock_session", ""), []any{session}, &user); err != nil {
		return nil, err
	}
	if key != "" {
		var first, n int64
		err := queryRow(ctx, tx, "SELECT first_seq, events FROM agent_event_keys WHERE session_id = $1 AND key = $2", []any{session, key}, &first, &n)
		if err == nil {
			return queryAll(ctx, tx, scanEvent, eventSQL+" AND seq >= $2 AND seq < $3 ORDER BY seq", session, first, first+n)
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	var last int64
	if err := queryRow(ctx, tx, "SELECT COALESCE(max(seq), 0) FROM agent_events WHERE session_id = $1", []any{session}, &last); err != nil {
		return nil, err
	}
	out := make([]research.Event, len(events))
	for i, e := range events {
		e.Session, e.Seq = session, last+int64(i)+1
		if _, err := tx.Exec(ctx, `INSERT INTO agent_events (session_id, seq, at, kind, agent, content, data)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, session, e.Seq, stamp(e.Time), string(e.Kind), e.Agent, e.Text, rawJSON(e.Data)); err != nil {
			return nil, err
		}
		out[i] = e
	}
	if key == "" {
		return out, nil
	}
	_, err := tx.Exec(ctx, "INSERT INTO agent_event_keys (session_id, key, first_seq, events) VALUES ($1, $2, $3, $4)", session, key, last+1, len(events))
	return out, err
}

const eventSQL = "SELECT session_id, seq, at, kind, agent, content, data FROM agent_events WHERE session_id = $1"

func scanEvent(r dialect.Rows) (research.Event, error) {
	var e research.Event
	var at, kind string
	var data []byte
	if err := r.Scan(&e.Session, &e.Seq, &at, &kind, &e.Agent, &e.Text, &data); err != nil {
		return e, err
	}
	e.Kind, e.Data = research.EventKind(kind), toRaw(data)
	var err error
	e.Time, err = unstamp(at)
	return e, err
}

// SessionEvents returns the events after number after, oldest first; at most limit (0: 10,000, the most).
func (d *DB) SessionEvents(ctx context.Context, session string, after int64, limit int) ([]research.Event, error) {
	all, err := queryAll(ctx, d.drv, scanEvent, eventSQL+" AND seq > $2 ORDER BY seq LIMIT $3", session, after, pageLimit(limit, maxPage))
	return all, d.named("events of lab session", session, err)
}

// AppendTrial counts a trial and returns its number, from 1 within the session. The same algorithm, stage and window again is the
// same trial: its number is returned and nothing is added.
func (d *DB) AppendTrial(ctx context.Context, t research.Trial) (int, error) {
	var n int64
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		var user string
		if err := queryRow(ctx, tx, d.drv.SQL("lock_session", ""), []any{t.Session}, &user); err != nil {
			return err
		}
		err := queryRow(ctx, tx, `SELECT n FROM trials WHERE session_id = $1 AND algorithm = $2 AND stage = $3 AND from_at = $4 AND to_at = $5`,
			[]any{t.Session, t.Algorithm, t.Stage, stamp(t.From), stamp(t.To)}, &n)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := queryRow(ctx, tx, "SELECT COALESCE(max(n), 0) + 1 FROM trials WHERE session_id = $1", []any{t.Session}, &n); err != nil {
			return err
		}
		t.N = int(n)
		body, err := toJSON(t)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO trials (session_id, n, algorithm, strategy, stage, from_at, to_at, created_at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			t.Session, n, t.Algorithm, t.Strategy, t.Stage, stamp(t.From), stamp(t.To), stamp(t.CreatedAt), body)
		return err
	})
	return int(n), d.named("trial of lab session", t.Session, err)
}

// Trials returns a session's trials by number.
func (d *DB) Trials(ctx context.Context, session string) ([]research.Trial, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (t research.Trial, err error) {
		var body string
		if err := r.Scan(&body); err != nil {
			return t, err
		}
		return t, json.Unmarshal([]byte(body), &t)
	}, "SELECT body FROM trials WHERE session_id = $1 ORDER BY n", session)
	return all, d.named("trials of lab session", session, err)
}

// PutArtifact keeps content under its SHA-256, which a.ID must be. The same content again in the same session changes nothing.
func (d *DB) PutArtifact(ctx context.Context, a research.Artifact, content []byte) error {
	sum := sha256.Sum256(content)
	var err error
	switch {
	case a.ID != hex.EncodeToString(sum[:]) || a.Size != int64(len(content)):
		err = fmt.Errorf("%w: its id or size is not its content's", ErrInvalid)
	case len(content) > maxArtifact:
		err = fmt.Errorf("%w: %d bytes, the limit is %d", ErrInvalid, len(content), maxArtifact)
	default:
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			var user string
			if err := queryRow(ctx, tx, d.drv.SQL("lock_session", ""), []any{a.Session}, &user); err != nil {
				return err
			}
			if content == nil {
				content = []byte{}
			}
			_, err := tx.Exec(ctx, `INSERT INTO agent_artifacts (session_id, id, kind, name, media_type, size, created_at, position, content)
				SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT),
				CAST($7 AS TEXT), count(*) + 1, $8 FROM agent_artifacts WHERE session_id = $1 ON CONFLICT DO NOTHING`,
				a.Session, a.ID, a.Kind, a.Name, a.MediaType, a.Size, stamp(a.CreatedAt), content)
			return err
		})
	}
	return d.named("artifact", a.ID, err)
}

const artifactSQL = "SELECT id, session_id, kind, name, media_type, size, created_at, "

func scanArtifact(r dialect.Rows) (research.Artifact, []byte, error) {
	var a research.Artifact
	var at string
	var content []byte
	if err := r.Scan(&a.ID, &a.Session, &a.Kind, &a.Name, &a.MediaType, &a.Size, &at, &content); err != nil {
		return a, nil, err
	}
	var err error
	a.CreatedAt, err = unstamp(at)
	return a, content, err
}

// Artifact returns an artifact and its content, or ErrNotFound. Where several sessions made the same, it is the first one's.
func (d *DB) Artifact(ctx context.Context, id string) (research.Artifact, []byte, error) {
	var content []byte
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (a research.Artifact, err error) {
		a, content, err = scanArtifact(r)
		return a, err
	}, artifactSQL+"content FROM agent_artifacts WHERE id = $1 ORDER BY created_at, session_id LIMIT 1", id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return research.Artifact{}, nil, d.named("artifact", id, err)
	}
	if content == nil {
		content = []byte{}
	}
	return all[0], content, nil
}

// Artifacts lists a session's artifacts in the order they were made, without their content.
func (d *DB) Artifacts(ctx context.Context, session string) ([]research.Artifact, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (research.Artifact, error) {
		a, _, err := scanArtifact(r)
		return a, err
	}, artifactSQL+"NULL FROM agent_artifacts WHERE session_id = $1 ORDER BY position", session)
	return all, d.named("artifacts of lab session", session, err)
}
