package etherscan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	maxWallets = 100
	perRequest = 20 // addresses, Etherscan's limit
)

// wallet is an address of an exchange.
type wallet struct{ exchange, address string }

// DefaultWallets are addresses that explorers have long labelled as these exchanges'.
func DefaultWallets() []string {
	return []string{
		"binance=0x28c6c06298d514db089934071355e5743bf21d60", "binance=0xbe0eb53f46cd790cd13851d5eff43d12404d33e8", "binance=0xf977814e90da44bfa03b6295a0616a897441acec",
		"kraken=0x2910543af39aba0cd09dbb2d50200b3e800a63d2", "kraken=0x267be1c1d684f78cb4f6a176c4911b741e4ffdc0", "coinbase=0x71660c4005ba85c37ccec55d0c4493e66fe775d3",
		"bitfinex=0x742d35cc6634c0532925a3b844bc454e4438f44e", "gemini=0xd24400ae8bfebb18ca49be86258a3c749cf46853", "okx=0x6cc5f688a315f3dc28a7781717a9a798a59fda7b",
	}
}

func parseWallets(list []string) ([]wallet, error) {
	if len(list) > maxWallets {
		return nil, fmt.Errorf("sources.etherscan.addresses has %d entries, the limit is %d", len(list), maxWallets)
	}
	var out []wallet
	seen := map[string]bool{}
	for _, s := range list {
		name, address, ok := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "=")
		if !ok || !plain(name, "abcdefghijklmnopqrstuvwxyz0123456789", 1, 20) || !strings.HasPrefix(address, "0x") || !plain(address[2:], "0123456789abcdef", 40, 40) {
			return nil, fmt.Errorf("sources.etherscan.addresses: %.80q is no entry like kraken=0x2910543af39aba0cd09dbb2d50200b3e800a63d2", s)
		}
		if !seen[address] {
			seen[address] = true
			out = append(out, wallet{name, address})
		}
	}
	return out, nil
}

// plain reports that a text has least to most bytes, all of an alphabet.
func plain(s, alphabet string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, alphabet) == ""
}

// pollWallets adds up the balances of each exchange and of all. A sum of which a part is missing would be wrong, and is left out.
func (c *Client) pollWallets(ctx context.Context, _ []byte) (source.Harvest, error) {
	if c.wrong != nil {
		return source.Harvest{}, c.up.Fail(c.wrong)
	}
	var out source.Harvest
	held := map[string]money.Decimal{}
	for rest := c.wallets; len(rest) > 0; {
		some := rest[:min(perRequest, len(rest))]
		rest = rest[len(some):]
		addresses := make([]string, len(some))
		for i, w := range some {
			addresses[i] = w.address
		}
		h, err := c.request(ctx, "account", "balancemulti", url.Values{"tag": {"latest"}, "address": {strings.Join(addresses, ",")}}, func(result json.RawMessage, _ time.Time) (figures, error) {
			return decodeBalances(result, addresses, held)
		})
		if out.Read.IsZero() {
			out.Read = h.Read
		}
		out.RejectAll(h.Rejects)
		if err != nil {
			out.Read = time.Time{} // without all wallets there is no sum
			return out, err
		}
	}
	f := sums(c.wallets, held, out.Read.Truncate(time.Minute))
	out.Metrics = f.metrics
	out.RejectAll(f.rejects)
	return out, nil
}

// decodeBalances adds what the result says of the addresses that were asked for to held, in ether.
func decodeBalances(result json.RawMessage, addresses []string, held map[string]money.Decimal) (figures, error) {
	var f figures
	var rows []json.RawMessage
	if err := json.Unmarshal(result, &rows); err != nil {
		return f, err
	}
	if len(rows) == 0 || len(rows) > perRequest {
		return f, fmt.Errorf("it has %d balances for %d addresses", len(rows), len(addresses))
	}
	asked := map[string]bool{}
	for _, a := range addresses {
		asked[a] = true
	}
	for _, raw := range rows {
		var row struct {
			Account string
			Balance json.RawMessage
		}
		err := json.Unmarshal(raw, &row)
		account := strings.ToLower(row.Account)
		var v money.Decimal
		ok := false
		if err == nil {
			v, ok, err = source.Figure(row.Balance)
		}
		switch {
		case err != nil:
		case !asked[account]:
			err = errors.New("it was not asked for, or comes twice")
		case !ok || v.Sign() < 0 || money.MustParse("1e27").Less(v):
			err = errors.New("its balance is missing or out of range")
		}
		if err != nil {
			f.reject(raw, "balance", err)
			continue
		}
		delete(asked, account)
		held[account] = v.Mul(money.MustParse(wei))
	}
	return f, nil
}

// sums are the figures of each exchange, in the order of the list, and of all.
func sums(wallets []wallet, held map[string]money.Decimal, at time.Time) figures {
	var f figures
	var names []string
	sum, missing := map[string]money.Decimal{}, map[string]string{}
	for _, w := range wallets {
		if _, ok := sum[w.exchange]; !ok {
			names = append(names, w.exchange)
		}
		v, ok := held[w.address]
		if !ok {
			missing[w.exchange] = w.address
		}
		sum[w.exchange] = sum[w.exchange].Add(v)
	}
	all := money.Zero
	for _, n := range names {
		if a := missing[n]; a != "" {
			f.reject(nil, "exchange_balance_"+n+"_eth", fmt.Errorf("the balance of %s is missing", a))
			continue
		}
		f.land(at, "exchange_balance_"+n+"_eth", sum[n])
		all = all.Add(sum[n])
	}
	if len(missing) == 0 && len(names) > 0 {
		f.land(at, "exchange_balance_eth", all)
	}
	return f
}
