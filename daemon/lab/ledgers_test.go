package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// asks runs a tool as an agent of that role would, and returns its result.
func asks(t *testing.T, tn *turn, tool, args string) research.ToolResult {
	t.Helper()
	tl := toolbox()[tool]
	raw, err := tl.check(args)
	if err != nil {
		t.Fatalf("%s %s: %v", tool, args, err)
	}
	r, err := tn.execute(t.Context(), tl, "k", "r1", raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAgentsSeeNothingAfterTheWindow: whatever an agent asks for, it is told nothing that was known after its research window, and each
// question is in the audit.
func TestAgentsSeeNothingAfterTheWindow(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	c := clock.NewManual(end.AddDate(0, 0, -10))
	db, err := store.Open(t.Context(), storetest.URL(t), store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	user := owner(t, db)
	land := func(id string, at time.Time) {
		t.Helper()
		c.Set(at)
		if err := db.EnsureFeeds(t.Context(), []string{"f"}); err != nil {
			t.Fatal(err)
		}
		cl, ok, err := db.Begin(context.Background(), "f", "p", at, at)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		published := end.AddDate(0, 0, -11) // long before: only what was known when tells them apart
		r := ledger.Records{News: []ledger.News{{ID: id, Source: "paper", Title: "title-" + id, Published: published, Coins: []market.Coin{"BTC"}}},
			Events: []ledger.Event{{ID: id, Source: "s", Type: ledger.EventUnlock, Title: "title-" + id, Time: end.AddDate(0, 1, 0), Coins: []market.Coin{"BTC"}, Impact: 0.5}}}
		if _, err := db.Land(t.Context(), ledger.Landing{Claim: cl, Source: "f", Records: r, Read: at, Tick: at, Started: at}); err != nil {
			t.Fatal(err)
		}
	}
	land("before", end.AddDate(0, 0, -5))
	land("after", end.AddDate(0, 0, 5))
	l := newLab(t, db, db)
	tn := &turn{lab: l, agent: agent{name: "retriever"}}
	tn.state.Session = research.Session{ID: "s1", UserID: user, Options: research.Options{To: end.Format(time.RFC3339)}}
	for _, args := range []string{`{}`, `{"as_of":"2026-03-01"}`, `{"to":"2027-01-01"}`, `{"from":"2030-01-01","to":"2020-01-01"}`, `{"limit":100000}`, `{"currencies":["BTC"],"as_of":"2099-01-01"}`} {
		for tool, want := range map[string]int{research.ToolSentiment: 1, research.ToolCatalysts: 1} {
			r := asks(t, tn, tool, args)
			text := string(r.Result)
			if r.Error != "" || strings.Contains(text, "title-after") {
				t.Errorf("%s %s: %s %s", tool, args, r.Error, text)
			}
			if got := strings.Count(text, "title-before"); got > want || args == `{}` && got != want {
				t.Errorf("%s %s: %d rows, want %d", tool, args, got, want)
			}
		}
	}
	if r := asks(t, tn, research.ToolSentiment, `{"as_of":"then"}`); !strings.Contains(r.Error, "as_of") {
		t.Errorf("%+v", r)
	}
	for _, tool := range []string{research.ToolStatistics, research.ToolOrders, research.ToolPositions} {
		if r := asks(t, tn, tool, `{}`); r.Error != "" {
			t.Errorf("%s: %s", tool, r.Error)
		}
	}
	rows, err := db.Audit(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, row := range rows {
		var d struct {
			Tool       string
			Agent      string
			Rows       *int
			Took       *int64 `json:"took_ms"`
			Parameters json.RawMessage
			Error      string
		}
		if err := json.Unmarshal(row.Detail, &d); err != nil {
			t.Fatal(err)
		}
		if row.Action != ActionQuery || row.Subject != "s1" || row.UserID != user || d.Rows == nil || d.Took == nil || len(d.Parameters) == 0 || d.Agent != "retriever" {
			t.Errorf("%+v %s", row, row.Detail)
		}
		asked[d.Tool]++
		if d.Error != "" && *d.Rows != 0 {
			t.Errorf("a refused question has %d rows", *d.Rows)
		}
	}
	if want := map[string]int{research.ToolSentiment: 7, research.ToolCatalysts: 6, research.ToolStatistics: 1, research.ToolOrders: 1, research.ToolPositions: 1}; fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("in the audit: %v, want %v", asked, want)
	}
}

// TestEveryQuestionOfTheLedgersIsATool: the nine questions of the interface can be asked by an agent, by the names it states.
func TestEveryQuestionOfTheLedgersIsATool(t *testing.T) {
	var given []string
	for _, a := range agents {
		given = append(given, a.tools...)
	}
	for _, name := range []string{"fetch_price_data", "fetch_on_chain_metrics", "get_available_coins", "get_data_statistics", "fetch_smart_money_flows", "fetch_sentiment_data",
		"fetch_catalyst_events", "fetch_order_history", "fetch_user_positions"} {
		if tl := toolbox()[name]; tl == nil || !tl.query || !slices.Contains(given, name) {
			t.Errorf("%s cannot be asked", name)
		}
	}
}
