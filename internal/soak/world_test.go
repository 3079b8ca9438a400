package soak_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// coins adds to CoinSpot's list a market that numbers the answers, and what upstreams get wrong.
type coins struct {
	mu sync.Mutex // guards n
	n  int
}

// counter is the market whose bid is 1,000,000 and the answer's number.
const counter = "seq"

func (c *coins) write(body []byte) []byte {
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	var a struct {
		Status string                       `json:"status"`
		Prices map[string]map[string]string `json:"prices"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		panic(fmt.Sprintf("the fake's answer cannot be read: %v", err))
	}
	p := fmt.Sprint(1_000_000 + n)
	a.Prices[counter] = map[string]string{"bid": p, "ask": p + ".5", "last": p}
	times := func(coin, by string) {
		for k, v := range a.Prices[coin] {
			if v != "NaN" {
				a.Prices[coin][k] = by + v // 9 before a price makes it many times as high
			}
		}
	}
	switch btc := a.Prices["btc"]; n % 7 {
	case 3:
		btc["bid"], btc["ask"], btc["last"] = "NaN", "NaN", "NaN"
	case 5:
		btc["last"] = "1,234"
	}
	if eth := a.Prices["eth"]; n%11 == 5 {
		eth["bid"], eth["ask"] = eth["ask"], eth["bid"]
	}
	if n%13 == 6 {
		times("sol", "9") // once: a mistake
	}
	if n%60 >= 40 {
		times("xrp", "9") // it stays there for a while
	}
	if n%17 < 3 {
		delete(a.Prices, "doge")
	}
	if n%19 == 4 {
		a.Prices["zero"] = map[string]string{"bid": "0", "ask": "0", "last": "0"}
		a.Prices["no coin!"] = map[string]string{"bid": poison, "ask": poison, "last": poison}
	}
	out, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts always encode
	}
	return out
}

// press writes the feed of a publisher: the last fifteen of a list that grows, of which some are revised, in any order.
type press struct {
	begun time.Time
	mu    sync.Mutex // guards asked
	asked map[string]int
}

const shown = 15

func (p *press) write(h http.Handler, path string, n int) {
	set, ok := h.(interface{ Set(publisher, body string) })
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || name == "" {
		panic("the fake of the press has changed")
	}
	p.mu.Lock()
	if p.asked == nil {
		p.asked = map[string]int{}
	}
	p.asked[name]++
	k := shown + p.asked[name]/2 // every other time nothing is new
	p.mu.Unlock()
	set.Set(name, p.feed(name, k))
}

func (p *press) feed(name string, k int) string {
	var items []string
	for i := k - shown; i <= k; i++ {
		title := fmt.Sprintf("Bitcoin story %d of %s", i, name)
		switch {
		case i%10 == 0 && k >= i+6:
			title += " (updated twice)"
		case i%5 == 0 && k >= i+3:
			title += " (updated)"
		}
		at := p.begun.Add(time.Duration(i-10_000) * time.Minute)
		items = append(items, fmt.Sprintf("<item><title>%s</title><link>https://%s.example/%d</link><guid>%s-%d</guid><pubDate>%s</pubDate></item>",
			title, name, i, name, i, at.Format(time.RFC1123Z)))
	}
	if k%6 == 1 {
		items = append(items, items[0], items[3])
	}
	if k%4 != 2 { // newest first, as a rule
		slices.Reverse(items)
	}
	if k%7 == 3 {
		items = append(items, fmt.Sprintf("<item><guid>untitled-%d</guid></item>", k),
			fmt.Sprintf("<item><title>From far ahead</title><guid>ahead-%d</guid><pubDate>%s</pubDate></item>", k, time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC1123Z)))
	}
	return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>` + name + "</title>" + strings.Join(items, "\n") + "</channel></rss>"
}
