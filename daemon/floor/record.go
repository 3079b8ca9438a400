package floor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

const maxInput = 64 << 10 // bytes of one input's body

// recorder steps one session's runner and collects what a commit of it holds. It is the same whether the inputs are new, are
// being rebuilt after a restart, or are replayed to be compared.
type recorder struct {
	session journal.Session
	runner  *engine.Runner
	books   books
	batch   journal.Batch
	hash    string // of the newest line
	lines   int64
	marked  bool   // the step under way has marked the equity
	close   func() // ends the strategy's process
}

// newRecorder starts a session's engine and venue from nothing. The strategy's init may have left lines in the batch already.
// The strategy is the recorder's, which must be closed; where there is an error it is the caller's still.
func newRecorder(j journal.Session, strat *sandbox.Session) (*recorder, error) {
	r := &recorder{session: j, close: strat.Close, books: books{start: j.Settings.Cash, peak: j.Settings.Cash, equity: j.Settings.Cash}}
	r.clear()
	e, err := engine.New(engine.Config{Strategy: strat, Settings: j.Settings, From: j.FeedArgs.From, Audit: r, AuditMarks: true})
	if err != nil {
		return nil, err
	}
	spec := strat.Spec()
	v, err := sim.New(j.Settings, spec.Markets, spec.Interval)
	if err != nil {
		return nil, err
	}
	r.runner = engine.NewRunner(e, v, j.Feed == feedCoinSpot)
	return r, nil
}

// Line takes one line of the audit, numbers it into the chain of hashes and keeps it for the commit.
func (r *recorder) Line(l engine.Line) {
	r.lines++
	r.hash = chain(r.hash, &l)
	if l.Kind == "mark" {
		r.marked = true
	}
	r.batch.Lines = append(r.batch.Lines, journal.Line{Session: r.session.ID, Seq: l.Seq, Input: l.Input, Time: l.Time, Kind: l.Kind, Body: l.Body, Hash: r.hash})
}

// chain is SHA-256 in hex over the hash before and everything in the line.
func chain(before string, l *engine.Line) string {
	b := make([]byte, 0, 256)
	b = append(b, before...)
	for _, n := range [...]int64{l.Seq, l.Input, l.Time.UnixNano()} {
		b = strconv.AppendInt(append(b, '\n'), n, 10)
	}
	b = append(append(append(b, '\n'), l.Kind...), '\n')
	b = append(b, l.Body...)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// step takes one new input. On an error the batch holds the input and what it caused until then.
func (r *recorder) step(ev *engine.Event) error {
	kind, body, err := ev.Encode()
	if err != nil {
		return err
	}
	if len(body) > maxInput {
		return fmt.Errorf("%s event: %d bytes, at most %d are journalled", kind, len(body), maxInput)
	}
	r.batch.Inputs = append(r.batch.Inputs, journal.Input{Session: r.session.ID, Seq: r.runner.Inputs() + 1, Time: moment(ev, r.session.Interval.Duration()), Kind: kind, Body: body})
	return r.take(ev)
}

// take steps an input without recording the input itself.
func (r *recorder) take(ev *engine.Event) error {
	r.marked = false
	err := r.runner.Step(ev)
	e := r.runner.Engine()
	r.batch.Orders = append(r.batch.Orders, r.runner.Orders()...)
	fills := r.runner.Fills()
	r.batch.Fills = append(r.batch.Fills, fills...)
	for i := range fills {
		r.books.fill(&fills[i])
	}
	r.books.at = moment(ev, r.session.Interval.Duration())
	if r.marked && e.Now().After(r.session.FeedArgs.From) {
		p := journal.EquityPoint{Time: e.Now(), Equity: e.Equity()}
		r.books.mark(p)
		if n := len(r.batch.Equity); n > 0 && r.batch.Equity[n-1].Time.Equal(p.Time) {
			r.batch.Equity[n-1] = p
		} else {
			r.batch.Equity = append(r.batch.Equity, p)
		}
	}
	return err
}

// moment is when an input happened: a bar at its close.
func moment(ev *engine.Event, interval time.Duration) time.Time {
	switch ev.Kind {
	case engine.Bar:
		return ev.Bar.OpenTime().Add(interval)
	case engine.Quote:
		return ev.Quote.Time.UTC()
	}
	return ev.Time.UTC()
}

// clear empties the batch, for what comes after a commit.
func (r *recorder) clear() {
	r.batch = journal.Batch{Session: r.session.ID, Inputs: r.batch.Inputs[:0], Lines: r.batch.Lines[:0], Orders: r.batch.Orders[:0],
		Fills: r.batch.Fills[:0], Equity: r.batch.Equity[:0]}
}

// pending reports that there is something to commit.
func (r *recorder) pending() bool { return len(r.batch.Inputs) > 0 || r.batch.Status != "" }

// account is the books as they stand.
func (r *recorder) account() journal.Account {
	e := r.runner.Engine()
	a := journal.Account{Session: r.session.ID, Input: r.runner.Inputs(), Cash: e.Cash(), Reserved: e.Reserved(), Equity: e.Equity(),
		StartCash: r.books.start, Peak: r.books.peak, Fees: e.Fees(), Drawdown: r.books.drawdown, Closed: r.books.closed, Before: r.books.before, Time: r.books.at}
	for m, market := range r.session.Markets {
		if seen := e.Seen(m); m == 0 || seen < a.Bars {
			a.Bars = seen
		}
		if p := e.Position(m); !p.Quantity.IsZero() || !p.Fees.IsZero() {
			a.Positions = append(a.Positions, p)
		}
		if price, at := e.Last(m); !at.IsZero() {
			a.Marks = append(a.Marks, journal.Mark{Market: market, Price: price, Time: at})
		}
	}
	return a
}

// last orders the batch's orders so that each appears once, as it stands.
func (r *recorder) last() {
	at := make(map[string]int, len(r.batch.Orders))
	kept := r.batch.Orders[:0]
	for _, o := range r.batch.Orders {
		if i, ok := at[o.ID]; ok {
			kept[i] = o
			continue
		}
		at[o.ID] = len(kept)
		kept = append(kept, o)
	}
	r.batch.Orders = kept
}

// seal makes the batch ready to commit, with the status it leaves.
func (r *recorder) seal(s journal.Status, failure string) {
	r.last()
	r.batch.Account, r.batch.Status, r.batch.Error = r.account(), s, failure
}

// held counts the positions that are not flat.
func (r *recorder) held() int {
	n := 0
	for m := range r.session.Markets {
		if r.runner.Engine().Held(m) {
			n++
		}
	}
	return n
}

var _ engine.Audit = (*recorder)(nil)
