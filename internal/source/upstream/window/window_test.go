package window

import (
	"testing"
	"time"
)

func TestOnlyTheNewestSpanCounts(t *testing.T) {
	w := Window{Span: time.Minute}
	at := func(s int) time.Time { return time.Unix(1700000000+int64(s), 0) }
	if got := w.Add(at(0), 2); got != 2 {
		t.Error(got)
	}
	if got := w.Add(at(30), 3); got != 5 {
		t.Error(got)
	}
	if got := w.Sum(at(59)); got != 5 {
		t.Error(got)
	}
	if got := w.Sum(at(60)); got != 3 {
		t.Error(got)
	}
	if got := w.Add(at(90), 1); got != 1 {
		t.Error(got)
	}
}
