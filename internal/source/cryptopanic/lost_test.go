package cryptopanic

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/cryptopanic/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
)

// Many answers are spoilt and silences are long: in the end each post has landed, or lies in a gap that was told, and what was told to
// be complete is.
func TestNothingIsLostUnderFaults(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { loseNothing(newWorld(t), seed) })
	}
}

func loseNothing(w *world, seed uint64) {
	t := w.T
	w.up.Plans("growth")
	w.feed = w.with(fake.Key, "growth")
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
		for _, p := range h.News {
			landed[p.ID] = true
		}
		gaps.Gaps = append(gaps.Gaps, h.Gaps...)
		if afresh = !h.Since.IsZero(); afresh {
			for _, p := range fake.Texts(h.Since, head) {
				if !landed[fmt.Sprint(p.ID)] {
					t.Errorf("seed %d: complete since %s, but %v of %s has not landed", seed, h.Since, p.ID, p.At)
				}
			}
		}
		return h.Again
	}
	ask() // what was before it is nobody's loss
	for range 60 {
		w.clock.Advance(time.Duration(1+chance.IntN(6000)) * time.Minute)
		if chance.IntN(20) == 0 {
			w.clock.Advance(16 * 24 * time.Hour) // beyond the fortnight that the list shows
		}
		for range chance.IntN(5) {
			w.front.Then([]faulty.Fault{faulty.Status(500), faulty.Status(404), faulty.Status(429), faulty.Page(200), faulty.Truncate(chance.IntN(900)), faulty.Body("{}"), faulty.Pass, faulty.Pass}[chance.IntN(8)])
		}
		for range 8 {
			if !ask() {
				break
			}
		}
	}
	for range w.front.Left() + 20 {
		w.clock.Advance(time.Minute)
		ask()
	}
	for _, p := range fake.Texts(began, w.clock.Now()) {
		if landed[fmt.Sprint(p.ID)] {
			continue
		}
		told := false
		for _, g := range gaps.Gaps {
			told = told || !p.At.Before(g.From) && !p.At.After(g.To)
		}
		if !told {
			t.Fatalf("seed %d: %d of %s is lost; gaps %+v", seed, p.ID, p.At, gaps.Gaps)
		}
	}
	if failed < 15 || len(landed) < 300 {
		t.Errorf("seed %d: %d polls failed, %d posts, %d gaps", seed, failed, len(landed), len(gaps.Gaps))
	}
}
