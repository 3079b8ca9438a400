package nansen

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// token is what chain and address name. The symbol is for people.
type token struct{ chain, address, symbol string }

// newToken checks what names a token and cleans its symbol of the signs that Nansen puts before those of young ones.
func newToken(chain, address, symbol string) (token, error) {
	if chain == "" || len(chain) > 40 || strings.Trim(chain, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return token{}, fmt.Errorf("%.40q is no chain", chain)
	}
	address, err := newAddress(address)
	if err != nil {
		return token{}, err
	}
	symbol = source.Text(strings.TrimLeftFunc(symbol, func(r rune) bool {
		return unicode.Is(unicode.So, r) || unicode.Is(unicode.Mn, r) || unicode.IsSpace(r)
	}), 60)
	if symbol == "" {
		symbol = address
	}
	return token{chain, address, symbol}, nil
}

// newAddress checks an address of any chain. Where capitals mean nothing they are made small, so that an address is one.
func newAddress(s string) (string, error) {
	ok := len(s) >= 2 && len(s) <= 128
	for _, r := range s {
		ok = ok && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(":_-.", r))
	}
	if !ok {
		return "", fmt.Errorf("%.40q is no address", s)
	}
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") {
		s = strings.ToLower(s)
	}
	return s, nil
}

// dollars reads an amount; ok is false for null.
func dollars(what string, raw json.RawMessage, signed bool) (v money.Decimal, ok bool, err error) {
	v, ok, err = source.Figure(raw)
	if err != nil {
		return v, false, fmt.Errorf("%s: %w", what, err)
	}
	if ok && (money.FromInt(1_000_000_000_000).Less(v.Abs()) || !signed && v.Sign() < 0) {
		return v, false, fmt.Errorf("%s: %s is out of range", what, v)
	}
	return v, ok, nil
}
