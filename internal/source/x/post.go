package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
)

// page is an answer: posts and errors as they were sent.
type page struct {
	posts  []json.RawMessage
	errors []json.RawMessage // of parts of the answer
	next   string            // "": there are no more
	last   bool              // X's window is used up
}

const maxErrors = 20

// decode reads a page. No hits are no data and a count of zero.
func decode(body []byte) (page, error) {
	var w struct {
		Data   []json.RawMessage `json:"data"`
		Errors []json.RawMessage `json:"errors"`
		Meta   *struct {
			Count *int   `json:"result_count"`
			Next  string `json:"next_token"`
		} `json:"meta"`
	}
	switch err := json.Unmarshal(body, &w); {
	case err != nil:
		return page{}, err
	case w.Meta == nil || w.Meta.Count == nil:
		return page{}, errors.New("it does not say how many posts there are")
	case *w.Meta.Count != len(w.Data):
		return page{}, fmt.Errorf("%d posts where it says %d", len(w.Data), *w.Meta.Count)
	case len(w.Data) > perPage:
		return page{}, fmt.Errorf("%d posts on a page of %d", len(w.Data), perPage)
	}
	p := page{posts: w.Data, errors: w.Errors[:min(len(w.Errors), maxErrors)]}
	if len(p.posts) > 0 {
		p.next = token(w.Meta.Next)
	}
	return p, nil
}

// token is a name of a page, "" where it is none.
func token(s string) string {
	if len(s) > 200 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return ""
	}
	return s
}

// epoch is where the times in X's ids begin, milliseconds after 1970.
const epoch = 1288834974657

// posted is the time that an id holds in all but its lowest 22 bits.
func posted(id int64) time.Time { return time.UnixMilli(id>>22 + epoch).UTC() }

// number is an id, 0 for what is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 1<<22 || strconv.FormatInt(n, 10) != s {
		return 0
	}
	return n
}

// reading is what one poll has found.
type reading struct {
	now    time.Time
	seen   map[string]bool
	newest int64
	oldest time.Time
}

// take puts the posts of a page into the harvest. What stands on two pages, because they moved, counts once.
func (r *reading) take(h *source.Harvest, p page) {
	for _, raw := range p.posts {
		id, post, bad, err := r.post(raw)
		if err != nil {
			h.Reject(raw, "post: %v", err)
			continue
		}
		if bad != "" {
			h.Reject(raw, "post %s is taken without its %s, which cannot be read", post.ID, bad)
		}
		r.newest = max(r.newest, id)
		if r.oldest.IsZero() || post.Posted.Before(r.oldest) {
			r.oldest = post.Posted
		}
		if !r.seen[post.ID] { // the newest wording stands first
			r.seen[post.ID] = true
			h.Posts = append(h.Posts, post)
		}
	}
	for _, raw := range p.errors {
		var e struct {
			Title  string `json:"title"`
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(raw, &e) // the reject shows what it is
		h.Reject(raw, "a part is missing: %s", source.Text(e.Title+" "+e.Detail, 200))
	}
}

// wire is a post. What is loose is left out where it is of another shape.
type wire struct {
	ID      string                               `json:"id"`
	Text    string                               `json:"text"`
	Created source.Loose[string]                 `json:"created_at"`
	History source.Loose[[]source.Loose[string]] `json:"edit_history_tweet_ids"`
	Metrics source.Loose[struct {
		Likes source.Loose[float64] `json:"like_count"`
	}] `json:"public_metrics"`
}

// post is the record of a post, under the id that it had before it was edited; bad is the part that it lacks.
func (r *reading) post(raw json.RawMessage) (id int64, p ledger.Post, bad string, err error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return 0, p, "", fmt.Errorf("a post of another shape: %w", err)
	}
	if id = number(w.ID); id == 0 {
		return 0, p, "", fmt.Errorf("its id %.40q is none", w.ID)
	}
	first := id
	for _, old := range w.History.V {
		if n := number(old.V); n > 0 && n < first {
			first = n
		}
	}
	switch {
	case w.History.Bad != nil:
		bad = "edit history"
	case w.Metrics.Bad != nil || w.Metrics.V.Likes.Bad != nil:
		bad = "likes"
	case w.Created.Bad != nil:
		bad = "created_at" // the id holds the time too
	}
	p = ledger.Post{ID: strconv.FormatInt(first, 10), Platform: "x", Content: source.Text(html.UnescapeString(w.Text), source.MaxContent), Posted: posted(first),
		URL: "https://x.com/i/web/status/" + strconv.FormatInt(id, 10), Engagement: int64(max(0, min(w.Metrics.V.Likes.V, 1e12)))}
	if p.Content == "" {
		return id, p, "", errors.New("it has no text")
	}
	if w.Created.V != "" {
		if t, err := time.Parse(time.RFC3339, w.Created.V); err != nil || t.Sub(posted(id)).Abs() > time.Minute && t.Sub(p.Posted).Abs() > time.Minute {
			return id, p, "", fmt.Errorf("its time %.40q is not that of its id", w.Created.V)
		}
	}
	if err := source.Past(p.Posted, r.now); err != nil {
		return id, p, "", err
	}
	return id, p, bad, p.Check(r.now)
}
