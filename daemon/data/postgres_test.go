package data

import (
	"testing"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// TestOnPostgreSQL asks the same where the store is PostgreSQL.
func TestOnPostgreSQL(t *testing.T) {
	storetest.Postgres(t) // skips where there is none
	for name, run := range map[string]func(*testing.T){
		"BadWindows": TestBadWindowsFallBackAndSaySo, "Aligned": TestAlignedKnowsNothingBeforeItsTime, "Risk": TestRisk, "Followers": TestFollowersMissNothing,
		"ASlowFollower": TestASlowFollowerIsLetGo,
	} {
		t.Run(name, run)
	}
}
