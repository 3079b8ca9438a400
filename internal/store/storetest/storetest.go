// Package storetest is the conformance suite of the store: what both engines must do alike, and where tests get a store from.
// It must never be imported outside tests.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/graph/checkpointtest"
	"github.com/ohmycoins/omc/internal/store"
)

// Start is where the stores' clock stands.
var Start = time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC)

// SQLite returns the URL of a SQLite store that does not exist yet.
func SQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "omc data", "omc.db")
}

// Postgres returns the URL of an empty schema of its own on OMC_TEST_DATABASE_URL, dropped at the end of the test. The test is
// skipped where the variable is not set.
func Postgres(t testing.TB) string {
	t.Helper()
	base := os.Getenv("OMC_TEST_DATABASE_URL")
	if base == "" {
		t.Skip("OMC_TEST_DATABASE_URL is not set: run under 'scripts/testenv.sh run --' to test PostgreSQL")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("OMC_TEST_DATABASE_URL is not a URL")
	}
	schema := fmt.Sprintf("t%d_%d", os.Getpid(), time.Now().UnixNano())
	run := func(sql string) {
		c, err := pgx.Connect(context.Background(), base)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background())
		if _, err := c.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE SCHEMA " + schema)
	t.Cleanup(func() { run("DROP SCHEMA " + schema + " CASCADE") })
	q := u.Query()
	q.Set("search_path", schema)
	q.Set("pool_max_conns", "6")
	u.RawQuery = q.Encode()
	return u.String()
}

// OnPostgres is the name of the test under which a suite runs again on PostgreSQL.
const OnPostgres = "TestOnPostgreSQL"

// URL returns the URL of an empty PostgreSQL store in the subtests of OnPostgres and of an empty SQLite store elsewhere.
func URL(t testing.TB) string {
	t.Helper()
	if strings.HasPrefix(t.Name(), OnPostgres+"/") {
		return Postgres(t)
	}
	return SQLite(t)
}

// Open opens and migrates the store at url and closes it at the end of the test.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, store.Options{Migrate: true, Clock: clock.NewManual(Start)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// world is a store and its clock.
type world struct {
	db    *store.DB
	clock *clock.Manual
}

// Run tests a store; fresh returns the URL of an empty one and cleans up through t.Cleanup.
func Run(t *testing.T, fresh func(t testing.TB) string) {
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, w world)
	}{
		{"FeedClaims", claims},
		{"FeedClaimsOfManyProcesses", manyClaim},
		{"QuotesLandAsTheyChange", quotesChange},
		{"Quarantine", quarantine},
		{"FeedGaps", feedGaps},
		{"WhatWasKnownWhen", knownWhen},
		{"AnswersAreBoundedAndNarrowed", narrowed},
		{"FlowsAndTrades", flowsAndTrades},
		{"OrdersAndPositionsAsOf", books},
		{"DailySummaries", days},
		{"FactsAreWhatWasKnown", factsAreWhatWasKnown},
		{"FactsCorrectedOutOfReach", correctedOutOfReach},
		{"FactsRevisedAtOnce", revisedAtOnce},
		{"FactsRevisionsAreNotAssumed", revisionsAreNotAssumed},
		{"FactsOfTwoStores", factsOfTwoStores},
		{"FactsLandedWhileAsked", landingWhileAsked},
		{"FactsLaterAreAll", laterIsToldAll},
		{"FactsOfFlowsOfOneLength", flowsOfOneLength},
		{"FactsOfPublishersBeyondASCII", publishersBeyondASCII},
		{"AssumedFacts", assumedFacts},
		{"Searches", searches},
		{"SecondOpinions", secondOpinions},
		{"OpinionsMeetRevisions", opinionsMeetRevisions},
		{"SpendingOnModels", spending},
		{"TriesOfATextAreCounted", tries},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(Start)
			db, err := store.Open(context.Background(), fresh(t), store.Options{Migrate: true, Clock: c})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			tc.run(t, world{db, c})
		})
	}
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, db *store.DB)
	}{
		{"AppendBars", appendBars},
		{"AppendBarsRefusesWholeBatches", appendRefusals},
		{"ExactPrices", exactPrices},
		{"AsOf", asOf},
		{"Resample", resample},
		{"GapsAndCoverage", gaps},
		{"Stats", stats},
		{"Algorithms", algorithms},
		{"Evidence", evidence},
		{"LabSessions", labSessions},
		{"LabEvents", labEvents},
		{"LabEventsFromManyWriters", labEventsConcurrent},
		{"Trials", trials},
		{"Campaigns", campaigns},
		{"Bundles", bundles},
		{"Artifacts", artifacts},
		{"FloorBatches", floorBatches},
		{"FloorBatchesAreAtomic", floorAtomic},
		{"FloorBelongsToItsUser", floorUsers},
		{"Users", users},
		{"Audit", audit},
		{"TextThatOneEngineCannotHold", badText},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(t, Open(t, fresh(t)))
		})
	}
	t.Run("Schema", func(t *testing.T) { t.Parallel(); schema(t, fresh) })
	t.Run("TwoProcessesOpenAtOnce", func(t *testing.T) { t.Parallel(); openAtOnce(t, fresh(t)) })
	t.Run("TwoProcessesAppendAtOnce", func(t *testing.T) { t.Parallel(); appendAtOnce(t, fresh(t)) })
	t.Run("CancelledAppendLeavesNothing", func(t *testing.T) { t.Parallel(); cancelledAppend(t, fresh(t)) })
	t.Run("Checkpointer", func(t *testing.T) {
		checkpointtest.Run(t, func(t *testing.T) graph.Checkpointer { return Open(t, fresh(t)) })
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T { t.Helper(); must(t, err); return v }
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func schema(t *testing.T, fresh func(testing.TB) string) {
	u := fresh(t)
	_, err := store.Open(t.Context(), u, store.Options{})
	wants(t, err, store.ErrNeedsMigration)
	db := got(store.Open(t.Context(), u, store.Options{Unmigrated: true}))(t)
	if v := got(db.SchemaVersion(t.Context()))(t); v != 0 {
		t.Fatalf("an empty store has schema %d", v)
	}
	must(t, db.Migrate(t.Context()))
	must(t, db.Migrate(t.Context()))
	if v := got(db.SchemaVersion(t.Context()))(t); v != db.LatestSchemaVersion() || v < 1 {
		t.Fatalf("schema %d after a migration, latest is %d", v, db.LatestSchemaVersion())
	}
	must(t, db.Close())
	db = got(store.Open(t.Context(), u, store.Options{}))(t)
	must(t, db.Close())

	// A newer omc has been here.
	Newer(t, u, 9999)
	var newer *store.NewerSchemaError
	if _, err := store.Open(t.Context(), u, store.Options{Migrate: true}); !errors.As(err, &newer) || newer.Have != 9999 {
		t.Fatalf("a newer schema: %v", err)
	}
}

func openAtOnce(t *testing.T, u string) {
	const processes = 6
	errs := make(chan error, processes)
	for range processes {
		go func() {
			db, err := store.Open(t.Context(), u, store.Options{Migrate: true})
			if err == nil {
				_, err = db.EnsureLocalUser(t.Context(), "me")
				err = errors.Join(err, db.Close())
			}
			errs <- err
		}()
	}
	for range processes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
