package collect

import (
	"context"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source"
)

// What a source knows to be missing is a gap in the store, and a piece keeps its whole size there.
func TestWhatASourceKnowsToBeMissingIsAGap(t *testing.T) {
	t.Parallel()
	polls := 0
	var w *world
	w = newWorld(t, source.Feed{Name: "test.posts", Poll: func(context.Context, []byte) (source.Harvest, error) {
		h := source.Harvest{Read: w.clock.Now()}
		if polls++; polls == 2 {
			h.Gap(time.Time{}, w.clock.Now().Add(-time.Second), "the list ends before it meets what was known")
			h.Reject(make([]byte, 100_000), "a web page")
		}
		return h, nil
	}})
	r := w.runner("a")
	for range 2 {
		if err := r.Run(t.Context(), "test.posts", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(5 * time.Second)
	}
	gaps, err := w.db.FeedGaps(t.Context(), "test.posts", 10)
	if err != nil || len(gaps) != 1 || gaps[0].Reason != "the list ends before it meets what was known" || gaps[0].To.Sub(gaps[0].From) != 4*time.Second || gaps[0].Repaired != nil {
		t.Errorf("%+v %v", gaps, err)
	}
	pieces, err := w.db.Quarantine(t.Context(), "test.posts", 10)
	if err != nil || len(pieces) != 1 || pieces[0].Size != 100_000 || len(pieces[0].Bytes) != source.MaxPiece {
		t.Errorf("%d pieces, %v", len(pieces), err)
	}
}
