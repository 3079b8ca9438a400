package etherscan

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/onchain/etherscan/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Every recorded answer's envelope is read, and errors are errors although they came with status 200.
func TestRecordedEnvelopes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "wire/fixtures/onchain/etherscan"), "v2-*", "*.body.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		result, err := envelope(body)
		if strings.Contains(file, "status0") != errors.Is(err, upstream.ErrUnavailable) || (err == nil) != (len(result) > 0) {
			t.Errorf("%s: %.60s %v", file, result, err)
		}
	}
	result, err := envelope(fixture(t, "v2-eth_blockNumber/00.body.json"))
	if err != nil || string(result) != `"0x29ddd87"` {
		t.Errorf("%s %v", result, err)
	}
	if n, err := hex("number", "0x29ddd87", 1e12); err != nil || n != 43900295 {
		t.Errorf("%d %v", n, err)
	}
}

// The logs of an older client have the results without their envelopes.
func TestRecordedResults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decode decoder
		want   string
	}{
		"get_gas_oracle":            {decodeGas, "gas_safe_gwei 2026-04-05T15:59:00Z 62, gas_propose_gwei 2026-04-05T15:59:00Z 82, gas_fast_gwei 2026-04-05T15:59:00Z 89"},
		"get_eth_last_price":        {decodePrice, "price_usd 2020-10-28T12:33:04Z 389.56, price_btc 2020-10-28T12:33:06Z 0.02935"},
		"get_proxy_block_by_number": {decodeBlock, "block_height 2015-08-11T12:26:47Z 68943, block_transactions 2015-08-11T12:26:47Z 1, block_gas_used_pct 2015-08-11T12:26:47Z 0.668451"},
		"get_eth_balance_multiple": {func(r json.RawMessage, now time.Time) (figures, error) {
			held := map[string]money.Decimal{}
			some := []string{"0xddbd2b932c763ba5b1b7ae3b362eac3e8d40121a", "0x63a9975ba31b0b9626b34300f7f627147df1f526", "0x198ef1ec325a96cc354c7266a038be8b5c558f67"}
			f, err := decodeBalances(r, some, held)
			g := sums([]wallet{{"a", some[0]}, {"b", some[1]}, {"c", some[2]}}, held, now)
			g.rejects = append(g.rejects, f.rejects...)
			return g, err
		}, "exchange_balance_a_eth 2026-04-05T15:59:30Z 40891.63156607, exchange_balance_b_eth 2026-04-05T15:59:30Z 332.567136222827062478, exchange_balance_c_eth 2026-04-05T15:59:30Z 0, exchange_balance_eth 2026-04-05T15:59:30Z 41224.198702292827062478"},
	} {
		var log struct{ Res json.RawMessage }
		if err := json.Unmarshal(fixture(t, "pcko1-logs/standard_"+name+".json"), &log); err != nil {
			t.Fatal(err)
		}
		f, err := c.decode(log.Res, now)
		if got := say(f); err != nil || len(f.rejects) != 0 || got != c.want {
			t.Errorf("%s: %s %v %v", name, got, f.rejects, err)
		}
	}
}

func say(f figures) string {
	var out []string
	for _, m := range f.metrics {
		out = append(out, m.Metric+" "+m.Event.Format(time.RFC3339)+" "+m.Value.String())
	}
	return strings.Join(out, ", ")
}

func TestDocumentedResults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decode     decoder
		body, want string
		rejects    int
	}{
		"supply":  {decodeSupply, `{"EthSupply":"122373866217800000000000000","Eth2Staking":"2940327167090033000000000","BurntFees":"4610942856337430575173814","WithdrawnTotal":null}`, "supply_eth 2026-04-05T15:59:00Z 122373866.2178, staking_rewards_eth 2026-04-05T15:59:00Z 2940327.167090033, burnt_fees_eth 2026-04-05T15:59:00Z 4610942.856337430575173814", 1},
		"nodes":   {decodeNodes, `{"UTCDate":"2021-04-03","TotalNodeCount":"6413"}`, "node_count 2021-04-03T00:00:00Z 6413", 0},
		"gas":     {decodeGas, `{"LastBlock":"1","SafeGasPrice":"0.5","ProposeGasPrice":"NaN","FastGasPrice":"-1","suggestBaseFee":"0.412345678"}`, "gas_safe_gwei 2026-04-05T15:59:00Z 0.5, gas_base_fee_gwei 2026-04-05T15:59:00Z 0.412345678", 2},
		"price":   {decodePrice, `{"ethusd":"0","ethusd_timestamp":"1603888384","ethbtc":"0.02","ethbtc_timestamp":"1603888384000"}`, "", 2},
		"block":   {decodeBlock, `{"number":"0x16e3600","timestamp":"0x6955b900","gasUsed":"0x11","gasLimit":"0x10","baseFeePerGas":"12","transactions":[]}`, "block_height 2026-01-01T00:00:00Z 24000000, block_transactions 2026-01-01T00:00:00Z 0", 2},
		"no fees": {decodeBlock, `{"number":"0x1","timestamp":"0x6955b900","gasUsed":"0x1","gasLimit":"0x2"}`, "block_height 2026-01-01T00:00:00Z 1, block_transactions 2026-01-01T00:00:00Z 0, block_gas_used_pct 2026-01-01T00:00:00Z 50", 0},
	} {
		f, err := c.decode([]byte(c.body), now)
		if got := say(f); err != nil || got != c.want || len(f.rejects) != c.rejects {
			t.Errorf("%s: %s %v %v", name, got, f.rejects, err)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	var limited *upstream.RateLimitError
	for body, c := range map[string]struct {
		kind error
		says string
	}{
		`{"status":"0","message":"NOTOK","result":"Max calls per sec rate limit reached (5/sec)"}`:                     {nil, "rate limit reached; retry after 5s"},
		`{"status":"0","message":"NOTOK","result":"Max daily rate limit reached. 100000 of 100000"}`:                   {nil, "retry after 1h"},
		`{"status":"0","message":"NOTOK","result":"Max rate limit reached, please use API Key for higher rate limit"}`: {nil, "retry after 5s"},
		`{"status":"0","message":"NOTOK","result":"Too many invalid api key attempts, please try again later"}`:        {nil, "retry after 30s"},
		`{"status":"0","message":"NOTOK","result":"Invalid API Key"}`:                                                  {errKey, "omc config set --secret sources.etherscan.key"},
		`{"status":"0","message":"NOTOK","result":"Free API access is temporarily unavailable due to unusual"}`:        {upstream.ErrUnavailable, "temporarily unavailable"},
		`{"status":"0","message":"No data found","result":null}`:                                                       {upstream.ErrUnavailable, "No data found"},
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument"}}`:                                {upstream.ErrUnavailable, "invalid argument"},
		`{"status":"1","message":"OK","result":null}`:                                                                  {upstream.ErrMalformed, "without a result"},
		`{"status":"1","message":"OK"}`: {upstream.ErrMalformed, "without a result"},
		`{"jsonrpc":"2.0","id":1}`:      {upstream.ErrMalformed, "without a result"},
		`{"status":1,"result":"x"}`:     {upstream.ErrMalformed, "unmarshal"},
		`[]`:                            {upstream.ErrMalformed, ""},
	} {
		_, err := envelope([]byte(body))
		if err == nil || !strings.Contains(err.Error(), c.says) || c.kind != nil && !errors.Is(err, c.kind) || c.kind == nil && !errors.As(err, &limited) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"status":"1","result":{"SafeGasPrice":"1","ProposeGasPrice":"2","FastGasPrice":"3","suggestBaseFee":"4"}}`, `{"jsonrpc":"2.0","result":{"number":"0x1","timestamp":"0x6955b900","gasUsed":"0x1","gasLimit":"0x2","baseFeePerGas":"0x3"}}`,
		`{"status":"1","result":{"ethusd":"1","ethusd_timestamp":"1603888384","ethbtc":"2","ethbtc_timestamp":"1603888384"}}`, `{"status":"1","result":{"EthSupply":"122373866217800000000000000"}}`, `{"status":"1","result":{"UTCDate":"2021-04-03","TotalNodeCount":"6413"}}`,
		`{"status":"1","result":[{"account":"0xa","balance":"1"}]}`, `{"status":"0","message":"NOTOK","result":"x"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		result, err := envelope(body)
		if err != nil {
			return
		}
		balances := func(r json.RawMessage, now time.Time) (figures, error) {
			held := map[string]money.Decimal{}
			_, err := decodeBalances(r, []string{"0xa"}, held)
			return sums([]wallet{{"a", "0xa"}}, held, now), err
		}
		for _, d := range []decoder{decodeGas, decodeBlock, decodePrice, decodeSupply, decodeNodes, balances} {
			got, err := d(result, now)
			if err != nil && len(got.metrics) > 0 {
				t.Errorf("%v beside %v", got.metrics, err)
			}
			for _, m := range got.metrics {
				if err := m.Check(now); err != nil {
					t.Errorf("%+v: %v", m, err)
				}
			}
		}
	})
}
