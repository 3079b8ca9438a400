package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Bench evaluates one script over one set of bars, in children of its own: several at once where several are asked. Safe for
// concurrent use. Whoever made it must Close it.
type Bench struct {
	h      *Host
	script *Script
	data   *Data
	slots  chan struct{}
	idle   chan *worker
}

// Bench returns a bench for a script. No child is started before it is needed.
func (h *Host) Bench(s Script) *Bench {
	return &Bench{h: h, script: &s, slots: make(chan struct{}, h.width), idle: make(chan *worker, h.width)}
}

// Close ends the bench's children. Nothing may be running.
func (b *Bench) Close() {
	for {
		select {
		case w := <-b.idle:
			w.end()
		default:
			return
		}
	}
}

// Load sets the bars of later evaluations. They are sent to a child when it needs them, once. Nothing may be running.
func (b *Bench) Load(d Data) { b.data = &d }

// Declare returns what the script declares with the options. Errors: *strategy.ScriptError, *LimitError, ctx's.
func (b *Bench) Declare(ctx context.Context, o strategy.Options) (Declared, error) {
	var d Declared
	err := b.with(ctx, false, func(ctx context.Context, w *worker) error {
		d = Declared{}
		if err := w.request(ctx, kDeclare, o, &d, watcher{}); err != nil {
			return err
		}
		return b.checked(&d)
	})
	return d, err
}

func (b *Bench) checked(d *Declared) error {
	if err := d.check(b.script.Source); err != nil {
		return &LimitError{LimitCrash, "the script's process does not say what the script declares: " + err.Error()}
	}
	return nil
}

// Backtest runs one backtest. trace, where it is not nil, gets its events as JSON lines; progress, where it is not nil, the bars done
// now and then. Errors: *strategy.ScriptError, *LimitError, backtest.ErrNoBars, ctx's.
func (b *Bench) Backtest(ctx context.Context, r Run, trace io.Writer, progress func(done, total int)) (*report.Report, error) {
	rep := &report.Report{}
	err := b.with(ctx, true, func(ctx context.Context, w *worker) error {
		return w.request(ctx, kBacktest, runMessage{r, trace != nil}, rep, watcher{trace, progress})
	})
	if err != nil {
		return nil, err
	}
	return rep, nil
}

// WalkForward runs a walk-forward test with settled parameters. Errors: as Backtest's, and backtest.ErrFolds.
func (b *Bench) WalkForward(ctx context.Context, r Walk) (*backtest.WalkForward, error) {
	wf := &backtest.WalkForward{}
	err := b.with(ctx, true, func(ctx context.Context, w *worker) error { return w.request(ctx, kWalk, r, wf, watcher{}) })
	if err != nil {
		return nil, err
	}
	return wf, nil
}

// LookAhead runs a look-ahead test over all the bars. Errors: as Backtest's.
func (b *Bench) LookAhead(ctx context.Context, r Look) (*backtest.LookAhead, error) {
	la := &backtest.LookAhead{}
	err := b.with(ctx, true, func(ctx context.Context, w *worker) error { return w.request(ctx, kLook, r, la, watcher{}) })
	if err != nil {
		return nil, err
	}
	return la, nil
}

// with lends one of the bench's children, with the script compiled and, where they are needed, the bars loaded. A child that broke
// off is not used again.
func (b *Bench) with(ctx context.Context, data bool, use func(context.Context, *worker) error) error {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	limit := &LimitError{LimitTime, fmt.Sprintf("the whole run took longer than %s: use a shorter window or a longer interval", b.h.limits.Run)}
	ctx, cancel := context.WithTimeoutCause(ctx, b.h.limits.Run, limit)
	defer cancel()
	w, err := b.ready(ctx, data)
	if err != nil {
		return err
	}
	err = use(ctx, w)
	b.h.used(w)
	var remote *remoteError
	if err == nil || errors.As(err, &remote) && w.idle() {
		b.idle <- w // there is room: it holds as many as there are slots
		return err
	}
	w.end()
	return err
}

func (b *Bench) ready(ctx context.Context, data bool) (w *worker, err error) {
	need := int64(0)
	if data {
		if b.data == nil {
			return nil, errors.New("sandbox: an evaluation without bars")
		}
		need = b.data.memory()
	}
	select {
	case w = <-b.idle:
		if w.memory < b.h.limits.Memory+need {
			w.end() // it was made for less
			w, err = b.h.take(ctx, need)
		}
	default:
		w, err = b.h.take(ctx, need)
	}
	if err != nil {
		return nil, err
	}
	if w.script != b.script {
		var ok bool
		if err := w.request(ctx, kScript, b.script, &ok, watcher{}); err != nil {
			w.end()
			return nil, err
		}
		w.script = b.script
	}
	if data && w.data != b.data {
		if err := w.load(ctx, b.data); err != nil {
			w.end()
			return nil, err
		}
		w.data = b.data
	}
	return w, nil
}

// toldFact is what a fact takes in a child, in bytes: with the copies of its item, rounded up.
const toldFact = 400

// memory is what the bars take in a child beyond the room that every child has: themselves, the copies of a walk-forward, and the
// report. Small ones take nothing extra.
func (d *Data) memory() int64 {
	n := 0
	for _, bars := range d.Bars {
		n += len(bars)
	}
	const bar = 64 // bytes, rounded up
	return max(0, int64(n)*bar*4+int64(len(d.Told.Facts))*toldFact-64<<20)
}

// load sends the bars.
func (w *worker) load(ctx context.Context, d *Data) error {
	m := dataMessage{Markets: d.Markets, Interval: d.Interval, Asked: d.Told.Asked, ReachMS: d.Told.ReachMS, Facts: len(d.Told.Facts)}
	for _, bars := range d.Bars {
		m.Bars = append(m.Bars, len(bars))
	}
	head, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return w.guard(ctx, w.limits.Call, func(t *time.Timer) error {
		if err := w.conn.send(kData, head); err != nil {
			return err
		}
		var block []byte
		for i, bars := range d.Bars {
			for len(bars) > 0 {
				n := min(len(bars), market.MaxColumns)
				block = binary.LittleEndian.AppendUint16(block[:0], uint16(i))
				if block, err = market.AppendColumns(block, bars[:n]); err != nil {
					return err
				}
				if err := w.conn.send(kBars, block); err != nil {
					return err
				}
				bars = bars[n:]
				t.Reset(w.limits.Call)
			}
		}
		for part := range slices.Chunk(d.Told.Facts, factsInBlock) {
			block = fact.Append(block[:0], part)
			if err := w.conn.send(kFacts, block); err != nil {
				return err
			}
			t.Reset(w.limits.Call)
		}
		var ok bool
		return w.reply(t, &ok, watcher{})
	})
}
