package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
)

func TestRejectKeepsTheHeadAndTheWholeSize(t *testing.T) {
	t.Parallel()
	var h Harvest
	raw := bytes.Repeat([]byte("x"), 100_000)
	h.Reject(raw, "too %s\x00", "long")
	raw[0] = 'y' // the harvest holds its own copy
	if r := h.Rejects[0]; len(h.Rejects) != 1 || len(r.Bytes) != MaxPiece || r.Size != 100_000 || r.Reason != "too long" || r.Bytes[0] != 'x' {
		t.Errorf("%d of %d bytes, %q", len(r.Bytes), r.Size, r.Reason)
	}
}

func TestRejectCountsTheSamePieceOnce(t *testing.T) {
	t.Parallel()
	var h Harvest
	for range 3 {
		h.Reject([]byte("a"), "bad")
		h.Reject(nil, "a part is missing")
	}
	h.Reject([]byte("b"), "bad")
	h.Reject([]byte("a"), "worse")
	if len(h.Rejects) != 4 {
		t.Errorf("%d rejects: %+v", len(h.Rejects), h.Rejects)
	}
}

func TestRejectCountsWhatIsBeyondTheBound(t *testing.T) {
	t.Parallel()
	var h Harvest
	for i := range MaxRejects + 250 {
		h.Reject(fmt.Append(nil, i), "bad")
	}
	h.Reject([]byte("0"), "bad") // there already
	last := h.Rejects[len(h.Rejects)-1]
	if len(h.Rejects) != MaxRejects+1 || !strings.HasPrefix(last.Reason, "250 further pieces") || string(h.Rejects[MaxRejects-1].Bytes) != "99" {
		t.Errorf("%d rejects, the last %+v", len(h.Rejects), last)
	}
}

func TestUnreadKeepsWhatCameWithSuccess(t *testing.T) {
	t.Parallel()
	var h Harvest
	h.Unread(503, []byte("<html>"), "/a", fmt.Errorf("unavailable"))
	h.Unread(200, nil, "/a", fmt.Errorf("cut off"))
	h.Unread(200, []byte("{}"), "/a", nil)
	h.Unread(200, []byte("<html>"), "/a", fmt.Errorf("a web page"))
	if len(h.Rejects) != 1 || h.Rejects[0].Reason != "/a: a web page" || string(h.Rejects[0].Bytes) != "<html>" {
		t.Errorf("%+v", h.Rejects)
	}
}

func TestGapIsAStretchOfTime(t *testing.T) {
	t.Parallel()
	var h Harvest
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	h.Gap(at, at, "none")
	h.Gap(at, at.Add(-time.Second), "backwards")
	h.Gap(at, at.Add(time.Hour), "%d pages", 3)
	h.Gap(time.Time{}, at, "since the last success")
	if len(h.Gaps) != 2 || h.Gaps[0] != (ledger.FeedGap{From: at, To: at.Add(time.Hour), Reason: "3 pages"}) || !h.Gaps[1].From.IsZero() {
		t.Errorf("%+v", h.Gaps)
	}
}

func TestLooseKeepsWhatIsOfAnotherShape(t *testing.T) {
	t.Parallel()
	var v struct {
		A Loose[string]   `json:"a"`
		B Loose[string]   `json:"b"`
		C Loose[[]string] `json:"c"`
		D Loose[string]   `json:"d"`
	}
	if err := json.Unmarshal([]byte(`{"a":"x","b":{"y":1},"c":["u",2],"d":null}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.A.V != "x" || v.A.Bad != nil || v.B.V != "" || string(v.B.Bad) != `{"y":1}` || v.C.V != nil || string(v.C.Bad) != `["u",2]` || v.D.V != "" || v.D.Bad != nil {
		t.Errorf("%+v", v)
	}
}
