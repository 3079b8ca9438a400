package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
)

// Figure reads a number that an upstream writes as a JSON number or as text, exactly; what has more decimals than money.Decimal
// keeps is rounded to the nearest float64 first, which is all it was. ok is false for null, "" and a missing value. NaN, infinities,
// "1,234" and everything else that is no number is an error.
func Figure(raw json.RawMessage) (v money.Decimal, ok bool, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
		return v, false, nil
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return v, false, fmt.Errorf("number %.40q: %w", raw, err)
		}
	}
	if v, err = money.Parse(text); err == nil {
		return v, true, nil
	}
	f, ferr := strconv.ParseFloat(text, 64)
	if ferr != nil || strings.ContainsAny(text, "xX_pPnNiI") {
		return v, false, fmt.Errorf("%.40q is no number", text)
	}
	if v, err = money.FromFloat(f); err == nil {
		return v, true, nil
	}
	// Below what a decimal keeps: 12 decimals of it.
	if f > -1 && f < 1 {
		if v, err = money.Parse(strconv.FormatFloat(f, 'f', 18, 64)); err == nil {
			return v, true, nil
		}
	}
	return v, false, fmt.Errorf("%.40q has more digits than a figure may have", text)
}

// How far ahead of the clock an event time may lie: as far as clocks differ, or as things are scheduled.
const (
	clocksDiffer = 24 * time.Hour
	scheduled    = 5 * 365 * 24 * time.Hour
)

// Past checks the time of something that has happened: not before Bitcoin, not after now by more than clocks differ.
func Past(t, now time.Time) error { return within(t, now.Add(clocksDiffer)) }

// Scheduled checks the time of something that may lie ahead.
func Scheduled(t, now time.Time) error { return within(t, now.Add(scheduled)) }

func within(t, last time.Time) error {
	if t.Before(ledger.Earliest) || t.After(last) {
		return fmt.Errorf("its time %s is out of range or in another unit", t.UTC().Format(time.RFC3339))
	}
	return nil
}
