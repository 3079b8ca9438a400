package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/store"
)

// A bundle stays what it was, belongs to its user, and is found by the beginning of its hash.
func bundles(t *testing.T, db *store.DB) {
	ctx := t.Context()
	a := store.BundleRow{Hash: strings.Repeat("a", 64), Algorithm: "x", Created: Start.Truncate(time.Second)}
	b := store.BundleRow{Hash: strings.Repeat("ab", 32), Algorithm: "y", Created: Start.AddDate(0, 0, 1).Truncate(time.Second)}
	must(t, db.PutBundle(ctx, "u", a, []byte("one")))
	must(t, db.PutBundle(ctx, "u", b, []byte("two")))
	must(t, db.PutBundle(ctx, "u", a, []byte("another"))) // its hash would be another too
	equal(t, string(got(db.Bundle(ctx, "u", a.Hash))(t)), "one")
	equal(t, got(db.Bundles(ctx, "u", "", "", 9))(t), []store.BundleRow{b, a})
	equal(t, got(db.Bundles(ctx, "u", "", "aa", 9))(t), []store.BundleRow{a})
	equal(t, got(db.Bundles(ctx, "u", "y", "", 9))(t), []store.BundleRow{b})
	equal(t, len(got(db.Bundles(ctx, "u", "", "", 1))(t)), 1)
	equal(t, len(got(db.Bundles(ctx, "u", "", "%", 9))(t)), 0)
	equal(t, len(got(db.Bundles(ctx, "v", "", "", 9))(t)), 0)
	_, err := db.Bundle(ctx, "v", a.Hash)
	wants(t, err, store.ErrNotFound)
	wants(t, db.PutBundle(ctx, "u", store.BundleRow{Hash: "short", Algorithm: "x"}, []byte("x")), store.ErrInvalid)
	wants(t, db.PutBundle(ctx, "u", a, nil), store.ErrInvalid)
}
