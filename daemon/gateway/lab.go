package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
)

func (g *server) labRoutes() {
	huma.Register(g.api, op(http.MethodPost, "/api/v1/lab/sessions", "lab-open", "Open a research session; it starts working at once"),
		func(ctx context.Context, in *struct{ Body api.LabRequest }) (*answer[research.Session], error) {
			v, err := g.Lab.Open(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/lab/sessions", "lab-list", "Research sessions, newest first"),
		func(ctx context.Context, _ *struct{}) (*answer[[]research.Session], error) {
			v, err := g.Lab.Sessions(ctx, g.User)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/lab/sessions/{id}", "lab-get", "One session with its trials, artifacts and report"),
		func(ctx context.Context, in *byID) (*answer[api.LabSession], error) {
			v, err := g.Lab.Get(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/lab/sessions/{id}/messages", "lab-send", "Answer a question, or open a new turn"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
			Body api.LabMessage
		}) (*answer[research.Session], error) {
			v, err := g.Lab.Send(ctx, g.User, in.ID, in.Body)
			return reply(g, ctx, v, err)
		})
	for _, a := range []struct {
		verb, summary string
		do            func(ctx context.Context, user, id string) (research.Session, error)
	}{
		{"resume", "Go on with a turn that was paused, failed or cut off", func(ctx context.Context, user, id string) (research.Session, error) {
			return g.Lab.Resume(ctx, user, id)
		}},
		{"stop", "Pause the turn in progress; the session stays", func(ctx context.Context, user, id string) (research.Session, error) {
			return g.Lab.StopTurn(ctx, user, id)
		}},
		{"cancel", "End the turn for good", func(ctx context.Context, user, id string) (research.Session, error) {
			return g.Lab.Cancel(ctx, user, id)
		}},
	} {
		huma.Register(g.api, op(http.MethodPost, "/api/v1/lab/sessions/{id}/"+a.verb, "lab-"+a.verb, a.summary),
			func(ctx context.Context, in *byID) (*answer[research.Session], error) {
				v, err := a.do(ctx, g.User, in.ID)
				return reply(g, ctx, v, err)
			})
	}
	huma.Register(g.api, op(http.MethodGet, "/api/v1/lab/graph", "lab-graph", "The agents' graph"),
		func(ctx context.Context, _ *struct{}) (*answer[api.LabGraph], error) {
			return reply(g, ctx, g.Lab.Graph(), nil)
		})
	o := op(http.MethodGet, "/api/v1/lab/sessions/{id}/events", "lab-events", "A session's events, stored ones first; resumes by Last-Event-ID")
	o.Parameters = append(o.Parameters, &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	g.stream(o, "text/event-stream", []string{"after", "follow"}, g.labEvents)
}

func (g *server) labEvents(s *stream, r *http.Request) error {
	seq, err := after(r)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(r.Context())
	defer stop(nil)
	out := make(chan research.Event)
	ended := make(chan error, 1)
	go func() {
		ended <- g.Lab.Events(ctx, g.User, r.PathValue("id"), seq, r.URL.Query().Get("follow") == "true", func(e research.Event) error {
			select {
			case out <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return relay(r.Context(), s, stop, out, ended, func(e research.Event) (int64, string) { return e.Seq, string(e.Kind) })
}
