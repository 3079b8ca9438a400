package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

var _ ledger.Rescoring = (*DB)(nil)

// modelScorers begin the scorer's name of a text that a model has scored.
const modelScorers = "llm:"

// keepTries is how long tries are kept: past it a text is too old to be tried.
const keepTries = 7 * dayMS

// Unscored implements ledger.Rescoring.
func (d *DB) Unscored(ctx context.Context, kinds []string, since, until time.Time, tries, limit int) ([]ledger.Text, error) {
	var out []ledger.Text
	for _, kind := range kinds {
		table, text, more := "news_sentiment", "t.title", "t.summary"
		if kind == ledger.KindPost {
			table, text, more = "social_sentiment", "t.content", "''"
		}
		got, err := queryAll(ctx, d.drv, func(r dialect.Rows) (ledger.Text, error) {
			var event int64
			var more string
			x := ledger.Text{Kind: kind}
			err := r.Scan(&x.Seq, &event, &x.Text, &more)
			if more != "" {
				x.Text += ". " + more
			}
			x.Event = milli(event)
			return x, err
		}, "SELECT t.seq, t.event_ms, "+text+", "+more+" FROM "+table+` t LEFT JOIN rescore_tries r ON r.seq = t.seq
			WHERE t.event_ms >= $1 AND t.event_ms <= $2 AND t.superseded_ms = `+foreverText+" AND t.scorer NOT LIKE '"+modelScorers+`%' AND (r.tries IS NULL OR r.tries < $3)
			ORDER BY t.event_ms DESC, t.seq DESC LIMIT `+strconv.Itoa(limit), since.UnixMilli(), until.UnixMilli(), tries)
		if err != nil {
			return nil, fmt.Errorf("texts to score again: %w", err)
		}
		out = append(out, got...)
	}
	slices.SortStableFunc(out, func(a, b ledger.Text) int { return b.Event.Compare(a.Event) })
	return out[:min(limit, len(out))], nil
}

// Reserve implements ledger.Rescoring.
func (d *DB) Reserve(ctx context.Context, purpose string, worst ledger.Spend, most ledger.Budget, seqs []int64) (day int64, ok bool, err error) {
	err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		now := d.clock.Now().UnixMilli()
		day, ok = now/dayMS, false
		if _, err := tx.Exec(ctx, "INSERT INTO llm_spend (purpose, day, requests, tokens, usd_nano, done, refused) VALUES ($1, $2, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING", purpose, day); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE llm_spend SET requests = requests + $3, tokens = tokens + $4, usd_nano = usd_nano + $5
			WHERE purpose = $1 AND day = $2 AND (requests + $3 <= $6 OR $6 = 0) AND (tokens + $4 <= $7 OR $7 = 0) AND (usd_nano + $5 <= $8 OR $8 = 0)`,
			purpose, day, worst.Requests, worst.Tokens, worst.USDNano, most.Requests, most.Tokens, most.USDNano)
		if err != nil || n == 0 {
			return err
		}
		ok = true
		for _, seq := range seqs {
			if _, err := tx.Exec(ctx, "INSERT INTO rescore_tries (seq, tries, at_ms) VALUES ($1, 1, $2) ON CONFLICT (seq) DO UPDATE SET tries = rescore_tries.tries + 1, at_ms = excluded.at_ms", seq, now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE FROM rescore_tries WHERE at_ms < $1", now-keepTries)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("reserve for %s: %w", purpose, err)
	}
	return day, ok, nil
}

// Settle implements ledger.Rescoring.
func (d *DB) Settle(ctx context.Context, purpose string, day int64, reserved, actual ledger.Spend, again []int64) error {
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		for _, seq := range again {
			if _, err := tx.Exec(ctx, "UPDATE rescore_tries SET tries = tries - 1 WHERE seq = $1", seq); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE llm_spend SET requests = requests + $3, tokens = tokens + $4, usd_nano = usd_nano + $5, done = done + $6, refused = refused + $7
			WHERE purpose = $1 AND day = $2`, purpose, day, actual.Requests-reserved.Requests, actual.Tokens-reserved.Tokens, actual.USDNano-reserved.USDNano, actual.Done, actual.Refused)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle %s: %w", purpose, err)
	}
	return nil
}

// Spent implements ledger.Rescoring.
func (d *DB) Spent(ctx context.Context, purpose string, at time.Time) (ledger.Spend, error) {
	day := at.UnixMilli() / dayMS
	found, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s ledger.Spend, err error) {
		return s, r.Scan(&s.Requests, &s.Tokens, &s.USDNano, &s.Done, &s.Refused)
	}, "SELECT requests, tokens, usd_nano, done, refused FROM llm_spend WHERE purpose = $1 AND day = $2", purpose, day)
	if err != nil {
		return ledger.Spend{}, fmt.Errorf("spend of %s: %w", purpose, err)
	}
	s := ledger.Spend{}
	if len(found) > 0 {
		s = found[0]
	}
	s.Day = day
	return s, nil
}

// lockTexts keeps others from revising texts of these sources until the commit: two writers that both saw a row standing would both
// put one in its place.
func (a *lander) lockTexts(ctx context.Context, sources []int64) error {
	slices.Sort(sources)
	for _, id := range slices.Compact(sources) {
		var got int64
		if err := queryRow(ctx, a.tx, a.db.drv.SQL("lock_source", ""), []any{id}, &got); err != nil {
			return err
		}
	}
	return nil
}

// takeScores makes revisions of the rows that still stand. A text that has been revised since, or scored by a model, stays as it is.
func (a *lander) takeScores(ctx context.Context) error {
	scores := a.l.Scores
	if len(scores) == 0 {
		return nil
	}
	tables := map[string]string{ledger.KindNews: "news_sentiment", ledger.KindPost: "social_sentiment"}
	sources := make([]int64, len(scores))
	for i, s := range scores {
		if tables[s.Kind] == "" {
			return fmt.Errorf("%w: a %q has no sentiment", ErrInvalid, s.Kind)
		}
		if err := queryRow(ctx, a.tx, "SELECT source_id FROM "+tables[s.Kind]+" WHERE seq = $1", []any{s.Seq}, &sources[i]); err != nil {
			return err
		}
	}
	if err := a.lockTexts(ctx, slices.Clone(sources)); err != nil {
		return err
	}
	batches := map[string]*batch{}
	for i, s := range scores {
		b, known, err := a.scored(ctx, s)
		if err != nil {
			return err
		}
		if b == nil {
			a.out.Same++
			continue
		}
		b.items[0].known = max(a.known, known+1)
		b.retire = []retired{{s.Seq, 0}}
		key := fmt.Sprint(s.Kind, sources[i])
		if to := batches[key]; to != nil {
			to.items, to.retire = append(to.items, b.items[0]), append(to.retire, retired{s.Seq, len(to.items)})
		} else {
			b.source = sources[i]
			batches[key] = b
			a.tables = append(a.tables, b)
		}
		a.out.Revised++
	}
	return nil
}

// scored is the standing row with another sentiment, and since when it is known; nil: it stands no more.
func (a *lander) scored(ctx context.Context, s ledger.Score) (*batch, int64, error) {
	where := " t WHERE t.seq = $1 AND t.superseded_ms = " + foreverText + " AND t.scorer NOT LIKE '" + modelScorers + "%'"
	if s.Kind == ledger.KindPost {
		rows, err := queryAll(ctx, a.tx, scanPost, "SELECT "+postColumns+" FROM social_sentiment"+where, s.Seq)
		if err != nil || len(rows) == 0 {
			return nil, 0, err
		}
		p := rows[0].row
		p.Sentiment = s.Sentiment
		return postsBatch([]ledger.Post{p.Post}), p.Known.UnixMilli(), nil
	}
	rows, err := queryAll(ctx, a.tx, scanNews, "SELECT "+newsColumns+" FROM news_sentiment"+where, s.Seq)
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	n := rows[0].row
	n.Sentiment = s.Sentiment
	return newsBatch([]ledger.News{n.News}), n.Known.UnixMilli(), nil
}
