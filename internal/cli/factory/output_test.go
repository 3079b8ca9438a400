package factory

import (
	"bytes"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/iostreams"
	"github.com/ohmycoins/omc/internal/money"
)

// TestCSVLosesNothing: what is not there is empty and not "-", times and figures have all their digits, and what only a person is spared
// is there.
func TestCSVLosesNothing(t *testing.T) {
	type row struct {
		at    time.Time
		maybe *time.Time
		price *money.Decimal
		ratio *float64
		note  string
	}
	columns := []Column[row]{
		TimeColumn("at", func(r row) time.Time { return r.at }), MaybeTimeColumn("maybe", func(r row) *time.Time { return r.maybe }),
		MaybeDecimalColumn("price", func(r row) *money.Decimal { return r.price }), RatioColumn("ratio", func(r row) *float64 { return r.ratio }),
		{Name: "none", Value: func(row) string { return none }},
		{Name: "note", Value: func(r row) string { return r.note }, Raw: func(r row) string { return r.note }, Whole: true},
	}
	at, price, ratio := time.Date(2026, 3, 1, 10, 0, 0, 123e6, time.UTC), money.MustParse("0.000012345678"), 0.012345678901
	var out bytes.Buffer
	f := &Factory{IO: &iostreams.IO{Out: &out}}
	w, err := NewCSV(f, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []row{{at, &at, &price, &ratio, "-"}, {}} {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "at,maybe,price,ratio,none,note\n2026-03-01T10:00:00.123Z,2026-03-01T10:00:00.123Z,0.000012345678,0.012345678901,,-\n,,,,,\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
