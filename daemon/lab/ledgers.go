package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/research"
)

// mostRows is how many rows of a ledger one answer brings into a conversation.
const mostRows = 200

// asker answers an agent's questions within the research window: nothing that happened outside it, or was known after its end.
type asker struct {
	data     *data.Service
	user     string
	from, to time.Time // to zero: no end
}

func (t *turn) asker(ctx context.Context) (asker, error) {
	w, err := t.window(ctx)
	if err != nil {
		return asker{}, err
	}
	return asker{data: data.New(t.lab.Ledger, t.lab.Clock, data.Options{}), user: t.state.Session.UserID, from: w.from, to: w.to}, nil
}

// bound puts a question inside the research window.
func (a asker) bound(w research.WindowArgs) (api.DataQuery, error) {
	q := api.DataQuery{From: w.From, To: w.To, AsOf: w.AsOf, Limit: w.Limit}
	if q.Limit <= 0 || q.Limit > mostRows {
		q.Limit = mostRows
	}
	var err error
	if q.AsOf, err = a.known(w.AsOf); err != nil {
		return q, err
	}
	from, err := api.ParseTime("from", w.From)
	if err != nil {
		return q, err
	}
	if from.Before(a.from) {
		q.From = a.from.Format(time.RFC3339)
	}
	to, err := api.ParseTime("to", w.To)
	if err != nil {
		return q, err
	}
	if !a.to.IsZero() && (to.IsZero() || to.After(a.to)) {
		q.To = a.to.Format(time.RFC3339)
	}
	return q, nil
}

// known is the moment asked, and never after the window's end.
func (a asker) known(asOf string) (string, error) {
	at, err := api.ParseTime("as_of", asOf)
	if err != nil {
		return "", err
	}
	if !a.to.IsZero() && (at.IsZero() || at.After(a.to)) {
		return a.to.Format(time.RFC3339), nil
	}
	return asOf, nil
}

// question makes a tool of a question: its answer, how many rows it has, and of what. One that cannot be understood is refused, and may
// be asked better.
func question[A, V any](what string, ask func(a asker, ctx context.Context, args A) (answer V, rows int, err error)) func(context.Context, *turn, string, A) (outcome, error) {
	return func(ctx context.Context, t *turn, _ string, args A) (outcome, error) {
		a, err := t.asker(ctx)
		if err != nil {
			return outcome{}, err
		}
		v, n, err := ask(a, ctx, args)
		var p *api.Problem
		var sealed *ledger.SealedError
		if errors.As(err, &sealed) {
			return outcome{}, refuse("the newest data, from %s on, is sealed: research does not see it", sealed.From.Format(time.DateOnly))
		}
		if errors.As(err, &p) && p.Status < 500 {
			return outcome{}, refuse("%s", p.Detail)
		}
		if err != nil {
			return outcome{}, err
		}
		return outcome{result: v, summary: fmt.Sprintf("%d %s", n, what), rows: &n}, nil
	}
}

func (a asker) onChain(ctx context.Context, args research.OnChainArgs) (api.OnChain, int, error) {
	q, err := a.bound(args.WindowArgs)
	if err != nil {
		return api.OnChain{}, 0, err
	}
	q.Asset, q.MetricNames = args.Asset, args.MetricNames
	v, err := a.data.OnChainMetrics(ctx, q)
	return v, len(v.Rows), err
}

func (a asker) smartMoney(ctx context.Context, args research.SmartMoneyArgs) (api.SmartMoney, int, error) {
	q, err := a.bound(args.WindowArgs)
	if err != nil {
		return api.SmartMoney{}, 0, err
	}
	q.Tokens = args.Tokens
	v, err := a.data.SmartMoneyFlows(ctx, q)
	return v, len(v.Rows), err
}

func (a asker) sentiment(ctx context.Context, args research.SentimentArgs) (api.SentimentData, int, error) {
	q, err := a.bound(args.WindowArgs)
	if err != nil {
		return api.SentimentData{}, 0, err
	}
	q.Currencies, q.Platforms = args.Currencies, args.Platforms
	v, err := a.data.Sentiment(ctx, q)
	return v, len(v.News) + len(v.Posts), err
}

func (a asker) catalysts(ctx context.Context, args research.CatalystArgs) (api.Catalysts, int, error) {
	q, err := a.bound(args.WindowArgs)
	if err != nil {
		return api.Catalysts{}, 0, err
	}
	q.Currencies, q.EventTypes, q.MinImpact = args.Currencies, args.EventTypes, args.MinImpact
	if args.To == "" {
		q.To = "" // what was known by then to lie ahead is part of the answer
	}
	v, err := a.data.CatalystEvents(ctx, q)
	return v, len(v.Rows), err
}

func (a asker) statistics(ctx context.Context, args research.StatisticsArgs) (api.Statistics, int, error) {
	asOf, err := a.known(args.AsOf)
	if err != nil {
		return api.Statistics{}, 0, err
	}
	v, err := a.data.Statistics(ctx, api.DataQuery{AsOf: asOf})
	return v, len(v.Ledgers) + len(v.Prices), err
}

func (a asker) orders(ctx context.Context, args research.WindowArgs) (api.Orders, int, error) {
	q, err := a.bound(args)
	if err != nil {
		return api.Orders{}, 0, err
	}
	v, err := a.data.OrderHistory(ctx, a.user, q)
	return v, len(v.Rows), err
}

func (a asker) positions(ctx context.Context, args research.StatisticsArgs) (api.Positions, int, error) {
	asOf, err := a.known(args.AsOf)
	if err != nil {
		return api.Positions{}, 0, err
	}
	v, err := a.data.UserPositions(ctx, a.user, api.DataQuery{AsOf: asOf})
	return v, len(v.Rows), err
}

func (a asker) aligned(ctx context.Context, args research.AlignedArgs) (api.Aligned, int, error) {
	q, err := a.bound(args.WindowArgs)
	if err != nil {
		return api.Aligned{}, 0, err
	}
	v, err := a.data.Aligned(ctx, api.PriceQuery{Market: args.Market, Interval: args.Interval, From: q.From, To: q.To, AsOf: q.AsOf, Limit: q.Limit})
	return v, len(v.Rows), err
}

// ActionQuery is the audit's name of an agent's question.
const ActionQuery = "agent.query"

// audit writes an agent's question down: session, parameters, rows, duration, and why it had no answer.
func (t *turn) audit(ctx context.Context, r *research.ToolResult, args json.RawMessage, rows int) error {
	detail, err := json.Marshal(map[string]any{"tool": r.Tool, "ref": r.Ref, "agent": t.agent.name, "parameters": args, "rows": rows, "took_ms": r.Millis, "error": r.Error})
	if err != nil {
		return err
	}
	if err := t.lab.Store.AppendAudit(ctx, t.state.Session.UserID, ActionQuery, t.state.Session.ID, detail); err != nil {
		return fmt.Errorf("audit of %s: %w", r.Tool, err)
	}
	return nil
}
