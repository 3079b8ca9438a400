package lab

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/research"
)

var referenceRE = regexp.MustCompile(`\{\{\s*(r\d{1,6})\.([a-z0-9_]{1,60})\s*(?:\|\s*([a-z]{1,10})\s*)?\}\}`)

// render puts the figures that references name into the text: {{r17.sharpe}} as stored, |pct as a percentage with sign, |share
// without, |num with two decimals. A reference to nothing is returned as missing; a figure without a value is written n/a.
func render(markdown string, results []research.ToolResult) (text string, missing []string) {
	byRef := map[string]research.ToolResult{}
	for _, r := range results {
		byRef[r.Ref] = r
	}
	text = referenceRE.ReplaceAllStringFunc(markdown, func(m string) string {
		p := referenceRE.FindStringSubmatch(m)
		s, err := figure(byRef, p[1], p[2], p[3])
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s (%v)", m, err))
			return m
		}
		return s
	})
	slices.Sort(missing)
	return text, slices.Compact(missing)
}

func figure(byRef map[string]research.ToolResult, ref, field, format string) (string, error) {
	r, ok := byRef[ref]
	if !ok {
		return "", fmt.Errorf("there is no result %s", ref)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(r.Result, &fields); err != nil {
		return "", fmt.Errorf("%s has no figures", ref)
	}
	raw, ok := fields[field]
	if !ok {
		return "", fmt.Errorf("%s has no %s", ref, field)
	}
	if string(raw) == "null" {
		return "n/a", nil
	}
	var x float64
	if err := json.Unmarshal(raw, &x); err != nil {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", fmt.Errorf("%s.%s is neither a number nor text", ref, field)
		}
		return strings.Join(strings.Fields(s), " "), nil
	}
	switch format {
	case "pct":
		return signed(x*100, 1) + " %", nil
	case "share":
		return strings.TrimPrefix(signed(x*100, 1), "+") + " %", nil
	case "num":
		return strings.Replace(strconv.FormatFloat(x, 'f', 2, 64), "-", "−", 1), nil
	case "":
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("there is no format %q: use pct, share or num", format)
}

func signed(x float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	switch {
	case strings.Trim(s, "0.") == "":
		return s
	case x < 0:
		return "−" + s
	default:
		return "+" + s
	}
}
