package money

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "1.50": "1.5", "+2": "2", "1e3": "1000", "1.25E-3": "0.00125", "-4.5e+1": "-45",
		"0.0000000000000000001": "0.0000000000000000001", "1.00000000000000000000000": "1", "123456789012.12345678": "123456789012.12345678",
		"0e5": "0", "12e-1": "1.2", "00012.5": "12.5",
	} {
		got, err := Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", " 1", "1 ", "NaN", "Inf", "-inf", "1,234", "1.2.3", ".5", "5.", "-", "+", "e5", "1e", "1e+", "1e9999", "0x10", "1_000",
		"1e309", "0.00000000000000000001", "１", "--1", "1-", "1e1.5", "null", "1e-70"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.5", "-0.00000001", "1e-8", "9e18", "1e60"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			return
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("Parse accepted %q, which is no number", s)
		}
		got, _ := new(big.Rat).SetString(d.String())
		if got == nil || got.Cmp(r) != 0 {
			t.Fatalf("Parse(%q) = %s", s, d)
		}
	})
}

func TestFloatRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mant := rapid.Int64Range(-999_999_999_999_999, 999_999_999_999_999).Draw(t, "mantissa")
		dec := rapid.Uint8Range(0, 12).Draw(t, "decimals")
		d := New(mant, dec)
		f := d.Float64()
		if want, _ := strconv.ParseFloat(d.String(), 64); want != f {
			t.Fatalf("%s.Float64() = %v, want %v", d, f, want)
		}
		back, err := FromFloat(f)
		if err != nil || !back.Equal(d) {
			t.Fatalf("%s -> %v -> %s, %v", d, f, back, err)
		}
	})
	for _, f := range []float64{math.NaN(), math.Inf(1), 1e300} {
		if _, err := FromFloat(f); err == nil {
			t.Errorf("FromFloat(%v) gave no error", f)
		}
	}
}

func TestBpsIsRoundedOnceFromTheExactValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := New(rapid.Int64Range(1, 1e15).Draw(t, "price"), 8)
		qty := New(rapid.Int64Range(1, 1e12).Draw(t, "qty"), 8)
		bps := New(rapid.Int64Range(0, 10000).Draw(t, "bps"), 2)
		got := Bps(price.Mul(qty), bps)
		p, _ := new(big.Rat).SetString(price.String())
		q, _ := new(big.Rat).SetString(qty.String())
		b, _ := new(big.Rat).SetString(bps.String())
		exact := new(big.Rat).Mul(new(big.Rat).Mul(p, q), b)
		exact.Quo(exact, big.NewRat(10_000, 1))
		if want := halfEven(exact, 8); want != got.StringFixed(8) {
			t.Fatalf("fee of %s × %s at %s bps = %s, want %s", price, qty, bps, got, want)
		}
	})
}

// halfEven is an independent rounding over big integers.
func halfEven(r *big.Rat, decimals int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	n := new(big.Int).Mul(r.Num(), scale)
	q, rem := new(big.Int).QuoRem(n, r.Denom(), new(big.Int))
	switch twice := new(big.Int).Lsh(rem, 1).Cmp(r.Denom()); {
	case twice > 0, twice == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(q, scale).FloatString(decimals)
}

func TestSteps(t *testing.T) {
	for _, c := range []struct{ v, step, floor, ceil string }{
		{"1.23456789", "0.01", "1.23", "1.24"}, {"5", "0.5", "5", "5"}, {"0", "0.1", "0", "0"}, {"7.3", "2.5", "5", "7.5"},
	} {
		v, step := MustParse(c.v), MustParse(c.step)
		if got := v.FloorTo(step).String(); got != c.floor {
			t.Errorf("%s floor to %s = %s", c.v, c.step, got)
		}
		if got := v.CeilTo(step).String(); got != c.ceil {
			t.Errorf("%s ceil to %s = %s", c.v, c.step, got)
		}
	}
}

func TestJSONIsAString(t *testing.T) {
	b, err := json.Marshal(map[string]Decimal{"cash": MustParse("10000.50")})
	if err != nil || string(b) != `{"cash":"10000.5"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var v map[string]Decimal
	for _, in := range []string{`{"cash":"10.5"}`, `{"cash":10.5}`} {
		if err := json.Unmarshal([]byte(in), &v); err != nil || v["cash"].String() != "10.5" {
			t.Errorf("%s: %v, %v", in, v, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"cash":"NaN"}`), &v); err == nil {
		t.Error("NaN was accepted")
	}
}
