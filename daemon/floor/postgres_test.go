package floor

import (
	"testing"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// TestOnPostgreSQL runs the suite again on PostgreSQL: storetest.URL goes by this test's name. The property with its many kill points runs on SQLite only.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // skips everything in one line
	for _, tc := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"ReplayOfStoredBars", TestReplayOfStoredBars},
		{"KillSellsEverything", TestKillSellsEverything},
		{"KillSurvivesACrash", TestKillSurvivesACrash},
		{"CloseAndResume", TestCloseAndResume},
		{"ResumeRefusesAChangedJournal", TestResumeRefusesAChangedJournal},
		{"ReplayShowsTheFirstDifference", TestReplayShowsTheFirstDifference},
	} {
		t.Run(tc.name, tc.run)
	}
}
