package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/venue"
)

// Kind says what an event is.
type Kind uint8

// The kinds of events.
const (
	Bar     Kind = iota + 1 // a finished bar of market Market
	Quote                   // a quote of market Market
	Update                  // a broker's answer
	Clock                   // only time: Time
	Command                 // a person's order: Command is StopCommand or KillCommand, at Time
	End                     // the feed has ended, at Time
	Facts                   // what the ledgers had landed by Time: Facts
)

var kindNames = [...]string{Bar: "bar", Quote: "quote", Update: "update", Clock: "clock", Command: "command", End: "end", Facts: "facts"}

// String is the kind's name in journals: bar, quote, update, clock, command, end, facts.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind(%d)", k)
	}
	return kindNames[k]
}

// The commands.
const (
	StopCommand = "stop" // cancel open orders, leave positions, take no more intents
	KillCommand = "kill" // cancel open orders, sell every position at market, take no more intents
)

// Event is one thing the engine is told. Kind says which fields count. Plain values, so that a driver can reuse one Event.
type Event struct {
	Kind    Kind
	Market  int           // index in the strategy's declared markets: Bar, Quote
	Bar     market.Bar    // Bar
	Quote   *market.Quote // Quote
	Update  *venue.Update // Update
	Time    time.Time     // Clock, Command, End, Facts
	Command string        // Command
	Facts   []fact.Fact   // Facts: answers to the strategy's questions, at most FactsInEvent
	Seq     int64         // Facts: the number of the newest item of the ledgers that they cover; 0 where nobody counts
}

// FactsInEvent is how many facts one event brings at most.
const FactsInEvent = 250

// FromFeed is the event of an observation.
func FromFeed(o venue.Observation) Event {
	if o.Bar != nil {
		return Event{Kind: Bar, Market: o.Market, Bar: *o.Bar}
	}
	return Event{Kind: Quote, Market: o.Market, Quote: o.Quote}
}

// ErrEvent is wrapped by the errors of DecodeEvent: the bytes are no event.
var ErrEvent = errors.New("not an event")

// maxUnix bounds event times (year 2255), so that nanoseconds fit.
const maxUnix = 9_000_000_000

type barBody struct {
	Market int            `json:"market"`
	Time   int64          `json:"t"`
	Open   money.Decimal  `json:"open"`
	High   money.Decimal  `json:"high"`
	Low    money.Decimal  `json:"low"`
	Close  money.Decimal  `json:"close"`
	Volume *money.Decimal `json:"volume"`
}

type quoteBody struct {
	Market int           `json:"market"`
	Quote  *market.Quote `json:"quote"`
}

type factsBody struct {
	Time  time.Time   `json:"t"`
	Seq   int64       `json:"seq,omitempty"`
	Facts []fact.Fact `json:"facts"`
}

type timeBody struct {
	Time    time.Time `json:"t"`
	Command string    `json:"command,omitempty"`
}

// Encode writes the event as a journal keeps it: its kind's name and a JSON body. DecodeEvent reads it back exactly.
func (ev *Event) Encode() (kind string, body []byte, err error) {
	var v any
	switch ev.Kind {
	case Bar:
		b := barBody{Market: ev.Market, Time: ev.Bar.Unix(), Open: ev.Bar.Open(), High: ev.Bar.High(), Low: ev.Bar.Low(), Close: ev.Bar.Close()}
		if ev.Bar.HasVolume() {
			vol := ev.Bar.Volume()
			b.Volume = &vol
		}
		v = b
	case Quote:
		v = quoteBody{Market: ev.Market, Quote: ev.Quote}
	case Update:
		v = ev.Update
	case Facts:
		v = factsBody{ev.Time, ev.Seq, ev.Facts}
	case Clock, Command, End:
		v = timeBody{Time: ev.Time, Command: ev.Command}
	default:
		return "", nil, fmt.Errorf("encode event: %w: %s", ErrEvent, ev.Kind)
	}
	if body, err = json.Marshal(v); err != nil {
		return "", nil, fmt.Errorf("encode %s event: %w", ev.Kind, err)
	}
	return ev.Kind.String(), body, nil
}

// DecodeEvent reads what Encode wrote. Errors wrap ErrEvent.
func DecodeEvent(kind string, body []byte) (Event, error) {
	ev, err := decode(kind, body)
	if err != nil {
		return Event{}, fmt.Errorf("%w: %.20s: %w", ErrEvent, kind, err)
	}
	return ev, nil
}

func decode(kind string, body []byte) (Event, error) {
	switch kind {
	case "bar":
		var b barBody
		if err := json.Unmarshal(body, &b); err != nil {
			return Event{}, err
		}
		if b.Time < 0 || b.Time > maxUnix {
			return Event{}, fmt.Errorf("time %d is out of range", b.Time)
		}
		bar, err := market.NewBar(b.Time, b.Open, b.High, b.Low, b.Close, b.Volume)
		return Event{Kind: Bar, Market: b.Market, Bar: bar}, err
	case "quote":
		var q quoteBody
		if err := json.Unmarshal(body, &q); err != nil {
			return Event{}, err
		}
		if q.Quote == nil {
			return Event{}, errors.New("no quote in it")
		}
		return Event{Kind: Quote, Market: q.Market, Quote: q.Quote}, checkTime(q.Quote.Time)
	case "update":
		var u venue.Update
		if err := json.Unmarshal(body, &u); err != nil {
			return Event{}, err
		}
		return Event{Kind: Update, Update: &u}, checkTime(u.Time)
	case "facts":
		var f factsBody
		if err := json.Unmarshal(body, &f); err != nil {
			return Event{}, err
		}
		if len(f.Facts) > FactsInEvent || f.Seq < 0 {
			return Event{}, fmt.Errorf("%d facts up to item %d", len(f.Facts), f.Seq)
		}
		for i := range f.Facts {
			if err := f.Facts[i].Check(); err != nil {
				return Event{}, err
			}
		}
		return Event{Kind: Facts, Time: f.Time, Seq: f.Seq, Facts: f.Facts}, checkTime(f.Time)
	case "clock", "command", "end":
		var t timeBody
		if err := json.Unmarshal(body, &t); err != nil {
			return Event{}, err
		}
		k := map[string]Kind{"clock": Clock, "command": Command, "end": End}[kind]
		if k == Command && t.Command != StopCommand && t.Command != KillCommand {
			return Event{}, fmt.Errorf("command %.20q: want stop or kill", t.Command)
		}
		return Event{Kind: k, Time: t.Time, Command: t.Command}, checkTime(t.Time)
	}
	return Event{}, errors.New("unknown kind")
}

func checkTime(t time.Time) error {
	if u := t.Unix(); u < 0 || u > maxUnix {
		return fmt.Errorf("time %s is out of range", t.Format(time.RFC3339))
	}
	return nil
}
