package x

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/x/fake"
)

// Many answers are spoilt and silences are long: in the end each post has landed, or lies in a gap that was told, and what was told to
// be complete is.
func TestNothingIsLostUnderFaults(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { loseNothing(newWorld(t), seed) })
	}
}

func loseNothing(w *world, seed uint64) {
	t := w.T
	chance := rand.New(rand.NewPCG(7, seed))
	landed := map[string]bool{}
	var gaps source.Harvest
	var cursor []byte
	began, failed := w.clock.Now(), 0
	head, afresh := w.clock.Now(), true // of the reading that goes on
	ask := func() (again bool) {
		if afresh {
			head, afresh = w.clock.Now(), false
		}
		h, err := w.feed.Poll(t.Context(), cursor)
		if sound(t, h, w.clock.Now()); err != nil {
			failed++
		}
		if h.Cursor != nil {
			cursor = h.Cursor
		}
		for _, p := range h.Posts {
			landed[p.ID] = true
		}
		gaps.Gaps = append(gaps.Gaps, h.Gaps...)
		if afresh = !h.Since.IsZero(); afresh {
			for _, p := range fake.Posts(h.Since, head) {
				if !landed[strconv.FormatInt(p.Was, 10)] {
					t.Errorf("seed %d: complete since %s, but %v of %s has not landed", seed, h.Since, p.ID, posted(p.ID))
				}
			}
		}
		return h.Again
	}
	ask() // what was before it is nobody's loss
	for range 60 {
		w.clock.Advance(time.Duration(1+chance.IntN(120)) * time.Minute)
		if chance.IntN(25) == 0 {
			w.clock.Advance(8 * 24 * time.Hour) // beyond what the search shows
		}
		for range chance.IntN(5) {
			w.front.Then([]faulty.Fault{faulty.Status(500), faulty.Status(400), faulty.Status(404), faulty.Status(429), faulty.Page(200), faulty.Truncate(chance.IntN(900)), faulty.Body("{}"), faulty.Pass, faulty.Pass}[chance.IntN(9)])
		}
		for range 40 {
			if !ask() {
				break
			}
		}
	}
	for range w.front.Left() + 200 {
		w.clock.Advance(time.Minute)
		ask()
	}
	for _, p := range fake.Posts(began, w.clock.Now().Add(-10*time.Minute)) {
		if landed[strconv.FormatInt(p.Was, 10)] {
			continue
		}
		at := posted(p.ID)
		told := false
		for _, g := range gaps.Gaps {
			told = told || !at.Before(g.From) && !at.After(g.To)
		}
		if !told {
			t.Fatalf("seed %d: %d of %s is lost; gaps %+v", seed, p.ID, at, gaps.Gaps)
		}
	}
	if failed < 15 || len(landed) < 1000 {
		t.Errorf("seed %d: %d polls failed, %d posts, %d gaps", seed, failed, len(landed), len(gaps.Gaps))
	}
}
