package standin

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	binance "github.com/ohmycoins/omc/internal/source/binance/fake"
	blockchain "github.com/ohmycoins/omc/internal/source/blockchain/fake"
	coinbase "github.com/ohmycoins/omc/internal/source/coinbase/fake"
	coinmetrics "github.com/ohmycoins/omc/internal/source/coinmetrics/fake"
	coinspot "github.com/ohmycoins/omc/internal/source/coinspot/fake"
	cryptopanic "github.com/ohmycoins/omc/internal/source/cryptopanic/fake"
	defillama "github.com/ohmycoins/omc/internal/source/defillama/fake"
	edgar "github.com/ohmycoins/omc/internal/source/edgar/fake"
	etherscan "github.com/ohmycoins/omc/internal/source/etherscan/fake"
	kraken "github.com/ohmycoins/omc/internal/source/kraken/fake"
	listing "github.com/ohmycoins/omc/internal/source/listing/fake"
	mempool "github.com/ohmycoins/omc/internal/source/mempool/fake"
	nansen "github.com/ohmycoins/omc/internal/source/nansen/fake"
	reddit "github.com/ohmycoins/omc/internal/source/reddit/fake"
	rss "github.com/ohmycoins/omc/internal/source/rss/fake"
	"github.com/ohmycoins/omc/internal/source/simulator"
	x "github.com/ohmycoins/omc/internal/source/x/fake"
)

// How much history the exchanges' stand-ins have, and how far ahead: what lies ahead comes with the clock.
const (
	history = 20 * 24 * time.Hour
	future  = 3 * 24 * time.Hour
)

// All are the fakes of all upstreams, each with a world of its own that moves with the clock.
func All(c clock.Clock) ([]Upstream, error) {
	venues := listing.New(c)
	k, cb, b := kraken.New(c), coinbase.New(c), binance.New(c)
	for _, l := range []struct {
		list  func(market.Market, market.Interval, ...market.Bar)
		quote market.Coin
	}{{k.List, "USD"}, {k.List, "AUD"}, {cb.List, "USD"}, {b.List, "USDT"}} {
		if err := trade(c, l.quote, l.list); err != nil {
			return nil, err
		}
	}
	return []Upstream{
		{"kraken", "", byPath(k, venues, "/0/public/Assets", "/0/public/AssetPairs")},
		{"coinbase", "", byPath(cb, venues, "/products")},
		{"binance", "", byPath(b, venues, "/bapi/composite/v1/public/cms/article/list/query")},
		{"coinspot", coinspot.Base, coinspot.New(c)},
		{"defillama", "", defillama.New(c)},
		{"coinmetrics", coinmetrics.Base, coinmetrics.New(c)},
		{"mempool", mempool.Base, mempool.New(c)},
		{"blockchain", "", blockchain.New(c)},
		{"etherscan", "", etherscan.New(c)},
		{"nansen", nansen.Base, nansen.New(c)},
		{"rss", "", rss.New(c)},
		{"cryptopanic", cryptopanic.Base, cryptopanic.New(c)},
		{"reddit", "", reddit.New(c)},
		{"x", "", x.New(c)},
		{"edgar", "", edgar.New(c)},
	}, nil
}

// keys are what the stand-ins want to be asked with.
func keys() [][2]string {
	return [][2]string{
		{"OMC_SOURCES_ETHERSCAN_KEY", "made-up"}, {"OMC_SOURCES_NANSEN_KEY", "made-up"}, {"OMC_SOURCES_CRYPTOPANIC_KEY", cryptopanic.Key}, {"OMC_SOURCES_X_KEY", x.Key},
		{"OMC_SOURCES_REDDIT_CLIENT_ID", reddit.ID}, {"OMC_SOURCES_REDDIT_CLIENT_SECRET", reddit.Secret}, {"OMC_SOURCES_EDGAR_USER_AGENT", "Stand In stand-in@example.org"},
	}
}

// trade gives an exchange a simulated past and near future of a few coins.
func trade(c clock.Clock, quote market.Coin, list func(market.Market, market.Interval, ...market.Bar)) error {
	sim := simulator.New(7)
	now := c.Now()
	for _, coin := range []market.Coin{"BTC", "ETH", "SOL", "XRP", "ADA"} {
		m := market.Market{Base: coin, Quote: quote}
		for _, iv := range []market.Interval{market.FiveMinutes, market.Hour, market.Day} {
			from, to := iv.Floor(now.Add(-history).Unix()), iv.Floor(now.Add(future).Unix())
			bars, err := sim.Bars(m, iv, from, to)
			if err != nil {
				return fmt.Errorf("stand-in of %s: %w", m, err)
			}
			list(m, iv, bars...)
		}
	}
	return nil
}

// byPath gives some paths of a host to another handler.
func byPath(rest, some http.Handler, paths ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range paths {
			if strings.TrimSuffix(r.URL.Path, "/") == p {
				some.ServeHTTP(w, r)
				return
			}
		}
		rest.ServeHTTP(w, r)
	})
}
