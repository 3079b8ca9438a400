package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// depth is how far back a list can be read.
const depth = 1000

// slot is how far apart posts come: one in each stretch of this length, or none.
const slot = 4 * time.Minute

// known are the subreddits of the world.
func known(sub string) bool {
	switch sub {
	case "cryptocurrency", "bitcoin", "ethtrader", "cryptomarkets", "solana", "ethereum", "defi":
		return true
	}
	return false
}

// Post is one post of the world.
type Post struct {
	Name    string
	Title   string
	At      time.Time
	Hidden  bool // over_18, stickied or removed
	text    string
	k       int64
	adult   bool
	removed bool
}

func dice(sub, what string, k int64) int64 {
	h := fnv.New32a()
	_, _ = h.Write(strconv.AppendInt([]byte(sub+" "+what+" "), k, 10)) // never fails
	return int64(h.Sum32() >> 4)
}

// Posts are all posts of a subreddit from one time to another, newest first, as they read at the second.
func Posts(sub string, from, to time.Time) []Post {
	sub = strings.ToLower(sub)
	seconds := int64(slot / time.Second)
	var out []Post
	for k := to.Unix() / seconds; k >= from.Unix()/seconds; k-- {
		at := time.Unix(k*seconds+dice(sub, "at", k)%seconds, 0).UTC()
		if at.After(to) || at.Before(from) || dice(sub, "quiet", k)%3 == 0 {
			continue
		}
		p := Post{Name: "t3_" + strconv.FormatInt(1_000_000_000+at.Unix()*16+dice(sub, "id", 0)%16, 36), At: at, k: k,
			adult: dice(sub, "adult", k)%23 == 0, removed: dice(sub, "removed", k)%17 == 0 && to.Sub(at) > 20*time.Minute}
		p.Hidden = p.adult || p.removed
		coin := []string{"BTC", "ETH", "SOL", "my portfolio", "DOGE"}[dice(sub, "coin", k)%5]
		p.Title = coin + " " + []string{"to the moon?", "keeps falling, I am out", "explained for my grandmother", "whale alert", "is fairly priced, change my mind"}[dice(sub, "title", k)%5]
		p.text = "Made-up text no. " + fmt.Sprint(k%1000) + ".\n\nNot advice."
		if dice(sub, "edited", k)%9 == 0 && to.Sub(at) > 10*time.Minute {
			p.text += "\n\nEdit: typo."
		}
		if p.removed {
			p.text = "[removed]"
		}
		out = append(out, p)
	}
	return out
}

// wire is the post as it is sent.
func (p Post) wire(sub string, now time.Time) json.RawMessage {
	id := strings.TrimPrefix(p.Name, "t3_")
	link := "/r/" + sub + "/comments/" + id + "/made_up/"
	votes := dice(sub, "votes", p.k) % 300 * int64(min(now.Sub(p.At), 12*time.Hour)/time.Minute) / 720
	var removed, edited any = nil, false
	if p.removed {
		removed = "moderator"
	}
	if strings.HasSuffix(p.text, "typo.") {
		edited = float64(p.At.Add(10 * time.Minute).Unix())
	}
	var author any = "made_up_" + fmt.Sprint(p.k%97)
	if dice(sub, "gone", p.k)%31 == 0 {
		author = nil
	}
	b, err := json.Marshal(map[string]any{"name": p.Name, "id": id, "subreddit": sub, "title": p.Title, "selftext": p.text, "author": author,
		"created_utc": json.Number(fmt.Sprintf("%d.0", p.At.Unix())), "score": votes, "upvote_ratio": 0.9, "num_comments": votes / 7, "url": "https://www.reddit.com" + link,
		"permalink": link, "link_flair_text": nil, "over_18": p.adult, "stickied": false, "removed_by_category": removed, "edited": edited})
	if err != nil {
		panic("reddit fake: " + err.Error()) // numbers and text always encode
	}
	return b
}
