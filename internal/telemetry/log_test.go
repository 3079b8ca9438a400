package telemetry

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
)

func TestRingKeepsTheNewestAndGoesOnAfterAPlace(t *testing.T) {
	l := Open(filepath.Join(t.TempDir(), "omc.log"), slog.LevelInfo, nil)
	defer l.Close()
	for i := range ringSize + 10 {
		l.Info("line", "i", i)
	}
	l.Debug("not wanted")
	if got := l.Ring.Lines(0, 2); len(got) != 2 || string(got[1].Attrs) != fmt.Sprintf(`{"i":%d}`, ringSize+9) {
		t.Errorf("newest: %v", got)
	}
	if got := l.Ring.Lines(ringSize+7, 0); len(got) != 3 {
		t.Errorf("after a place: %d lines, want 3", len(got))
	}
	if got := l.Ring.Lines(1<<40, 5); len(got) != 0 {
		t.Errorf("after the end: %v", got)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"time":"2024-01-01T00:00:00Z","level":"INFO","msg":"x","a":1}`))
	f.Add([]byte(`{"time":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l, ok := ParseLine(raw); ok && l.Time.Location().String() != "UTC" {
			t.Fatal("a time is not UTC")
		}
	})
}
