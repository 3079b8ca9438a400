package floor

import (
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/strategy"
)

// BenchmarkReplay runs stored bars through engine and journal on SQLite at full durability, as fast as it goes.
func BenchmarkReplay(b *testing.B) {
	const bars = 50_000
	f := newFloor(b)
	f.bars(bars)
	id := f.algorithm(example(b, "ema-cross"), strategy.Options{}, strategy.Paper)
	s := New(f.db, f.db, clock.Wall{}, sandboxtest.Host(b), Options{})
	defer s.Close()
	b.ResetTimer()
	for range b.N {
		v, err := s.Start(b.Context(), f.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay"})
		if err != nil {
			b.Fatal(err)
		}
		if end := final(b, s, f.user, v.ID); end.Status != journal.Finished || end.Account.Input != bars+1 {
			b.Fatalf("%+v", end)
		}
	}
	b.ReportMetric(float64(b.N)*bars/b.Elapsed().Seconds(), "bars/s")
}
