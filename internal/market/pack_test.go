package market

import (
	"math"
	"testing"

	"github.com/ohmycoins/omc/internal/money"
	"pgregory.net/rapid"
)

// Whatever way a bar comes back from a store, it is the same bar bit for bit.
func TestPackedAndFloatBarsAreTheSameBar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := uint8(rapid.IntRange(0, 16).Draw(t, "scale"))
		limit := rapid.SampledFrom([]int64{9, 99_999, 999_999_999_999_999, 999_999_999_999_999_999}).Draw(t, "limit")
		draw := rapid.Int64Range(1, limit)
		a, b, c, d := draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c"), draw.Draw(t, "d")
		low, high := min(a, b, c, d), max(a, b, c, d)
		var volume *money.Decimal
		if rapid.Bool().Draw(t, "has volume") {
			v := money.New(draw.Draw(t, "volume")-1, scale)
			volume = &v
		}
		want, err := NewBar(300, money.New(a, scale), money.New(high, scale), money.New(low, scale), money.New(b, scale), volume)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewBarPacked(want.Packed())
		if err != nil || got != want {
			t.Fatalf("packed: %v %v, want %v", got, err, want)
		}
		p := want.Packed()
		if max(p.High, p.Volume) >= exactFloat {
			return
		}
		o, h, l, cl, v := want.Floats()
		if got, err = NewBarFloats(300, o, h, l, cl, v); err != nil || got != want {
			t.Fatalf("floats: %v %v, want %v", got, err, want)
		}
	})
}

func TestFloatsThatAreNoBarAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, f := range [][5]float64{{0, 0, 0, 0, 1}, {1, 1, 2, 1, 1}, {nan, nan, nan, nan, 1}, {1, inf, 1, 1, 1}, {1, 1, 1, 1, -1},
		{math.Pi, math.Pi, math.Pi, math.Pi, 1}, {1, 1, 1, 1, math.Pi}, {1e300, 1e300, 1e300, 1e300, 1}, {-1, 1, -2, 1, 1}} {
		if b, err := NewBarFloats(0, f[0], f[1], f[2], f[3], f[4]); err == nil {
			t.Errorf("%v became the bar %v", f, b)
		}
	}
}
