package data

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// OnChainMetrics answers fetch_on_chain_metrics.
func (s *Service) OnChainMetrics(ctx context.Context, q api.DataQuery) (out api.OnChain, err error) {
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	names, err := lower("metric_names", q.MetricNames)
	if err != nil {
		return out, err
	}
	mq := ledger.MetricQuery{Window: w.Window, Metrics: names, Source: strings.ToLower(q.Source)}
	out.Rows = []api.OnChainRow{}
	if q.Asset != "" {
		coins, none, err := w.coins([]string{q.Asset})
		if err != nil || none {
			out.Asked = w.Asked
			return out, err
		}
		mq.Asset = coins[0]
	}
	rows, err := s.reader.OnChainMetrics(ctx, mq)
	if err != nil {
		return out, err
	}
	if len(rows) == 0 {
		if err := s.noteSource(ctx, &w, q.Source, ledger.Glass); err != nil {
			return out, err
		}
	}
	for _, r := range cut(&w, rows) {
		out.Rows = append(out.Rows, onChain(&r))
	}
	out.Asked = w.Asked
	return out, nil
}

// noteSource says so where nothing was found because no source of that name has ever brought anything into a ledger.
func (s *Service) noteSource(ctx context.Context, w *question, name, of string) error {
	if name == "" {
		return nil
	}
	stats, err := s.reader.DataStatistics(ctx, time.Time{})
	if err != nil {
		return err
	}
	var known []string
	for _, t := range stats {
		if t.Ledger == of && !slices.Contains(known, t.Source) {
			known = append(known, t.Source)
		}
	}
	slices.Sort(known)
	if !slices.Contains(known, strings.ToLower(name)) {
		w.note("nothing has come from a source %.40q; there is something from: %s", name, strings.Join(known, ", "))
	}
	return nil
}

func onChain(r *ledger.MetricRow) api.OnChainRow {
	return api.OnChainRow{Asset: r.Asset, Metric: r.Metric.Metric, Value: r.Value, Source: r.Source, Event: r.Event, Collected: r.Known, Protocol: r.Protocol}
}

// SmartMoneyFlows answers fetch_smart_money_flows.
func (s *Service) SmartMoneyFlows(ctx context.Context, q api.DataQuery) (out api.SmartMoney, err error) {
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	tokens, err := list("tokens", q.Tokens)
	if err != nil {
		return out, err
	}
	for _, t := range slices.Clone(tokens) { // most symbols are written in capitals
		tokens = append(tokens, strings.ToUpper(t))
	}
	rows, err := s.reader.SmartMoneyFlows(ctx, ledger.FlowQuery{Window: w.Window, Tokens: tokens})
	if err != nil {
		return out, err
	}
	out.Rows = []api.SmartMoneyRow{}
	for _, r := range cut(&w, rows) {
		row := api.SmartMoneyRow{Token: r.Token, NetUSD: r.NetUSD, Buyers: orEmpty(r.Buyers), Sellers: orEmpty(r.Sellers), Chain: r.Chain, Address: r.Address,
			Window: api.In(r.Window), Source: r.Source, Event: r.Event, Collected: r.Known}
		if r.Counted() {
			row.Buying, row.Selling = &r.Buying, &r.Selling
		}
		out.Rows = append(out.Rows, row)
	}
	out.Asked = w.Asked
	return out, nil
}

func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// Sentiment answers fetch_sentiment_data.
func (s *Service) Sentiment(ctx context.Context, q api.DataQuery) (out api.SentimentData, err error) {
	out.News, out.Posts = []api.NewsRow{}, []api.PostRow{}
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	coins, none, err := w.coins(q.Currencies)
	if err != nil || none {
		out.Asked = w.Asked
		return out, err
	}
	platforms, err := lower("platforms", q.Platforms)
	if err != nil {
		return out, err
	}
	sq := ledger.SentimentQuery{Window: w.Window, Coins: coins, Platforms: platforms}
	news, err := s.reader.News(ctx, sq)
	if err != nil {
		return out, err
	}
	posts, err := s.reader.Posts(ctx, sq)
	if err != nil {
		return out, err
	}
	if err := s.checkPlatforms(ctx, platforms, news); err != nil {
		return out, err
	}
	for _, r := range cut(&w, news) {
		out.News = append(out.News, newsRow(&r))
	}
	for _, r := range cut(&w, posts) {
		out.Posts = append(out.Posts, postRow(&r))
	}
	out.Asked = w.Asked
	return out, nil
}

// checkPlatforms refuses a platform that is none: it would be answered with nothing, as one that nobody wrote on. The names of
// publishers are looked up only where no text of theirs was found.
func (s *Service) checkPlatforms(ctx context.Context, asked []string, found []ledger.NewsRow) error {
	known := []string{"reddit", "x", "news"}
	for i := range found {
		if name := strings.ToLower(found[i].Source); !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	unknown := slices.DeleteFunc(slices.Clone(asked), func(name string) bool { return slices.Contains(known, name) })
	if len(unknown) == 0 {
		return nil
	}
	publishers, err := s.reader.Publishers(ctx)
	if err != nil {
		return err
	}
	if s.Feeds != nil {
		feeds, err := s.Feeds(ctx)
		if err != nil {
			return err
		}
		for _, f := range feeds { // one whose publisher has said nothing yet
			if name, ok := strings.CutPrefix(f.Name, "rss."); ok {
				publishers = append(publishers, name)
			}
		}
	}
	for i := range publishers {
		publishers[i] = strings.ToLower(publishers[i])
	}
	slices.Sort(publishers)
	publishers = slices.Compact(publishers)
	for _, name := range unknown {
		if !slices.Contains(publishers, name) {
			more := ""
			if len(publishers) > maxNarrow {
				publishers, more = publishers[:maxNarrow], ", …"
			}
			return badRequest("platform %.40q: want reddit, x, news, or a publisher of those known: %s%s", name, strings.Join(publishers, ", "), more)
		}
	}
	return nil
}

func newsRow(r *ledger.NewsRow) api.NewsRow {
	return api.NewsRow{Title: r.Title, Source: r.Source, Published: r.Published, Sentiment: r.Label, Score: r.Score, Coins: orEmpty(r.Coins), URL: r.URL,
		Summary: r.Summary, Scorer: r.Scorer, Collected: r.Known}
}

func postRow(r *ledger.PostRow) api.PostRow {
	return api.PostRow{Platform: r.Platform, Content: r.Content, Score: r.Score, Sentiment: r.Label, Coins: orEmpty(r.Coins), Posted: r.Posted, Channel: r.Channel,
		Engagement: r.Engagement, URL: r.URL, Scorer: r.Scorer, Collected: r.Known}
}

// CatalystEvents answers fetch_catalyst_events.
func (s *Service) CatalystEvents(ctx context.Context, q api.DataQuery) (out api.Catalysts, err error) {
	out.Rows = []api.CatalystRow{}
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	if q.MinImpact < 0 || q.MinImpact > 1 || q.MinImpact != q.MinImpact {
		return out, badRequest("min_impact %v: want 0 to 1", q.MinImpact)
	}
	coins, none, err := w.coins(q.Currencies)
	if err != nil || none {
		out.Asked = w.Asked
		return out, err
	}
	types, err := lower("event_types", q.EventTypes)
	if err != nil {
		return out, err
	}
	for _, t := range types {
		if !slices.Contains(ledger.EventTypes(), t) {
			return out, badRequest("event type %.40q: want one of %s", t, strings.Join(ledger.EventTypes(), ", "))
		}
	}
	rows, err := s.reader.CatalystEvents(ctx, ledger.EventQuery{Window: w.Window, Types: types, Coins: coins, MinImpact: q.MinImpact})
	if err != nil {
		return out, err
	}
	for _, r := range cut(&w, rows) {
		out.Rows = append(out.Rows, catalyst(&r))
	}
	out.Asked = w.Asked
	return out, nil
}

func catalyst(r *ledger.EventRow) api.CatalystRow {
	return api.CatalystRow{Type: r.Type, Title: r.Title, Description: r.Description, Impact: r.Impact, Why: r.Why, Detected: r.Known, Coins: orEmpty(r.Coins),
		Event: r.Time, Source: r.Source, URL: r.URL}
}

// OrderHistory answers fetch_order_history, for one user.
func (s *Service) OrderHistory(ctx context.Context, user string, q api.DataQuery) (out api.Orders, err error) {
	out.Rows = []api.OrderHistoryRow{}
	w, err := s.understand(&q, fallback)
	if err != nil {
		return out, err
	}
	rows, err := s.reader.OrderHistory(ctx, ledger.OrderQuery{User: user, Window: w.Window})
	if err != nil {
		return out, err
	}
	for _, r := range cut(&w, rows) {
		out.Rows = append(out.Rows, api.OrderHistoryRow{Side: r.Side, Quantity: r.Quantity, Price: r.Price, Status: r.Status, FilledAt: r.FilledAt, Filled: r.Filled,
			Coin: r.Market.Base, Quote: r.Market.Quote, Type: r.Type, Placed: r.Placed, Session: r.Session, ID: r.ID})
	}
	out.Asked = w.Asked
	return out, nil
}

// UserPositions answers fetch_user_positions, for one user.
func (s *Service) UserPositions(ctx context.Context, user string, q api.DataQuery) (out api.Positions, err error) {
	out.Rows = []api.HoldingRow{}
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	rows, err := s.reader.UserPositions(ctx, user, w.Window.AsOf)
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		out.Rows = append(out.Rows, api.HoldingRow{Coin: r.Market.Base, Quantity: r.Quantity, Average: r.Average, Cost: r.Cost, Quote: r.Market.Quote, Session: r.Session})
	}
	out.Asked = w.Asked
	return out, nil
}

// Quotes answers what venues quoted last.
func (s *Service) Quotes(ctx context.Context, q api.DataQuery) (out api.Quotes, err error) {
	out.Rows = []api.QuoteRow{}
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	qq := ledger.QuoteQuery{Source: strings.ToLower(q.Source), AsOf: w.Window.AsOf}
	if len(q.Markets) > maxNarrow {
		return out, badRequest("%d markets, the limit is %d", len(q.Markets), maxNarrow)
	}
	for _, name := range q.Markets {
		m, err := market.ParseMarket(name)
		if err != nil {
			return out, badRequest("%s", err)
		}
		qq.Markets = append(qq.Markets, m)
	}
	if out.Seq, err = s.reader.Head(ctx); err != nil { // before the rows: what lands in between is told twice, not never
		return out, err
	}
	rows, err := s.reader.Quotes(ctx, qq)
	if err != nil {
		return out, err
	}
	if len(rows) == 0 {
		if err := s.noteSource(ctx, &w, q.Source, ledger.Exchange); err != nil {
			return out, err
		}
	}
	var polled map[string]time.Time
	if s.Polled != nil && qq.AsOf.IsZero() {
		if polled, err = s.Polled(ctx); err != nil {
			return out, err
		}
	}
	for i := range rows {
		r := &rows[i]
		row := api.QuoteRow{Market: r.Market, Source: r.Source, Bid: some(r.Bid), Ask: some(r.Ask), Last: some(r.Last), Since: r.Time}
		if at, ok := polled[r.Source]; ok {
			row.Polled = &at
		}
		out.Rows = append(out.Rows, row)
	}
	out.Asked = w.Asked
	return out, nil
}

// Trades answers what traded on one market: the first of q.Markets.
func (s *Service) Trades(ctx context.Context, q api.DataQuery) (out api.Trades, err error) {
	out.Rows = []api.TradeRow{}
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	if len(q.Markets) != 1 {
		return out, badRequest("trades are those of one market, like BTC/AUD")
	}
	tq := ledger.TradeQuery{Window: w.Window, Source: strings.ToLower(q.Source)}
	if tq.Market, err = market.ParseMarket(q.Markets[0]); err != nil {
		return out, badRequest("%s", err)
	}
	rows, err := s.reader.Trades(ctx, tq)
	if err != nil {
		return out, err
	}
	out.Rows = mapped(cut(&w, rows), func(r *ledger.TradeRow) api.TradeRow {
		return api.TradeRow{Time: r.Time, Market: r.Market, Side: r.Side, Price: r.Price, Amount: r.Amount, Source: r.Source, ID: r.ID, Collected: r.Known}
	})
	out.Asked = w.Asked
	return out, nil
}

func some(d money.Decimal) *money.Decimal {
	if d.Sign() <= 0 {
		return nil
	}
	return &d
}

// Statistics answers get_data_statistics: how much of what the ledgers hold.
func (s *Service) Statistics(ctx context.Context, q api.DataQuery) (out api.Statistics, err error) {
	w, err := s.understand(&q, 0)
	if err != nil {
		return out, err
	}
	if out.Ledgers, err = s.reader.DataStatistics(ctx, w.Window.AsOf); err != nil {
		return out, err
	}
	if out.Prices, err = s.coverage(ctx, w.Window.AsOf); err != nil {
		return out, err
	}
	out.Ledgers, out.Prices, out.Asked = orEmpty(out.Ledgers), orEmpty(out.Prices), w.Asked
	return out, nil
}

func (s *Service) coverage(ctx context.Context, asOf time.Time) ([]ledger.Coverage, error) {
	if asOf.IsZero() {
		return s.reader.Coverage(ctx)
	}
	return s.reader.CoverageAsOf(ctx, asOf)
}
