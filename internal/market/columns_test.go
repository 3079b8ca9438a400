package market

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ohmycoins/omc/internal/money"
	"pgregory.net/rapid"
)

func TestBarsComeBackFromColumnsToTheBit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "bars")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		bars := make([]Bar, 0, n)
		at := int64(1_600_000_000)
		for range n {
			at += []int64{60, 60, 60, 300, 86400}[r.IntN(5)]
			low := money.New(r.Int64N(1e9)+1, uint8(r.IntN(9)))
			high := low.Add(money.New(r.Int64N(1e9), 8))
			volume := money.New(r.Int64N(1e15), uint8(r.IntN(9)))
			v := &volume
			if r.IntN(4) == 0 {
				v = nil
			}
			b, err := NewBar(at, low, high, low, high, v)
			if err != nil {
				t.Fatal(err)
			}
			bars = append(bars, b)
		}
		block, err := AppendColumns([]byte("x"), bars)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := ParseColumns(nil, append(block[1:], "tail"...))
		if err != nil || string(rest) != "tail" || !slices.Equal(got, bars) {
			t.Fatalf("%d bars, %q, %v: want %d bars back to the bit", len(got), rest, err, len(bars))
		}
		for cut := range min(len(block)-1, 200) {
			if got, _, err := ParseColumns(bars[:0:0], block[1:1+cut]); err == nil && len(bars) > 0 || len(got) > 0 {
				t.Fatalf("cut at %d of %d: %d bars, %v", cut, len(block)-1, len(got), err)
			}
		}
	})
}

func TestABlockIsBounded(t *testing.T) {
	t.Parallel()
	if _, err := AppendColumns(nil, make([]Bar, MaxColumns+1)); err == nil {
		t.Error("a block of too many bars was written")
	}
	if _, _, err := ParseColumns(nil, []byte{0xff, 0xff, 0xff, 0x7f, 0}); !errors.Is(err, ErrColumns) {
		t.Errorf("a block that claims 256 M bars: %v", err)
	}
}

func FuzzParseColumns(f *testing.F) {
	b := MustBar(1_700_000_000, "10.5", "11", "10.25", "10.75", "3.5")
	block, err := AppendColumns(nil, []Bar{b, b})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(block)
	f.Add([]byte{1, 1, 30, 1, 0, 0, 2, 2, 0, 0, 0})
	f.Fuzz(func(t *testing.T, src []byte) {
		bars, rest, err := ParseColumns(nil, src)
		if err != nil {
			if !errors.Is(err, ErrColumns) || len(bars) != 0 || len(rest) != len(src) {
				t.Fatalf("%d bars, %d bytes left, %v", len(bars), len(rest), err)
			}
			return
		}
		for i := range bars {
			c := &bars[i]
			if c.Low().Sign() <= 0 || c.High().Less(c.Close()) || c.Open().Less(c.Low()) {
				t.Fatalf("an impossible bar: %v", c)
			}
		}
		again, err := AppendColumns(nil, bars)
		if err != nil {
			t.Fatal(err)
		}
		if back, _, err := ParseColumns(nil, again); err != nil || !slices.Equal(back, bars) {
			t.Fatalf("%v: not the same bars again", err)
		}
	})
}
