package reddit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const maxChildren = 3 * perPage // of a page; Reddit sends at most perPage, and what is stickied

// listing is a page: its children as they were sent.
type listing struct {
	posts []json.RawMessage
	after string // where the next page begins; "": there is none
	last  bool   // Reddit's window is used up
}

var errNoPosts = errors.New("there are no posts in the list")

// decode reads a page. Children that are no posts are left out; errNoPosts says that all are of another kind, as in the list of
// subreddits to which Reddit sends those who ask for one that it does not have.
func decode(body []byte) (listing, error) {
	var page struct {
		Kind string `json:"kind"`
		Data struct {
			Children []json.RawMessage `json:"children"`
			After    *string           `json:"after"`
		} `json:"data"`
	}
	switch err := json.Unmarshal(body, &page); {
	case err != nil:
		return listing{}, err
	case page.Kind != "Listing" || page.Data.Children == nil:
		return listing{}, errors.New("it is no listing")
	case len(page.Data.Children) > maxChildren:
		return listing{}, fmt.Errorf("%d posts on a page of %d", len(page.Data.Children), perPage)
	}
	out := listing{}
	for _, raw := range page.Data.Children {
		var c struct {
			Kind string          `json:"kind"`
			Data json.RawMessage `json:"data"`
		}
		switch err := json.Unmarshal(raw, &c); {
		case err != nil:
			out.posts = append(out.posts, raw) // no child, which the reader of posts will tell
		case c.Kind == "t3" && len(c.Data) > 0:
			out.posts = append(out.posts, c.Data)
		}
	}
	if len(out.posts) == 0 && len(page.Data.Children) > 0 {
		return listing{}, errNoPosts
	}
	if page.Data.After != nil && number(*page.Data.After) > 0 {
		out.after = *page.Data.After
	}
	return out, nil
}

// number is what stands behind t3_ in base 36, which rises from post to post; 0 for what is no name of a post.
func number(name string) uint64 {
	text, ok := strings.CutPrefix(name, "t3_")
	n, err := strconv.ParseUint(text, 36, 62)
	if !ok || err != nil || text != strings.ToLower(text) || strings.HasPrefix(text, "+") {
		return 0
	}
	return n
}

// reading is what one poll has found.
type reading struct {
	sub    string
	now    time.Time
	seen   map[string]bool
	newest ledger.Post // of those that were read; its content may be none
	oldest time.Time
}

// wire is a post. What is loose is left out where it is of another shape.
type wire struct {
	Name      string                `json:"name"`
	Title     string                `json:"title"`
	Created   float64               `json:"created_utc"`
	Text      source.Loose[string]  `json:"selftext"`
	Score     source.Loose[float64] `json:"score"`
	Permalink source.Loose[string]  `json:"permalink"`
	Adult     source.Loose[bool]    `json:"over_18"`
	Stickied  source.Loose[bool]    `json:"stickied"`
	Removed   source.Loose[*string] `json:"removed_by_category"`
}

// bad names the parts that are of another shape.
func (w *wire) bad() string {
	var out []string
	for _, p := range []struct {
		name string
		raw  json.RawMessage
	}{{"selftext", w.Text.Bad}, {"score", w.Score.Bad}, {"permalink", w.Permalink.Bad}, {"over_18", w.Adult.Bad}, {"stickied", w.Stickied.Bad}, {"removed_by_category", w.Removed.Bad}} {
		if p.raw != nil {
			out = append(out, p.name)
		}
	}
	return strings.Join(out, ", ")
}

// take puts the posts of a page into the harvest; met says that it reaches back to what was known.
func (r *reading) take(h *source.Harvest, posts []json.RawMessage, known uint64) (met bool) {
	for _, raw := range posts {
		var w wire
		p, err := ledger.Post{}, json.Unmarshal(raw, &w)
		if err == nil {
			p, err = r.post(&w)
		}
		if err != nil {
			h.Reject(raw, "post: %v", err)
			continue
		}
		if bad := w.bad(); bad != "" {
			h.Reject(raw, "post %s is taken without its %s, which cannot be read", p.ID, bad)
		}
		if w.Stickied.V || r.seen[p.ID] {
			continue
		}
		r.seen[p.ID] = true
		n := number(p.ID)
		met = met || n <= known
		if n > number(r.newest.ID) {
			r.newest = p
		}
		if r.oldest.IsZero() || p.Posted.Before(r.oldest) {
			r.oldest = p.Posted
		}
		if !w.Adult.V && !w.removed() {
			h.Posts = append(h.Posts, p)
		}
	}
	return met
}

func (w *wire) removed() bool {
	return w.Removed.V != nil && *w.Removed.V != "" || w.Text.V == "[removed]" || w.Text.V == "[deleted]"
}

// post is the record of a post.
func (r *reading) post(w *wire) (ledger.Post, error) {
	if number(w.Name) == 0 {
		return ledger.Post{}, fmt.Errorf("its name %.40q is none", w.Name)
	}
	if !(w.Created > 0 && w.Created < 1e11) {
		return ledger.Post{}, fmt.Errorf("its time %v is none, or in another unit", w.Created)
	}
	whole, part := math.Modf(w.Created)
	p := ledger.Post{ID: w.Name, Platform: "reddit", Channel: "r/" + r.sub, Content: source.Text(w.Title, source.MaxTitle),
		Posted: time.Unix(int64(whole), int64(part*1e9)).UTC(), Engagement: int64(max(0, min(w.Score.V, 1e12)))}
	if p.Content == "" {
		return p, errors.New("it has no title")
	}
	if text := source.Text(w.Text.V, source.MaxContent-source.MaxTitle); text != "" {
		p.Content += " — " + text
	}
	if strings.HasPrefix(w.Permalink.V, "/r/") {
		p.URL = source.URL(site + w.Permalink.V)
	}
	if err := source.Past(p.Posted, r.now); err != nil {
		return p, err
	}
	return p, p.Check(r.now)
}

// refusal is an answer without posts. What concerns one subreddit is no failure of Reddit's.
func refusal(sub string, a upstream.Answer) error {
	var e struct {
		Error  int    `json:"error"`
		Reason string `json:"reason"`
	}
	isJSON := json.Unmarshal(a.Body, &e) == nil && !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<"))
	if !isJSON || e.Error != a.Status {
		return fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status)
	}
	why := ""
	switch {
	case e.Reason == "private" || e.Reason == "quarantined":
		why = "is " + e.Reason
	case a.Status == http.StatusForbidden:
		why = "is closed to this application"
	case a.Status == http.StatusNotFound:
		why = "is banned or not there"
	default:
		return fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status)
	}
	return fmt.Errorf("r/%s %s (http status %d): check sources.reddit.subreddits, or ask another source", sub, why, a.Status)
}
