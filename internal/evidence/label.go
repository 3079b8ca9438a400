package evidence

// Barriers say where an event's label is decided (López de Prado 2018, ch. 3).
type Barriers struct {
	Target   float64 // the return that counts as one unit, above zero
	Profit   float64 // units above the entry at which the event is a gain; 0 for no upper barrier
	Loss     float64 // units below at which it is a loss; 0 for no lower barrier
	Vertical int     // bars after which it ends whatever happened, at least 1
	// SignVertical labels an event that ends at the vertical barrier by the sign of its return; otherwise its label is 0.
	SignVertical bool
}

// Barrier is what ended an event.
type Barrier uint8

// The three barriers.
const (
	VerticalBarrier Barrier = iota
	UpperBarrier
	LowerBarrier
)

// Event is a labelled observation: it starts at the close of bar From and its label is known at the close of bar To.
type Event struct {
	From, To int
	Return   float64 // close[To]/close[From] − 1
	Label    int     // 1, 0 or −1
	Barrier  Barrier
}

// Span is what purging needs: the bars the label looks at.
func (e Event) Span() Span { return Span{From: int64(e.From), To: int64(e.To)} }

// TripleBarrier labels the events that start at the bars starts, in their order; nil means every bar. A horizontal barrier is crossed by the
// first close whose return lies strictly beyond it. An event is left out if the closes end before its vertical barrier and no horizontal one
// was crossed by then: its label is not known yet. (So is one at the last bar.) Closes are finite and above zero.
func TripleBarrier(closes []float64, starts []int, b Barriers) ([]Event, error) {
	const figure = "triple barrier"
	if err := b.check(); err != nil {
		return nil, err
	}
	for i, c := range closes {
		if !(c > 0) || !finite(c) {
			return nil, degenerate(figure, "close %d is %v, it must be above zero", i, c)
		}
	}
	if starts == nil {
		starts = make([]int, len(closes))
		for i := range starts {
			starts[i] = i
		}
	}
	out := make([]Event, 0, len(starts))
	for _, from := range starts {
		if from < 0 || from >= len(closes) {
			return nil, degenerate(figure, "an event starts at bar %d, there are %d bars", from, len(closes))
		}
		e, known := b.label(closes, from)
		if !known {
			continue
		}
		if !finite(e.Return) {
			return nil, degenerate(figure, "the return from bar %d to bar %d is not a finite number", e.From, e.To)
		}
		out = append(out, e)
	}
	return out, nil
}

func (b Barriers) check() error {
	const figure = "triple barrier"
	if !(b.Target > 0) || !finite(b.Target) {
		return degenerate(figure, "the target is %v, it must be above zero", b.Target)
	}
	for _, units := range [...]float64{b.Profit, b.Loss} {
		if !(units >= 0) || !finite(units*b.Target) {
			return degenerate(figure, "a barrier lies %v units of %v away, it must be a finite number, not below zero", units, b.Target)
		}
	}
	if b.Vertical < 1 {
		return degenerate(figure, "the vertical barrier is %d bars away, it must be at least 1", b.Vertical)
	}
	return nil
}

// label follows one event; known is false when the closes end before it does.
func (b Barriers) label(closes []float64, from int) (e Event, known bool) {
	left := len(closes) - 1 - from
	for i := 1; i <= min(left, b.Vertical); i++ {
		r := closes[from+i]/closes[from] - 1
		e = Event{From: from, To: from + i, Return: r}
		switch {
		case b.Profit > 0 && r > b.Profit*b.Target:
			e.Label, e.Barrier = 1, UpperBarrier
			return e, true
		case b.Loss > 0 && r < -b.Loss*b.Target:
			e.Label, e.Barrier = -1, LowerBarrier
			return e, true
		}
	}
	if left < b.Vertical {
		return Event{}, false
	}
	if b.SignVertical {
		switch {
		case e.Return > 0:
			e.Label = 1
		case e.Return < 0:
			e.Label = -1
		}
	}
	return e, true
}

// maxLabelBars bounds the bars that concurrency is counted over.
const maxLabelBars = 100_000_000

// Concurrency counts, for each of bars bars, the events that run over it, from the bar they start at to the one they end at, both included.
func Concurrency(events []Event, bars int) ([]int, error) {
	const figure = "concurrency"
	if bars < 0 || bars > maxLabelBars {
		return nil, degenerate(figure, "%d bars, it takes 0 to %d", bars, maxLabelBars)
	}
	out := make([]int, bars+1)
	for i, e := range events {
		if e.From < 0 || e.To < e.From || e.To >= bars {
			return nil, degenerate(figure, "event %d runs from bar %d to bar %d, there are %d bars", i, e.From, e.To, bars)
		}
		out[e.From]++
		out[e.To+1]--
	}
	for i := 1; i < len(out); i++ {
		out[i] += out[i-1]
	}
	return out[:bars], nil
}

// Uniqueness is, for each event, the mean of 1/concurrency over its bars (López de Prado 2018, ch. 4), in (0, 1]: the weight that makes
// labels which overlap count as what they are worth. The cost is the sum of the events' lengths.
func Uniqueness(events []Event, bars int) ([]float64, error) {
	count, err := Concurrency(events, bars)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(events))
	for i, e := range events {
		for _, c := range count[e.From : e.To+1] {
			out[i] += 1 / float64(c)
		}
		out[i] /= float64(e.To - e.From + 1)
	}
	return out, nil
}
