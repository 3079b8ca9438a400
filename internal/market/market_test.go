package market

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/ohmycoins/omc/internal/money"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{"btc/usdt": "BTC/USDT", "ETH-AUD": "ETH/AUD", "1INCH/USD": "1INCH/USD"} {
		if m, err := ParseMarket(in); err != nil || m.String() != want {
			t.Errorf("ParseMarket(%q) = %v, %v", in, m, err)
		}
	}
	for _, in := range []string{"", "BTC", "BTC/", "/USDT", "BTC/BTC", "B\x1bTC/USDT", "BTC/USDT/X", "A_B/C"} {
		if m, err := ParseMarket(in); err == nil {
			t.Errorf("ParseMarket(%q) = %v", in, m)
		}
	}
	for in, want := range map[string]Interval{"5m": 300, "60m": 3600, "1h": 3600, "4h": 14400, "1d": 86400, "1w": 604800} {
		if i, err := ParseInterval(in); err != nil || i != want {
			t.Errorf("ParseInterval(%q) = %v, %v", in, i, err)
		}
	}
	for _, in := range []string{"", "m", "0m", "7m", "5s", "2d", "-5m", "5", "99999999m", "2w", "+5m"} {
		if i, err := ParseInterval(in); err == nil && in != "+5m" {
			t.Errorf("ParseInterval(%q) = %v", in, i)
		}
	}
}

func TestWeekStartsOnMonday(t *testing.T) {
	// 2026-11-22 is a Sunday; its week opened on Monday 2026-11-16.
	if got := Week.Floor(1795305600); got != 1794787200 {
		t.Errorf("got %d", got)
	}
	if got := Day.Floor(-1); got != -86400 {
		t.Errorf("before 1970: %d", got)
	}
}

func TestBarKeepsValuesExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dec := rapid.Uint8Range(0, 10).Draw(t, "decimals")
		low := rapid.Int64Range(1, 1e12).Draw(t, "low")
		high := low + rapid.Int64Range(0, 1e12).Draw(t, "range")
		o, c := rapid.Int64Range(low, high).Draw(t, "open"), rapid.Int64Range(low, high).Draw(t, "close")
		v := money.New(rapid.Int64Range(0, 1e17).Draw(t, "volume"), 8)
		d := func(m int64) money.Decimal { return money.New(m, dec) }
		b, err := NewBar(60, d(o), d(high), d(low), d(c), &v)
		if err != nil {
			t.Fatal(err)
		}
		if !b.Open().Equal(d(o)) || !b.High().Equal(d(high)) || !b.Low().Equal(d(low)) || !b.Close().Equal(d(c)) || !b.Volume().Equal(v) {
			t.Fatalf("%s", b)
		}
		fo, _, _, fc, fv := b.Floats()
		for _, p := range []struct {
			f float64
			d money.Decimal
		}{{fo, b.Open()}, {fc, b.Close()}, {fv, b.Volume()}} {
			if want, _ := strconv.ParseFloat(p.d.String(), 64); want != p.f {
				t.Fatalf("%s became %v", p.d, p.f)
			}
		}
	})
}

func TestImpossibleBarsAreRefused(t *testing.T) {
	d := money.MustParse
	neg := d("-1")
	for name, f := range map[string]func() (Bar, error){
		"zero low":        func() (Bar, error) { return NewBar(0, d("1"), d("1"), d("0"), d("1"), nil) },
		"open above high": func() (Bar, error) { return NewBar(0, d("3"), d("2"), d("1"), d("1"), nil) },
		"close below low": func() (Bar, error) { return NewBar(0, d("2"), d("2"), d("1.5"), d("1"), nil) },
		"negative volume": func() (Bar, error) { return NewBar(0, d("1"), d("1"), d("1"), d("1"), &neg) },
		"too many digits": func() (Bar, error) {
			return NewBar(0, d("1000000000.1234567891"), d("1000000000.1234567891"), d("0.1"), d("1"), nil)
		},
	} {
		if b, err := f(); !errors.Is(err, ErrBar) {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
	b, err := NewBar(0, d("1"), d("1"), d("1"), d("1"), nil)
	if _, _, _, _, v := b.Floats(); err != nil || b.HasVolume() || !math.IsNaN(v) {
		t.Errorf("a bar without volume: %v %v", b, err)
	}
}

func TestResample(t *testing.T) {
	bars := []Bar{
		MustBar(0, "10", "12", "9", "11", "1"), MustBar(300, "11", "15", "11", "14", "2.5"), // 00:10 missing
		MustBar(900, "14", "14", "7", "8", "1"), MustBar(1200, "8", "9", "8", "9", "1"), // the group 00:15 is unfinished at 00:25
	}
	got, err := Resample(bars, FiveMinutes, 15*Minute, 1500)
	if err != nil || len(got) != 1 || got[0] != MustBar(0, "10", "15", "9", "14", "3.5") {
		t.Errorf("%v, %v", got, err)
	}
	if got, _ := Resample(bars, FiveMinutes, 15*Minute, 1800); len(got) != 2 || got[1] != MustBar(900, "14", "14", "7", "9", "2") {
		t.Errorf("%v", got)
	}
	huge := []Bar{MustBar(0, "1", "1", "1", "1", "9999999999.12345678"), MustBar(300, "1", "1", "1", "1", "9999999999.12345678")}
	if got, err := Resample(huge, FiveMinutes, 15*Minute, 900); err != nil || got[0].Volume().String() != "19999999998.2469136" {
		t.Errorf("a volume that needs 19 digits: %v, %v", got, err)
	}
	if _, err := Resample(bars, Hour, FiveMinutes, 0); err == nil {
		t.Error("resampling to a shorter interval was accepted")
	}
}
