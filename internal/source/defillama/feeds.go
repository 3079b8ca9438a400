package defillama

import (
	"context"
	"errors"
	"net/url"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func (c *Client) pollProtocols(ctx context.Context, cursor []byte) (source.Harvest, error) {
	p := c.begin(cursor)
	return p.end(p.add(ctx, c.api, "/protocols", nil, c.names.protocols))
}

func (c *Client) pollStablecoins(ctx context.Context, cursor []byte) (source.Harvest, error) {
	p := c.begin(cursor)
	return p.end(p.add(ctx, c.stablecoins, "/stablecoins", url.Values{"includePrices": {"false"}}, c.names.stablecoins))
}

func (c *Client) pollYields(ctx context.Context, cursor []byte) (source.Harvest, error) {
	p := c.begin(cursor)
	return p.end(p.add(ctx, c.yields, "/pools", nil, c.names.pools))
}

func (c *Client) pollFees(ctx context.Context, cursor []byte) (source.Harvest, error) {
	p := c.begin(cursor)
	err := p.overviews(ctx, "/overview/fees", "dailyFees", "fees_24h_usd")
	if err == nil {
		err = p.overviews(ctx, "/overview/fees", "dailyRevenue", "revenue_24h_usd")
	}
	return p.end(err)
}

func (c *Client) pollDexs(ctx context.Context, cursor []byte) (source.Harvest, error) {
	p := c.begin(cursor)
	return p.end(p.overviews(ctx, "/overview/dexs", "", "dex_volume_24h_usd"))
}

// overviews asks for the overview of all chains and of each main one, in one type of data.
func (p *poll) overviews(ctx context.Context, path, dataType, metric string) error {
	// Without these the answer has every day's figures too.
	q := url.Values{"excludeTotalDataChart": {"true"}, "excludeTotalDataChartBreakdown": {"true"}}
	if dataType != "" {
		q.Set("dataType", dataType)
	}
	if err := p.add(ctx, p.c.api, path, q, func(s *stream) (*haul, error) { return p.c.names.overview(s, metric) }); err != nil {
		return err
	}
	for _, ch := range chains() {
		err := p.add(ctx, p.c.api, path+"/"+ch.name, q, func(s *stream) (*haul, error) { return chainOverview(s, ch, metric) })
		if errors.Is(err, upstream.ErrUnknownSymbol) {
			p.out.RejectAll([]ledger.Reject{unknown(path, ch.name, "")})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// unknown is the reject of something that DeFiLlama does not know.
func unknown(path, name, wayOut string) ledger.Reject {
	return ledger.Reject{Reason: "defillama knows no " + upstream.Text(name) + wayOut, Bytes: []byte(path + "/" + name)}
}

func (c *Client) pollPrices(ctx context.Context, _ []byte) (source.Harvest, error) {
	var out, got source.Harvest
	_, err := c.ask(ctx, c.coins, upstream.Request{Path: pricePath()}, &out, func(s *stream) error {
		return c.names.prices(s, c.clock.Now(), &got)
	})
	if err == nil {
		out.Records = got.Records
		out.RejectAll(got.Rejects)
	}
	return out, err
}
