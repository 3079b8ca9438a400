package collect

import (
	"testing"

	"github.com/ohmycoins/omc/internal/store/storetest"
)

// TestOnPostgreSQL runs the collectors' tests again where the store is PostgreSQL.
func TestOnPostgreSQL(t *testing.T) {
	storetest.Postgres(t) // skips where there is none
	for name, run := range map[string]func(*testing.T){
		"BarsAreBuiltFromPolls": TestBarsAreBuiltFromPolls, "AJumpIsHeld": TestAJumpIsHeldUntilItHasStood, "Quarantine": TestWhatCannotBeKeptIsQuarantined,
		"ABadFeed": TestAFeedThatPanicsOrHangsHurtsOnlyItself, "ManyProcesses": TestManyProcessesLandEachPollOnce,
		"ASecondOpinion": TestASecondOpinionIsARevision, "TheBudgetEnds": TestTheBudgetEndsUntilTheNextDay, "AKill": TestAKillBetweenSpendAndAnswer,
		"AHold": TestAHoldOutlivesTheProcessThatWasTold, "PutOff": TestWhatASourcePutsOffIsAskedForByHand, "NothingDue": TestAPollThatAsksNothingIsNotFresh,
		"AnOutage": TestAnOutageIsAGapWhileItLasts, "OneOrTwo": TestOneLandingOrTwoScoreAlike, "ASourcesGap": TestWhatASourceKnowsToBeMissingIsAGap,
	} {
		t.Run(name, run)
	}
}
