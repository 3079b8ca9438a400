package dialect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/money"
)

// Kind tells the values of a bulk insert apart.
type Kind uint8

// The kinds of Value.
const (
	KindNull    Kind = iota
	KindInt          // N
	KindDecimal      // N × 10^-Scale
	KindDigits       // S: a decimal too long for N, exactly as text
	KindText         // S
	KindBool         // N is 0 or 1
)

// Value is one value of a bulk insert, without a pointer to allocate. The zero Value is NULL.
type Value struct {
	Kind  Kind
	Scale uint8
	N     int64
	S     string
}

// Int is an integer.
func Int(n int64) Value { return Value{Kind: KindInt, N: n} }

// Bool is a truth value.
func Bool(b bool) Value {
	v := Value{Kind: KindBool}
	if b {
		v.N = 1
	}
	return v
}

// Text is text.
func Text(s string) Value { return Value{Kind: KindText, S: s} }

// Scaled is the decimal mantissa × 10^-scale.
func Scaled(mantissa int64, scale uint8) Value {
	return Value{Kind: KindDecimal, N: mantissa, Scale: scale}
}

// Decimal is an exact decimal, or NULL where d is nil.
func Decimal(d *money.Decimal) Value {
	if d == nil {
		return Value{}
	}
	scale := d.Decimals()
	if m, ok := d.Mantissa(scale); ok {
		return Scaled(m, scale)
	}
	return Value{Kind: KindDigits, S: d.String()}
}

// CheckText refuses what PostgreSQL's text cannot hold, so that both engines refuse the same.
func CheckText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("text %.40q holds a NUL character: remove it", s)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("text %.40q is not UTF-8", s)
	}
	return nil
}
