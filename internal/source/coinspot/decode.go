package coinspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// errUnlisted says that CoinSpot does not trade what was asked for, in the way that was asked for.
var errUnlisted = errors.New("not listed")

// read decodes an answer into v. CoinSpot reports an error by its HTTP status, by status in the body, or by both.
func read(status int, body []byte, v any) error {
	var env struct{ Status, Message string }
	err := json.Unmarshal(body, &env)
	said := strings.ToLower(env.Message)
	switch {
	case err != nil && status != 200:
		return fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, status)
	case err != nil:
		return fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case (status == 400 || status == 200 && env.Status != "ok") && (said == "coin not found" || said == "invalid market"):
		return fmt.Errorf("%w: %s", errUnlisted, env.Message)
	case status != 200 || env.Status != "ok":
		return fmt.Errorf("%w: http status %d, status %q: %s", upstream.ErrUnavailable, status, upstream.Text(env.Status), upstream.Text(env.Message))
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	return nil
}

// maxFloat is the most characters that a float64 is written with.
const maxFloat = 24

// positive reads a number that is text in some answers. Text must be exact; a JSON number may have been a float64, whose digits beyond
// a decimal's are dropped.
func positive(name string, raw json.RawMessage) (money.Decimal, error) {
	v, ok, err := source.Figure(raw)
	switch {
	case err != nil:
		return v, fmt.Errorf("%s: %w", name, err)
	case !ok:
		return v, fmt.Errorf("%s is missing", name)
	case v.Sign() <= 0:
		return v, fmt.Errorf("%s %s is not above zero", name, v)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(string(raw), `"`), `"`)
	_, exact := money.Parse(text)
	if _, ok := v.Mantissa(v.Decimals()); !ok || exact != nil && (raw[0] == '"' || len(raw) > maxFloat) {
		return v, fmt.Errorf("%s %.40s has more digits than any price", name, text)
	}
	return v, nil
}
