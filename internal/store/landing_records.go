package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

func (a *lander) takeNews(ctx context.Context) error {
	b := newsBatch(a.l.Records.News)
	return a.sift(ctx, b, a.byText(b.table, "external_id = $1 AND publisher = $2"))
}

func newsBatch(news []ledger.News) *batch {
	b := &batch{table: "news_sentiment", kind: "news", columns: []string{"publisher", "external_id", "hash", "title", "url", "summary",
		"sentiment", "sentiment_score", "scorer", "currencies"}}
	for i := range news {
		n := &news[i]
		v := n.Version()
		b.items = append(b.items, item{key: n.Source + "\x00" + n.ID, version: v, event: n.Published.UnixMilli(), coins: n.Coins, values: []dialect.Value{
			dialect.Text(n.Source), dialect.Text(n.ID), dialect.Text(v), dialect.Text(n.Title), dialect.Text(n.URL), dialect.Text(n.Summary),
			dialect.Text(n.Label), score(n.Score), dialect.Text(n.Scorer), textList(n.Coins)}})
	}
	return b
}

func (a *lander) takePosts(ctx context.Context) error {
	b := postsBatch(a.l.Records.Posts)
	return a.sift(ctx, b, a.byText(b.table, "external_id = $1 AND platform = $2"))
}

func postsBatch(posts []ledger.Post) *batch {
	b := &batch{table: "social_sentiment", kind: "post", columns: []string{"platform", "external_id", "hash", "channel", "content", "url", "engagement",
		"sentiment", "score", "scorer", "currencies"}}
	for i := range posts {
		p := &posts[i]
		v := p.Version()
		b.items = append(b.items, item{key: p.Platform + "\x00" + p.ID, version: v, event: p.Posted.UnixMilli(), coins: p.Coins, values: []dialect.Value{
			dialect.Text(p.Platform), dialect.Text(p.ID), dialect.Text(v), dialect.Text(p.Channel), dialect.Text(p.Content), dialect.Text(p.URL),
			dialect.Int(p.Engagement), dialect.Text(p.Label), score(p.Score), dialect.Text(p.Scorer), textList(p.Coins)}})
	}
	return b
}

func (a *lander) takeEvents(ctx context.Context) error {
	b := &batch{table: "catalyst_events", kind: "event", columns: []string{"origin", "external_id", "hash", "event_type", "title", "description", "url",
		"impact_score", "impact_reason", "currencies", "facts"}}
	for i := range a.l.Records.Events {
		e := &a.l.Records.Events[i]
		facts := []byte("{}")
		if len(e.Facts) > 0 {
			facts, _ = json.Marshal(e.Facts) // strings always marshal, keys sorted
		}
		v := e.Version()
		b.items = append(b.items, item{key: e.Source + "\x00" + e.ID, version: v, event: e.Time.UnixMilli(), coins: e.Coins, values: []dialect.Value{
			dialect.Text(e.Source), dialect.Text(e.ID), dialect.Text(v), dialect.Text(e.Type), dialect.Text(e.Title), dialect.Text(e.Description),
			dialect.Text(e.URL), score(e.Impact), dialect.Text(e.Why), textList(e.Coins), dialect.Text(string(facts))}})
	}
	return a.sift(ctx, b, a.byText(b.table, "external_id = $1 AND origin = $2"))
}

// span is the first and last event time of the items.
func span(items []item) (from, to int64) {
	from, to = items[0].event, items[0].event
	for i := range items {
		from, to = min(from, items[i].event), max(to, items[i].event)
	}
	return from, to
}

// fewSeries is up to how many series (an asset's metric, a protocol's) are looked up one by one.
const fewSeries = 64

// byTime finds items among the standing rows of their source and time, which are read at once: a snapshot of many series at one time.
// Where there are few series over a long time, a history, the rows of each series are read instead. series names the columns that
// make a series, and of gives an item's.
func (a *lander) byTime(ctx context.Context, b *batch, columns string, scan func(dialect.Rows) (string, standing, error), series []string,
	of func(*item) []any) (func(context.Context, *item) (standing, error), error) {
	found := map[string]standing{}
	read := func(items []item, where string, args ...any) error {
		from, to := span(items)
		_, err := queryAll(ctx, a.tx, func(r dialect.Rows) (struct{}, error) {
			key, s, err := scan(r)
			found[key] = s
			return struct{}{}, err
		}, "SELECT seq, known_ms, "+columns+" FROM "+b.table+" WHERE source_id = $1 AND event_ms >= $2 AND event_ms <= $3 AND superseded_ms = "+foreverText+where,
			append([]any{a.source, from, to}, args...)...)
		return err
	}
	groups := map[string][]item{}
	for i := range b.items {
		k := fmt.Sprint(of(&b.items[i])...)
		groups[k] = append(groups[k], b.items[i])
	}
	where := ""
	for i, c := range series {
		where += fmt.Sprintf(" AND %s = $%d", c, 4+i)
	}
	switch {
	case len(b.items) == 0:
	case len(groups) > fewSeries:
		if err := read(b.items, ""); err != nil {
			return nil, err
		}
	default:
		for _, items := range groups {
			if err := read(items, where, of(&items[0])...); err != nil {
				return nil, err
			}
		}
	}
	return func(_ context.Context, it *item) (standing, error) { return found[it.key], nil }, nil
}

func (a *lander) takeFundamentals(ctx context.Context) error {
	b := &batch{table: "protocol_fundamentals", columns: []string{"protocol", "asset", "metric_name", "metric_value"}}
	for i := range a.l.Records.Fundamentals {
		f := &a.l.Records.Fundamentals[i]
		t := f.Event.UnixMilli()
		b.items = append(b.items, item{key: f.Protocol + "\x00" + f.Metric + "\x00" + strconv.FormatInt(t, 10), version: f.Value.String(), event: t,
			values: []dialect.Value{dialect.Text(f.Protocol), dialect.Text(string(f.Asset)), dialect.Text(f.Metric), dialect.Decimal(&f.Value)}})
	}
	find, err := a.byTime(ctx, b, "event_ms, protocol, metric_name, metric_value", scanFigure, []string{"protocol", "metric_name"},
		func(it *item) []any { return []any{it.values[0].S, it.values[2].S} })
	if err != nil {
		return err
	}
	return a.sift(ctx, b, find)
}

func (a *lander) takeMetrics(ctx context.Context) error {
	b := &batch{table: "on_chain_metrics", columns: []string{"asset", "metric_name", "metric_value"}}
	for i := range a.l.Records.Metrics {
		m := &a.l.Records.Metrics[i]
		t := m.Event.UnixMilli()
		b.items = append(b.items, item{key: string(m.Asset) + "\x00" + m.Metric + "\x00" + strconv.FormatInt(t, 10), version: m.Value.String(), event: t,
			values: []dialect.Value{dialect.Text(string(m.Asset)), dialect.Text(m.Metric), dialect.Decimal(&m.Value)}})
	}
	find, err := a.byTime(ctx, b, "event_ms, asset, metric_name, metric_value", scanFigure, []string{"asset", "metric_name"},
		func(it *item) []any { return []any{it.values[0].S, it.values[1].S} })
	if err != nil {
		return err
	}
	return a.sift(ctx, b, find)
}

func scanFigure(r dialect.Rows) (key string, s standing, err error) {
	var t int64
	var of, metric string
	var v money.Decimal
	err = r.Scan(&s.seq, &s.known, &t, &of, &metric, &v)
	s.version = v.String()
	return of + "\x00" + metric + "\x00" + strconv.FormatInt(t, 10), s, err
}

func (a *lander) takeFlows(ctx context.Context) error {
	b := &batch{table: "smart_money_flow", columns: []string{"token", "chain", "address", "window_seconds", "hash", "net_flow_usd", "buying_wallet_count",
		"selling_wallet_count", "buying_wallets", "selling_wallets"}}
	key := func(chain, address string, window, t int64) string {
		return chain + "\x00" + address + "\x00" + strconv.FormatInt(window, 10) + "\x00" + strconv.FormatInt(t, 10)
	}
	for i := range a.l.Records.Flows {
		f := &a.l.Records.Flows[i]
		t, window, v := f.Event.UnixMilli(), int64(f.Window/time.Second), f.Version()
		b.items = append(b.items, item{key: key(f.Chain, f.Address, window, t), version: v, event: t, values: []dialect.Value{
			dialect.Text(f.Token), dialect.Text(f.Chain), dialect.Text(f.Address), dialect.Int(window), dialect.Text(v), dialect.Decimal(&f.NetUSD),
			dialect.Int(int64(f.Buying)), dialect.Int(int64(f.Selling)), textList(f.Buyers), textList(f.Sellers)}})
	}
	find, err := a.byTime(ctx, b, "event_ms, chain, address, window_seconds, hash", func(r dialect.Rows) (string, standing, error) {
		var s standing
		var t, window int64
		var chain, address string
		err := r.Scan(&s.seq, &s.known, &t, &chain, &address, &window, &s.version)
		return key(chain, address, window, t), s, err
	}, []string{"chain", "address"}, func(it *item) []any { return []any{it.values[1].S, it.values[2].S} })
	if err != nil {
		return err
	}
	return a.sift(ctx, b, find)
}

// tradeRow is a market trade on its way into its table.
type tradeRow struct {
	ledger.MarketTrade
	market int64
}

// takeTrades keeps those that are not stored: a trade never changes.
func (a *lander) takeTrades(ctx context.Context) error {
	all := a.l.Records.Trades
	slices.SortStableFunc(all, func(x, y ledger.MarketTrade) int { return x.Time.Compare(y.Time) })
	type series struct {
		id   int64
		have map[string]bool
	}
	known := map[string]*series{}
	for i := range all {
		t := &all[i]
		s := known[t.Market.String()]
		if s == nil {
			id, err := ensureMarket(ctx, a.tx, t.Market)
			if err != nil {
				return err
			}
			s = &series{id: id, have: map[string]bool{}}
			known[t.Market.String()] = s
			// From the oldest of this answer on: the list is sorted, and this is its first of the market.
			ids, err := queryAll(ctx, a.tx, func(r dialect.Rows) (id string, err error) { return id, r.Scan(&id) },
				"SELECT external_id FROM market_trades WHERE market_id = $1 AND source_id = $2 AND event_ms >= $3", id, a.source, t.Time.UnixMilli())
			if err != nil {
				return err
			}
			for _, id := range ids {
				s.have[id] = true
			}
		}
		if s.have[t.ID] {
			a.out.Same++
			continue
		}
		s.have[t.ID] = true
		a.trades = append(a.trades, tradeRow{*t, s.id})
	}
	return nil
}

func (a *lander) writeTrades(ctx context.Context, first int64) (next int64, err error) {
	columns := []string{"seq", "market_id", "source_id", "external_id", "event_ms", "known_ms", "side", "price", "amount"}
	err = a.tx.Bulk(ctx, "market_trades", columns, len(a.trades), func(i int, row []dialect.Value) {
		t := &a.trades[i]
		a.newest = max(a.newest, t.Time.UnixMilli())
		row[0], row[1], row[2], row[3] = dialect.Int(first+int64(i)), dialect.Int(t.market), dialect.Int(a.source), dialect.Text(t.ID)
		row[4], row[5], row[6] = dialect.Int(t.Time.UnixMilli()), dialect.Int(a.known), dialect.Text(t.Side)
		row[7], row[8] = dialect.Decimal(&t.Price), dialect.Decimal(&t.Amount)
	})
	if n := len(a.trades); err == nil && n > 0 { // sorted by time
		err = a.count(ctx, "market_trades", a.source, n, 0, a.trades[0].Time.UnixMilli(), a.trades[n-1].Time.UnixMilli())
	}
	return first + int64(len(a.trades)), err
}
