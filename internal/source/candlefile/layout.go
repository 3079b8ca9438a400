package candlefile

import (
	"bytes"
	"fmt"
	"strings"
)

// columns says which field of a row holds what; -1 where none does.
type columns struct {
	layout                                             string
	count                                              int // fields in every row
	unix, date, symbol, open, high, low, close, volume int
	source                                             int
	header                                             bool // the line that told them was a header, not a row
}

// positional are the layouts without a header, told apart by the number of columns.
func positional(count int) (columns, bool) {
	c := columns{count: count, unix: 0, date: -1, symbol: -1, open: 1, high: 2, low: 3, close: 4, volume: 5, source: -1}
	switch count {
	case 12:
		c.layout = LayoutBinance
	case 7:
		c.layout = LayoutKraken
	case 6:
		c.layout = LayoutGeneric
	case 5:
		c.layout, c.volume = LayoutGeneric, -1
	default:
		return c, false
	}
	return c, true
}

// detect reads the first line that is not a banner: a header, or already a row.
func detect(fields [][]byte) (columns, error) {
	if len(fields) >= 5 && (looksNumeric(fields[0]) || looksDated(fields[0])) {
		c, ok := positional(len(fields))
		if !ok {
			return c, fmt.Errorf("%w: %d columns without a header; known are 12 (Binance), 7 (Kraken), 6 and 5", ErrLayout, len(fields))
		}
		if looksDated(fields[0]) {
			c.unix, c.date, c.layout = -1, 0, LayoutGeneric
		}
		return c, nil
	}
	return fromHeader(fields)
}

func fromHeader(fields [][]byte) (columns, error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(string(f)))
	}
	find := func(want ...string) int {
		for _, w := range want {
			for i, n := range names {
				if n == w {
					return i
				}
			}
		}
		return -1
	}
	c := columns{header: true, count: len(names), symbol: find("symbol", "pair", "market"), source: find("source"),
		unix: find("timestamp", "unix", "open_time", "opentime", "open time", "time", "unix timestamp", "start", "ts"),
		date: find("date", "datetime"), open: find("open", "o"), high: find("high", "h"), low: find("low", "l"), close: find("close", "c")}
	c.volume = find("volume", "base_volume", "volume_base", "vol", "v")
	for i, n := range names {
		if c.volume < 0 && strings.HasPrefix(n, "volume ") {
			c.volume = i
		}
	}
	if c.unix < 0 && c.date < 0 || c.open < 0 || c.high < 0 || c.low < 0 || c.close < 0 {
		return c, fmt.Errorf("%w: the first line %q is neither a row nor a header with timestamp or date, open, high, low, close",
			ErrLayout, clip(bytes.Join(fields, []byte(",")), 80))
	}
	switch {
	case find("close_time", "closetime", "close time") >= 0 && c.unix >= 0:
		c.layout = LayoutBinance
	case c.unix >= 0 && c.date >= 0 && c.symbol >= 0:
		c.layout = LayoutCDD
	case c.unix == 0 && names[0] == "timestamp" && c.volume == 5 && (len(names) == 6 || len(names) == 7 && c.source == 6):
		c.layout = LayoutOMC
	default:
		c.layout = LayoutGeneric
	}
	return c, nil
}

// looksNumeric accepts what is meant as a number, however damaged: the row then is rejected with its reason.
func looksNumeric(b []byte) bool {
	digits := false
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E':
		default:
			return false
		}
	}
	return digits && !looksDated(b)
}

// looksDated accepts text that begins like 2024-01-31 or 2024/01/31.
func looksDated(b []byte) bool {
	if len(b) < 8 || b[4] != '-' && b[4] != '/' {
		return false
	}
	for _, c := range b[:4] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isBanner tells the line that CryptoDataDownload puts above its header.
func isBanner(line []byte) bool {
	return bytes.HasPrefix(line, []byte("http")) && bytes.IndexByte(line, ',') < 0
}

// split cuts a line at its commas into dst, taking quotes off. ok is false where a quote stays open or columns are too many.
func split(line []byte, dst [][]byte) (fields [][]byte, ok bool) {
	dst = dst[:0]
	if bytes.IndexByte(line, '"') >= 0 {
		return splitQuoted(line, dst)
	}
	start := 0
	for i, c := range line {
		if c == ',' {
			dst = append(dst, line[start:i])
			start = i + 1
		}
	}
	dst = append(dst, line[start:])
	return dst, len(dst) <= maxColumns
}

func splitQuoted(line []byte, dst [][]byte) ([][]byte, bool) {
	for {
		if len(line) == 0 || line[0] != '"' {
			i := bytes.IndexByte(line, ',')
			if i < 0 {
				return append(dst, line), len(dst) < maxColumns
			}
			dst, line = append(dst, line[:i]), line[i+1:]
			continue
		}
		var field []byte
		rest := line[1:]
		for {
			i := bytes.IndexByte(rest, '"')
			if i < 0 {
				return dst, false
			}
			field = append(field, rest[:i]...)
			rest = rest[i+1:]
			if len(rest) == 0 || rest[0] != '"' {
				break
			}
			field, rest = append(field, '"'), rest[1:]
		}
		dst = append(dst, field)
		if len(rest) == 0 {
			return dst, len(dst) <= maxColumns
		}
		if rest[0] != ',' || len(dst) > maxColumns {
			return dst, false
		}
		line = rest[1:]
	}
}

// clip keeps the first n bytes as valid text.
func clip(b []byte, n int) string {
	if len(b) > n {
		b = b[:n]
	}
	s := strings.ToValidUTF8(string(b), "\uFFFD")
	for len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
