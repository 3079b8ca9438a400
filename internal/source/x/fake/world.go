package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
)

// slot is how far apart posts come: one in each stretch of this length, or none.
const slot = 20 * time.Second

const epoch = 1288834974657 // of X's ids, milliseconds after 1970

// at is the time that an id holds.
func at(id int64) time.Time { return time.UnixMilli(id>>22 + epoch).UTC() }

// Post is one post of the world.
type Post struct {
	ID    int64
	Was   int64 // before it was edited; ID where it was not
	Text  string
	Likes int64
}

func dice(what string, k int64) int64 {
	h := fnv.New32a()
	_, _ = h.Write(strconv.AppendInt([]byte(what+" "), k, 10)) // never fails
	return int64(h.Sum32() >> 4)
}

// Posts are all posts after one time, until another, newest first. One in forty is an edit of the one before it.
func Posts(from, to time.Time) []Post {
	ms := slot.Milliseconds()
	var out []Post
	for k := to.UnixMilli() / ms; k >= from.UnixMilli()/ms; k-- {
		p := post(k)
		if t := at(p.ID); t.After(to) || !t.After(from) || dice("quiet", k)%3 == 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}

func post(k int64) Post {
	id := number(k)
	p := Post{ID: id, Was: id, Text: []string{"$BTC looks strong &amp; I am in", "never selling my SOL 🚀", "ETH gas is &lt;1 gwei", "made-up rug, be careful", "bitcoin\n\nagain"}[dice("text", k)%5],
		Likes: dice("likes", k) % 50}
	p.Text += " #" + fmt.Sprint(k%1000)
	if dice("edit", k)%40 == 0 && dice("quiet", k-1)%3 != 0 {
		p.Was = number(k - 1)
		p.Text += " (edited)"
	}
	return p
}

// number is the id of the post that comes in a stretch.
func number(k int64) int64 {
	ms := slot.Milliseconds()
	return (k*ms+dice("at", k)%ms-epoch)<<22 | dice("low", k)%(1<<22)
}

// wire is the post as it is sent.
func (p Post) wire(now time.Time) json.RawMessage {
	history := []string{strconv.FormatInt(p.ID, 10)}
	if p.Was != p.ID {
		history = []string{strconv.FormatInt(p.Was, 10), history[0]}
	}
	likes := p.Likes * int64(min(now.Sub(at(p.ID)), time.Hour)/time.Minute) / 60
	b, err := json.Marshal(map[string]any{"id": strconv.FormatInt(p.ID, 10), "text": p.Text, "edit_history_tweet_ids": history, "created_at": at(p.ID).Format("2006-01-02T15:04:05.000Z"),
		"public_metrics": map[string]any{"retweet_count": likes / 5, "reply_count": 0, "like_count": likes, "quote_count": 0, "impression_count": likes * 40}})
	if err != nil {
		panic("x fake: " + err.Error()) // numbers and text always encode
	}
	return b
}
