package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
)

func sessionQuery(session string, limit int) url.Values {
	q := url.Values{}
	if session != "" {
		q.Set("session", session)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// StartFloor starts an algorithm.
func (c *Client) StartFloor(ctx context.Context, r api.FloorRequest) (api.FloorSession, error) {
	return post[api.FloorSession](ctx, c, "/floor/sessions", r)
}

// FloorSessions lists floor sessions, newest first.
func (c *Client) FloorSessions(ctx context.Context) ([]api.FloorSession, error) {
	return get[[]api.FloorSession](ctx, c, "/floor/sessions", nil)
}

// FloorSession reads one floor session by id or unique prefix.
func (c *Client) FloorSession(ctx context.Context, id string) (api.FloorSession, error) {
	return get[api.FloorSession](ctx, c, "/floor/sessions/"+esc(id), nil)
}

// StopFloor stops a session; positions stay.
func (c *Client) StopFloor(ctx context.Context, id string) (api.FloorSession, error) {
	return post[api.FloorSession](ctx, c, "/floor/sessions/"+esc(id)+"/stop", nil)
}

// Kill flattens and halts.
func (c *Client) Kill(ctx context.Context, r api.KillRequest) (api.KillResult, error) {
	return post[api.KillResult](ctx, c, "/floor/kill", r)
}

// Positions lists positions; session "" is all.
func (c *Client) Positions(ctx context.Context, session string) ([]api.PositionRow, error) {
	return get[[]api.PositionRow](ctx, c, "/floor/positions", sessionQuery(session, 0))
}

// Orders lists orders, newest first; session "" is all, limit 0 the default.
func (c *Client) Orders(ctx context.Context, session string, limit int) ([]api.OrderRow, error) {
	return get[[]api.OrderRow](ctx, c, "/floor/orders", sessionQuery(session, limit))
}

// Trades lists fills, newest first; session "" is all, limit 0 the default.
func (c *Client) Trades(ctx context.Context, session string, limit int) ([]api.FillRow, error) {
	return get[[]api.FillRow](ctx, c, "/floor/trades", sessionQuery(session, limit))
}

// PnL reads profit and loss; with its curve when session is named.
func (c *Client) PnL(ctx context.Context, session string) ([]api.PnL, error) {
	return get[[]api.PnL](ctx, c, "/floor/pnl", sessionQuery(session, 0))
}

// FloorEvents streams a session's audit lines after seq, and account snapshots, until the session is final or ctx ends.
func (c *Client) FloorEvents(ctx context.Context, id string, after int64, emit func(api.FloorEvent) error) error {
	return c.events(ctx, "/floor/sessions/"+esc(id)+"/events", nil, after, briefly(), func(data []byte) error {
		var e api.FloorEvent
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		return emit(e)
	})
}

// Audit reads audit lines after seq.
func (c *Client) Audit(ctx context.Context, id string, after int64, limit int) ([]journal.Line, error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return get[[]journal.Line](ctx, c, "/floor/sessions/"+esc(id)+"/audit", q)
}

// Replay runs the recorded inputs again and compares the audit.
func (c *Client) Replay(ctx context.Context, id string) (api.ReplayResult, error) {
	return post[api.ReplayResult](ctx, c, "/floor/sessions/"+esc(id)+"/replay", nil)
}

// Status reads how the system is.
func (c *Client) Status(ctx context.Context) (api.Status, error) {
	return get[api.Status](ctx, c, "/ops/status", nil)
}

// Logs reads the newest log lines after the first `after` ones, newest last.
func (c *Client) Logs(ctx context.Context, after int64, limit int) ([]api.LogLine, error) {
	return get[[]api.LogLine](ctx, c, "/ops/logs", url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)}})
}

// StopDaemon asks the daemon to stop gracefully.
func (c *Client) StopDaemon(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/ops/stop", nil, nil, nil)
}

// ResumeFloor takes up a session that was cut off; one that is final or at work is only returned.
func (c *Client) ResumeFloor(ctx context.Context, id string) (api.FloorSession, error) {
	return post[api.FloorSession](ctx, c, "/floor/sessions/"+esc(id)+"/resume", nil)
}
