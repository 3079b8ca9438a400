package graph

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds of events.
const (
	EventStepStarted  EventKind = "step_started"  // Node begins, or begins again
	EventEffectStored EventKind = "effect_stored" // the answer of effect Key is durable
	EventEffectReused EventKind = "effect_reused" // effect Key was answered by what an earlier run of the step had stored
	EventProgress     EventKind = "progress"      // the node says Data; not stored
	EventStepFinished EventKind = "step_finished" // the step's checkpoint is durable; Next runs next
	EventInterrupted  EventKind = "interrupted"   // the thread waits for an answer to question Key, which is Data; one event for each question
	EventStopped      EventKind = "stopped"       // the run returns Error; the thread can be resumed
	EventFinished     EventKind = "finished"      // the run reached End
)

// Event is one thing that a run tells while it goes. Events are not stored: after a crash those of the step in flight come again.
// On one thread (Checkpoint, Seq) grows with every event, also across resumes.
type Event struct {
	Seq        int64           `json:"seq"`        // 1, 2, 3, … within one call of Start or Resume
	Checkpoint int64           `json:"checkpoint"` // the thread's latest checkpoint
	Step       int64           `json:"step"`       // the step in flight or just finished
	Kind       EventKind       `json:"kind"`
	Thread     string          `json:"thread"`
	Node       string          `json:"node"`
	Key        string          `json:"key,omitempty"`
	Next       string          `json:"next,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Error      string          `json:"error,omitempty"`
	At         time.Time       `json:"at"` // UTC
}

// Observer is told the events of a run, one at a time and in order. The run stands still meanwhile: an observer returns promptly
// (hands over to a queue that drops when full, like Queue), never panics, and never calls into the step or the runner.
type Observer func(Event)

// Queue returns an observer that puts events into ch and never waits: where ch is full the event is dropped and dropped, if not nil,
// is told. Receivers see the gap in Seq and read the thread with View.
func Queue(ch chan<- Event, dropped func(Event)) Observer {
	return func(e Event) {
		select {
		case ch <- e:
		default:
			if dropped != nil {
				dropped(e)
			}
		}
	}
}

// emitter numbers the events of one run.
type emitter struct {
	thread   string
	clock    clock.Clock
	observer Observer // may be nil

	mu  sync.Mutex // guards seq, and keeps the observer's calls apart and in order
	seq int64
}

// emit tells what happened at checkpoint c; e holds the rest.
func (m *emitter) emit(c Checkpoint, e Event) {
	if m.observer == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	e.Seq, e.Thread, e.At = m.seq, m.thread, m.clock.Now().UTC()
	e.Checkpoint, e.Step, e.Node = c.Seq, c.Step, c.Node
	m.observer(e)
}
