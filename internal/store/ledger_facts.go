package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// told is one version of an item on its way to being a fact.
type told struct {
	seq    int64
	origin string // of a metric: who has it; of a text: its publisher or platform
	kind   string // of an event
	first  bool   // no version of it came before; only told where that matters
	fact   fact.Fact
}

// Facts implements ledger.Reader.
func (d *DB) Facts(ctx context.Context, q ledger.FactQuery) (ledger.FactList, error) {
	asOf := int64(math.MaxInt64)
	if !q.AsOf.IsZero() {
		asOf = q.AsOf.UnixMilli()
	}
	// What lands while the questions are asked has a higher number and is left to the next time.
	head, err := d.Head(ctx)
	if err != nil {
		return ledger.FactList{}, err
	}
	if !q.Later {
		q.After = 0
	}
	out := ledger.FactList{UpTo: max(head, q.After)}
	for i := range q.Queries {
		a := asking{d: d, q: &q.Queries[i], from: math.MinInt64, asOf: asOf, later: q.Later, after: q.After, head: out.UpTo}
		if !q.From.IsZero() {
			a.from = q.From.UnixMilli()
		}
		rows, err := a.rows(ctx)
		if err != nil {
			return ledger.FactList{}, err
		}
		if len(out.Facts)+len(rows) > fact.MaxFacts {
			return ledger.FactList{}, fmt.Errorf("%w: the ledgers know more than %d facts that the strategy asks for: ask for fewer coins or a shorter run", ErrInvalid, fact.MaxFacts)
		}
		for _, r := range rows {
			r.fact.Query = i
			out.Facts = append(out.Facts, r.fact)
		}
	}
	slices.SortStableFunc(out.Facts, fact.Compare)
	return out, nil
}

// asking is one question being answered.
type asking struct {
	d           *DB
	q           *fact.Query
	from, asOf  int64
	later       bool
	after, head int64
}

// rows are the versions that count, by number.
func (a *asking) rows(ctx context.Context) (rows []told, err error) {
	switch a.q.Kind {
	case fact.Sentiment:
		names := lower(a.q.Names)
		if rows, err = a.texts(ctx, "news", "news_sentiment", "publisher", "sentiment_score", "''"); err != nil {
			return nil, err
		}
		if !slices.Contains(names, "news") {
			rows = of(rows, names)
		}
		var posts []told
		posts, err = a.texts(ctx, "post", "social_sentiment", "platform", "score", "''")
		rows = append(rows, of(posts, names)...)
	case fact.Events:
		if rows, err = a.texts(ctx, "event", "catalyst_events", "origin", "impact_score", "t.event_type"); err == nil {
			rows = a.matching(rows)
		}
	case fact.Flows:
		rows, err = a.flows(ctx)
	case fact.Metric:
		if rows, err = a.metrics(ctx); err == nil {
			rows, err = a.settled(ctx, rows)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("facts: %s: %w", a.q, err)
	}
	return a.timed(rows), nil
}

// of keeps the texts of these origins, or all where none is named. It is not left to the store: what a capital is in its lower() is another
// matter in each.
func of(rows []told, names []string) []told {
	if len(names) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(r told) bool { return !slices.Contains(names, strings.ToLower(r.origin)) })
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// bound adds what every question is bounded by. What is assumed to have been known may have landed at any time.
func (a *asking) bound(c *conds) {
	c.add("t.event_ms >= ?", a.from)
	c.add("t.seq > ?", a.after)
	c.add("t.seq <= ?", a.head)
	if !a.q.Assumed {
		c.add("t.known_ms <= ?", a.asOf)
	}
}

// texts reads the versions of items about the coin, and those that took a version's place and are about it no longer, which end it.
func (a *asking) texts(ctx context.Context, kind, table, origin, value, what string) ([]told, error) {
	columns := "t.seq, t.event_ms, t.known_ms, s.name, t." + origin + ", t.external_id, t." + value + ", " + what + ", " + a.revised(table, "external_id", origin)
	scan := func(gone bool) func(dialect.Rows) (told, error) {
		return func(r dialect.Rows) (t told, err error) {
			var source, id string
			var v money.Decimal
			var revised int64
			f := &t.fact
			err = r.Scan(&t.seq, &f.Event, &f.Known, &source, &t.origin, &id, &v, &t.kind, &revised)
			f.Key, f.Values[0], f.Gone, t.first = fact.KeyOf(kind, source, t.origin, id), v.Float64(), gone, revised == 0
			return t, err
		}
	}
	var c conds
	c.add("i.kind = ?", kind)
	c.add("i.coin = ?", string(a.q.Coin))
	c.add("i.event_ms >= ?", a.from)
	if a.later {
		c.add("i.seq > ?", a.after) // in the index itself: what was there before is not looked up
	}
	a.bound(&c)
	rows, err := queryAll(ctx, a.d.drv, scan(false), "SELECT "+columns+" FROM item_coins i JOIN "+table+" t ON t.seq = i.seq JOIN sources s ON s.id = t.source_id"+c.where(), c.args...)
	if err != nil {
		return nil, err
	}
	var e conds
	e.add("i.kind = ?", kind)
	e.add("i.coin = ?", string(a.q.Coin))
	e.add("i.event_ms >= ?", a.from)
	e.parts = append(e.parts, "p.superseded_ms < "+foreverText)
	e.add("t.seq > ?", a.after)
	e.add("t.seq <= ?", a.head)
	e.add("t.known_ms <= ?", a.asOf)
	e.add("NOT EXISTS (SELECT 1 FROM item_coins n WHERE n.seq = t.seq AND n.kind = i.kind AND n.coin = i.coin AND n.event_ms = t.event_ms AND n.event_ms >= ?)", a.from)
	ended, err := queryAll(ctx, a.d.drv, scan(true), "SELECT "+columns+" FROM item_coins i JOIN "+table+" p ON p.seq = i.seq JOIN "+table+" t ON t.external_id = p.external_id AND t."+
		origin+" = p."+origin+" AND t.source_id = p.source_id AND t.known_ms = p.superseded_ms JOIN sources s ON s.id = t.source_id"+e.where(), e.args...)
	return append(rows, ended...), err
}

// revised is a column that says 1 where an older version of the row is stored, of whatever coin, kind or time. It is 0 where nobody asks. key
// are the columns that make two rows versions of one thing, beside the source: a table's index has them in this order.
func (a *asking) revised(table string, key ...string) string {
	if !a.q.Assumed {
		return "0"
	}
	same := ""
	for _, k := range key {
		same += "o." + k + " = t." + k + " AND "
	}
	return "CASE WHEN EXISTS (SELECT 1 FROM " + table + " o WHERE " + same + "o.source_id = t.source_id AND o.known_ms < t.known_ms) THEN 1 ELSE 0 END"
}

// matching ends the events that are not of a kind or an impact asked for: an earlier version may have been.
func (a *asking) matching(rows []told) []told {
	for i := range rows {
		r := &rows[i]
		if len(a.q.Names) > 0 && !slices.Contains(a.q.Names, r.kind) || r.fact.Values[0] < a.q.MinImpact {
			r.fact.Gone = true
		}
	}
	return rows
}

func (a *asking) flows(ctx context.Context) ([]told, error) {
	var c conds
	// Some sources write a symbol as its makers do, "cbBTC": a coin's letters are capitals.
	c.add("t.token IN (SELECT DISTINCT token FROM smart_money_flow WHERE upper(token) = ?)", string(a.q.Coin))
	c.add("t.window_seconds = ?", a.q.OverMS/1000)
	a.bound(&c)
	return queryAll(ctx, a.d.drv, func(r dialect.Rows) (t told, err error) {
		var window, buying, selling, revised int64
		var source, chain, address string
		var net money.Decimal
		f := &t.fact
		err = r.Scan(&t.seq, &f.Event, &f.Known, &source, &window, &chain, &address, &net, &buying, &selling, &revised)
		token := []string{source, chain, address, strconv.FormatInt(window, 10)}
		t.first = revised == 0
		f.Group, f.Key = fact.KeyOf(token...), fact.KeyOf(append(token, strconv.FormatInt(f.Event, 10))...)
		f.Values = [3]float64{net.Float64(), float64(buying), float64(selling)}
		return t, err
	}, `SELECT t.seq, t.event_ms, t.known_ms, s.name, t.window_seconds, t.chain, t.address, t.net_flow_usd, t.buying_wallet_count, t.selling_wallet_count, `+
		a.revised("smart_money_flow", "chain", "address", "window_seconds", "event_ms")+" FROM smart_money_flow t JOIN sources s ON s.id = t.source_id"+c.where(), c.args...)
}

// metrics reads a metric of chains and of protocols.
func (a *asking) metrics(ctx context.Context) ([]told, error) {
	rows, err := a.figures(ctx, "on_chain_metrics", "''", "asset", "metric_name", "event_ms")
	if err != nil {
		return nil, err
	}
	protocols, err := a.figures(ctx, "protocol_fundamentals", "t.protocol", "protocol", "metric_name", "event_ms")
	return append(rows, protocols...), err
}

// figures reads a metric from one table. Of what lies before the first moment only the newest figure matters, and which that is depends on what was
// known: so all of them are read.
func (a *asking) figures(ctx context.Context, table, protocol string, key ...string) ([]told, error) {
	var c conds
	c.add("t.asset = ?", string(a.q.Coin))
	c.add("t.metric_name = ?", a.q.Names[0])
	if a.q.Source != "" {
		c.add("s.name = ?", a.q.Source)
	}
	if a.q.Protocol != "" {
		c.add(protocol+" = ?", a.q.Protocol)
	}
	from := a.from
	a.from = math.MinInt64
	a.bound(&c)
	a.from = from
	return queryAll(ctx, a.d.drv, func(r dialect.Rows) (t told, err error) {
		var source, of string
		var v money.Decimal
		var revised int64
		f := &t.fact
		err = r.Scan(&t.seq, &f.Event, &f.Known, &source, &of, &v, &revised)
		t.origin, t.first = source, revised == 0
		if of != "" {
			t.origin = source + " (" + of + ")"
		}
		f.Key, f.Values[0] = uint64(f.Event), v.Float64()
		return t, err
	}, "SELECT t.seq, t.event_ms, t.known_ms, s.name, "+protocol+", t.metric_value, "+a.revised(table, key...)+" FROM "+table+" t JOIN sources s ON s.id = t.source_id"+c.where(), c.args...)
}

// settled refuses a metric of several origins. To what landed later it is settled already: an origin that came up since is left out.
func (a *asking) settled(ctx context.Context, rows []told) ([]told, error) {
	if len(rows) == 0 {
		return rows, nil
	}
	if a.later {
		before := asking{d: a.d, q: a.q, from: a.from, asOf: a.asOf, head: a.after}
		known, err := before.metrics(ctx)
		if err != nil {
			return nil, err
		}
		if len(known) > 0 {
			first := slices.MinFunc(known, func(x, y told) int { return int(max(-1, min(1, x.seq-y.seq))) })
			return slices.DeleteFunc(rows, func(r told) bool { return r.origin != first.origin }), nil
		}
	}
	var origins []string
	for i := range rows {
		if !slices.Contains(origins, rows[i].origin) {
			origins = append(origins, rows[i].origin)
		}
	}
	if len(origins) == 1 {
		return rows, nil
	}
	slices.Sort(origins)
	return nil, &ledger.AmbiguousError{Query: *a.q, Origins: origins}
}

// timed settles when each version counts as known, and leaves out what says nothing: the end of what was never told.
func (a *asking) timed(rows []told) []told {
	slices.SortFunc(rows, func(x, y told) int { return int(max(-1, min(1, x.seq-y.seq))) })
	seen := map[uint64]bool{}
	kept := rows[:0]
	for _, r := range rows {
		f := &r.fact
		// The first version of what landed late counts from the lag on. A revision says what was not known before.
		if a.q.Assumed && r.first {
			f.Known = min(f.Known, max(f.Event, 0)+a.q.LagMS)
		}
		if f.Known > a.asOf || f.Gone && !a.later && !seen[f.Key] {
			continue
		}
		seen[f.Key] = true
		kept = append(kept, r)
	}
	return kept
}
