package rss

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mmcdole/gofeed"

	"github.com/ohmycoins/omc/internal/source"
)

// Bounds of a feed. The longest known has a hundred items.
const (
	maxItems  = 1_000
	maxDepth  = 60
	maxTokens = 200_000
)

// decode reads a feed. gofeed forgives much; what it must not forgive, or must not be given, is found before. An item that costs only
// itself goes to h.
func decode(body []byte, h *source.Harvest) ([]item, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(body, []byte("{")) {
		return objects(body, h)
	}
	body = readable(body)
	raws, err := elements(body)
	if err != nil {
		return nil, err
	}
	feed, err := parse(body)
	if err != nil {
		return nil, err
	}
	if len(feed.Items) != len(raws) {
		return nil, fmt.Errorf("%d items where %d are read", len(raws), len(feed.Items))
	}
	out := make([]item, len(raws))
	for i := range raws {
		if feed.Items[i] == nil {
			return nil, errors.New("an item is null")
		}
		out[i] = item{feed.Items[i], raws[i]}
	}
	return out, nil
}

// parse is gofeed's, which panics where a JSON feed holds null in a list.
func parse(body []byte) (feed *gofeed.Feed, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be read: %v", p)
		}
	}()
	return gofeed.NewParser().Parse(bytes.NewReader(body))
}

// objects are the items of a JSON feed, each read by itself: gofeed takes a feed or leaves it.
func objects(body []byte, h *source.Harvest) ([]item, error) {
	var feed struct {
		Version string            `json:"version"`
		Items   []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &feed); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(feed.Version, "https://jsonfeed.org/version/") {
		return nil, errors.New("it is no JSON feed")
	}
	if len(feed.Items) > maxItems {
		return nil, fmt.Errorf("%d items, the limit is %d", len(feed.Items), maxItems)
	}
	out := make([]item, 0, len(feed.Items))
	for _, raw := range feed.Items {
		alone, err := parse(slices.Concat([]byte(`{"version":"https://jsonfeed.org/version/1.1","items":[`), raw, []byte("]}")))
		switch {
		case err != nil:
			h.Reject(raw, "item: %v", err)
		case len(alone.Items) != 1 || alone.Items[0] == nil:
			h.Reject(raw, "item: it is none")
		default:
			out = append(out, item{alone.Items[0], raw})
		}
	}
	return out, nil
}

// readable is a body without references to characters that XML does not have, and without bytes that are no text, unless it says
// that it is written in another encoding than UTF-8.
func readable(body []byte) []byte {
	body = regexp.MustCompile(`&#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,8});`).ReplaceAllFunc(body, func(ref []byte) []byte {
		digits, base := strings.ToLower(string(ref[2:len(ref)-1])), 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseInt(digits, base, 64)
		if err != nil || !inXML(rune(n)) {
			return []byte(" ")
		}
		return ref
	})
	head, _, _ := bytes.Cut(body[:min(len(body), 200)], []byte("?>"))
	text := strings.ToLower(string(head))
	if strings.Contains(text, "encoding") && !strings.Contains(text, "utf-8") {
		return body
	}
	return bytes.ToValidUTF8(body, []byte(" "))
}

func inXML(r rune) bool {
	return r >= ' ' && r < 0xd800 || r >= 0xe000 && r < 0xfffe || r >= 0x10000 && r <= 0x10ffff || r == '\t' || r == '\n' || r == '\r'
}

// elements are the items of an XML feed, looked at as nothing but nested elements: it must be whole, of bounded depth, and declare
// no entities.
func elements(body []byte) ([][]byte, error) {
	d := xml.NewDecoder(bytes.NewReader(skeleton(body)))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var out [][]byte
	var path []string
	begun := int64(-1)
	root := false
	for n := 0; ; n++ {
		if n > maxTokens {
			return nil, errors.New("more elements than a feed may have")
		}
		at := d.InputOffset()
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root:
			return out, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("it holds nothing")
		case err != nil:
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			if bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
				return nil, errors.New("it declares entities")
			}
		case xml.StartElement:
			if root && len(path) == 0 {
				return nil, errors.New("it goes on after its end")
			}
			root = true
			path = append(path, strings.ToLower(t.Name.Local))
			if len(path) > maxDepth {
				return nil, errors.New("it is nested too deep")
			}
			if begun < 0 && isItem(path) {
				begun = at
			}
		case xml.EndElement:
			if begun >= 0 && isItem(path) {
				out = append(out, body[begun:d.InputOffset()])
				begun = -1
			}
			path = path[:len(path)-1]
			if len(out) > maxItems {
				return nil, fmt.Errorf("more than %d items", maxItems)
			}
		}
	}
}

// isItem reports the places where items stand: in a channel, or beside it; an Atom feed's entries.
func isItem(path []string) bool {
	switch n := len(path); {
	case n == 3:
		return path[0] == "rss" && path[1] == "channel" && path[2] == "item" || path[0] == "rdf" && path[1] == "channel" && path[2] == "item"
	case n == 2:
		return path[1] == "item" && (path[0] == "rdf" || path[0] == "rss") || path[0] == "feed" && path[1] == "entry"
	}
	return false
}

// skeleton is a body of the same length in which all but ASCII is a letter: its elements stand where they stood, whatever its
// encoding says.
func skeleton(body []byte) []byte {
	out := bytes.Clone(body)
	for i, b := range out {
		switch {
		case b >= 0x80:
			out[i] = 'x'
		case b < ' ' && b != '\n' && b != '\r' && b != '\t':
			out[i] = ' '
		}
	}
	return out
}
