package money

import "fmt"

// RoundHalfEven rounds to the given decimals, ties to the even neighbour.
func (a Decimal) RoundHalfEven(decimals uint8) Decimal { return Decimal{a.d.RoundBank(decimals)} }

// RoundDown cuts towards zero at the given decimals.
func (a Decimal) RoundDown(decimals uint8) Decimal { return Decimal{a.d.Trunc(decimals)} }

// RoundUp rounds away from zero at the given decimals.
func (a Decimal) RoundUp(decimals uint8) Decimal { return Decimal{a.d.RoundAwayFromZero(decimals)} }

// FloorTo cuts a non-negative amount down to a whole multiple of step. step must be positive.
func (a Decimal) FloorTo(step Decimal) Decimal { return a.Sub(a.mod(step)) }

// CeilTo raises a non-negative amount to a whole multiple of step. step must be positive.
func (a Decimal) CeilTo(step Decimal) Decimal {
	r := a.mod(step)
	if r.IsZero() {
		return a
	}
	return a.Sub(r).Add(step)
}

func (a Decimal) mod(step Decimal) Decimal {
	if step.Sign() <= 0 {
		panic(fmt.Sprintf("money: step %s", step))
	}
	r, err := a.d.Mod(step.d)
	if err != nil {
		panic(fmt.Sprintf("money: %s mod %s: %v", a, step, err))
	}
	return Decimal{r}
}

var tenThousandth = New(1, 4)

// Bps returns amount × bps / 10⁴ rounded half-even to 8 decimals. The product is rounded once, from its exact value:
// rounding amount × bps at the fourth decimal and then moving the point is the same as rounding the quotient at the eighth.
func Bps(amount, bps Decimal) Decimal {
	return amount.Mul(bps).RoundHalfEven(Scale - 4).Mul(tenThousandth)
}

// BpsFactor returns 1 + bps/10⁴, exactly.
func BpsFactor(bps Decimal) Decimal { return One.Add(bps.Mul(tenThousandth)) }
