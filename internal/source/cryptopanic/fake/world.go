package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// slot is how far apart posts come: one in each stretch of this length, or none.
const slot = 40 * time.Minute

// Text is one post of the world.
type Text struct {
	ID    int64
	Title string
	At    time.Time
	Code  string
	full  bool // the free plan leaves fields out
}

func dice(what string, k int64) int {
	h := fnv.New32a()
	fmt.Fprint(h, what, " ", k)
	return int(h.Sum32() >> 4)
}

// Texts are all posts from one time to another, newest first, as they read at the second.
func Texts(from, to time.Time) []Text {
	seconds := int64(slot / time.Second)
	var out []Text
	for k := to.Unix() / seconds; k >= from.Unix()/seconds; k-- {
		at := time.Unix(k*seconds+int64(dice("at", k))%seconds, 0).UTC()
		if at.After(to) || at.Before(from) || dice("quiet", k)%4 == 0 {
			continue
		}
		code := []string{"BTC", "ETH", "SOL", "XRP", ""}[dice("coin", k)%5]
		title := []string{"Made-up fund files for a trust", "Made-up bridge pauses", "Made-up miner moves coins", "Made-up court sets a date"}[dice("title", k)%4]
		title += " · " + fmt.Sprint(k%1000)
		if dice("revised", k)%6 == 0 && to.Sub(at) > 4*time.Hour {
			title += " (corrected)"
		}
		out = append(out, Text{ID: 1_000_000 + k%10_000_000, Title: title, At: at, Code: code, full: dice("full", k)%3 > 0})
	}
	return out
}

// wire is the post as it is sent.
func (t Text) wire() json.RawMessage {
	at := t.At.Format("2006-01-02T15:04:05Z")
	instruments := []any{}
	if t.Code != "" {
		instruments = append(instruments, map[string]any{"id": 1, "code": t.Code, "title": t.Code, "slug": t.Code, "market_cap_usd": 1.5e9})
	}
	post := map[string]any{"id": t.ID, "slug": fmt.Sprint("made-up-", t.ID), "title": t.Title, "description": "A made-up story.", "published_at": at, "created_at": at,
		"kind": "news", "instruments": instruments, "source": nil, "original_url": nil, "url": nil, "votes": nil, "panic_score": nil}
	if t.full {
		post["url"] = fmt.Sprint("https://cryptopanic.example/news/", t.ID)
		post["original_url"] = fmt.Sprint("https://publisher.example/", t.ID)
		post["source"] = map[string]any{"title": "A publisher", "region": "en", "domain": "publisher.example", "type": "feed"}
		post["votes"] = map[string]any{"negative": 0, "positive": dice("votes", t.ID) % 9, "important": 0, "liked": 0, "disliked": 0, "lol": 0, "toxic": 0, "saved": 0, "comments": 0}
	}
	body, err := json.Marshal(post)
	if err != nil {
		panic("cryptopanic fake: " + err.Error()) // numbers and text always encode
	}
	return body
}
