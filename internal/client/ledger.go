package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
)

func dataQuery(q api.DataQuery) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"from": q.From, "to": q.To, "as_of": q.AsOf, "asset": q.Asset, "source": q.Source} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, values := range map[string][]string{"metric_names": q.MetricNames, "tokens": q.Tokens, "currencies": q.Currencies, "platforms": q.Platforms,
		"event_types": q.EventTypes, "markets": q.Markets} {
		for _, value := range values {
			v.Add(name, value)
		}
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if q.MinImpact != 0 {
		v.Set("min_impact", strconv.FormatFloat(q.MinImpact, 'g', -1, 64))
	}
	return v
}

// OnChainMetrics asks fetch_on_chain_metrics.
func (c *Client) OnChainMetrics(ctx context.Context, q api.DataQuery) (api.OnChain, error) {
	return get[api.OnChain](ctx, c, "/data/on-chain-metrics", dataQuery(q))
}

// SmartMoneyFlows asks fetch_smart_money_flows.
func (c *Client) SmartMoneyFlows(ctx context.Context, q api.DataQuery) (api.SmartMoney, error) {
	return get[api.SmartMoney](ctx, c, "/data/smart-money-flows", dataQuery(q))
}

// Sentiment asks fetch_sentiment_data.
func (c *Client) Sentiment(ctx context.Context, q api.DataQuery) (api.SentimentData, error) {
	return get[api.SentimentData](ctx, c, "/data/sentiment", dataQuery(q))
}

// CatalystEvents asks fetch_catalyst_events.
func (c *Client) CatalystEvents(ctx context.Context, q api.DataQuery) (api.Catalysts, error) {
	return get[api.Catalysts](ctx, c, "/data/catalyst-events", dataQuery(q))
}

// Statistics asks get_data_statistics.
func (c *Client) Statistics(ctx context.Context, q api.DataQuery) (api.Statistics, error) {
	return get[api.Statistics](ctx, c, "/data/statistics", dataQuery(q))
}

// Quotes asks what venues quoted last.
func (c *Client) Quotes(ctx context.Context, q api.DataQuery) (api.Quotes, error) {
	return get[api.Quotes](ctx, c, "/data/quotes", dataQuery(q))
}

// MarketTrades asks what traded on one market.
func (c *Client) MarketTrades(ctx context.Context, marketName string, q api.DataQuery) (api.Trades, error) {
	q.Markets = nil
	v := dataQuery(q)
	v.Set("market", marketName)
	return get[api.Trades](ctx, c, "/data/trades", v)
}

// OrderHistory asks fetch_order_history, for the calling user.
func (c *Client) OrderHistory(ctx context.Context, q api.DataQuery) (api.Orders, error) {
	return get[api.Orders](ctx, c, "/data/order-history", dataQuery(q))
}

// UserPositions asks fetch_user_positions, for the calling user.
func (c *Client) UserPositions(ctx context.Context, q api.DataQuery) (api.Positions, error) {
	return get[api.Positions](ctx, c, "/data/user-positions", dataQuery(q))
}

// Aligned asks for prices and sentiment on one grid.
func (c *Client) Aligned(ctx context.Context, q api.PriceQuery) (api.Aligned, error) {
	return get[api.Aligned](ctx, c, "/data/aligned", priceQuery(q))
}

// Around asks what happened around a moment.
func (c *Client) Around(ctx context.Context, r api.AroundRequest) (api.Around, error) {
	v := url.Values{"time": {r.Time}}
	for name, value := range map[string]string{"currency": r.Currency, "market": r.Market, "as_of": r.AsOf} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if r.Hours != 0 {
		v.Set("hours", strconv.Itoa(r.Hours))
	}
	if r.Limit != 0 {
		v.Set("limit", strconv.Itoa(r.Limit))
	}
	return get[api.Around](ctx, c, "/data/around", v)
}

// Risk asks what the calling user's holdings may lose.
func (c *Client) Risk(ctx context.Context, r api.RiskRequest) (api.Risk, error) {
	v := url.Values{}
	for name, value := range map[string]string{"quote": r.Quote, "as_of": r.AsOf} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if r.Days != 0 {
		v.Set("days", strconv.Itoa(r.Days))
	}
	return get[api.Risk](ctx, c, "/data/risk", v)
}

// Daily asks for one market by day.
func (c *Client) Daily(ctx context.Context, q api.PriceQuery) (api.Daily, error) {
	return get[api.Daily](ctx, c, "/data/daily", priceQuery(q))
}

// Trust asks how far each series can be trusted.
func (c *Client) Trust(ctx context.Context) ([]api.TrustRow, error) {
	return get[[]api.TrustRow](ctx, c, "/data/trust", nil)
}

// Backfill fills history and repairs gaps, and tells emit how far it is.
func (c *Client) Backfill(ctx context.Context, r api.BackfillRequest, emit func(api.BackfillEvent) error) (out api.BackfillSummary, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return out, err
	}
	res, err := c.request(ctx, http.MethodPost, "/data/backfill", nil, bytes.NewReader(body), http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	var done *api.BackfillSummary
	err = readLines(ctx, res.Body, func(line []byte) error {
		var e api.BackfillEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		switch {
		case e.Problem != nil:
			return e.Problem
		case e.Done != nil:
			done = e.Done
		}
		return emit(e)
	})
	if err == nil && done == nil {
		err = &Unreachable{Err: io.ErrUnexpectedEOF}
	}
	if err != nil {
		return out, err
	}
	return *done, nil
}

// Collectors lists every collector and how it does.
func (c *Client) Collectors(ctx context.Context) ([]api.Collector, error) {
	return get[[]api.Collector](ctx, c, "/collect/collectors", nil)
}

// Collector tells how one collector does.
func (c *Client) Collector(ctx context.Context, name string) (api.Collector, error) {
	return get[api.Collector](ctx, c, "/collect/collectors/"+esc(name), nil)
}

// RunCollector asks for a poll, soon.
func (c *Client) RunCollector(ctx context.Context, name string) (api.CollectorAct, error) {
	return post[api.CollectorAct](ctx, c, "/collect/collectors/"+esc(name)+"/run", nil)
}

// PauseCollector stops a collector's polls, or lets them go on.
func (c *Client) PauseCollector(ctx context.Context, name string, paused bool) (api.Collector, error) {
	verb := "/resume"
	if paused {
		verb = "/pause"
	}
	return post[api.Collector](ctx, c, "/collect/collectors/"+esc(name)+verb, nil)
}

func collectorQuery(name string, limit int) url.Values {
	v := url.Values{}
	if name != "" {
		v.Set("collector", name)
	}
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return v
}

// CollectorGaps lists the times over which collectors brought nothing; name "" asks for all.
func (c *Client) CollectorGaps(ctx context.Context, name string, limit int) ([]ledger.FeedGap, error) {
	return get[[]ledger.FeedGap](ctx, c, "/collect/gaps", collectorQuery(name, limit))
}

// Quarantine lists what was not taken; name "" asks for all.
func (c *Client) Quarantine(ctx context.Context, name string, limit int) ([]ledger.Quarantined, error) {
	return get[[]ledger.Quarantined](ctx, c, "/collect/quarantine", collectorQuery(name, limit))
}

// ClearQuarantine empties the quarantine of one collector, or of all.
func (c *Client) ClearQuarantine(ctx context.Context, name string) (out api.Cleared, err error) {
	err = c.call(ctx, http.MethodDelete, "/collect/quarantine", collectorQuery(name, 0), nil, &out)
	return out, err
}

// Follow tells fn what lands, from the item after r.After on, and goes on by itself, without a gap, where the connection is cut or the
// follower was let go because it was too slow; cut is told of it where it is not nil. It gives up after about a minute without a daemon.
func (c *Client) Follow(ctx context.Context, r api.StreamRequest, cut func(Cut), fn func(api.LedgerItem) error) error {
	after := int64(-1)
	if r.After != nil {
		after = *r.After
	}
	a := again{tries: 10, first: 500 * time.Millisecond, most: 10 * time.Second, slow: true, tell: cut}
	return c.events(ctx, "/data/stream", url.Values{"kinds": r.Kinds, "markets": r.Markets}, after, a, func(b []byte) error {
		var it api.LedgerItem
		if err := json.Unmarshal(b, &it); err != nil {
			return err
		}
		return fn(it)
	})
}
