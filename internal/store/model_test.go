package store_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"pgregory.net/rapid"
)

// version is what the ledger said of one open time, and since when.
type version struct {
	known int64
	bar   market.Bar
}

// model recomputes every answer from all that was ever appended.
type model map[int64][]version

func (m model) append(bars []ledger.PriceBar, replace bool) string {
	added, same, replaced, conflicts := 0, 0, 0, 0
	for _, b := range bars {
		old := m[b.Unix()]
		switch {
		case len(old) == 0:
			added++
		case old[len(old)-1].bar.Equal(&b.Bar):
			same++
			continue
		case !replace:
			conflicts++
			continue
		default:
			replaced++
		}
		m[b.Unix()] = append(old, version{b.Known, b.Bar})
	}
	return fmt.Sprint(added, same, replaced, conflicts)
}

func (m model) bars(from, to, asOf int64, limit int) []market.Bar {
	var out []market.Bar
	for t, versions := range m {
		for _, v := range slices.Backward(versions) {
			if v.known <= asOf && t >= from && t < to {
				out = append(out, v.bar)
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b market.Bar) int { return int(a.Unix() - b.Unix()) })
	if limit > 0 && len(out) > limit {
		out = out[len(out)-limit:]
	}
	return out
}

func (m model) gaps(iv int64) (gaps []ledger.Gap) {
	bars := m.bars(0, 1<<60, 1<<60, 0)
	for i := 1; i < len(bars); i++ {
		if a, b := bars[i-1].Unix(), bars[i].Unix(); b-a > iv {
			gaps = append(gaps, ledger.Gap{From: time.Unix(a+iv, 0).UTC(), To: time.Unix(b-iv, 0).UTC(), Bars: int((b-a)/iv - 1)})
		}
	}
	return gaps
}

func drawBatch(t *rapid.T, iv int64) []ledger.PriceBar {
	var out []ledger.PriceBar
	at := rapid.Int64Range(0, 40).Draw(t, "first")
	for range rapid.IntRange(0, 45).Draw(t, "bars") {
		scale := uint8(rapid.SampledFrom([]int{0, 2, 8, 12}).Draw(t, "scale"))
		p := money.New(rapid.Int64Range(1, 3).Draw(t, "price"), scale)
		v := money.New(rapid.SampledFrom([]int64{0, 1, 1_234_567_890_123_456}).Draw(t, "volume"), 8)
		b, err := market.NewBar(at*iv, p, p, p, p, &v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ledger.PriceBar{Bar: b, Source: rapid.SampledFrom([]string{"a", "b", ledger.Simulated}).Draw(t, "source"),
			Known: (at+1)*iv + rapid.Int64Range(0, 30).Draw(t, "late")*iv})
		at += rapid.SampledFrom([]int64{1, 1, 1, 2, 9}).Draw(t, "step")
	}
	return out
}

// TestStoresAgreeWithAPlainRecomputation runs the same random appends and questions on every store there is.
func TestStoresAgreeWithAPlainRecomputation(t *testing.T) {
	t.Parallel()
	stores := []*store.DB{storetest.Open(t, storetest.SQLite(t))}
	if os.Getenv("OMC_TEST_DATABASE_URL") != "" {
		stores = append(stores, storetest.Open(t, storetest.Postgres(t)))
	}
	ctx, run := context.Background(), 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		m := market.Market{Base: market.Coin(fmt.Sprint("C", run)), Quote: "AUD"}
		iv := rapid.SampledFrom([]market.Interval{market.FiveMinutes, market.Hour}).Draw(t, "interval")
		plain := model{}
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			bars, replace := drawBatch(t, int64(iv)), rapid.Bool().Draw(t, "replace")
			want := plain.append(bars, replace)
			for _, db := range stores {
				a, err := db.AppendBars(ctx, m, iv, bars, replace)
				if got := fmt.Sprint(a.Added, a.Same, a.Replaced, len(a.Conflicts)); err != nil || got != want {
					t.Fatalf("%s: append %s %v, want %s", db.Dialect(), got, err, want)
				}
			}
		}
		at := rapid.Int64Range(1, 120)
		from, to, asOf := at.Draw(t, "from")*int64(iv), at.Draw(t, "to")*int64(iv), at.Draw(t, "as of")*int64(iv)
		q := ledger.BarQuery{Market: m, Interval: iv, From: time.Unix(from, 0), To: time.Unix(to, 0), AsOf: time.Unix(asOf, 0),
			Limit: rapid.IntRange(0, 5).Draw(t, "limit")}
		want := plain.bars(from, to, asOf, q.Limit)
		hours, err := market.Resample(plain.bars(0, 1<<60, 1<<60, 0), iv, market.Day, 1<<60)
		if err != nil {
			t.Fatal(err)
		}
		wantGaps := plain.gaps(int64(iv))
		var first [3]any
		for i, db := range stores {
			got, err := db.PriceBars(ctx, q)
			if err != nil || !slices.Equal(got.Bars, want) {
				t.Fatalf("%s: bars %v %v, want %v", db.Dialect(), got.Bars, err, want)
			}
			gaps, total, err := db.Gaps(ctx, m, iv, 1000)
			if err != nil || total != len(wantGaps) || !slices.Equal(gaps, wantGaps) {
				t.Fatalf("%s: gaps %v %d %v, want %v", db.Dialect(), gaps, total, err, wantGaps)
			}
			days, err := db.PriceBars(ctx, ledger.BarQuery{Market: m, Interval: market.Day})
			if err != nil || len(days.Bars) > len(hours) || !slices.Equal(days.Bars, hours[:len(days.Bars)]) || len(hours)-len(days.Bars) > 1 {
				t.Fatalf("%s: days %v %v, want %v", db.Dialect(), days.Bars, err, hours)
			}
			rows, err := db.PriceRows(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			st, err := db.PriceStats(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			answers := [3]any{got, rows, st}
			if i == 0 {
				first = answers
			} else if !reflect.DeepEqual(answers, first) {
				t.Fatalf("%s answers %+v, %s %+v", db.Dialect(), answers, stores[0].Dialect(), first)
			}
		}
	})
	coverage := make([][]ledger.Coverage, len(stores))
	for i, db := range stores {
		var err error
		if coverage[i], err = db.Coverage(ctx); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(coverage[i], coverage[0]) {
			t.Errorf("%s covers %+v, %s %+v", db.Dialect(), coverage[i], stores[0].Dialect(), coverage[0])
		}
	}
}
