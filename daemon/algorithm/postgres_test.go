package algorithm

import (
	"testing"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// TestOnPostgreSQL runs the suite again on PostgreSQL: storetest.URL goes by this test's name. The light ones: what reads and writes the store.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // skips everything in one line
	for _, tc := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"BacktestOfAnExample", TestBacktestOfAnExample},
		{"PromotionNeedsEvidence", TestPromotionNeedsEvidence},
		{"TrialsOfTheSameScriptAreCounted", TestTrialsOfTheSameScriptAreCounted},
		{"IDsAndPrefixes", TestIDsAndPrefixes},
		{"ExportAndImport", TestExportAndImport},
		{"CancelledBacktest", TestCancelledBacktest},
	} {
		t.Run(tc.name, tc.run)
	}
}
