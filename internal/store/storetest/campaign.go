package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/store"
)

// Nothing makes a campaign's trials fewer: not another session, name, stage or market, and not a trial that never ended.
func campaigns(t *testing.T, db *store.DB) {
	ctx := t.Context()
	btc, eth, ada := market.Market{Base: "BTC", Quote: "USDT"}, market.Market{Base: "ETH", Quote: "USDT"}, market.Market{Base: "ADA", Quote: "USDT"}
	start := Start.Truncate(time.Second) // the ledger keeps whole milliseconds
	count := func(user string, want int, markets ...market.Market) research.Campaign {
		t.Helper()
		c := got(db.Campaign(ctx, user, "another script", markets))(t)
		equal(t, c.Trials, want)
		return c
	}
	count("u", 0, btc)
	sharpe := 0.07
	a := research.CampaignTrial{User: "u", Algorithm: "a1", CodeHash: "c", Strategy: "ema", Stage: "backtest", Markets: []market.Market{btc}, Interval: market.Hour,
		From: start, To: start.AddDate(0, 0, 3), Settings: "s", Recorded: start.Add(time.Hour)}
	must(t, db.RecordTrial(ctx, a))
	equal(t, len(count("u", 1, btc).Ran), 0) // begun, and counted
	a.Sharpe, a.FirstDay, a.Returns = &sharpe, 19_000, []float64{0.01, -0.5, 0, math.SmallestNonzeroFloat64}
	must(t, db.EndTrial(ctx, a))
	equal(t, count("u", 1, btc).Ran, []research.CampaignTrial{withoutMarkets(a)})

	again := a
	again.Strategy, again.Session, again.Stage, again.Recorded, again.Returns = "another name", "s9", "train", start.AddDate(1, 0, 0), []float64{9}
	again.Returns = a.Returns
	must(t, db.RecordTrial(ctx, again))
	must(t, db.EndTrial(ctx, again))
	equal(t, count("u", 1, btc).Ran, []research.CampaignTrial{withoutMarkets(a)}) // what was recorded first stands
	again.Returns = []float64{9}
	must(t, db.RecordTrial(ctx, again))
	for range 2 { // other prices make another trial of it, once
		must(t, db.EndTrial(ctx, again))
		c := count("u", 2, btc)
		equal(t, len(c.Ran), 2)
		equal(t, len(c.Ratios), 2)
		for _, r := range c.Ran {
			if r.Key == a.ID() {
				equal(t, r, withoutMarkets(a))
			} else {
				equal(t, r.Returns, []float64{9})
				equal(t, r.Recorded, again.Recorded)
			}
		}
	}

	for i, change := range []func(*research.CampaignTrial){
		func(c *research.CampaignTrial) { c.Algorithm = "a2" },
		func(c *research.CampaignTrial) { c.Settings = "other costs" },
		func(c *research.CampaignTrial) { c.To = c.To.Add(time.Hour) },
		func(c *research.CampaignTrial) { c.Markets = []market.Market{eth, btc} },
	} {
		other := a
		other.Returns = nil
		change(&other)
		must(t, db.RecordTrial(ctx, other))
		count("u", i+3, btc)
	}
	count("u", 1, eth)
	count("u", 6, eth, btc)
	count("u", 0, ada)
	count("u", 0)
	count("u", 6, market.Market{Base: "BTC", Quote: "AUD"})
	equal(t, got(db.Campaign(ctx, "u", "c", []market.Market{ada}))(t).Trials, 6) // the same script elsewhere
	count("someone else", 0, btc)

	c := got(db.Campaign(ctx, "u", "c", []market.Market{btc}))(t)
	equal(t, c.Looks, 0)
	equal(t, c.Seen, time.Unix(19_004*86400, 0).UTC()) // four days from day 19,000 on
	must(t, db.RecordLook(ctx, a, start))
	equal(t, count("u", 6, btc).Looks, 1)
	must(t, db.RecordLook(ctx, a, start))
	equal(t, count("u", 6, btc).Looks, 2) // the same trial, and another look
	fresh := a
	fresh.Algorithm = "a9"
	must(t, db.RecordLook(ctx, fresh, start))
	equal(t, count("u", 7, btc).Looks, 3) // it is a trial too
	count("someone else", 0, btc)

	// What a trial was handed is seen, whatever comes of it, also where the same is run again with more of it.
	late := time.Unix(19_100*86400, 0).UTC()
	fresh.Read = late
	must(t, db.RecordTrial(ctx, fresh))
	fresh.Read = late.Add(-time.Hour)
	must(t, db.RecordTrial(ctx, fresh))
	equal(t, got(db.Campaign(ctx, "u", "c", []market.Market{btc}))(t).Seen, late)
	equal(t, count("u", 7, btc).Looks, 3)

	// What other costs or unseen data do to a choice is no choice; once it is run as one, it is.
	costs := a
	costs.Algorithm, costs.Stage = "a10", research.StageCosts
	must(t, db.RecordTrial(ctx, costs))
	must(t, db.EndTrial(ctx, costs))
	before := len(count("u", 8, btc).Ratios)
	costs.Stage = "backtest"
	must(t, db.RecordTrial(ctx, costs))
	equal(t, len(count("u", 8, btc).Ratios), before+1)
	costs.Stage = research.StageHoldout
	must(t, db.RecordTrial(ctx, costs))
	equal(t, len(count("u", 8, btc).Ratios), before+1)

	wants(t, db.RecordTrial(ctx, research.CampaignTrial{User: "u"}), store.ErrInvalid)
	wants(t, db.RecordLook(ctx, research.CampaignTrial{User: "u"}, start), store.ErrInvalid)
	a.Returns = []float64{math.NaN()}
	wants(t, db.EndTrial(ctx, a), store.ErrInvalid)
}

// withoutMarkets is a trial as a campaign's results are read: which markets it was on does not matter there.
func withoutMarkets(c research.CampaignTrial) research.CampaignTrial {
	c.Key, c.Markets = c.ID(), nil
	return c
}
