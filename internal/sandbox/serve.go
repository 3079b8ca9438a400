package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// beatEvery is how often a child that works says that it does.
const beatEvery = 250 * time.Millisecond

// maxBars bounds the bars of one market: five years of minutes many times over.
const maxBars = 20_000_000

// server is the child's side.
type server struct {
	*conn
	script  Script
	program *strategy.Program
	data    Data
	calls   atomic.Int64 // of the script
	done    atomic.Int64 // bars
	total   atomic.Int64
}

// Serve answers one parent until it closes the pipe: it is all that a child does. missing, where it is not empty, is what does not
// contain this child: the parent is told before anything else.
func Serve(in io.Reader, out io.Writer, missing string) error {
	s := &server{conn: newConn(in, out, maxRequest)}
	if err := s.reply(kHello, helloMessage{Version, clip(missing, maxText)}); err != nil {
		return err
	}
	rehearse()
	for {
		k, payload, err := s.receive()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if k == kOpen {
			return s.session(payload)
		}
		if err := s.handle(k, payload); err != nil {
			return err
		}
	}
}

// rehearse compiles and makes a strategy of omc's own, so that the pages and tables which that needs are there when the first script
// comes: a child that waits ready has time for it.
func rehearse() {
	for _, e := range strategy.Examples()[:1] {
		p, err := strategy.Compile([]byte(e.Source), e.Name)
		if err != nil {
			return // whoever asks for it is told
		}
		if _, _, err := p.New(strategy.Options{}); err != nil {
			return
		}
	}
}

// reply sends v as JSON.
func (s *server) reply(k kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return s.fail(fmt.Errorf("the result cannot be written: %w", err))
	}
	if len(b) > maxReply {
		return s.fail(fmt.Errorf("the result has %d bytes, at most %d are allowed", len(b), maxReply))
	}
	return s.send(k, b)
}

func (s *server) fail(err error) error {
	b, merr := json.Marshal(failed(err))
	if merr != nil {
		return merr
	}
	return s.send(kFailed, b)
}

// handle deals with one request and replies. Its error is that of the pipe.
func (s *server) handle(k kind, payload []byte) error {
	stop := s.beat()
	v, err := s.work(k, payload)
	stop()
	switch {
	case err != nil:
		return s.fail(err)
	case v == nil:
		return nil
	}
	return s.reply(kOK, v)
}

// beat says now and then that the child is alive and how far it is, until stop is called.
func (s *server) beat() (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(beatEvery)
		defer t.Stop()
		for {
			select {
			case <-quit:
				return
			case <-t.C:
				b, err := json.Marshal(beatMessage{s.calls.Load(), int(s.done.Load()), int(s.total.Load())})
				if err != nil || s.send(kBeat, b) != nil {
					return // the reply will meet what is wrong with the pipe
				}
			}
		}
	}()
	return func() { close(quit); <-ended }
}

// work does what a request asks for. A nil value means that there is no reply yet.
func (s *server) work(k kind, payload []byte) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fmt.Errorf("the run failed: %v", r)
		}
	}()
	switch k {
	case kScript:
		if err := json.Unmarshal(payload, &s.script); err != nil {
			return nil, err
		}
		if s.program, err = strategy.Compile([]byte(s.script.Source), s.script.Name); err != nil {
			return nil, err
		}
		return true, nil
	case kDeclare:
		var o strategy.Options
		if err := json.Unmarshal(payload, &o); err != nil {
			return nil, err
		}
		_, d, err := s.declare(o)
		return d, err
	case kData:
		return s.load(payload)
	case kBacktest:
		var m runMessage
		if err := json.Unmarshal(payload, &m); err != nil {
			return nil, err
		}
		return s.backtest(m)
	case kWalk:
		var m Walk
		if err := json.Unmarshal(payload, &m); err != nil {
			return nil, err
		}
		return s.walk(m)
	case kLook:
		var m Look
		if err := json.Unmarshal(payload, &m); err != nil {
			return nil, err
		}
		return s.look(m)
	}
	return nil, fmt.Errorf("%w: kind %q is no request", errFrame, rune(k))
}

func (s *server) declare(o strategy.Options) (strategy.Strategy, Declared, error) {
	if s.program == nil {
		return nil, Declared{}, errors.New("no script was given")
	}
	o.Progress = func() { s.calls.Add(1) }
	strat, content, err := s.program.New(o)
	if err != nil {
		return nil, Declared{}, err
	}
	return &counted{Strategy: strat, calls: &s.calls}, Declared{strat.Spec(), content}, nil
}

// load reads the bars that follow.
func (s *server) load(payload []byte) (any, error) {
	var m dataMessage
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, err
	}
	if len(m.Bars) != len(m.Markets) {
		return nil, errors.New("bars of other markets than announced")
	}
	d := Data{Markets: m.Markets, Interval: m.Interval, Bars: make([][]market.Bar, len(m.Bars))}
	for i, n := range m.Bars {
		if n < 0 || n > maxBars {
			return nil, fmt.Errorf("%d bars of %s: at most %d are allowed", n, m.Markets[i], maxBars)
		}
		d.Bars[i] = make([]market.Bar, 0, min(n, 1<<20))
		for len(d.Bars[i]) < n {
			k, block, err := s.receive()
			if err != nil {
				return nil, err
			}
			if k != kBars || len(block) < 2 || int(binary.LittleEndian.Uint16(block)) != i {
				return nil, fmt.Errorf("%w: kind %q instead of bars", errFrame, rune(k))
			}
			if d.Bars[i], _, err = market.ParseColumns(d.Bars[i], block[2:]); err != nil {
				return nil, err
			}
		}
	}
	if m.Facts < 0 || m.Facts > fact.MaxFacts {
		return nil, fmt.Errorf("%d facts: at most %d are allowed", m.Facts, fact.MaxFacts)
	}
	d.Told = fact.List{Asked: m.Asked, ReachMS: m.ReachMS}
	for len(d.Told.Facts) < m.Facts {
		k, block, err := s.receive()
		if err != nil {
			return nil, err
		}
		if k != kFacts || len(block) == 0 {
			return nil, fmt.Errorf("%w: kind %q instead of facts", errFrame, rune(k))
		}
		if d.Told.Facts, err = fact.Parse(d.Told.Facts, block); err != nil {
			return nil, err
		}
	}
	s.data = d
	return true, nil
}

// strategy makes a fresh one for the loaded markets.
func (s *server) strategy(params map[string]float64) (strategy.Strategy, strategy.Content, error) {
	strat, d, err := s.declare(strategy.Options{Params: params, Markets: s.data.Markets, Interval: s.data.Interval})
	return strat, d.Content, err
}

// input is the backtest's, with the bars that the run may know.
func (s *server) input(r *Run) backtest.Input {
	in := backtest.Input{Algorithm: r.Algorithm, From: r.From, To: r.To, Settings: r.Settings, Sources: r.Sources, Simulated: r.Simulated, Brief: r.Brief,
		Told: s.data.Told, Bars: make([][]market.Bar, len(s.data.Bars))}
	for m, bars := range s.data.Bars {
		lo, hi := 0, len(bars)
		if !r.Since.IsZero() {
			lo = opensAt(bars, r.Since)
		}
		if !r.Before.IsZero() {
			hi = max(lo, opensAt(bars, r.Before))
		}
		in.Bars[m] = bars[lo:hi:hi]
	}
	in.Progress = func(done, total int) {
		s.done.Store(int64(done))
		s.total.Store(int64(total))
	}
	return in
}

func opensAt(bars []market.Bar, t time.Time) int {
	return sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= t.Unix() })
}

func (s *server) backtest(m runMessage) (*report.Report, error) {
	strat, content, err := s.strategy(m.Params)
	if err != nil {
		return nil, err
	}
	in := s.input(&m.Run)
	in.Strategy, in.CodeHash = strat, content.CodeHash()
	if m.Trace {
		in.Trace = traceWriter{s.conn}
	}
	return backtest.Run(context.Background(), in)
}

// traceWriter sends the trace on as it comes.
type traceWriter struct{ c *conn }

// Write implements io.Writer.
func (w traceWriter) Write(b []byte) (int, error) {
	for part := range slices.Chunk(b, 1<<20) {
		if err := w.c.send(kTrace, part); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (s *server) walk(m Walk) (*backtest.WalkForward, error) {
	return backtest.RunWalkForward(context.Background(), backtest.WalkForwardInput{Input: s.input(&m.Run), Markets: s.data.Markets, Interval: s.data.Interval, Folds: m.Folds,
		Choose: func(_ context.Context, t backtest.Training) (strategy.Strategy, error) {
			params := m.Params
			if len(m.FoldParams) > 0 {
				if t.Fold > len(m.FoldParams) {
					return nil, fmt.Errorf("%w: parameters for %d folds", backtest.ErrFolds, len(m.FoldParams))
				}
				params = m.FoldParams[t.Fold-1]
			}
			strat, _, err := s.strategy(params)
			return strat, err
		}})
}

func (s *server) look(m Look) (*backtest.LookAhead, error) {
	in := s.input(&m.Run)
	return backtest.RunLookAhead(context.Background(), backtest.LookAheadInput{Bars: in.Bars, Told: in.Told, Settings: m.Settings, Seed: m.Seed, Cuts: m.Cuts, Budget: m.Budget,
		New: func([][]market.Bar) (strategy.Strategy, error) {
			strat, _, err := s.strategy(m.Params)
			return strat, err
		}})
}

// OnEnd implements strategy.Ender.
func (c *counted) OnEnd(ctx strategy.Context) error {
	c.calls.Add(1)
	return strategy.End(c.Strategy, ctx)
}

// Cost implements strategy.Costly.
func (c *counted) Cost() int64 { return strategy.Cost(c.Strategy) }

// Results implements strategy.Reporter.
func (c *counted) Results() []report.Result { return strategy.Results(c.Strategy) }

// OnFacts implements strategy.Listener.
func (c *counted) OnFacts(facts []fact.Fact) error {
	c.calls.Add(1)
	return strategy.Tell(c.Strategy, facts)
}

// counted counts the calls of a strategy, so that a call that does not end is noticed.
type counted struct {
	strategy.Strategy
	calls *atomic.Int64
}

// OnBar implements strategy.Strategy.
func (c *counted) OnBar(ctx strategy.Context, m int, bar *market.Bar) error {
	c.calls.Add(1)
	return c.Strategy.OnBar(ctx, m, bar)
}
