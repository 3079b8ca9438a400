package soak_test

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
)

// fault is one way to spoil an answer; none without play.
type fault struct {
	name string
	play faulty.Fault
}

// poison is the price of spoilt answers: it must never be found anywhere.
const poison = "666.66"

// poisoned is a body as CoinSpot would send it, under a status that says it is none.
func poisoned(status int) faulty.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, `{"status":"ok","prices":{"btc":{"bid":"`+poison+`","ask":"`+poison+`","last":"`+poison+`"}}}`)
	}
}

// quick are faults that cost no time, slow those that end with the client's patience.
func quick() []fault {
	return []fault{
		{"500", poisoned(500)}, {"html with 200", faulty.Page(200)}, {"truncated", faulty.Truncate(60)}, {"cut", faulty.Cut(100)}, {"reset", faulty.Reset},
		{"502", faulty.Page(502)}, {"503", poisoned(503)}, {"empty", faulty.Body("")}, {"null", faulty.Body("null")}, {"no json", faulty.Body(`{"NaN":`)},
		{"endless", faulty.Endless("[")}, {"bomb", faulty.Bomb(8 << 20)}, {"429 with retry-after", faulty.Wait(429, "1")},
		{"429 with a date", faulty.WaitUntil(429, time.Date(2020, 2, 29, 23, 59, 58, 0, time.UTC), time.Second, true)}, {"truncated late", faulty.Truncate(-2)}, {"cut late", faulty.Cut(-1)},
	}
}

func slow() []fault {
	return []fault{{"slow-loris", faulty.Drip(50 * time.Millisecond)}, {"stall", faulty.Stall}}
}

// planned is the fault of an upstream's n-th answer.
func planned(upstream, path string, n int) fault {
	every := 7
	switch {
	case upstream == "coinspot":
		every = 13
	case upstream == "rss" && strings.HasPrefix(path, "/decrypt/") && n > 60:
		return fault{"429", faulty.Wait(429, "")} // holds that publisher back for half a minute
	}
	if n%every != every-1 {
		return fault{}
	}
	i := n / every
	if all := quick(); i%9 != 4 {
		return all[i%len(all)]
	}
	all := slow()
	return all[i/9%len(all)]
}
