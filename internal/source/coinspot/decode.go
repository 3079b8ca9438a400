package coinspot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Bounds of what is kept of what cannot be taken.
const (
	maxRejects = 50       // of one poll
	maxKept    = 16 << 10 // bytes of a piece
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

// reject keeps a piece that could not be taken, as it came; of many the first ones tell why.
func reject(h *source.Harvest, raw []byte, format string, args ...any) {
	switch n := len(h.Rejects); {
	case n < maxRejects:
		h.Rejects = append(h.Rejects, ledger.Reject{Reason: source.Text(fmt.Sprintf(format, args...), source.MaxTitle), Bytes: bytes.Clone(raw[:min(len(raw), maxKept)])})
	case n == maxRejects:
		h.Rejects = append(h.Rejects, ledger.Reject{Reason: fmt.Sprintf("more than %d pieces were not taken; the others are not kept", maxRejects)})
	}
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
