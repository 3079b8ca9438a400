package nansen

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var start = time.Date(2026, 7, 3, 10, 20, 0, 0, time.UTC)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/nansen/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func rows(t testing.TB, body []byte, wantLast bool) []json.RawMessage {
	t.Helper()
	rows, last, err := decodePage(body)
	if err != nil || last != wantLast {
		t.Fatalf("last %v: %v", last, err)
	}
	return rows
}

func TestRecordedNetflow(t *testing.T) {
	t.Parallel()
	var out source.Harvest
	for _, raw := range rows(t, fixture(t, "smart-money_netflow.ethereum.2026-04.json"), false) {
		addNetflow(&out, raw, start, map[token]bool{})
	}
	if len(out.Flows) != 1 || len(out.Fundamentals) != 1 || len(out.Rejects) != 0 {
		t.Fatalf("%+v", out)
	}
	if f := out.Flows[0]; f.Token != "LDO" || f.Chain != "ethereum" || f.Address != "0x5a98fcbea516cf06857215779fd812ca3bef1b32" || f.NetUSD.String() != "253442.34317953387" ||
		f.Window != 24*time.Hour || f.Buying != 0 || f.Buyers != nil {
		t.Errorf("%+v", f)
	}
	if f := out.Fundamentals[0]; f.Protocol != "ethereum:0x5a98fcbea516cf06857215779fd812ca3bef1b32" || f.Metric != "smart_money_traders_24h" || f.Value.String() != "3" {
		t.Errorf("%+v", f)
	}
	// Of these only the fields that an article printed are known; no address, no token.
	out = source.Harvest{}
	for _, raw := range rows(t, fixture(t, "smart-money_netflow.solana.2026-09-27.partial-fields.json"), false) {
		addNetflow(&out, raw, start, map[token]bool{})
	}
	if out.Len() != 0 || len(out.Rejects) != 2 || !strings.Contains(out.Rejects[0].Reason, "is no address") {
		t.Errorf("%+v", out)
	}
	if got := rows(t, fixture(t, "empty-page.json"), true); len(got) != 0 {
		t.Error(got)
	}
	for _, raw := range rows(t, fixture(t, "perp-screener.2026-04.json"), false) { // of another route
		if _, _, _, err := decodeNetflow(raw); err == nil {
			t.Error("a perpetual is no token")
		}
	}
}

func TestRecordedTrade(t *testing.T) {
	t.Parallel()
	raw := rows(t, fixture(t, "smart-money_dex-trades.ethereum.2026-04.json"), false)
	at := time.Date(2026, 4, 19, 0, 0, 0, 0, time.UTC)
	s := newSums(at, at.Add(time.Hour))
	var out source.Harvest
	if past, _ := s.page(raw, start, &out); past {
		t.Error("older ones may follow")
	}
	flows := s.flows(at)
	if len(flows) != 2 || len(out.Rejects) != 0 {
		t.Fatalf("%+v %+v", flows, out.Rejects)
	}
	b, l := flows[0], flows[1]
	if b.Token != "RISE" || b.NetUSD.String() != "665.8997310560211" || b.Buying != 1 || b.Selling != 0 || b.Buyers[0] != "0xbdd705c1bea262817f6d3a5cf480cceccae8d0ab" || !b.Event.Equal(at.Add(time.Hour)) || b.Window != time.Hour {
		t.Errorf("%+v", b)
	}
	if l.Token != "USDC" || l.NetUSD.String() != "-665.8997310560211" || l.Selling != 1 || len(l.Buyers) != 0 {
		t.Errorf("%+v", l)
	}
}

func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		stops  bool
		says   string
	}{
		"error-401.json":               {401, false, "omc config set --secret sources.nansen.key"},
		"error-403-credits.json":       {403, true, "the credits are spent"},
		"error-422-missing_field.json": {422, true, "Required field 'body -> token_symbol' is missing"},
		"error-422-unknown-field.json": {422, true, "not recognized"},
		"error-429.json":               {500, false, "Rate limited"}, // a 429 never comes here: upstream takes it
	} {
		err := refusal(c.status, fixture(t, name))
		var st *stop
		if !errors.Is(err, upstream.ErrUnavailable) || errors.As(err, &st) != c.stops || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for status, stops := range map[int]bool{402: true, 403: false, 404: true, 301: false} {
		var st *stop
		if err := refusal(status, []byte("<html>")); errors.As(err, &st) != stops {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestOddPages(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `null`, `[]`, `{}`, `{"data":null}`, `{"data":{}}`, `{"data":[]}`, `{"data":[],"pagination":{}}`, `{"data":[],"pagination":{"is_last_page":"yes"}}`,
		`{"data":[` + strings.Repeat("{},", perPage) + `{}],"pagination":{"is_last_page":true}}`} {
		if _, _, err := decodePage([]byte(body)); !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%.60s: %v", body, err)
		}
	}
}

func TestOddNetflows(t *testing.T) {
	t.Parallel()
	for row, says := range map[string]string{
		`{"chain":"base","token_address":"0xAb","token_symbol":"🌱 ⚠️ Baby","net_flow_24h_usd":"1.5","trader_count":null}`: "",
		`{"chain":"base","token_address":"0xAb","token_symbol":"","net_flow_24h_usd":null,"trader_count":2}`:              "",
		`{"chain":"Base!","token_address":"0xAb","net_flow_24h_usd":1}`:                                                   "no chain",
		`{"chain":"base","token_address":"0xA b","net_flow_24h_usd":1}`:                                                   "no address",
		`{"chain":"base","token_address":"0xAb","net_flow_24h_usd":"NaN"}`:                                                "no number",
		`{"chain":"base","token_address":"0xAb","net_flow_24h_usd":1e15}`:                                                 "out of range",
		`{"chain":"base","token_address":"0xAb","net_flow_24h_usd":1,"trader_count":1.5}`:                                 "no number of wallets",
		`{"chain":"base","token_address":"0xAb","net_flow_24h_usd":1,"trader_count":-1}`:                                  "no number of wallets",
		`{"chain":7}`: "another shape",
		`null`:        "no chain",
	} {
		tok, net, traders, err := decodeNetflow([]byte(row))
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", row, err)
		}
		if err == nil && (tok.address != "0xab" || net != nil && (net.String() != "1.5" || tok.symbol != "Baby") || net == nil && (tok.symbol != "0xab" || traders == nil)) {
			t.Errorf("%s: %+v %v %v", row, tok, net, traders)
		}
	}
}

const goodTrade = `{"chain":"base","block_timestamp":"2026-07-03T09:30:00","transaction_hash":"0xT1","trader_address":"0xW1","token_bought_address":"0xB","token_bought_symbol":"B","token_sold_address":"0xS","token_sold_symbol":"S","trade_value_usd":5.5}`

func TestOddTrades(t *testing.T) {
	t.Parallel()
	if tr, err := decodeTrade([]byte(goodTrade), start); err != nil || tr.hash != "0xt1" || !tr.at.Equal(time.Date(2026, 7, 3, 9, 30, 0, 0, time.UTC)) {
		t.Fatalf("%+v %v", tr, err)
	}
	for old, c := range map[string][2]string{
		`"2026-07-03T09:30:00"`: {`"2026-07-03 09:30"`, "is no time"},
		`"trade_value_usd":5.5`: {`"trade_value_usd":null`, "not known"},
		`:5.5`:                  {`:-5`, "out of range"},
		`"0xT1"`:                {`""`, "transaction_hash"},
		`"0xW1"`:                {`"0x<b>"`, "trader_address"},
		`"0xB"`:                 {`null`, "bought"},
		`"0xS"`:                 {`"x"`, "sold"},
		`2026`:                  {`1999`, "out of range"},
	} {
		if _, err := decodeTrade([]byte(strings.Replace(goodTrade, old, c[0], 1)), start); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	if tr, err := decodeTrade([]byte(strings.Replace(goodTrade, `09:30:00"`, `19:30:00.25+10:00"`, 1)), start); err != nil || tr.at.Hour() != 9 {
		t.Errorf("%+v %v", tr, err)
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		out, err := time.Parse("02T15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return out.AddDate(2026, 6, 0)
	}
	for _, c := range []struct{ done, now, from, to string }{
		{"", "03T10:20", "03T07:00", "03T10:00"},         // at first
		{"", "03T10:10", "03T06:00", "03T09:00"},         // trades of the last hour are still coming in
		{"03T09:00", "03T10:20", "03T07:00", "03T10:00"}, // an hour on, and two that late trades may have come into
		{"03T10:00", "03T10:40", "03T08:00", "03T10:00"}, // nothing has ended
		{"03T02:00", "03T10:20", "03T00:00", "03T10:00"}, // after an outage
		{"01T02:00", "03T10:20", "02T11:00", "03T10:00"}, // after a long one
		{"09T02:00", "03T10:20", "03T07:00", "03T10:00"}, // the clock was wrong
	} {
		from, to, due := hours(at(c.done), at(c.now))
		if !from.Equal(at(c.from)) || !to.Equal(at(c.to)) || due != (c.done != "03T10:00") {
			t.Errorf("%+v: %s to %s", c, from, to)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"data":[`+goodTrade+`],"pagination":{"page":1,"per_page":100,"is_last_page":false}}`), 403)
	f.Add([]byte(`{"data":[{"chain":"base","token_address":"0xAb","token_symbol":"🌱 B","net_flow_24h_usd":1.5,"trader_count":3}],"pagination":{"is_last_page":true}}`), 422)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		if refusal(status, body) == nil {
			t.Fatal("no error")
		}
		rows, _, err := decodePage(body)
		if err != nil {
			return
		}
		var out source.Harvest
		seen := map[token]bool{}
		s := newSums(start.Add(-48*time.Hour), start)
		for _, raw := range rows {
			addNetflow(&out, raw, start, seen)
		}
		s.page(rows, start, &out)
		out.Flows = append(out.Flows, s.flows(start.Add(-48*time.Hour))...)
		sound(t, out)
	})
}

// sound fails where a record may not be passed on.
func sound(t *testing.T, out source.Harvest) {
	t.Helper()
	now := start.Add(240 * time.Hour)
	for _, f := range out.Flows {
		if err := f.Check(now); err != nil || f.Token != source.Text(f.Token, 130) || len(f.Buyers) > f.Buying || len(f.Sellers) > f.Selling {
			t.Fatalf("%v: %+v", err, f)
		}
	}
	for _, f := range out.Fundamentals {
		if err := f.Check(now); err != nil || f.Value.Sign() < 0 {
			t.Fatalf("%v: %+v", err, f)
		}
	}
	for _, r := range out.Rejects {
		if r.Reason == "" || len(r.Reason) > source.MaxTitle {
			t.Fatalf("%+v", r)
		}
	}
}
