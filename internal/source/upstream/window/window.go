// Package window counts events in a sliding stretch of time, as exchanges count requests.
// It decides nothing: whoever asks compares the count with its own limit.
package window

import "time"

// Window sums the weights of the events of the newest Span. It is not safe for concurrent use.
type Window struct {
	Span   time.Duration
	events []event
	sum    int
}

type event struct {
	at     time.Time
	weight int
}

// Sum is the weight of the events after now − Span.
func (w *Window) Sum(now time.Time) int {
	old := 0
	for old < len(w.events) && !w.events[old].at.After(now.Add(-w.Span)) {
		w.sum -= w.events[old].weight
		old++
	}
	w.events = w.events[old:]
	return w.sum
}

// Add counts an event and returns the sum with it. Times must not run backwards.
func (w *Window) Add(now time.Time, weight int) int {
	w.Sum(now)
	w.events = append(w.events, event{now, weight})
	w.sum += weight
	return w.sum
}
