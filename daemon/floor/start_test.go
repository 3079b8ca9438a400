package floor

import (
	"testing"
	"time"
)

func FuzzTimeOf(f *testing.F) {
	for _, s := range []string{"", "2024-06-01", "2024-06-01T12:00:00Z", "2024-06-01T12:00", "2024-06-01 12:00", "1969-12-31", "9999-01-01", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := timeOf("from", s)
		if err != nil || at.IsZero() {
			return
		}
		if at.Location() != time.UTC || at.Year() < 1970 || at.Year() > 2200 {
			t.Fatalf("%q is read as %s", s, at)
		}
		if again, err := timeOf("from", at.Format(time.RFC3339Nano)); err != nil || !again.Equal(at) {
			t.Fatalf("%q is read as %s, and that as %s, %v", s, at, again, err)
		}
	})
}
