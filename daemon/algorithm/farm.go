package algorithm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/store"
)

// Pool hands pieces of work to whatever process has time (internal/schedule).
type Pool interface {
	Add(ctx context.Context, pieces []string) error
}

// FarmStore is what the processes that share a search tell each other by (internal/store).
type FarmStore interface {
	OpenSearch(ctx context.Context, s store.Search) error
	KeepSearch(ctx context.Context, id string) error
	CloseSearch(ctx context.Context, id string) error
	PruneSearches(ctx context.Context) error
	AddPoints(ctx context.Context, id string, points []store.SearchPoint) error
	ClaimPoint(ctx context.Context, id string, n int64, worker string) (store.Search, store.SearchPoint, bool, error)
	BeatPoint(ctx context.Context, id string, n int64, worker string) (bool, error)
	EndPoint(ctx context.Context, id string, n int64, result string) (bool, error)
	TakePoints(ctx context.Context, id string) ([]store.SearchPoint, error)
	SilentPoints(ctx context.Context, id string) ([]int64, error)
}

// Farm is a search's points evaluated by several processes on one database. The process that was asked writes the points down, hands
// them out and gathers the results in their order; it records the trials, before anything runs, as it does without a farm. A process
// that dies leaves its points to the others; where the asking one dies, nobody goes on. Whatever a worker cannot do, the asking process
// does itself.
type Farm struct {
	s      *Service
	store  FarmStore
	pool   Pool
	worker string
	newID  func() string

	patience time.Duration // after so long without a result the asking process does what nobody has begun

	mu    sync.Mutex
	plans map[string]*planned
}

// planned is one search as a worker has prepared it.
type planned struct {
	once  sync.Once
	o     *optimization
	err   error
	users int
	last  time.Time
}

// How often what is looked after.
const (
	lookEvery   = 200 * time.Millisecond
	keepEvery   = 3 * time.Second
	beatEvery   = 3 * time.Second
	idlePlan    = 30 * time.Second
	leastShared = 4 // points below which sharing is not worth its while
)

// Share gives the service a farm: before it is used. worker names this process, newID makes ids of searches.
func (s *Service) Share(st FarmStore, worker string, newID func() string) *Farm {
	s.farm = &Farm{s: s, store: st, worker: worker, newID: newID, patience: 30 * time.Second, plans: map[string]*planned{}}
	return s.farm
}

// Through sets how pieces are handed out; nothing is shared before.
func (f *Farm) Through(p Pool) { f.pool = p }

// pointArgs are an evaluation's: which of the search's points, and up to where.
type pointArgs struct {
	Point int       `json:"point"`
	Until time.Time `json:"until"`
}

// pointResult is what came of it.
type pointResult struct {
	Failed   string         `json:"failed,omitempty"` // the worker could not do it: nothing is known of the point
	Error    string         `json:"error,omitempty"`  // of the point
	Figures  report.Figures `json:"figures"`
	Sharpe   *float64       `json:"sharpe"`
	FirstDay int64          `json:"first_day"`
	Returns  []float64      `json:"returns"`
}

// pointError is a point's error as another process told it.
type pointError string

// Error implements error.
func (e pointError) Error() string { return string(e) }

// hash names the data of a search.
func dataHash(d *sandbox.Data) (string, error) {
	h := sha256.New()
	var buf []byte
	var err error
	for i, bars := range d.Bars {
		fmt.Fprintf(h, "%s %d %d\n", d.Markets[i], d.Interval, len(bars))
		for part := range slices.Chunk(bars, market.MaxColumns) {
			if buf, err = market.AppendColumns(buf[:0], part); err != nil {
				return "", err
			}
			h.Write(buf)
		}
	}
	for part := range slices.Chunk(d.Told.Facts, 1000) {
		buf = fact.Append(buf[:0], part)
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// open writes a search down for the other processes; nil where it is not worth it.
func (f *Farm) open(ctx context.Context, o *optimization, r api.OptimizeRequest) (*shared, error) {
	if f == nil || f.pool == nil || len(o.points) < leastShared {
		return nil, nil
	}
	if err := f.store.PruneSearches(ctx); err != nil {
		return nil, err
	}
	// What was resolved and what was left open is said outright: the same search in every process, whatever is stored or lands meanwhile.
	r.Strategy, r.Params, r.Interval, r.Markets = o.name, o.base.Params, o.base.Interval.String(), nil
	for _, m := range o.base.Markets {
		r.Markets = append(r.Markets, m.String())
	}
	r.To = o.out.End.Format(time.RFC3339)
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	hash, err := dataHash(&o.data)
	if err != nil {
		return nil, err
	}
	sh := &shared{f: f, id: f.newID(), at: map[int64]*tried{}}
	if err := f.store.OpenSearch(ctx, store.Search{ID: sh.id, User: o.user, Request: string(body), DataHash: hash}); err != nil {
		return nil, err
	}
	return sh, nil
}

// shared is one search that is shared, in the process that asks.
type shared struct {
	f    *Farm
	id   string
	next int64
	at   map[int64]*tried // by number of the evaluation
}

func (sh *shared) close(ctx context.Context) {
	if sh == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = sh.f.store.CloseSearch(ctx, sh.id) // what is left of it is pruned by the next one
}

// run has the points evaluated up to a moment, and returns those that no other process could do.
func (sh *shared) run(ctx context.Context, o *optimization, points []*tried, until time.Time) (left []*tried, err error) {
	var rows []store.SearchPoint
	var pieces []string
	for _, p := range points {
		b, err := json.Marshal(pointArgs{slices.Index(o.order, p), until})
		if err != nil {
			return nil, err
		}
		rows = append(rows, store.SearchPoint{N: sh.next, Args: string(b)})
		pieces = append(pieces, sh.piece(sh.next))
		sh.at[sh.next] = p
		sh.next++
	}
	if err := sh.f.store.AddPoints(ctx, sh.id, rows); err != nil {
		return nil, err
	}
	if err := sh.f.pool.Add(ctx, pieces); err != nil {
		return nil, err
	}
	kept, moved := time.Now(), time.Now()
	for open := len(points); open > 0; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
		done, err := sh.f.store.TakePoints(ctx, sh.id)
		if err != nil {
			return nil, err
		}
		for _, d := range done {
			p := sh.at[d.N]
			delete(sh.at, d.N)
			if p == nil {
				continue
			}
			open--
			moved = time.Now()
			if !p.told(d.Result) {
				left = append(left, p)
			}
		}
		if time.Since(kept) < keepEvery {
			continue
		}
		kept = time.Now()
		if err := sh.look(ctx); err != nil {
			return nil, err
		}
		if time.Since(moved) < sh.f.patience {
			continue
		}
		back, err := sh.back(ctx)
		if err != nil {
			return nil, err
		}
		open -= len(back)
		left = append(left, back...)
	}
	return left, nil
}

// back takes the points back that nobody works at: no process has time, or their clocks are not ours.
func (sh *shared) back(ctx context.Context) (out []*tried, err error) {
	for _, n := range slices.Sorted(maps.Keys(sh.at)) {
		_, _, ok, err := sh.f.store.ClaimPoint(ctx, sh.id, n, sh.f.worker+" itself")
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, sh.at[n])
			delete(sh.at, n)
		}
	}
	return out, nil
}

// look says that the asking process is there, and asks again for what nobody works at any more.
func (sh *shared) look(ctx context.Context) error {
	if err := sh.f.store.KeepSearch(ctx, sh.id); err != nil {
		return err
	}
	silent, err := sh.f.store.SilentPoints(ctx, sh.id)
	if err != nil || len(silent) == 0 {
		return err
	}
	var again []string
	for _, n := range silent {
		again = append(again, sh.piece(n))
	}
	return sh.f.pool.Add(ctx, again)
}

func (sh *shared) piece(n int64) string { return sh.id + " " + strconv.FormatInt(n, 10) }

// told takes a result; false where there is none in it.
func (p *tried) told(text string) bool {
	var r pointResult
	if err := json.Unmarshal([]byte(text), &r); err != nil || r.Failed != "" {
		return false
	}
	p.err, p.ran = nil, r.Error == ""
	if r.Error != "" {
		p.err = pointError(r.Error)
		return true
	}
	p.figures = r.Figures
	if p.trial.Sharpe, p.trial.FirstDay, p.trial.Returns = r.Sharpe, r.FirstDay, r.Returns; r.Returns == nil {
		p.trial.Returns = []float64{}
	}
	return true
}

// Work evaluates one point of somebody's search, where nobody else does and the one who asked is still there.
func (f *Farm) Work(ctx context.Context, piece string) {
	id, number, ok := strings.Cut(piece, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return
	}
	s, p, ok, err := f.store.ClaimPoint(ctx, id, n, f.worker)
	if err != nil || !ok {
		return // it is asked for again where it must be
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.beat(ctx, cancel, id, n)
	}()
	r := f.evaluate(ctx, &s, &p)
	given := ctx.Err() != nil
	cancel()
	<-done
	if given {
		return // it is another's by now, or nobody's
	}
	b, err := json.Marshal(r)
	if err != nil {
		b, _ = json.Marshal(pointResult{Failed: err.Error()})
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	_, _ = f.store.EndPoint(end, id, n, string(b)) // a result that cannot be kept is made again
}

// beat says that the point is worked at, until it is not this process' any more.
func (f *Farm) beat(ctx context.Context, cancel context.CancelFunc, id string, n int64) {
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if mine, err := f.store.BeatPoint(ctx, id, n, f.worker); err == nil && !mine {
				cancel()
				return
			}
		}
	}
}

func (f *Farm) evaluate(ctx context.Context, s *store.Search, p *store.SearchPoint) (r pointResult) {
	var a pointArgs
	if err := json.Unmarshal([]byte(p.Args), &a); err != nil {
		return pointResult{Failed: err.Error()}
	}
	o, release, err := f.plan(ctx, s)
	defer release()
	if err != nil {
		return pointResult{Failed: err.Error()}
	}
	if a.Point < 0 || a.Point >= len(o.order) {
		return pointResult{Failed: fmt.Sprintf("point %d of %d", a.Point, len(o.order))}
	}
	t := &tried{params: o.order[a.Point].params}
	if err := o.one(ctx, t, a.Until); err != nil {
		return pointResult{Failed: err.Error()}
	}
	if t.err != nil {
		return pointResult{Error: problem(t.err).Error()}
	}
	return pointResult{Figures: t.figures, Sharpe: t.trial.Sharpe, FirstDay: t.trial.FirstDay, Returns: t.trial.Returns}
}

// plan prepares a search once in this process, and keeps it for a while. Data that is not the asking process' is an error.
func (f *Farm) plan(ctx context.Context, s *store.Search) (*optimization, func(), error) {
	f.mu.Lock()
	f.forget()
	p := f.plans[s.ID]
	if p == nil {
		p = &planned{}
		f.plans[s.ID] = p
	}
	p.users++
	f.mu.Unlock()
	release := func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		p.users--
		p.last = time.Now()
		if p.err != nil {
			delete(f.plans, s.ID) // the next one tries again
		}
	}
	p.once.Do(func() {
		var r api.OptimizeRequest
		if p.err = json.Unmarshal([]byte(s.Request), &r); p.err != nil {
			return
		}
		o, err := f.s.plan(context.WithoutCancel(ctx), s.User, &r, false)
		if err != nil {
			p.err = err
			return
		}
		hash, err := dataHash(&o.data)
		if err == nil && hash != s.DataHash {
			err = errors.New("this process reads other data for the search")
		}
		if err != nil {
			o.bench.Close()
		}
		p.o, p.err = o, err
	})
	return p.o, release, p.err
}

// forget lets go of what nobody has used for a while. The caller holds the lock.
func (f *Farm) forget() {
	for id, p := range f.plans {
		if p.users == 0 && time.Since(p.last) > idlePlan {
			delete(f.plans, id)
			if p.o != nil && p.err == nil {
				p.o.bench.Close()
			}
		}
	}
}

// Close lets go of everything. Nothing may be running.
func (f *Farm) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, p := range f.plans {
		delete(f.plans, id)
		if p.o != nil && p.err == nil {
			p.o.bench.Close()
		}
	}
}
