package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/store/dialect"
)

// AuditRow is one line of who did what.
type AuditRow struct {
	Seq     int64           `json:"seq"` // from 1, without holes
	At      time.Time       `json:"at"`
	UserID  string          `json:"user_id"`
	Action  string          `json:"action"`
	Subject string          `json:"subject"`
	Detail  json.RawMessage `json:"detail"`
	Hash    string          `json:"hash"` // SHA-256 over the hash before and all other fields
}

// AuditError says where the audit's chain is broken.
type AuditError struct {
	Seq    int64
	Reason string
}

// Error implements error.
func (e *AuditError) Error() string { return fmt.Sprintf("audit row %d: %s", e.Seq, e.Reason) }

// auditHash covers the row and, through the hash before it, everything before. JSON keeps the fields apart.
func auditHash(before string, seq int64, at, user, action, subject, detail string) (string, error) {
	b, err := json.Marshal([]any{before, seq, at, user, action, subject, detail})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// AppendAudit adds one row; detail is any JSON, or nil.
func (d *DB) AppendAudit(ctx context.Context, user, action, subject string, detail json.RawMessage) error {
	if detail == nil {
		detail = json.RawMessage("null")
	}
	if !json.Valid(detail) {
		return fmt.Errorf("audit %s: %w: the detail is not JSON", action, ErrInvalid)
	}
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		return d.appendAudit(ctx, tx, d.clock.Now(), user, action, subject, string(detail))
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

func (d *DB) appendAudit(ctx context.Context, tx dialect.Tx, at time.Time, user, action, subject, detail string) error {
	var seq int64
	var before string
	if err := queryRow(ctx, tx, d.drv.SQL("lock_audit", ""), nil, &seq, &before); err != nil {
		return err
	}
	seq++
	hash, err := auditHash(before, seq, stamp(at), user, action, subject, detail)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO audit (seq, at, user_id, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		seq, stamp(at), user, action, subject, detail, hash); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1", seq, hash)
	return err
}

func scanAudit(r dialect.Rows) (AuditRow, error) {
	var a AuditRow
	var at, detail string
	if err := r.Scan(&a.Seq, &at, &a.UserID, &a.Action, &a.Subject, &detail, &a.Hash); err != nil {
		return a, err
	}
	a.Detail = json.RawMessage(detail)
	var err error
	a.At, err = unstamp(at)
	return a, err
}

const auditSQL = "SELECT seq, at, user_id, action, subject, detail, hash FROM audit"

// Audit returns the newest rows, newest first; at most limit (0: 1,000, the most).
func (d *DB) Audit(ctx context.Context, limit int) ([]AuditRow, error) {
	rows, err := queryAll(ctx, d.drv, scanAudit, auditSQL+" ORDER BY seq DESC LIMIT $1", pageLimit(limit, 1000))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return rows, nil
}

// VerifyAudit recomputes the chain and returns how many rows it has, or *AuditError where a row was changed, removed or added
// from outside.
func (d *DB) VerifyAudit(ctx context.Context) (int64, error) {
	seq, before := int64(0), ""
	err := d.drv.View(ctx, func(r dialect.Reader) error {
		rows, err := r.Query(ctx, auditSQL+" ORDER BY seq")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, err := scanAudit(rows)
			if err != nil {
				return err
			}
			seq++
			if a.Seq != seq {
				return &AuditError{Seq: seq, Reason: "is missing"}
			}
			hash, err := auditHash(before, seq, stamp(a.At), a.UserID, a.Action, a.Subject, string(a.Detail))
			if err != nil {
				return err
			}
			if hash != a.Hash {
				return &AuditError{Seq: seq, Reason: "does not have the hash of its content"}
			}
			before = hash
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		var headSeq int64
		var headHash string
		if err := queryRow(ctx, r, "SELECT seq, hash FROM audit_head WHERE id = 1", nil, &headSeq, &headHash); err != nil {
			return err
		}
		if headSeq != seq || headHash != before {
			return &AuditError{Seq: max(seq, headSeq), Reason: "is not where the head says the audit ends"}
		}
		return nil
	})
	if err != nil {
		return seq, fmt.Errorf("verify audit: %w", err)
	}
	return seq, nil
}

// EnsureLocalUser returns the id of the user of that name, who is made where there is none.
func (d *DB) EnsureLocalUser(ctx context.Context, name string) (string, error) {
	if name == "" || len(name) > 100 {
		return "", fmt.Errorf("user %.40q: %w: a name has 1 to 100 bytes", name, ErrInvalid)
	}
	find := "SELECT id FROM users WHERE name = $1"
	var id string
	err := queryRow(ctx, d.drv, find, []any{name}, &id)
	if errors.Is(err, ErrNotFound) {
		sum := sha256.Sum256([]byte("local user\x00" + name))
		id = "u" + hex.EncodeToString(sum[:8])
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO users (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
				id, name, stamp(d.clock.Now())); err != nil {
				return err
			}
			return queryRow(ctx, tx, find, []any{name}, &id)
		})
	}
	if err != nil {
		return "", fmt.Errorf("user %.40q: %w", name, err)
	}
	return id, nil
}
