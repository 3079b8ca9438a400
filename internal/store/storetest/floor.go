package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/trade"
)

func floorSession(id, user string) journal.Session {
	return journal.Session{ID: id, UserID: user, Algorithm: "a", Strategy: "ema", Mode: "paper", Feed: "replay", Markets: []market.Market{btc},
		Interval: 300, Settings: report.Default(), FeedArgs: journal.FeedArgs{From: Start, Speed: 1.5, Seed: 9}, Status: journal.Running,
		CreatedAt: Start, UpdatedAt: Start}
}

// batch makes inputs and lines first…last of a session, with an order that they change, a fill each, and books.
func batch(id string, first, last int64) journal.Batch {
	b := journal.Batch{Session: id}
	for seq := first; seq <= last; seq++ {
		at := Start.Add(time.Duration(seq) * time.Nanosecond)
		b.Inputs = append(b.Inputs, journal.Input{Session: id, Seq: seq, Time: at, Kind: "bar", Body: json.RawMessage(fmt.Sprintf(`{"n":  %d,"t":"tab\t\\n é"}`, seq))})
		b.Lines = append(b.Lines, journal.Line{Session: id, Seq: seq, Input: seq, Time: at, Kind: "fill", Body: json.RawMessage(`{}`), Hash: fmt.Sprint("h", seq)})
		b.Fills = append(b.Fills, trade.Fill{ID: fmt.Sprint("f", seq), OrderID: "o1", Market: btc, Side: trade.Buy, Quantity: money.New(seq, 8),
			Price: money.MustParse("64999.123456789"), Fee: money.New(1, 8), Time: at, Clipped: seq%2 == 0})
		b.Equity = append(b.Equity, journal.EquityPoint{Time: at, Equity: money.New(1_000_000+seq*seq%7, 2)})
	}
	o := trade.Order{ID: "o1", Market: btc, Side: trade.Buy, Type: trade.LimitOrder, Quantity: money.FromInt(3), Limit: money.MustParse("0.1"),
		State: trade.Open, Filled: money.New(last, 8), AveragePrice: money.MustParse("64999.12345678"), Fee: money.New(last, 8), Tag: "t",
		PlacedAt: Start, UpdatedAt: Start.Add(time.Duration(last))}
	b.Orders = []trade.Order{o}
	b.Account = journal.Account{Session: id, Input: last, Cash: money.MustParse("12345678901234567.12345678"), Equity: money.MustParse("10000"),
		Positions: []trade.Position{{Market: btc, Quantity: money.New(last, 8), Cost: money.New(last, 2)}}, Time: Start.Add(time.Duration(last))}
	return b
}

func floorBatches(t *testing.T, db *store.DB) {
	ctx := t.Context()
	s := floorSession("f1", "u")
	must(t, db.PutFloorSession(ctx, s))
	wants(t, db.PutFloorSession(ctx, s), store.ErrConflict)
	equal(t, got(db.FloorSession(ctx, "u", "f1"))(t), s)
	if _, ok, err := db.FloorAccount(ctx, "f1"); ok || err != nil {
		t.Fatalf("books before the first batch: %v %v", ok, err)
	}
	a, b := batch("f1", 1, 3), batch("f1", 4, 45)
	must(t, db.CommitBatch(ctx, a))
	must(t, db.CommitBatch(ctx, b))
	equal(t, got(db.FloorInputs(ctx, "f1", 0, 0))(t), append(a.Inputs, b.Inputs...))
	equal(t, got(db.FloorInputs(ctx, "f1", 2, 3))(t), append(a.Inputs[2:], b.Inputs[:2]...))
	equal(t, got(db.FloorLines(ctx, "f1", 0, 0))(t), append(a.Lines, b.Lines...))
	account, ok, err := db.FloorAccount(ctx, "f1")
	must(t, err)
	equal(t, ok, true)
	equal(t, account, b.Account)
	equal(t, got(db.FloorOrders(ctx, "u", "f1", 0))(t), []store.SessionOrder{{Session: "f1", Order: b.Orders[0]}})
	fills := got(db.FloorFills(ctx, "u", "", 0))(t)
	if len(fills) != 45 {
		t.Fatalf("%d fills", len(fills))
	}
	equal(t, fills[0], store.SessionFill{Session: "f1", Fill: b.Fills[41]})
	equal(t, got(db.FloorEquity(ctx, "f1", 0))(t), append(a.Equity, b.Equity...))
	thin := got(db.FloorEquity(ctx, "f1", 10))(t)
	if len(thin) > 10 || len(thin) < 5 {
		t.Fatalf("%d points", len(thin))
	}
	equal(t, thin[0], a.Equity[0])
	equal(t, thin[len(thin)-1], b.Equity[41])

	end := batch("f1", 46, 46)
	end.Status, end.Error = journal.Failed, "feed"
	must(t, db.CommitBatch(ctx, end))
	if got := got(db.FloorSession(ctx, "u", "f1"))(t); got.Status != journal.Failed || got.Error != "feed" {
		t.Fatalf("session is %+v", got)
	}
	wants(t, db.CommitBatch(ctx, batch("f1", 47, 47)), store.ErrConflict)
}

func floorAtomic(t *testing.T, db *store.DB) {
	ctx := t.Context()
	must(t, db.PutFloorSession(ctx, floorSession("f1", "u")))
	must(t, db.CommitBatch(ctx, batch("f1", 1, 2)))
	hole, again, middle, lines, fill := batch("f1", 4, 5), batch("f1", 2, 3), batch("f1", 3, 6), batch("f1", 3, 4), batch("f1", 3, 4)
	middle.Inputs[2].Seq = 9
	lines.Lines = lines.Lines[1:]
	fill.Fills[1].ID = "f1" // taken
	for name, b := range map[string]journal.Batch{"a hole": hole, "a duplicate": again, "a hole inside": middle, "a hole in the lines": lines, "a fill twice": fill} {
		if err := db.CommitBatch(ctx, b); err == nil {
			t.Errorf("a batch with %s was taken", name)
		} else if name != "a fill twice" {
			wants(t, err, store.ErrConflict)
		}
		account, _, err := db.FloorAccount(ctx, "f1")
		must(t, err)
		if n := len(got(db.FloorInputs(ctx, "f1", 0, 0))(t)); n != 2 || account.Input != 2 {
			t.Fatalf("a refused batch with %s left %d inputs, books at %d", name, n, account.Input)
		}
	}
	must(t, db.CommitBatch(ctx, batch("f1", 3, 4)))
	wants(t, db.CommitBatch(ctx, batch("none", 1, 1)), store.ErrNotFound)
}

func floorUsers(t *testing.T, db *store.DB) {
	ctx := t.Context()
	for _, id := range []string{"f1", "f2"} {
		must(t, db.PutFloorSession(ctx, floorSession(id, "user of "+id)))
		must(t, db.CommitBatch(ctx, batch(id, 1, 2)))
	}
	_, err := db.FloorSession(ctx, "user of f1", "f2")
	wants(t, err, store.ErrNotFound)
	for _, session := range []string{"f2", "nothing"} {
		equal(t, len(got(db.FloorOrders(ctx, "user of f1", session, 0))(t)), 0)
		equal(t, len(got(db.FloorFills(ctx, "user of f1", session, 0))(t)), 0)
	}
	equal(t, len(got(db.FloorOrders(ctx, "user of f1", "", 0))(t)), 1)
	equal(t, len(got(db.FloorSessions(ctx, "user of f1"))(t)), 1)
	equal(t, len(got(db.FloorSessions(ctx, ""))(t)), 2)
}
