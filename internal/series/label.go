package series

import (
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/evidence"
)

// Labels are what came of each row, which is known only later. A label that is not known yet is NaN.
type Labels struct {
	Times  []int64   // of the rows
	Values []float64 // a return, or 1, 0 and −1
	Ends   []int64   // when each was known; of one that is not known yet: its own row's time
	Weight []float64 // share of its label that is not another one's too (uniqueness), in (0, 1]; 0 where it is not known
}

// Horizon labels each row with its return over the next rows: x[i+n]/x[i] − 1, known at row i+n.
func (f *Frame) Horizon(name string, rows int) (*Labels, error) {
	if rows < 1 || rows > MaxRows {
		return nil, fmt.Errorf("label: a horizon of %d rows, it takes 1 to %d", rows, MaxRows)
	}
	x, err := f.positive(name)
	if err != nil {
		return nil, err
	}
	var events []evidence.Event
	for i := 0; i+rows < len(x); i++ {
		events = append(events, evidence.Event{From: i, To: i + rows, Return: x[i+rows]/x[i] - 1})
	}
	return f.labels(events, func(e evidence.Event) float64 { return e.Return })
}

// TripleBarrier labels each row 1, −1 or 0: which barrier its price met first (evidence.TripleBarrier). Up and down are returns, 0 for no such
// barrier; rows is the vertical one.
func (f *Frame) TripleBarrier(name string, up, down float64, rows int, signVertical bool) (*Labels, error) {
	x, err := f.positive(name)
	if err != nil {
		return nil, err
	}
	if !(up >= 0) || !(down >= 0) || math.IsInf(up, 0) || math.IsInf(down, 0) || up == 0 && down == 0 {
		return nil, fmt.Errorf("label: barriers of %v above and %v below: each is a return like 0.02, not below zero, and one of them is needed", up, down)
	}
	if steps := float64(len(x)) * float64(min(rows, len(x))); steps > maxBarrierSteps {
		return nil, fmt.Errorf("label: %d rows of %q with a vertical barrier %d rows away are too many to follow: use fewer rows or a nearer barrier", len(x), name, rows)
	}
	events, err := evidence.TripleBarrier(x, nil, evidence.Barriers{Target: 1, Profit: up, Loss: down, Vertical: rows, SignVertical: signVertical})
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	return f.labels(events, func(e evidence.Event) float64 { return float64(e.Label) })
}

// positive returns a column of prices.
func (f *Frame) positive(name string) ([]float64, error) {
	x, err := f.Column(name)
	if err != nil {
		return nil, err
	}
	for i, v := range x {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("label: row %d of %q is %v; a label needs prices above zero in every row", i, name, v)
		}
	}
	return x, nil
}

// maxLabelWork bounds the rows that all labels together run over.
const maxLabelWork = 400_000_000

// maxBarrierSteps bounds the rows that are looked at when no price meets a barrier, before any is: that many take some seconds.
const maxBarrierSteps = 4e9

func (f *Frame) labels(events []evidence.Event, value func(evidence.Event) float64) (*Labels, error) {
	n, work := len(f.times), 0
	for i := range events {
		if work += events[i].To - events[i].From + 1; work > maxLabelWork {
			return nil, fmt.Errorf("label: %d rows with labels this long are too many: use fewer rows or a shorter horizon", n)
		}
	}
	weights, err := evidence.Uniqueness(events, n)
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	l := &Labels{Times: f.times, Values: make([]float64, n), Ends: make([]int64, n), Weight: make([]float64, n)}
	for i := range l.Values {
		l.Values[i], l.Ends[i] = math.NaN(), f.times[i]
	}
	for i, e := range events {
		l.Values[e.From], l.Ends[e.From], l.Weight[e.From] = value(e), f.times[e.To], weights[i]
	}
	return l, nil
}

// Spans are what purging needs: from each row's time to when its label was known.
func (l *Labels) Spans() []evidence.Span {
	out := make([]evidence.Span, len(l.Times))
	for i, t := range l.Times {
		out[i] = evidence.Span{From: t, To: l.Ends[i]}
	}
	return out
}
