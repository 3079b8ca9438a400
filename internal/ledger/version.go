package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
)

// Version names what the upstream says of an item: an item seen again with another version has been revised. What omc adds itself
// (sentiment, impact, coins found in the text) is no part of it.
func (n *News) Version() string {
	return version(n.URL, n.Title, n.Summary, stampText(n.Published))
}

// Version is News.Version of a post. Engagement counts by its power of two only: it grows with every look.
func (p *Post) Version() string {
	return version(p.Channel, p.Content, p.URL, stampText(p.Posted), strconv.Itoa(bits.Len64(uint64(max(0, p.Engagement)))))
}

// Version is News.Version of an event.
func (e *Event) Version() string {
	keys := make([]string, 0, len(e.Facts))
	for k := range e.Facts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	parts := []string{e.Type, stampText(e.Time), e.Title, e.Description, e.URL}
	for _, k := range keys {
		parts = append(parts, k, e.Facts[k])
	}
	return version(parts...)
}

// Version is News.Version of a flow.
func (f *Flow) Version() string {
	return version(f.Token, f.NetUSD.String(), strconv.Itoa(f.Buying), strconv.Itoa(f.Selling), join(f.Buyers), join(f.Sellers))
}

// version hashes the parts; their lengths count, so that no two lists of parts run together.
func version(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(p)), 10)) // never fails
		h.Write([]byte{':'})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func stampText(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func join(s []string) string {
	b, _ := json.Marshal(s) // strings always marshal
	return string(b)
}

// Merge returns the coins of both lists, sorted, each once.
func Merge(a, b []market.Coin) []market.Coin {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}
