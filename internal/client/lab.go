package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
)

// OpenSession opens a research session; it starts working at once.
func (c *Client) OpenSession(ctx context.Context, r api.LabRequest) (research.Session, error) {
	return post[research.Session](ctx, c, "/lab/sessions", r)
}

// Sessions lists research sessions, newest first.
func (c *Client) Sessions(ctx context.Context) ([]research.Session, error) {
	return get[[]research.Session](ctx, c, "/lab/sessions", nil)
}

// Session reads one research session with its trials and report.
func (c *Client) Session(ctx context.Context, id string) (api.LabSession, error) {
	return get[api.LabSession](ctx, c, "/lab/sessions/"+esc(id), nil)
}

// SessionEvents streams a session's events after seq until the turn ends (or, with follow, until ctx ends). A cut connection is
// taken up again where it was.
func (c *Client) SessionEvents(ctx context.Context, id string, after int64, follow bool, emit func(research.Event) error) error {
	q := url.Values{"follow": {strconv.FormatBool(follow)}}
	return c.events(ctx, "/lab/sessions/"+esc(id)+"/events", q, after, briefly(), func(data []byte) error {
		var e research.Event
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		return emit(e)
	})
}

// SendMessage answers a session's question, or opens another turn.
func (c *Client) SendMessage(ctx context.Context, id, text string) (research.Session, error) {
	return post[research.Session](ctx, c, "/lab/sessions/"+esc(id)+"/messages", api.LabMessage{Text: text})
}

// ResumeSession goes on with a paused or interrupted session.
func (c *Client) ResumeSession(ctx context.Context, id string) (research.Session, error) {
	return post[research.Session](ctx, c, "/lab/sessions/"+esc(id)+"/resume", nil)
}

// StopTurn pauses the turn; the session stays.
func (c *Client) StopTurn(ctx context.Context, id string) (research.Session, error) {
	return post[research.Session](ctx, c, "/lab/sessions/"+esc(id)+"/stop", nil)
}

// CancelSession ends the session.
func (c *Client) CancelSession(ctx context.Context, id string) (research.Session, error) {
	return post[research.Session](ctx, c, "/lab/sessions/"+esc(id)+"/cancel", nil)
}

// Graph reads the graph of agents.
func (c *Client) Graph(ctx context.Context) (api.LabGraph, error) {
	return get[api.LabGraph](ctx, c, "/lab/graph", nil)
}
