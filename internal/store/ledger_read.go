package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// conds builds a WHERE with numbered arguments; each condition writes its places as ?.
type conds struct {
	parts []string
	args  []any
}

func (c *conds) add(cond string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, cond)
}

// in adds column IN (values), where there are any.
func in[T ~string](c *conds, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	c.add(column+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", args...)
}

// window adds the event times and what was known; t is the table's prefix. scheduled: events may lie far ahead.
func (c *conds) window(w ledger.Window, t string, scheduled bool) {
	if !w.From.IsZero() {
		c.add(t+"event_ms >= ?", ceilMilli(w.From))
	}
	if !w.To.IsZero() {
		c.add(t+"event_ms < ?", ceilMilli(w.To))
	}
	if w.AsOf.IsZero() {
		c.parts = append(c.parts, t+"superseded_ms = "+foreverText)
		return
	}
	at := w.AsOf.UnixMilli()
	c.add(t+"known_ms <= ?", at)
	c.add(t+"superseded_ms > ?", at)
	if w.To.IsZero() && !scheduled {
		c.add(t+"event_ms <= ?", at+clocksDiffer) // saves the walk over all that came later
	}
}

// clocksDiffer is how far ahead of its known time a record of something that has happened may lie: source.Past.
const clocksDiffer = 24 * 3600 * 1000

// ceilMilli is the first whole millisecond at or after t: event times are whole milliseconds.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if t.After(time.UnixMilli(ms)) {
		ms++
	}
	return ms
}

func (c *conds) where() string { return " WHERE " + strings.Join(c.parts, " AND ") }

// newest orders by time, newest first (or oldest first, where those are wanted), and cuts; seq breaks ties, so that both engines answer
// alike.
func newest(w ledger.Window, t string) string {
	order := " ORDER BY " + t + "event_ms DESC, " + t + "seq DESC"
	if w.Oldest {
		order = " ORDER BY " + t + "event_ms, " + t + "seq"
	}
	if w.Limit > 0 {
		order += " LIMIT " + strconv.Itoa(w.Limit)
	}
	return order
}

// stamped is a row with what orders it.
type stamped[T any] struct {
	row        T
	event, seq int64
}

// oldestFirst merges rows of several questions: in time order, each once, as many as the window wants, from the end it wants.
func oldestFirst[T any](w ledger.Window, lists ...[]stamped[T]) []T {
	all := merge(lists...)
	if n := w.Limit; n > 0 && len(all) > n {
		if w.Oldest {
			all = all[:n]
		} else {
			all = all[len(all)-n:]
		}
	}
	out := make([]T, len(all))
	for i := range all {
		out[i] = all[i].row
	}
	return out
}

// merge puts rows in time order, each once.
func merge[T any](lists ...[]stamped[T]) []stamped[T] {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b stamped[T]) int {
		if a.event != b.event {
			return int(max(-1, min(1, a.event-b.event)))
		}
		return int(max(-1, min(1, a.seq-b.seq)))
	})
	return slices.CompactFunc(all, func(a, b stamped[T]) bool { return a.seq == b.seq })
}

func milli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// OnChainMetrics implements ledger.Reader.
func (d *DB) OnChainMetrics(ctx context.Context, q ledger.MetricQuery) ([]ledger.MetricRow, error) {
	read := func(table, protocol string) ([]stamped[ledger.MetricRow], error) {
		var c conds
		if q.Asset != "" {
			c.add("t.asset = ?", string(q.Asset))
		}
		in(&c, "t.metric_name", q.Metrics)
		if q.Source != "" {
			c.add("t.source_id = (SELECT id FROM sources WHERE name = ?)", q.Source)
		}
		c.window(q.Window, "t.", false)
		return queryAll(ctx, d.drv, scanMetric, metricSQL(table, protocol)+c.where()+newest(q.Window, "t."), c.args...)
	}
	chain, err := read("on_chain_metrics", "''")
	if err == nil {
		var protocols []stamped[ledger.MetricRow]
		if protocols, err = read("protocol_fundamentals", "t.protocol"); err == nil {
			return oldestFirst(q.Window, chain, protocols), nil
		}
	}
	return nil, fmt.Errorf("on-chain metrics of %s: %w", q.Asset, err)
}

// metricSQL selects figures for scanMetric.
func metricSQL(table, protocol string) string {
	return "SELECT t.seq, t.event_ms, t.known_ms, t.asset, " + protocol + ", t.metric_name, t.metric_value, s.name FROM " + table + " t JOIN sources s ON s.id = t.source_id"
}

func scanMetric(r dialect.Rows) (s stamped[ledger.MetricRow], err error) {
	var asset string
	var known int64
	m := &s.row
	err = r.Scan(&s.seq, &s.event, &known, &asset, &m.Protocol, &m.Metric.Metric, &m.Value, &m.Source)
	m.Asset, m.Event, m.Known = market.Coin(asset), milli(s.event), milli(known)
	return s, err
}

// SmartMoneyFlows implements ledger.Reader.
func (d *DB) SmartMoneyFlows(ctx context.Context, q ledger.FlowQuery) ([]ledger.FlowRow, error) {
	var c conds
	in(&c, "t.token", q.Tokens)
	c.window(q.Window, "t.", false)
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s stamped[ledger.FlowRow], err error) {
		var known, window, buying, selling int64
		var buyers, sellers string
		f := &s.row
		if err = r.Scan(&s.seq, &s.event, &known, &window, &f.Token, &f.Chain, &f.Address, &f.NetUSD, &buying, &selling, &buyers, &sellers, &f.Source); err != nil {
			return s, err
		}
		f.Event, f.Known, f.Window, f.Buying, f.Selling = milli(s.event), milli(known), time.Duration(window)*time.Second, int(buying), int(selling)
		if err = json.Unmarshal([]byte(buyers), &f.Buyers); err != nil {
			return s, err
		}
		return s, json.Unmarshal([]byte(sellers), &f.Sellers)
	}, `SELECT t.seq, t.event_ms, t.known_ms, t.window_seconds, t.token, t.chain, t.address, t.net_flow_usd, t.buying_wallet_count, t.selling_wallet_count,
		t.buying_wallets, t.selling_wallets, s.name FROM smart_money_flow t JOIN sources s ON s.id = t.source_id`+c.where()+newest(q.Window, "t."), c.args...)
	if err != nil {
		return nil, fmt.Errorf("smart money flows: %w", err)
	}
	return oldestFirst(q.Window, rows), nil
}

// byCoins asks once without coins, or once for each: an index answers each with as many rows as are wanted, from the end they are wanted of.
func byCoins[T any](ctx context.Context, d *DB, kind, columns, table string, coins []market.Coin, w ledger.Window, narrow func(*conds),
	scan func(dialect.Rows) (stamped[T], error)) ([]T, error) {
	if len(coins) == 0 {
		var c conds
		narrow(&c)
		c.window(w, "t.", kind == "event")
		rows, err := queryAll(ctx, d.drv, scan, "SELECT "+columns+" FROM "+table+" t"+c.where()+newest(w, "t."), c.args...)
		return oldestFirst(w, rows), err
	}
	var found []stamped[T] // oldest first
	for _, coin := range ledger.Merge(coins, nil) {
		var c conds
		if n := len(found); w.Limit > 0 && n >= w.Limit { // what lies beyond would be cut anyway
			if w.Oldest {
				c.add("i.event_ms <= ?", found[w.Limit-1].event)
			} else {
				c.add("i.event_ms >= ?", found[n-w.Limit].event)
			}
		}
		c.add("i.kind = ?", kind)
		c.add("i.coin = ?", string(coin))
		if !w.From.IsZero() {
			c.add("i.event_ms >= ?", ceilMilli(w.From))
		}
		if !w.To.IsZero() {
			c.add("i.event_ms < ?", ceilMilli(w.To))
		}
		if !w.AsOf.IsZero() && w.To.IsZero() && kind != "event" {
			c.add("i.event_ms <= ?", w.AsOf.UnixMilli()+clocksDiffer)
		}
		narrow(&c)
		c.window(ledger.Window{AsOf: w.AsOf}, "t.", true)
		rows, err := queryAll(ctx, d.drv, scan, "SELECT "+columns+" FROM item_coins i JOIN "+table+" t ON t.seq = i.seq"+c.where()+newest(w, "i."), c.args...)
		if err != nil {
			return nil, err
		}
		found = merge(found, rows)
	}
	return oldestFirst(w, found), nil
}

func scanCoins(text string, to *[]market.Coin) error {
	return json.Unmarshal([]byte(text), to)
}

// News implements ledger.Reader.
func (d *DB) News(ctx context.Context, q ledger.SentimentQuery) ([]ledger.NewsRow, error) {
	publishers, column := q.Platforms, "lower(t.publisher)"
	if slices.Contains(publishers, "news") {
		publishers = nil
	}
	if strings.ContainsFunc(strings.Join(publishers, ""), func(r rune) bool { return r > unicode.MaxASCII }) {
		// What a capital is outside of ASCII is another matter in each store: such names are asked for as they are written.
		all, err := d.Publishers(ctx)
		if err != nil {
			return nil, err
		}
		asked := publishers
		publishers, column = slices.DeleteFunc(all, func(p string) bool { return !slices.Contains(asked, strings.ToLower(p)) }), "t.publisher"
		if len(publishers) == 0 {
			return nil, nil
		}
	}
	out, err := byCoins(ctx, d, "news", newsColumns, "news_sentiment", q.Coins, q.Window, func(c *conds) { in(c, column, publishers) }, scanNews)
	if err != nil {
		return nil, fmt.Errorf("news: %w", err)
	}
	return out, nil
}

// Publishers implements ledger.Reader.
func (d *DB) Publishers(ctx context.Context) ([]string, error) {
	out, err := queryAll(ctx, d.drv, func(r dialect.Rows) (name string, err error) { return name, r.Scan(&name) }, "SELECT DISTINCT publisher FROM news_sentiment")
	if err != nil {
		return nil, fmt.Errorf("publishers: %w", err)
	}
	slices.Sort(out)
	return out, nil
}

const newsColumns = `t.seq, t.event_ms, t.known_ms, t.publisher, t.external_id, t.title, t.url, t.summary, t.sentiment, t.sentiment_score,
	t.scorer, t.currencies`

func scanNews(r dialect.Rows) (s stamped[ledger.NewsRow], err error) {
	var known int64
	var coins string
	var sc money.Decimal
	n := &s.row
	if err = r.Scan(&s.seq, &s.event, &known, &n.Source, &n.ID, &n.Title, &n.URL, &n.Summary, &n.Label, &sc, &n.Scorer, &coins); err != nil {
		return s, err
	}
	n.Published, n.Known, n.Score = milli(s.event), milli(known), sc.Float64()
	return s, scanCoins(coins, &n.Coins)
}

// Posts implements ledger.Reader.
func (d *DB) Posts(ctx context.Context, q ledger.SentimentQuery) ([]ledger.PostRow, error) {
	out, err := byCoins(ctx, d, "post", postColumns, "social_sentiment", q.Coins, q.Window, func(c *conds) { in(c, "t.platform", q.Platforms) }, scanPost)
	if err != nil {
		return nil, fmt.Errorf("posts: %w", err)
	}
	return out, nil
}

const postColumns = `t.seq, t.event_ms, t.known_ms, t.platform, t.external_id, t.channel, t.content, t.url, t.engagement, t.sentiment, t.score,
	t.scorer, t.currencies`

func scanPost(r dialect.Rows) (s stamped[ledger.PostRow], err error) {
	var known int64
	var coins string
	var sc money.Decimal
	p := &s.row
	if err = r.Scan(&s.seq, &s.event, &known, &p.Platform, &p.ID, &p.Channel, &p.Content, &p.URL, &p.Engagement, &p.Label, &sc, &p.Scorer, &coins); err != nil {
		return s, err
	}
	p.Posted, p.Known, p.Score = milli(s.event), milli(known), sc.Float64()
	return s, scanCoins(coins, &p.Coins)
}

// CatalystEvents implements ledger.Reader.
func (d *DB) CatalystEvents(ctx context.Context, q ledger.EventQuery) ([]ledger.EventRow, error) {
	least, err := money.FromFloat(q.MinImpact)
	if err != nil {
		return nil, fmt.Errorf("catalysts: %w: least impact %v", ErrInvalid, q.MinImpact)
	}
	out, err := byCoins(ctx, d, "event", eventColumns, "catalyst_events", q.Coins, q.Window, func(c *conds) {
		in(c, "t.event_type", q.Types)
		if least.Sign() > 0 {
			c.add("t.impact_score >= ?", least)
		}
	}, scanCatalyst)
	if err != nil {
		return nil, fmt.Errorf("catalysts: %w", err)
	}
	return out, nil
}

const eventColumns = `t.seq, t.event_ms, t.known_ms, t.origin, t.external_id, t.event_type, t.title, t.description, t.url, t.impact_score,
	t.impact_reason, t.currencies, t.facts`

func scanCatalyst(r dialect.Rows) (s stamped[ledger.EventRow], err error) {
	var known int64
	var coins, facts string
	var sc money.Decimal
	e := &s.row
	if err = r.Scan(&s.seq, &s.event, &known, &e.Source, &e.ID, &e.Type, &e.Title, &e.Description, &e.URL, &sc, &e.Why, &coins, &facts); err != nil {
		return s, err
	}
	e.Time, e.Known, e.Impact = milli(s.event), milli(known), sc.Float64()
	if err = json.Unmarshal([]byte(facts), &e.Facts); err != nil {
		return s, err
	}
	return s, scanCoins(coins, &e.Coins)
}

// Quotes implements ledger.Reader.
func (d *DB) Quotes(ctx context.Context, q ledger.QuoteQuery) ([]ledger.QuoteRow, error) {
	var c conds
	newest := "l.seq"
	if !q.AsOf.IsZero() {
		c.args = append(c.args, q.AsOf.UnixMilli())
		newest = `(SELECT p.seq FROM quotes p WHERE p.market_id = l.market_id AND p.source_id = l.source_id AND p.event_ms <= $1 AND p.known_ms <= $1
			ORDER BY p.event_ms DESC, p.seq DESC LIMIT 1)`
	}
	c.parts = append(c.parts, "q.last IS NOT NULL OR q.bid IS NOT NULL OR q.ask IS NOT NULL")
	c.parts[0] = "(" + c.parts[0] + ")"
	if q.Source != "" {
		c.add("s.name = ?", q.Source)
	}
	names := make([]string, len(q.Markets))
	for i, m := range q.Markets {
		names[i] = m.String()
	}
	in(&c, "m.base || '/' || m.quote", names)
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (ledger.QuoteRow, error) {
		var name string
		scan := scanQuote("")
		got, err := scan(prefixed{r, &name})
		return ledger.QuoteRow{Quote: got.Quote, Source: name, Seq: got.Seq}, err
	}, `SELECT s.name, q.seq, m.base, m.quote, q.event_ms, q.known_ms, q.bid, q.ask, q.last FROM latest_quotes l
		JOIN quotes q ON q.seq = `+newest+` JOIN markets m ON m.id = l.market_id JOIN sources s ON s.id = l.source_id`+c.where()+
		" ORDER BY m.base, m.quote, s.name", c.args...)
	if err != nil {
		return nil, fmt.Errorf("quotes: %w", err)
	}
	return rows, nil
}

// prefixed scans one more column before those of another scan.
type prefixed struct {
	dialect.Rows
	first *string
}

func (p prefixed) Scan(dest ...any) error { return p.Rows.Scan(append([]any{p.first}, dest...)...) }
