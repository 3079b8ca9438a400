package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/store/dialect"
)

// maxBundle bounds an evidence bundle's bytes.
const maxBundle = 4 << 20

// BundleRow names an evidence bundle.
type BundleRow struct {
	Hash      string
	Algorithm string
	Created   time.Time
}

// PutBundle keeps a bundle under the hash of its bytes, which the caller has computed. The same one again changes nothing.
func (d *DB) PutBundle(ctx context.Context, user string, b BundleRow, body []byte) error {
	if user == "" || len(b.Hash) != 64 || b.Algorithm == "" || len(body) == 0 || len(body) > maxBundle {
		return fmt.Errorf("evidence bundle %.12s: %w: it names no user, hash or algorithm, or has no bytes or too many", b.Hash, ErrInvalid)
	}
	return d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO evidence_bundles (user_id, hash, algorithm, created_ms, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
			user, b.Hash, b.Algorithm, b.Created.UnixMilli(), body)
		return err
	})
}

func scanBundle(r dialect.Rows) (b BundleRow, err error) {
	var created int64
	err = r.Scan(&b.Hash, &b.Algorithm, &created)
	b.Created = time.UnixMilli(created).UTC()
	return b, err
}

// Bundles names the user's bundles of an algorithm, or of every one where it is "", whose hash begins with prefix; newest first, at most limit.
func (d *DB) Bundles(ctx context.Context, user, algorithm, prefix string, limit int) ([]BundleRow, error) {
	if strings.Trim(prefix, "0123456789abcdef") != "" || len(prefix) > 64 {
		return nil, nil
	}
	all, err := queryAll(ctx, d.drv, scanBundle, `SELECT hash, algorithm, created_ms FROM evidence_bundles
		WHERE user_id = $1 AND ($2 = '' OR algorithm = $2) AND substr(hash, 1, $3) = $4 ORDER BY created_ms DESC, hash LIMIT $5`, user, algorithm, len(prefix), prefix, limit)
	if err != nil {
		return nil, fmt.Errorf("evidence bundles: %w", err)
	}
	return all, nil
}

// Bundle returns a bundle's bytes, or ErrNotFound.
func (d *DB) Bundle(ctx context.Context, user, hash string) ([]byte, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (body []byte, err error) { return body, r.Scan(&body) },
		"SELECT body FROM evidence_bundles WHERE user_id = $1 AND hash = $2", user, hash)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("evidence bundle %.12s: %w", hash, err)
	}
	return all[0], nil
}
