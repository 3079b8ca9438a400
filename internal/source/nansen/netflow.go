package nansen

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// pollNetflow asks for the largest inflows and, where those were not all tokens, for the largest outflows.
func (c *Client) pollNetflow(ctx context.Context, cursor []byte) (out source.Harvest, err error) {
	now := c.clock.Now()
	s, err := c.begin(ctx, cursor, now)
	if err != nil {
		return out, err
	}
	seen := map[token]bool{}
	for _, direction := range []string{"DESC", "ASC"} {
		rows, last, err := c.ask(ctx, "/smart-money/netflow", question("net_flow_24h_usd", direction, 1), &out)
		if err != nil {
			end(&out, s, err, now)
			return out, err
		}
		for _, raw := range rows {
			addNetflow(&out, raw, now.Truncate(time.Hour), seen)
		}
		if last {
			break
		}
	}
	end(&out, s, nil, now)
	return out, nil
}

// addNetflow reads one token's row. A token that has come already, on the other page, is passed over.
func addNetflow(out *source.Harvest, raw json.RawMessage, at time.Time, seen map[token]bool) {
	t, net, traders, err := decodeNetflow(raw)
	if err != nil {
		out.Reject(raw, "netflow: %v", err)
		return
	}
	key := token{t.chain, t.address, ""}
	if seen[key] {
		return
	}
	seen[key] = true
	if net != nil {
		out.Flows = append(out.Flows, ledger.Flow{Event: at, Token: t.symbol, Chain: t.chain, Address: t.address, NetUSD: *net, Window: 24 * time.Hour})
	}
	if traders != nil {
		out.Fundamentals = append(out.Fundamentals, ledger.Fundamental{Event: at, Protocol: t.chain + ":" + t.address, Metric: "smart_money_traders_24h", Value: *traders})
	}
}

type netflowRow struct {
	Chain   string          `json:"chain"`
	Address string          `json:"token_address"`
	Symbol  string          `json:"token_symbol"`
	Net     json.RawMessage `json:"net_flow_24h_usd"`
	Traders json.RawMessage `json:"trader_count"`
}

// decodeNetflow reads a row; what is null in it is nil.
func decodeNetflow(raw json.RawMessage) (t token, net, traders *money.Decimal, err error) {
	var r netflowRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return t, nil, nil, fmt.Errorf("a row of another shape: %w", err)
	}
	if t, err = newToken(r.Chain, r.Address, r.Symbol); err != nil {
		return t, nil, nil, err
	}
	v, ok, err := dollars("net_flow_24h_usd", r.Net, true)
	if err != nil {
		return t, nil, nil, err
	} else if ok {
		net = &v
	}
	n, ok, err := source.Figure(r.Traders)
	switch {
	case err != nil:
		return t, nil, nil, fmt.Errorf("trader_count: %w", err)
	case ok && (n.Sign() < 0 || n.Decimals() > 0 || money.FromInt(10_000_000).Less(n)):
		return t, nil, nil, fmt.Errorf("trader_count: %s is no number of wallets", n)
	case ok:
		traders = &n
	}
	return t, net, traders, nil
}
