package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
)

// Bounds of what one poll keeps of what could not be taken.
const (
	MaxRejects = 100      // pieces; of more the first ones tell why
	MaxPiece   = 16 << 10 // bytes of the beginning of a piece
)

// Reject keeps a piece that could not be taken, with the reason: the first MaxPiece bytes of it, and how long it was. The same piece
// with the same reason counts once. Of more than MaxRejects only their number is kept, as the last reject.
func (h *Harvest) Reject(raw []byte, format string, args ...any) {
	r := ledger.Reject{Reason: Text(fmt.Sprintf(format, args...), MaxTitle), Bytes: bytes.Clone(raw[:min(len(raw), MaxPiece)]), Size: len(raw)}
	for i := range h.Rejects {
		if o := &h.Rejects[i]; o.Reason == r.Reason && o.Size == r.Size && bytes.Equal(o.Bytes, r.Bytes) {
			return
		}
	}
	switch {
	case h.beyond == 0 && len(h.Rejects) < MaxRejects:
		h.Rejects = append(h.Rejects, r)
		return
	case h.beyond == 0:
		h.Rejects = append(h.Rejects, ledger.Reject{})
	}
	h.beyond++
	h.Rejects[len(h.Rejects)-1] = ledger.Reject{Reason: fmt.Sprintf("%d further pieces were not taken; they are not kept", h.beyond)}
}

// RejectAll is Reject of each of a list, whose pieces are whole.
func (h *Harvest) RejectAll(list []ledger.Reject) {
	for i := range list {
		h.Reject(list[i].Bytes, "%s", list[i].Reason)
	}
}

// Unread keeps an answer that came with success (http status 200) and cannot be used as a whole, a web page in place of data for
// instance; what says what was asked for, and err why. Other answers are told by their error alone.
func (h *Harvest) Unread(status int, body []byte, what string, err error) {
	if status == 200 && len(body) > 0 && err != nil {
		h.Reject(body, "%s: %v", what, err)
	}
}

// Gap notes a time over which the upstream had more than it shows, and than could be read: it is missing for good, unless a later
// harvest's Since reaches behind it. A zero from is the last poll that went well. What is no stretch of time is none.
func (h *Harvest) Gap(from, to time.Time, format string, args ...any) {
	if to.After(from) {
		h.Gaps = append(h.Gaps, ledger.FeedGap{From: from.UTC(), To: to.UTC(), Reason: Text(fmt.Sprintf(format, args...), MaxTitle)})
	}
}

// Loose is a part of a piece that is not worth the piece: where it is of another shape than T, it is the zero value, and Bad is what
// was sent.
type Loose[T any] struct {
	V   T
	Bad json.RawMessage // nil: V is what was sent
}

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (l *Loose[T]) UnmarshalJSON(b []byte) error {
	*l = Loose[T]{}
	if json.Unmarshal(b, &l.V) != nil {
		*l = Loose[T]{Bad: bytes.Clone(b)}
	}
	return nil
}
