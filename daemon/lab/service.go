package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm/builtin"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/research"
)

// Bounds of what a person may ask.
const (
	maxGoal   = 4000 // bytes of a goal or a message
	maxTrials = 5000 // of one session's options
	pageSize  = 500  // events read at once
)

// Open starts a session, working at once in the background.
func (l *Lab) Open(ctx context.Context, user string, r api.LabRequest) (research.Session, error) {
	goal, err := checkText("goal", r.Goal)
	if err != nil {
		return research.Session{}, err
	}
	if err := checkOptions(&r.Options); err != nil {
		return research.Session{}, err
	}
	if err := l.stored(ctx, r.Options.Markets); err != nil {
		return research.Session{}, err
	}
	if err := l.outside(ctx, &r.Options); err != nil {
		return research.Session{}, err
	}
	if r.Model == "" {
		r.Model = builtin.Name
	}
	if _, err := l.Model(r.Model); err != nil {
		return research.Session{}, api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "model %.40q: %v", r.Model, err)
	}
	now := l.Clock.Now()
	s := research.Session{ID: l.NewID(), UserID: user, Goal: goal, Model: r.Model, Options: r.Options, Status: research.Running,
		Turn: 1, CreatedAt: now, UpdatedAt: now}
	if err := l.Store.PutSession(ctx, s); err != nil {
		return research.Session{}, err
	}
	if err := l.append(ctx, s.ID, "1/user", []research.Event{{Kind: research.EventUser, Text: goal}}); err != nil {
		return research.Session{}, err
	}
	return s, l.launch(s, nil)
}

// stored refuses markets that the ledger has nothing of.
func (l *Lab) stored(ctx context.Context, markets []string) error {
	if len(markets) == 0 {
		return nil
	}
	all, err := l.Ledger.Coverage(ctx)
	if err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	for _, m := range markets {
		if !slices.ContainsFunc(all, func(c ledger.Coverage) bool { return c.Market.String() == m }) {
			return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "the ledger has no prices of %s: 'omc data coins' lists what there is, 'omc data import' and 'omc data fetch' add more", m)
		}
	}
	return nil
}

// outside ends a session's window where the sealed hold-out begins, and refuses one that was told to end later.
func (l *Lab) outside(ctx context.Context, o *research.Options) error {
	markets := make([]market.Market, len(o.Markets))
	for i, name := range o.Markets {
		var err error
		if markets[i], err = market.ParseMarket(name); err != nil {
			return err
		}
	}
	sealed, err := l.Ledger.Until(ctx, markets...)
	if err != nil || sealed.IsZero() {
		return err
	}
	from, err := parseTime(o.From)
	if err != nil {
		return err
	}
	to, err := parseTime(o.To)
	if err != nil {
		return err
	}
	if to.After(sealed) || !from.Before(sealed) {
		return api.NewProblem(http.StatusUnprocessableEntity, api.CodeHoldout, "a research session does not see the newest data, from %s on: it is a sealed hold-out "+
			"(settings research.holdout_days and research.holdout_share); choose a window that ends there", sealed.Format(time.DateOnly))
	}
	if to.IsZero() {
		o.To = sealed.Format(time.DateOnly)
	}
	return nil
}

func checkText(what, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "the %s is empty: say what to look for, like \"a momentum strategy on ETH\"", what)
	case len(text) > maxGoal:
		return "", api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "the %s has %d bytes; the limit is %d", what, len(text), maxGoal)
	case !utf8.ValidString(text):
		return "", api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "the %s is not UTF-8 text", what)
	}
	return text, nil
}

func checkOptions(o *research.Options) error {
	bad := func(format string, args ...any) error {
		return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, format, args...)
	}
	if len(o.Markets) > 20 {
		return bad("%d markets: at most 20", len(o.Markets))
	}
	for i, m := range o.Markets {
		v, err := market.ParseMarket(m)
		if err != nil {
			return bad("%v", err)
		}
		o.Markets[i] = v.String()
	}
	if o.Interval != "" {
		v, err := market.ParseInterval(o.Interval)
		if err != nil {
			return bad("%v", err)
		}
		o.Interval = v.String()
	}
	if o.Cash != "" {
		if cash, err := money.Parse(o.Cash); err != nil || cash.Sign() <= 0 {
			return bad("cash %.40q: want an amount above zero", o.Cash)
		}
	}
	if o.MaxTrials < 0 || o.MaxTrials > maxTrials {
		return bad("max_trials %d: want 0 (the default) to %d", o.MaxTrials, maxTrials)
	}
	from, err := parseTime(o.From)
	if err != nil {
		return bad("from: %v", err)
	}
	to, err := parseTime(o.To)
	if err != nil {
		return bad("to: %v", err)
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return bad("from %s is not before to %s", o.From, o.To)
	}
	return nil
}

// parseTime reads RFC 3339 or a date; "" is the zero time.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q: want a date like 2024-06-01 or a time like 2024-06-01T12:00:00Z", s)
}

// Sessions lists the user's sessions, newest first.
func (l *Lab) Sessions(ctx context.Context, user string) ([]research.Session, error) {
	ss, err := l.Store.Sessions(ctx, user)
	for i := range ss {
		ss[i] = l.shown(ss[i])
	}
	return ss, err
}

// shown is a session as people see it: one that is marked running though nobody works on it was cut off, and can be resumed.
func (l *Lab) shown(s research.Session) research.Session {
	if s.Status == research.Running && !l.working(s.ID) {
		s.Status, s.Error = research.Paused, "cut off; 'omc lab resume "+s.ID+"' goes on with it"
	}
	return s
}

// Get returns one session with its trials, artifacts and report.
func (l *Lab) Get(ctx context.Context, user, id string) (api.LabSession, error) {
	s, err := l.session(ctx, user, id)
	if err != nil {
		return api.LabSession{}, err
	}
	out := api.LabSession{Session: l.shown(s)}
	if out.TrialList, err = l.Store.Trials(ctx, s.ID); err != nil {
		return out, err
	}
	if out.Artifacts, err = l.Store.Artifacts(ctx, s.ID); err != nil {
		return out, err
	}
	for i := len(out.Artifacts) - 1; i >= 0; i-- {
		if out.Artifacts[i].Kind == "report" {
			_, content, err := l.Store.Artifact(ctx, out.Artifacts[i].ID)
			if err != nil {
				return out, err
			}
			out.Report = string(content)
			break
		}
	}
	return out, nil
}

// session finds a session by its id or a unique prefix of at least 4 characters.
func (l *Lab) session(ctx context.Context, user, id string) (research.Session, error) {
	if s, err := l.Store.Session(ctx, user, id); err == nil {
		return s, nil
	}
	ss, err := l.Store.Sessions(ctx, user)
	if err != nil {
		return research.Session{}, err
	}
	var found []research.Session
	for _, s := range ss {
		if s.ID == id || len(id) >= 4 && strings.HasPrefix(s.ID, id) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return research.Session{}, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "there is no lab session %.40q; 'omc lab sessions' lists them", id)
	}
	return research.Session{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%q names %d sessions: use more of the id", id, len(found))
}

// Events streams stored events after seq, then live ones, until ctx ends, or, without follow, until the session is not working.
func (l *Lab) Events(ctx context.Context, user, id string, after int64, follow bool, emit func(research.Event) error) error {
	s, err := l.session(ctx, user, id)
	if err != nil {
		return err
	}
	f, leave := l.hub.follow(s.ID)
	defer leave()
	if after, err = l.catchUp(ctx, s.ID, f, after, emit); err != nil {
		return err
	}
	for {
		if !l.working(s.ID) && !follow { // what it stored last is read below
			_, err := l.emitStored(ctx, s.ID, after, all, emit)
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.behind:
			after, err = l.catchUp(ctx, s.ID, f, after, emit)
		case n := <-f.news:
			switch {
			case n.delta != nil:
				err = emit(*n.delta)
			case n.seq > after: // no further: pieces of what comes next are still to be told
				after, err = l.emitStored(ctx, s.ID, after, n.seq, emit)
			}
		}
		if err != nil {
			return err
		}
	}
}

// catchUp emits everything that is stored. Pieces that were waiting meanwhile belong to what was just told, and are dropped.
func (l *Lab) catchUp(ctx context.Context, session string, f *follower, after int64, emit func(research.Event) error) (int64, error) {
	for {
		var err error
		if after, err = l.emitStored(ctx, session, after, all, emit); err != nil || !f.discard() {
			return after, err
		}
	}
}

// all is no bound on the events to emit.
const all = math.MaxInt64

// emitStored emits the stored events after one and up to another, and returns the last one's number.
func (l *Lab) emitStored(ctx context.Context, session string, after, upTo int64, emit func(research.Event) error) (int64, error) {
	for {
		es, err := l.Store.SessionEvents(ctx, session, after, pageSize)
		if err != nil {
			return after, err
		}
		for _, e := range es {
			if e.Seq > upTo {
				return after, nil
			}
			if err := emit(e); err != nil {
				return after, err
			}
			after = e.Seq
		}
		if len(es) < pageSize {
			return after, nil
		}
	}
}

// Send answers the question a session waits for, or opens a new turn of one that has ended or was paused.
func (l *Lab) Send(ctx context.Context, user, id string, m api.LabMessage) (research.Session, error) {
	s, err := l.session(ctx, user, id)
	if err != nil {
		return s, err
	}
	text, err := checkText("message", m.Text)
	if err != nil {
		return s, err
	}
	if l.working(s.ID) {
		return s, api.NewProblem(http.StatusConflict, api.CodeConflict, "session %s is working; stop the turn first (ctrl-c) or wait", s.ID)
	}
	if s.Status == research.Waiting && s.Question != nil {
		return l.answer(ctx, s, text)
	}
	if s.Status == research.Running { // cut off by a crash; one that was paused by a person is left for the new turn
		return s, api.NewProblem(http.StatusConflict, api.CodeConflict, "session %s has a turn that was interrupted; 'omc lab resume %s' goes on with it, 'omc lab cancel %s' ends it", s.ID, s.ID, s.ID)
	}
	s.Turn++
	s.Status, s.Error, s.Question, s.UpdatedAt = research.Running, "", nil, l.Clock.Now()
	if err := l.Store.UpdateSession(ctx, s); err != nil {
		return s, err
	}
	if err := l.append(ctx, s.ID, fmt.Sprintf("%d/user", s.Turn), []research.Event{{Kind: research.EventUser, Text: text}}); err != nil {
		return s, err
	}
	return s, l.launch(s, nil)
}

func (l *Lab) answer(ctx context.Context, s research.Session, text string) (research.Session, error) {
	q := s.Question
	if err := q.Check(text); err != nil {
		return s, api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "%v", err)
	}
	at, err := l.Store.Latest(ctx, thread(s))
	if err != nil {
		return s, err
	}
	if err := l.append(ctx, s.ID, fmt.Sprintf("%d/answer/%d", s.Turn, at.Seq), []research.Event{{Kind: research.EventUser, Text: text}}); err != nil {
		return s, err
	}
	b, err := json.Marshal(text)
	if err != nil {
		return s, err
	}
	s.Status, s.Question, s.UpdatedAt = research.Running, nil, l.Clock.Now()
	if err := l.Store.UpdateSession(ctx, s); err != nil {
		return s, err
	}
	return s, l.launch(s, map[string][]byte{q.Key: b})
}

// Resume goes on with a turn that was paused, failed, or cut off by a crash.
func (l *Lab) Resume(ctx context.Context, user, id string) (research.Session, error) {
	s, err := l.session(ctx, user, id)
	if err != nil {
		return s, err
	}
	switch {
	case l.working(s.ID):
		return s, nil
	case s.Status == research.Done:
		return s, nil
	case s.Status == research.Waiting:
		return s, nil // it stands where it waits; an answer goes by Send
	case s.Status == research.Cancelled:
		return s, api.NewProblem(http.StatusConflict, api.CodeConflict, "session %s was cancelled; 'omc lab chat %s' opens a new turn", s.ID, s.ID)
	}
	s.Status, s.Error, s.UpdatedAt = research.Running, "", l.Clock.Now()
	if err := l.Store.UpdateSession(ctx, s); err != nil {
		return s, err
	}
	return s, l.launch(s, nil)
}

// StopTurn pauses the turn in progress; the session stays and can be resumed.
func (l *Lab) StopTurn(ctx context.Context, user, id string) (research.Session, error) {
	return l.stop(ctx, user, id, errPause, research.Paused)
}

// Cancel ends the turn in progress for good. What was found stays.
func (l *Lab) Cancel(ctx context.Context, user, id string) (research.Session, error) {
	return l.stop(ctx, user, id, errCancel, research.Cancelled)
}

func (l *Lab) stop(ctx context.Context, user, id string, why error, to research.Status) (research.Session, error) {
	s, err := l.session(ctx, user, id)
	if err != nil {
		return s, err
	}
	if err := l.halt(ctx, s.ID, why); err != nil {
		return s, err
	}
	if s, err = l.session(ctx, user, s.ID); err != nil {
		return s, err
	}
	// A turn that nothing works on (a crash, a question) is ended here.
	if to == research.Cancelled && s.Verdict != "" {
		to = research.Done // an earlier turn came to its end: only what was asked on is given up
	}
	if s.Status == research.Running || to != research.Paused && (s.Status == research.Waiting || s.Status == research.Paused) {
		s.Status, s.Question, s.UpdatedAt = to, nil, l.Clock.Now()
		if err := l.finish(ctx, s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Graph describes the agents' graph.
func (l *Lab) Graph() api.LabGraph {
	d := l.graph.Describe()
	g := api.LabGraph{Mermaid: d.Mermaid("")}
	for _, n := range d.Nodes {
		g.Nodes = append(g.Nodes, n.Name)
	}
	for _, e := range d.Edges {
		g.Edges = append(g.Edges, [2]string{e.From, e.To})
	}
	return g
}
