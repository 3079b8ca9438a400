// Package money holds exact decimal amounts, prices and quantities, and every way they may be rounded, each by name.
// It never rounds silently and never goes through binary floating point on the way from one amount to another.
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/quagmt/udecimal"
)

// Scale is the number of decimals to which cash, fees and quantities are kept.
const Scale = 8

// maxDecimals is how many decimals a Decimal can hold (udecimal's limit).
const maxDecimals = 19

// ErrSyntax is wrapped by Parse's errors for text that is not a decimal number.
var ErrSyntax = errors.New("not a decimal number")

// ErrPrecision is wrapped by Parse's errors for numbers with more than 19 decimals or absurdly many digits.
var ErrPrecision = errors.New("too many digits")

// Decimal is an exact decimal number with at most 19 decimals. The zero value is 0. Immutable; compare with Cmp or Equal, not ==.
type Decimal struct{ d udecimal.Decimal }

// Zero and One are 0 and 1.
var (
	Zero = Decimal{}
	One  = FromInt(1)
)

// FromInt returns n.
func FromInt(n int64) Decimal { return New(n, 0) }

// New returns mantissa × 10^-decimals, exactly. It panics when decimals exceeds 19: a broken invariant, not an input error.
func New(mantissa int64, decimals uint8) Decimal {
	d, err := udecimal.NewFromInt64(mantissa, decimals)
	if err != nil {
		panic(fmt.Sprintf("money: %d decimals", decimals))
	}
	return Decimal{d}
}

// MustParse is Parse for constants; it panics on an error.
func MustParse(s string) Decimal {
	d, err := Parse(s)
	if err != nil {
		panic("money: " + err.Error())
	}
	return d
}

// Parse reads an optional sign, digits, an optional fraction and an optional exponent (as JSON and CSV files write them).
// It refuses NaN, infinities, separators, blanks, more than 64 characters, and anything it could not keep exactly.
func Parse(s string) (Decimal, error) {
	if len(s) == 0 || len(s) > 64 {
		return Decimal{}, fmt.Errorf("%w: %s", ErrSyntax, quote(s))
	}
	mant, exp, err := splitExponent(s)
	if err != nil {
		return Decimal{}, err
	}
	if err := checkDigits(mant, s); err != nil {
		return Decimal{}, err
	}
	mant = strings.TrimPrefix(mant, "+")
	mant = trimFraction(mant)
	if exp != 0 {
		if mant, err = shift(mant, exp); err != nil {
			return Decimal{}, fmt.Errorf("%w: %s", err, quote(s))
		}
	}
	d, err := udecimal.Parse(mant)
	if err != nil {
		return Decimal{}, fmt.Errorf("%w: %s", ErrPrecision, quote(s))
	}
	return Decimal{d}, nil
}

func splitExponent(s string) (string, int, error) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, nil
	}
	digits := s[i+1:]
	if len(digits) > 0 && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 3 || strings.Trim(digits, "0123456789") != "" {
		return "", 0, fmt.Errorf("%w: %s", ErrSyntax, quote(s))
	}
	exp, err := strconv.Atoi(s[i+1:])
	if err != nil {
		return "", 0, fmt.Errorf("%w: %s", ErrSyntax, quote(s))
	}
	return s[:i], exp, nil
}

func checkDigits(mant, whole string) error {
	digits, dots := 0, 0
	for i := 0; i < len(mant); i++ {
		switch c := mant[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
			if i == len(mant)-1 || digits == 0 {
				return fmt.Errorf("%w: %s", ErrSyntax, quote(whole))
			}
		case (c == '-' || c == '+') && i == 0:
		default:
			return fmt.Errorf("%w: %s", ErrSyntax, quote(whole))
		}
	}
	if digits == 0 || dots > 1 {
		return fmt.Errorf("%w: %s", ErrSyntax, quote(whole))
	}
	return nil
}

// trimFraction drops trailing zeros of a fraction, which carry no value but count as decimals.
func trimFraction(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// shift moves the decimal point of s by exp places.
func shift(s string, exp int) (string, error) {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	if exp > 60 || exp < -60 {
		return "", ErrPrecision
	}
	if exp > 0 {
		frac += strings.Repeat("0", max(0, exp-len(frac)))
		whole, frac = whole+frac[:exp], frac[exp:]
	} else {
		whole = strings.Repeat("0", max(0, -exp-len(whole)+1)) + whole
		cut := len(whole) + exp
		whole, frac = whole[:cut], whole[cut:]+frac
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac == "" {
		return sign + whole, nil
	}
	return sign + trimFraction(whole+"."+frac), nil
}

// quote shows hostile text briefly and harmlessly in an error.
func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}

// FromFloat returns the shortest decimal that reads back as f: exact for every float64 that came from a decimal of at most
// 15 significant digits. NaN, infinities and magnitudes of 1e19 and above are errors; what lies past the 19th decimal is cut.
func FromFloat(f float64) (Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) >= 1e19 {
		return Decimal{}, fmt.Errorf("%w: %v", ErrSyntax, f)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if dot := strings.IndexByte(s, '.'); dot >= 0 && len(s)-dot-1 > maxDecimals {
		s = trimFraction(s[:dot+1+maxDecimals])
	}
	if s == "-0" {
		s = "0"
	}
	d, err := udecimal.Parse(s)
	if err != nil {
		return Decimal{}, fmt.Errorf("%w: %v", ErrPrecision, f)
	}
	return Decimal{d}, nil
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// Float64 returns the nearest float64, for indicators, statistics and charts; never for another amount.
func (a Decimal) Float64() float64 {
	if neg, hi, lo, prec, ok := a.d.ToHiLo(); ok && hi == 0 && lo < 1<<53 {
		f := float64(lo) / pow10[prec]
		if neg {
			return -f
		}
		return f
	}
	f, err := strconv.ParseFloat(a.d.String(), 64)
	if err != nil {
		panic("money: " + err.Error())
	}
	return f
}

// Add returns a + b, exactly.
func (a Decimal) Add(b Decimal) Decimal { return Decimal{a.d.Add(b.d)} }

// Sub returns a − b, exactly.
func (a Decimal) Sub(b Decimal) Decimal { return Decimal{a.d.Sub(b.d)} }

// Mul returns a × b. It is exact while the decimals of both add up to at most 19; beyond that digits are cut, so
// callers keep to quantities and prices of at most 8 decimals each and round by name afterwards.
func (a Decimal) Mul(b Decimal) Decimal { return Decimal{a.d.Mul(b.d)} }

// Quo returns a / b cut at the 19th decimal, or an error when b is zero.
func (a Decimal) Quo(b Decimal) (Decimal, error) {
	q, err := a.d.Div(b.d)
	if err != nil {
		return Decimal{}, fmt.Errorf("%s / %s: %w", a, b, err)
	}
	return Decimal{q}, nil
}

// Neg returns −a.
func (a Decimal) Neg() Decimal { return Decimal{a.d.Neg()} }

// Abs returns |a|.
func (a Decimal) Abs() Decimal { return Decimal{a.d.Abs()} }

// Sign is −1, 0 or 1.
func (a Decimal) Sign() int { return a.d.Sign() }

// IsZero reports a = 0.
func (a Decimal) IsZero() bool { return a.d.IsZero() }

// Cmp is −1, 0 or 1 as a is below, equal to or above b.
func (a Decimal) Cmp(b Decimal) int { return a.d.Cmp(b.d) }

// Equal reports a = b whatever their trailing zeros.
func (a Decimal) Equal(b Decimal) bool { return a.d.Cmp(b.d) == 0 }

// Less reports a < b.
func (a Decimal) Less(b Decimal) bool { return a.d.Cmp(b.d) < 0 }

// Min returns the smaller of a and b.
func Min(a, b Decimal) Decimal {
	if b.Less(a) {
		return b
	}
	return a
}

// Max returns the larger of a and b.
func Max(a, b Decimal) Decimal {
	if a.Less(b) {
		return b
	}
	return a
}

// String writes the number without exponent and without trailing zeros.
func (a Decimal) String() string { return a.d.String() }

// StringFixed writes exactly the given number of decimals, rounding half to even: for display.
func (a Decimal) StringFixed(decimals uint8) string {
	return a.RoundHalfEven(decimals).d.StringFixed(decimals)
}

// MarshalText writes the number as String does, so that JSON carries a string.
func (a Decimal) MarshalText() ([]byte, error) { return []byte(a.d.String()), nil }

// UnmarshalText reads what Parse reads.
func (a *Decimal) UnmarshalText(b []byte) error {
	d, err := Parse(string(b))
	if err != nil {
		return err
	}
	*a = d
	return nil
}

// MarshalJSON writes a JSON string: decimals never travel as JSON numbers.
func (a Decimal) MarshalJSON() ([]byte, error) { return []byte(`"` + a.d.String() + `"`), nil }

// UnmarshalJSON reads a JSON string or number.
func (a *Decimal) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return a.UnmarshalText([]byte(s))
}

// Decimals is the number of digits after the point that a needs, trailing zeros not counted.
func (a Decimal) Decimals() uint8 {
	p := a.d.PrecUint()
	if p == 0 {
		return 0
	}
	if neg, hi, lo, prec, ok := a.d.ToHiLo(); ok && hi == 0 && !neg {
		for prec > 0 && lo%10 == 0 {
			lo /= 10
			prec--
		}
		return prec
	}
	s := a.d.String()
	for i := 0; i < len(s); i++ {
		if s[i] == '.' {
			return uint8(len(s) - i - 1)
		}
	}
	return 0
}

// Mantissa returns a × 10^decimals where that is a whole number of at most 18 digits; ok is false where it is not.
func (a Decimal) Mantissa(decimals uint8) (m int64, ok bool) {
	neg, hi, lo, prec, fits := a.d.ToHiLo()
	if !fits || hi != 0 {
		return 0, false
	}
	for ; prec > decimals; prec-- {
		if lo%10 != 0 {
			return 0, false
		}
		lo /= 10
	}
	for ; prec < decimals; prec++ {
		if lo > 1e17 {
			return 0, false
		}
		lo *= 10
	}
	if lo >= 1e18 {
		return 0, false
	}
	if neg {
		return -int64(lo), true
	}
	return int64(lo), true
}
