package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// bars stores n five-minute bars of BTC/AUD from start on, each known at its close.
func (w *world) bars(n int) {
	w.t.Helper()
	var bars []ledger.PriceBar
	for i := range int64(n) {
		at, p := start.Unix()+300*i, money.FromInt(100+i)
		b, err := market.NewBar(at, p, p, p, p, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		bars = append(bars, ledger.PriceBar{Bar: b, Known: at + 300, Source: "coinspot"})
	}
	if _, err := w.db.AppendBars(w.t.Context(), btc, market.FiveMinutes, bars, false); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Set(start.Add(time.Duration(n) * 5 * time.Minute))
}

// TestPricesAreAskedAsAllElse: the window, the moment, the limit and the unknown coin are those of the other questions.
func TestPricesAreAskedAsAllElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bars(1100)
	for _, c := range []struct {
		q    api.PriceQuery
		rows int
		note string
	}{
		{api.PriceQuery{Market: "BTC/AUD"}, api.DefaultRows, "only the newest 1000"}, {api.PriceQuery{Market: "BTC/AUD", Limit: api.MaxRows}, 1100, ""}, {api.PriceQuery{Market: "BTC/AUD", Limit: 2}, 2, "only the newest 2"},
		{api.PriceQuery{Market: "BTC/AUD", From: "2026-03-03", To: "2026-03-02", Limit: 5000}, 1100, "the last 30 days are shown"}, {api.PriceQuery{Market: "BTC/AUD", From: "soon", Limit: 5000}, 1100, "the last 30 days are shown"},
		{api.PriceQuery{Market: "NOPE/AUD"}, 0, ""}, {api.PriceQuery{Market: "BTC/AUD", AsOf: start.Add(10 * time.Minute).Format(time.RFC3339)}, 2, ""},
	} {
		p, err := w.s.Prices(t.Context(), c.q)
		notes := strings.Join(p.Notes, "; ")
		if err != nil || len(p.Rows) != c.rows || (c.note == "") != (notes == "") || !strings.Contains(notes, c.note) || (p.AsOf != nil) != (c.q.AsOf != "") {
			t.Errorf("%+v: %d rows as of %v, %q, %v", c.q, len(p.Rows), p.AsOf, notes, err)
		}
		raw, err := json.Marshal(p)
		if err != nil || !strings.Contains(string(raw), `"as_of":`) || !strings.Contains(string(raw), `"notes":[`) || strings.Contains(string(raw), `"sources":null`) {
			t.Errorf("%+v: %.300s %v", c.q, raw, err)
		}
		for name, ask := range map[string]func() (int, []string, error){
			"aligned": func() (int, []string, error) {
				v, err := w.s.Aligned(t.Context(), c.q)
				return len(v.Rows), v.Notes, err
			},
			"daily": func() (int, []string, error) { v, err := w.s.Daily(t.Context(), c.q); return len(v.Rows), v.Notes, err },
		} {
			n, notes, err := ask()
			if bad := strings.Contains(c.note, "30 days"); err != nil || name == "aligned" && n != c.rows || bad != strings.Contains(strings.Join(notes, ""), "30 days") {
				t.Errorf("%s %+v: %d rows, %q, %v", name, c.q, n, notes, err)
			}
		}
	}
	for _, q := range []api.PriceQuery{{Market: "BTC/AUD", AsOf: "then"}, {Market: "BTC/AUD", Limit: api.MaxRows + 1}, {Market: "BTC/AUD", Limit: -1}, {Market: "BTC"}, {Market: "BTC/AUD", Interval: "7m"}} {
		var p *api.Problem
		if _, err := w.s.Prices(t.Context(), q); !errors.As(err, &p) || p.Status != 400 {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if st, err := w.s.Stats(t.Context(), api.PriceQuery{Market: "NOPE/AUD"}); err != nil || st.Bars != 0 {
		t.Errorf("statistics of an unknown coin: %+v %v", st, err)
	}
	// What has no place for notes does not fall back silently, and what cannot answer as of a moment does not answer of today.
	var p *api.Problem
	if _, err := w.s.Stats(t.Context(), api.PriceQuery{Market: "BTC/AUD", From: "soon"}); !errors.As(err, &p) || p.Status != 400 {
		t.Error(err)
	}
	if _, err := w.s.Gaps(t.Context(), api.PriceQuery{Market: "BTC/AUD", AsOf: "2026-03-01"}); !errors.As(err, &p) || p.Status != 400 {
		t.Error(err)
	}
	for asOf, want := range map[string]int{"": 1100, start.Add(10 * time.Minute).Format(time.RFC3339): 2, "2026-02-01": 0} {
		c, err := w.s.Coverage(t.Context(), asOf)
		bars := 0
		for _, x := range c {
			bars += x.Bars
		}
		if err != nil || bars != want {
			t.Errorf("coins as of %q: %+v %v", asOf, c, err)
		}
	}
	if _, err := w.s.Coverage(t.Context(), "then"); !errors.As(err, &p) || p.Status != 400 {
		t.Error(err)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// TestAroundHoldsWhatIsNearest: of more than an answer holds, what is furthest from the moment is left out, on either side.
func TestAroundHoldsWhatIsNearest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moment := start.Add(-2 * time.Hour)
	var r ledger.Records
	for i := range 40 { // every minute from 20 before to 19 after, of two coins in turn
		coin, at := []market.Coin{"BTC", "ETH"}[i%2], moment.Add(time.Duration(i-20)*time.Minute)
		r.News = append(r.News, news(fmt.Sprint(i), fmt.Sprint(i-20), at, 0, coin))
		r.Posts = append(r.Posts, ledger.Post{ID: fmt.Sprint(i), Platform: "x", Content: fmt.Sprint(i - 20), Posted: at, Coins: []market.Coin{coin}})
		r.Events = append(r.Events, ledger.Event{ID: fmt.Sprint(i), Source: "s", Type: ledger.EventFiling, Title: fmt.Sprint(i - 20), Time: at, Coins: []market.Coin{coin}})
		r.Metrics = append(r.Metrics, ledger.Metric{Asset: coin, Metric: fmt.Sprint("m", i-20+100), Event: at, Value: money.One})
	}
	for i := range 30 { // and much more after it
		r.News = append(r.News, news(fmt.Sprint("later", i), fmt.Sprint(100+i), moment.Add(100*time.Minute+time.Duration(i)*time.Second), 0, "BTC"))
	}
	w.land(t.Context(), "f", r)
	for _, c := range []struct {
		coin, want string
		limit      int
	}{{"", "[-2 -1 0 1 2]", 5}, {"", "[-1 0 1 2]", 4}, {"BTC", "[-4 -2 0 2 4]", 5}, {"", "[0]", 1}} {
		got, err := w.s.Around(t.Context(), api.AroundRequest{Time: stamp(moment), Currency: c.coin, Limit: c.limit})
		if err != nil {
			t.Fatal(err)
		}
		titles := func(rows []api.NewsRow) (out []string) {
			for _, n := range rows {
				out = append(out, n.Title)
			}
			return out
		}
		near := got.News
		if fmt.Sprint(titles(near)) != c.want && c.limit != 4 || len(near) != c.limit || len(got.Events) != c.limit || len(got.Posts) != c.limit || c.coin != "" && len(got.Metrics) != c.limit {
			t.Errorf("%+v: %v, %d events, %d posts, %d figures", c, titles(near), len(got.Events), len(got.Posts), len(got.Metrics))
		}
		if !strings.Contains(strings.Join(got.Notes, ";"), fmt.Sprintf("only the %d news nearest", c.limit)) {
			t.Error(got.Notes)
		}
	}
	whole, err := w.s.Around(t.Context(), api.AroundRequest{Time: stamp(moment)})
	if err != nil || len(whole.News) != 70 || len(whole.Notes) != 0 {
		t.Errorf("%d news, %q, %v", len(whole.News), whole.Notes, err)
	}
	early, err := w.s.Around(t.Context(), api.AroundRequest{Time: stamp(moment), AsOf: stamp(start.Add(-time.Hour))})
	if err != nil || len(early.News) != 0 || early.AsOf == nil {
		t.Errorf("%+v %v", early, err)
	}
}

// TestNamesAreReadWhateverTheirCase, and one that is none is refused with those that are: it would be answered with nothing.
func TestNamesAreReadWhateverTheirCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.s.Feeds = func(context.Context) ([]api.Collector, error) { return []api.Collector{{Name: "rss.decrypt"}}, nil }
	n := news("1", "t", start, 0, "BTC")
	n.Source = "CoinDesk"
	r := ledger.Records{News: []ledger.News{n}, Posts: []ledger.Post{{ID: "1", Platform: "reddit", Content: "c", Posted: start, Coins: []market.Coin{"BTC"}}},
		Events:  []ledger.Event{{ID: "1", Source: "s", Type: ledger.EventListing, Title: "t", Time: start}},
		Metrics: []ledger.Metric{{Asset: "BTC", Metric: "fees_usd", Event: start, Value: money.One}},
		Flows:   []ledger.Flow{{Event: start, Token: "PEPE", Chain: "c", Address: "a", NetUSD: money.One, Window: time.Hour, Buying: 2}, {Event: start, Token: "PEPE", Chain: "c", Address: "a", NetUSD: money.One, Window: 24 * time.Hour}}}
	w.land(t.Context(), "f", r)
	for platform, want := range map[string]int{"Reddit": 1, "REDDIT": 1, "coindesk": 1, "CoinDesk": 1, "News": 1, "X": 0, "Decrypt": 0} {
		v, err := w.s.Sentiment(t.Context(), api.DataQuery{Platforms: []string{platform}})
		if err != nil || len(v.News)+len(v.Posts) != want {
			t.Errorf("%s: %+v %v", platform, v, err)
		}
	}
	if v, err := w.s.CatalystEvents(t.Context(), api.DataQuery{EventTypes: []string{"Listing"}}); err != nil || len(v.Rows) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if v, err := w.s.OnChainMetrics(t.Context(), api.DataQuery{MetricNames: []string{"Fees_USD"}, Source: "F"}); err != nil || len(v.Rows) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	if v, err := w.s.OnChainMetrics(t.Context(), api.DataQuery{Source: "g"}); err != nil || len(v.Rows) != 0 || !strings.Contains(strings.Join(v.Notes, ""), `source "g"; there is something from: f`) {
		t.Errorf("%+v %v", v, err)
	}
	flows, err := w.s.SmartMoneyFlows(t.Context(), api.DataQuery{Tokens: []string{"pepe"}})
	if err != nil || len(flows.Rows) != 2 {
		t.Fatalf("%+v %v", flows, err)
	}
	for _, f := range flows.Rows { // where wallets are not counted there is no count, rather than none of them
		if counted := f.Window == 3600; counted != (f.Buying != nil) || counted != (f.Selling != nil) || counted && (*f.Buying != 2 || *f.Selling != 0) {
			t.Errorf("%+v", f)
		}
	}
	for name, ask := range map[string]func() error{
		"listing": func() error {
			_, err := w.s.CatalystEvents(t.Context(), api.DataQuery{EventTypes: []string{"listings"}})
			return err
		},
		"coindesk, decrypt": func() error {
			_, err := w.s.Sentiment(t.Context(), api.DataQuery{Platforms: []string{"reddit", "facebook"}})
			return err
		},
		"quote, news, post, event, metric": func() error {
			return w.s.Stream(t.Context(), api.StreamRequest{Kinds: []string{"quotes"}}, nil)
		},
	} {
		var p *api.Problem
		if err := ask(); !errors.As(err, &p) || p.Status != 400 || !strings.Contains(p.Detail, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTrust: bars are the Exchange ledger's, and quotes are as fresh as their newest reading.
func TestTrust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bars(3)
	w.land(t.Context(), "coinspot", ledger.Records{Quotes: []market.Quote{{Market: btc, Time: start, Last: money.One}}})
	for age, want := range map[time.Duration]bool{5 * time.Second: true, time.Minute: false} {
		read := w.clock.Now().Add(-age)
		w.s.Feeds = func(context.Context) ([]api.Collector, error) {
			return []api.Collector{{Name: "coinspot", Source: "coinspot", Origin: "coinspot", Ledger: ledger.Exchange, Bars: true, Every: 5, Timeout: 4, Target: 10, LastOK: &read},
				{Name: "coinspot.trades", Source: "coinspot", Origin: "coinspot", Ledger: ledger.Exchange, Every: 30, Target: 600, LastOK: &start}}, nil
		}
		rows, err := w.s.Trust(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, r := range rows {
			switch r.Subject {
			case "BTC/AUD 5m":
				if seen++; r.Ledger != ledger.Exchange || r.Fresh == nil {
					t.Errorf("%+v", r)
				}
			case "quotes":
				if seen++; r.Ledger != ledger.Exchange || r.Fresh == nil || *r.Fresh != want || r.Target == nil || *r.Target != 10 || *r.Age != api.In(age) {
					t.Errorf("read %s ago: %+v", age, r)
				}
			}
		}
		if seen != 2 {
			t.Errorf("%+v", rows)
		}
	}
}
