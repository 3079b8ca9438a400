package ledgers

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// newsKind is news and posts with their sentiment.
func newsKind() kind {
	return kind{title: "News", verb: "sentiment", key: "N", help: "news and posts with their sentiment", many: "texts",
		cols:  []page.Column{{Title: "age", Right: true, Min: 4}, {Title: "sentiment", Keep: 7}, {Title: "score", Right: true, Keep: 8}, {Title: "source", Keep: 4, Max: 18}, {Title: "coins", Keep: 5, Max: 14}, {Title: "text", Grow: true}},
		every: pollEvery, load: loadTexts, empty: "Here are news and posts about coins, each with its sentiment and how sure omc is of what it is about.", fill: "omc collect list"}
}

// text is one published text, whoever carried it.
type text struct {
	at, known                           time.Time
	from, what, more, word, scorer, url string
	score                               float64
	coins                               []market.Coin
	engaged                             int64
}

func loadTexts(ctx context.Context, c Client, _ string) ([]record, []string, error) {
	s, err := c.Sentiment(ctx, api.DataQuery{Limit: bookRows})
	if err != nil {
		return nil, nil, err
	}
	list := make([]text, 0, len(s.News)+len(s.Posts))
	for i := range s.News {
		n := &s.News[i]
		list = append(list, text{at: n.Published, known: n.Collected, from: n.Source, what: n.Title, more: n.Summary, word: n.Sentiment, scorer: n.Scorer, url: n.URL, score: n.Score, coins: n.Coins})
	}
	for i := range s.Posts {
		q := &s.Posts[i]
		list = append(list, text{at: q.Posted, known: q.Collected, from: strings.TrimSuffix(q.Platform+"/"+q.Channel, "/"), what: q.Content, word: q.Sentiment, scorer: q.Scorer, url: q.URL, score: q.Score, coins: q.Coins,
			engaged: q.Engagement})
	}
	slices.SortStableFunc(list, func(a, b text) int { return b.at.Compare(a.at) })
	out := make([]record, len(list))
	for i := range list {
		out[i] = list[i].record()
	}
	return out, s.Notes, nil
}

// tone is the colour of a sentiment: none of what is hardly one.
func tone(e page.Env, score float64) *lipgloss.Style {
	if score > -0.05 && score < 0.05 {
		return &e.Theme.Muted
	}
	return e.Theme.Signed(score)
}

// figure is the sentiment's score; a dash where nobody scored.
func (x *text) figure() string {
	if x.scorer == "" {
		return page.None
	}
	return widget.Change(x.score, 2)
}

// mood is the sentiment in a word, with its score.
func (x *text) mood() string {
	if x.scorer == "" {
		return "not scored"
	}
	return x.word + " " + x.figure()
}

func (x *text) record() record {
	return record{key: x.from + " " + x.at.String() + " " + x.what, find: strings.Join([]string{x.from, x.what, x.word, coinList(x.coins)}, " "),
		row: func(e page.Env) []page.Cell {
			return []page.Cell{page.Text(page.Since(e.Now, x.at)), page.Styled(x.word, tone(e, x.score)), page.Styled(x.figure(), tone(e, x.score)), page.Styled(x.from, &e.Theme.Muted),
				page.Text(coinList(x.coins)), page.Text(x.what)}
		},
		full: func(e page.Env, w int) []string {
			out := prose(x.what, w)
			for i := range out {
				out[i] = e.Theme.Bold.Render(out[i])
			}
			if x.more != "" {
				out = append(append(out, ""), prose(x.more, w)...)
			}
			engaged := ""
			if x.engaged != 0 {
				engaged = page.Count(x.engaged)
			}
			return append(append(out, ""), facts(e, w, [2]string{"sentiment", tone(e, x.score).Render(widget.Neutralise(x.mood()))}, [2]string{"scored by", widget.Neutralise(x.scorer)},
				[2]string{"coins", widget.Neutralise(coinList(x.coins))}, [2]string{"source", widget.Neutralise(x.from)}, [2]string{"published", when(e, x.at)}, [2]string{"known", when(e, x.known)},
				[2]string{"engagement", engaged}, [2]string{"address", widget.Neutralise(x.url)})...)
		},
		say: func(now time.Time) []string {
			return []string{page.Since(now, x.at) + " ago", x.from, x.mood(), page.Named("about", coinList(x.coins)), "text: " + x.what}
		}}
}
