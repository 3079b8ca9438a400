package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

var both = []string{ledger.KindNews, ledger.KindPost}

func unscored(t *testing.T, w world) []ledger.Text {
	t.Helper()
	now := w.clock.Now()
	out, err := w.db.Unscored(t.Context(), both, now.Add(-24*time.Hour), now, 2, 10)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// secondOpinions: a score of a model is a revision with its own known time; the text unchanged leaves it, the text revised replaces it.
func secondOpinions(t *testing.T, w world) {
	ctx, at := t.Context(), w.clock.Now().Add(-time.Minute).Truncate(time.Second)
	own := ledger.Sentiment{Label: "positive", Score: 0.5, Scorer: "own-1"}
	r := ledger.Records{News: []ledger.News{{ID: "n", Source: "paper", Title: "a", Summary: "b", Published: at, Coins: []market.Coin{"BTC"}, Sentiment: own}},
		Posts: []ledger.Post{{ID: "p", Platform: "reddit", Content: "c", Posted: at.Add(-time.Second), Engagement: 9, Sentiment: own},
			{ID: "old", Platform: "reddit", Content: "yesterday's", Posted: at.Add(-25 * time.Hour), Sentiment: own}}}
	poll(t, w, "f", ledger.Landing{Records: r})
	first := w.clock.Now()
	texts := unscored(t, w)
	if len(texts) != 2 || texts[0].Text != "a. b" || texts[0].Kind != ledger.KindNews || texts[1].Text != "c" || !texts[0].Event.Equal(at) {
		t.Fatalf("%+v", texts)
	}
	w.clock.Advance(time.Minute)
	model := ledger.Sentiment{Label: "negative", Score: -0.75, Scorer: "llm:openai/small"}
	scores := []ledger.Score{{Seq: texts[0].Seq, Kind: texts[0].Kind, Sentiment: model}, {Seq: texts[1].Seq, Kind: texts[1].Kind, Sentiment: model}}
	if got, _ := poll(t, w, "again", ledger.Landing{Source: "openai", Scores: scores}); got.New != 2 || got.Revised != 2 || got.Seq == 0 {
		t.Fatalf("%+v", got)
	}
	w.clock.Advance(time.Minute)
	if got, _ := poll(t, w, "again", ledger.Landing{Source: "openai", Scores: scores}); got.New != 0 || got.Same != 2 {
		t.Errorf("the same scores landed twice: %+v", got)
	}
	w.clock.Advance(time.Minute)
	if got, _ := poll(t, w, "f", ledger.Landing{Records: r}); got.New != 0 || got.Same != 3 {
		t.Errorf("the unchanged texts undid their second opinion: %+v", got)
	}
	scorer := func(asOf time.Time) string {
		t.Helper()
		news, err := w.db.News(ctx, ledger.SentimentQuery{Window: ledger.Window{AsOf: asOf}, Coins: []market.Coin{"BTC"}})
		posts, err2 := w.db.Posts(ctx, ledger.SentimentQuery{Window: ledger.Window{AsOf: asOf, From: at.Add(-time.Hour)}})
		if err != nil || err2 != nil || len(news) != 1 || len(posts) != 1 || posts[0].Engagement != 9 || news[0].Source != "paper" {
			t.Fatalf("%+v %+v %v %v", news, posts, err, err2)
		}
		return fmt.Sprint(news[0].Scorer, news[0].Score, news[0].Title, posts[0].Scorer, posts[0].Label)
	}
	if got := scorer(first); got != "own-10.5aown-1positive" {
		t.Error("before the second opinion:", got)
	}
	if got := scorer(time.Time{}); got != "llm:openai/small-0.75allm:openai/smallnegative" {
		t.Error("after it:", got)
	}
	if left := unscored(t, w); len(left) != 0 {
		t.Errorf("scored already: %+v", left)
	}
	stats, err := w.db.DataStatistics(ctx, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		if s.Kind == "news_sentiment" && (s.Source != "f" || s.Rows != 1) {
			t.Errorf("%+v", s)
		}
	}
	w.clock.Advance(time.Minute)
	r.News[0].Title = "a, corrected"
	poll(t, w, "f", ledger.Landing{Records: r})
	if got := scorer(time.Time{}); got != "own-10.5a, correctedllm:openai/smallnegative" {
		t.Error("a revised text:", got)
	}
	if left := unscored(t, w); len(left) != 1 || left[0].Text != "a, corrected. b" {
		t.Errorf("%+v", left)
	}
	if got, _ := poll(t, w, "again", ledger.Landing{Source: "openai", Scores: []ledger.Score{{Seq: texts[0].Seq, Kind: ledger.KindNews, Sentiment: model}}}); got.New != 0 || got.Same != 1 {
		t.Errorf("a late score of a text that was revised since: %+v", got)
	}
}

// spending: what is reserved counts until it is settled, never beyond the day's budget, whoever asks at the same time.
func spending(t *testing.T, w world) {
	ctx := t.Context()
	most := ledger.Budget{Requests: 20, Tokens: 1_000, USDNano: 9_000_000_000_000}
	worst := ledger.Spend{Requests: 1, Tokens: 100, USDNano: 5_000_000_000}
	var wg sync.WaitGroup
	var mu sync.Mutex
	granted := 0
	for range 4 {
		wg.Go(func() {
			for range 5 {
				_, ok, err := w.db.Reserve(ctx, "x", worst, most, []int64{7})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if ok {
					granted++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if granted != 10 {
		t.Fatalf("%d of 20 were granted, the tokens are enough for 10", granted)
	}
	day := w.clock.Now().Unix() / 86400
	if err := w.db.Settle(ctx, "x", day, worst, ledger.Spend{Requests: 1, Tokens: 30, USDNano: 1_000_000_000, Done: 3, Refused: 1}, nil); err != nil {
		t.Fatal(err)
	}
	want := ledger.Spend{Day: day, Requests: 10, Tokens: 930, USDNano: 46_000_000_000, Done: 3, Refused: 1}
	if got, err := w.db.Spent(ctx, "x", w.clock.Now()); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	if _, ok, _ := w.db.Reserve(ctx, "x", worst, most, nil); ok {
		t.Error("beyond the tokens")
	}
	if _, ok, _ := w.db.Reserve(ctx, "x", worst, ledger.Budget{USDNano: 50_000_000_000}, nil); ok {
		t.Error("beyond the money")
	}
	if _, ok, _ := w.db.Reserve(ctx, "x", worst, ledger.Budget{Requests: 10}, nil); ok {
		t.Error("beyond the requests")
	}
	if _, ok, err := w.db.Reserve(ctx, "y", worst, most, nil); !ok || err != nil {
		t.Error("another purpose has a budget of its own", err)
	}
	w.clock.Set(time.Unix((day+1)*86400-1, 0))
	if _, ok, _ := w.db.Reserve(ctx, "x", worst, most, nil); ok {
		t.Error("before the day's end")
	}
	w.clock.Advance(time.Second)
	if d, ok, err := w.db.Reserve(ctx, "x", worst, most, nil); !ok || err != nil || d != day+1 {
		t.Error("a new day", d, ok, err)
	}
}

// tries: a text is paid for only so often, and a try that did not count is given back.
func tries(t *testing.T, w world) {
	ctx := t.Context()
	poll(t, w, "f", ledger.Landing{Records: ledger.Records{Posts: []ledger.Post{{ID: "p", Platform: "x", Content: "c", Posted: w.clock.Now()}}}})
	w.clock.Advance(time.Second)
	for n := range 4 {
		texts := unscored(t, w)
		if want := n < 3; want != (len(texts) == 1) {
			t.Fatalf("try %d: %+v", n, texts)
		}
		if len(texts) == 0 {
			break
		}
		day, _, err := w.db.Reserve(ctx, "x", ledger.Spend{Requests: 1}, ledger.Budget{}, []int64{texts[0].Seq})
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 { // the model was never asked
			if err := w.db.Settle(ctx, "x", day, ledger.Spend{Requests: 1}, ledger.Spend{}, []int64{texts[0].Seq}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// opinionsMeetRevisions: a text that is revised at the moment its second opinion lands stands once.
func opinionsMeetRevisions(t *testing.T, w world) {
	ctx := t.Context()
	for _, name := range []string{"f", "again"} {
		if err := w.db.EnsureFeeds(ctx, []string{name}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 15 {
		at := w.clock.Now()
		post := ledger.Post{ID: "p", Platform: "x", Content: fmt.Sprint("version ", n), Posted: at, Sentiment: ledger.Sentiment{Label: "neutral", Scorer: "own-1"}}
		poll(t, w, "f", ledger.Landing{Records: ledger.Records{Posts: []ledger.Post{post}}})
		w.clock.Advance(time.Second)
		texts := unscored(t, w)
		if len(texts) != 1 {
			t.Fatalf("%d: %+v", n, texts)
		}
		post.Content += ", revised"
		var wg sync.WaitGroup
		for _, l := range []ledger.Landing{{Source: "f", Records: ledger.Records{Posts: []ledger.Post{post}}},
			{Source: "openai", Scores: []ledger.Score{{Seq: texts[0].Seq, Kind: ledger.KindPost, Sentiment: ledger.Sentiment{Label: "neutral", Scorer: "llm:openai/small"}}}}} {
			name := map[bool]string{true: "f", false: "again"}[l.Source == "f"]
			now := w.clock.Now()
			c, ok, err := w.db.Begin(ctx, name, "p1", now, now.Add(time.Minute))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			l.Claim, l.Tick, l.Started, l.Read = c, now, now, now
			wg.Go(func() {
				if _, err := w.db.Land(ctx, l); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		rows, err := w.db.Posts(ctx, ledger.SentimentQuery{})
		if err != nil || len(rows) != 1 || rows[0].Content != post.Content {
			t.Fatalf("%d: %+v %v", n, rows, err)
		}
		w.clock.Advance(time.Second)
	}
}
