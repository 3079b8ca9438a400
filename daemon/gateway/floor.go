package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
)

type listing struct {
	Session string `query:"session" maxLength:"100" doc:"id or unique prefix; all sessions by default"`
	Limit   int    `query:"limit" minimum:"0" doc:"the newest so many"`
}

func (l *listing) limit() int {
	if l.Limit == 0 || l.Limit > maxListed {
		return maxListed
	}
	return l.Limit
}

func (g *server) floorRoutes() {
	huma.Register(g.api, op(http.MethodPost, "/api/v1/floor/sessions", "floor-start", "Start an algorithm on paper"),
		func(ctx context.Context, in *struct{ Body api.FloorRequest }) (*answer[api.FloorSession], error) {
			v, err := g.Floor.Start(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/sessions", "floor-list", "Trading sessions, newest first"),
		func(ctx context.Context, _ *struct{}) (*answer[[]api.FloorSession], error) {
			v, err := g.Floor.Sessions(ctx, g.User)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/sessions/{id}", "floor-get", "One trading session with its books"),
		func(ctx context.Context, in *byID) (*answer[api.FloorSession], error) {
			v, err := g.Floor.Get(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/floor/sessions/{id}/stop", "floor-stop", "Stop a session; its positions stay"),
		func(ctx context.Context, in *byID) (*answer[api.FloorSession], error) {
			v, err := g.Floor.Stop(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/floor/sessions/{id}/replay", "floor-replay", "Re-run a session's recorded inputs and compare the audit"),
		func(ctx context.Context, in *byID) (*answer[api.ReplayResult], error) {
			v, err := g.Floor.Replay(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/floor/kill", "floor-kill", "Kill switch: cancel, flatten, halt"),
		func(ctx context.Context, in *struct{ Body api.KillRequest }) (*answer[api.KillResult], error) {
			v, err := g.Floor.Kill(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/positions", "floor-positions", "What is held"),
		func(ctx context.Context, q *listing) (*answer[[]api.PositionRow], error) {
			v, err := g.Floor.Positions(ctx, g.User, q.Session)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/orders", "floor-orders", "Orders, newest first"),
		func(ctx context.Context, q *listing) (*answer[[]api.OrderRow], error) {
			v, err := g.Floor.Orders(ctx, g.User, q.Session, q.limit())
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/trades", "floor-trades", "Fills, newest first"),
		func(ctx context.Context, q *listing) (*answer[[]api.FillRow], error) {
			v, err := g.Floor.Trades(ctx, g.User, q.Session, q.limit())
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/pnl", "floor-pnl", "Profit and loss by session; with its curve where one is named"),
		func(ctx context.Context, q *listing) (*answer[[]api.PnL], error) {
			v, err := g.Floor.PnL(ctx, g.User, q.Session)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/floor/sessions/{id}/audit", "floor-audit", "Audit lines of a session, oldest first"),
		func(ctx context.Context, in *struct {
			ID    string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
			After int64  `query:"after" minimum:"0"`
			Limit int    `query:"limit" minimum:"0"`
		}) (*answer[[]journal.Line], error) {
			l := listing{Limit: in.Limit}
			v, err := g.Floor.Audit(ctx, g.User, in.ID, in.After, l.limit())
			return reply(g, ctx, orEmpty(v), err)
		})
	o := op(http.MethodGet, "/api/v1/floor/sessions/{id}/events", "floor-events", "A session's audit lines and books as they come; resumes by Last-Event-ID")
	o.Parameters = append(o.Parameters, &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	g.stream(o, "text/event-stream", []string{"after"}, g.floorEvents)
}

func (g *server) floorEvents(s *stream, r *http.Request) error {
	seq, err := after(r)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(r.Context())
	defer stop(nil)
	out := make(chan api.FloorEvent)
	ended := make(chan error, 1)
	go func() {
		ended <- g.Floor.Events(ctx, g.User, r.PathValue("id"), seq, func(e api.FloorEvent) error {
			select {
			case out <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return relay(r.Context(), s, stop, out, ended, func(e api.FloorEvent) (int64, string) { return e.Seq, e.Kind })
}

// relay sends what a service emits as server-sent events until it ends, and says that the stream is alive while it is idle.
// An event without a kind is a place only. stop is told why the stream could not be written.
func relay[E any](ctx context.Context, s *stream, stop context.CancelCauseFunc, out <-chan E, ended <-chan error, name func(E) (id int64, kind string)) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case e := <-out:
			if id, kind := name(e); kind == "" {
				err = s.place(id)
			} else {
				err = s.event(id, kind, e)
			}
		case <-tick.C:
			err = s.comment()
		case <-ctx.Done(): // the reader is gone
			err = ctx.Err()
		case err := <-ended:
			if err == nil {
				err = s.event(0, "end", struct{}{})
			}
			return err
		}
		if err != nil {
			stop(err)
			<-ended
			return err
		}
	}
}
