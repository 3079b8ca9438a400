package listing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// list is what was read of a list.
type list struct {
	items   []item
	rejects []ledger.Reject
}

// add keeps an item, or the reason why it cannot be kept. What has a name is there all the same: a line that cannot be read is no
// delisting, and of a name that comes twice nobody can say which line is meant.
func (l *list) add(seen map[string]int, it item, raw []byte, err error) {
	named := it.key != "" && len(it.key) <= maxKey && source.Text(it.key, maxKey) == it.key
	i, twice := seen[it.key]
	switch {
	case !named:
		err = cmp.Or(err, fmt.Errorf("name %.80q is none", it.key))
	case twice:
		err = cmp.Or(err, fmt.Errorf("%s is named twice", it.key))
		l.items[i].state = unsaid
	default:
		if err != nil {
			it.state = unsaid
		}
		seen[it.key] = len(l.items)
		l.items = append(l.items, it)
	}
	if err != nil {
		l.rejects = append(l.rejects, ledger.Reject{Reason: upstream.Text(err.Error()), Bytes: bytes.Clone(raw)})
	}
}

// checked refuses a list that cannot be whole, and sorts it.
func (l list) checked() (list, error) {
	said := 0
	for _, it := range l.items {
		if it.state != unsaid {
			said++
		}
	}
	if said == 0 || len(l.items)+len(l.rejects) > maxItems {
		return list{}, fmt.Errorf("%w: a list of %d markets, %d of them readable", upstream.ErrMalformed, len(l.items), said)
	}
	slices.SortFunc(l.items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	return l, nil
}

// decodeCoinSpot reads /latest. A coin whose price is "NaN", nothing or nonsense is no news: one that was known stays, and one that was
// not is listed when it is quoted.
func decodeCoinSpot(status int, body []byte) (list, error) {
	var env struct {
		Status  string                     `json:"status"`
		Message string                     `json:"message"`
		Prices  map[string]json.RawMessage `json:"prices"`
	}
	err := json.Unmarshal(body, &env)
	switch {
	case err != nil && status != 200:
		return list{}, fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, status)
	case err != nil:
		return list{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case status != 200 || env.Status != "ok":
		return list{}, fmt.Errorf("%w: http status %d, status %q: %s", upstream.ErrUnavailable, status, upstream.Text(env.Status), upstream.Text(env.Message))
	}
	var l list
	seen := map[string]int{}
	for key, raw := range env.Prices {
		base, quote, ok := strings.Cut(key, "_")
		if !ok {
			quote = "AUD"
		}
		m, err := market.ParseMarket(base + "/" + quote)
		it := item{key: strings.ToLower(key), coin: m.Base, market: m, state: open, words: "quoted"}
		if !quoted(raw) {
			it.state = unsaid
		}
		l.add(seen, it, []byte(fmt.Sprintf("%q:%s", key, raw)), err)
	}
	return l.checked()
}

// quoted reports whether a market's line holds a price: one that was bid, asked or paid.
func quoted(raw []byte) bool {
	var p struct{ Bid, Ask, Last json.RawMessage }
	if json.Unmarshal(raw, &p) != nil {
		return false
	}
	return slices.ContainsFunc([]json.RawMessage{p.Bid, p.Ask, p.Last}, func(v json.RawMessage) bool {
		d, err := money.Parse(strings.Trim(string(v), `"`))
		return err == nil && d.Sign() > 0
	})
}

// decodeCoinbase reads /products.
func decodeCoinbase(body []byte) (list, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return list{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	var l list
	seen := map[string]int{}
	for _, raw := range rows {
		it, err := decodeProduct(raw)
		l.add(seen, it, raw, err)
	}
	return l.checked()
}

func decodeProduct(raw []byte) (item, error) {
	var p struct {
		ID       string `json:"id"`
		Base     string `json:"base_currency"`
		Quote    string `json:"quote_currency"`
		Status   string `json:"status"`
		Disabled bool   `json:"trading_disabled"`
		Cancel   bool   `json:"cancel_only"`
		Post     bool   `json:"post_only"`
		Limit    bool   `json:"limit_only"`
		Auction  bool   `json:"auction_mode"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return item{key: p.ID}, fmt.Errorf("product: %w", err)
	}
	m, err := market.ParseMarket(p.Base + "/" + p.Quote)
	if err != nil {
		return item{key: p.ID}, err
	}
	if p.ID != p.Base+"-"+p.Quote {
		return item{key: p.ID}, fmt.Errorf("product %.40q is %s", p.ID, m)
	}
	it := item{key: p.ID, coin: m.Base, market: m, words: p.Status}
	switch {
	case p.Status == "delisted" || p.Status == "internal":
		it.state = closed
	case p.Status == "offline":
		it.state = halted
	case p.Status != "online":
		it.state = unsaid
	case p.Disabled:
		it.state, it.words = halted, "trading disabled"
	case p.Cancel:
		it.state, it.words = halted, "cancel only"
	case p.Post:
		it.state, it.words = limited, "post only"
	case p.Auction:
		it.state, it.words = limited, "auction"
	case p.Limit:
		it.state, it.words = limited, "limit only"
	default:
		it.state = open
	}
	return it, nil
}

// krakenRow is one of AssetPairs or Assets; old answers have no status.
type krakenRow struct {
	AltName   string  `json:"altname"`
	WSName    string  `json:"wsname"`
	Class     string  `json:"aclass"`
	BaseClass string  `json:"aclass_base"`
	Status    *string `json:"status"`
}

// krakenResult opens Kraken's envelope.
func krakenResult(body []byte) (map[string]json.RawMessage, error) {
	var env struct {
		Error  []string                   `json:"error"`
		Result map[string]json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if len(env.Error) > 0 {
		text := env.Error[0]
		if strings.Contains(text, "Too many requests") || strings.Contains(text, "Rate limit") {
			return nil, &upstream.RateLimitError{}
		}
		return nil, fmt.Errorf("%w: %s", upstream.ErrUnavailable, upstream.Text(text))
	}
	return env.Result, nil
}

// errNoCoin marks what stands in Kraken's lists and is no market of a coin: dark pools, staked forms, shares.
var errNoCoin = errors.New("no coin")

// decodeKraken reads AssetPairs or Assets, with row for each line.
func decodeKraken(body []byte, row func(string, krakenRow) (item, error)) (list, error) {
	rows, err := krakenResult(body)
	if err != nil {
		return list{}, err
	}
	var l list
	seen := map[string]int{}
	for key, raw := range rows {
		var r krakenRow
		it, err := item{key: key}, json.Unmarshal(raw, &r)
		if err == nil {
			it, err = row(key, r)
		}
		if !errors.Is(err, errNoCoin) {
			l.add(seen, it, []byte(fmt.Sprintf("%q:%s", key, raw)), err)
		}
	}
	return l.checked()
}

func krakenPair(key string, r krakenRow) (item, error) {
	if strings.Contains(key, ".") || r.BaseClass != "" && r.BaseClass != "currency" {
		return item{}, errNoCoin
	}
	base, quote, ok := strings.Cut(r.WSName, "/")
	if !ok {
		return item{key: key}, fmt.Errorf("pair %.40q has no wsname", key)
	}
	m, err := market.ParseMarket(krakenCoin(base) + "/" + krakenCoin(quote))
	if err != nil {
		return item{key: key}, err
	}
	it := item{key: key, coin: m.Base, market: m, state: open, words: "online"}
	if r.Status != nil {
		it.words = strings.ReplaceAll(*r.Status, "_", " ")
		it.state = map[string]state{"online": open, "post_only": limited, "limit_only": limited, "reduce_only": limited, "cancel_only": halted}[*r.Status]
	}
	return it, nil
}

func krakenAsset(key string, r krakenRow) (item, error) {
	if strings.Contains(r.AltName, ".") || strings.Contains(key, ".") || r.Class != "" && r.Class != "currency" {
		return item{}, errNoCoin
	}
	coin, err := market.ParseCoin(krakenCoin(r.AltName))
	if err != nil {
		return item{key: assetKey + key}, err
	}
	it := item{key: assetKey + key, coin: coin, state: open, words: "enabled"}
	if r.Status != nil {
		it.words = strings.ReplaceAll(*r.Status, "_", " ")
		it.state = map[string]state{"enabled": open, "deposit_only": limited, "withdrawal_only": limited, "funding_temporarily_disabled": halted}[*r.Status]
	}
	return it, nil
}

// krakenCoin is the usual ticker of Kraken's own.
func krakenCoin(s string) string {
	switch s {
	case "XBT":
		return "BTC"
	case "XDG":
		return "DOGE"
	}
	return s
}
