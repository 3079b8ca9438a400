package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Line is one line of the audit. The same inputs give the same bytes.
type Line struct {
	Seq   int64           `json:"seq"`   // from 1
	Input int64           `json:"input"` // number of the input that caused it, from 1
	Time  time.Time       `json:"t"`     // UTC
	Kind  string          `json:"kind"`  // bar quote update clock command end | intent refused approved order fill cancel timer log mark status
	Body  json.RawMessage `json:"body"`
}

// Audit takes the lines of an audit, in order. The line's Body is the taker's.
type Audit interface {
	Line(l Line)
}

// auditor numbers and encodes lines; a nil sink makes it nothing.
type auditor struct {
	sink   Audit
	inputs bool
	marks  bool
	seq    int64
	input  int64
	err    error
}

// write adds one line. Callers test on() first, so that nothing is boxed without a sink.
func (a *auditor) write(at time.Time, kind string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		if a.err == nil {
			a.err = fmt.Errorf("audit %s: %w", kind, err)
		}
		return
	}
	a.raw(at, kind, body)
}

func (a *auditor) raw(at time.Time, kind string, body []byte) {
	a.seq++
	a.sink.Line(Line{Seq: a.seq, Input: a.input, Time: at, Kind: kind, Body: body})
}

func (a *auditor) on() bool { return a.sink != nil }

// event writes an input as a line, where inputs are wanted.
func (a *auditor) event(ev *Event, at time.Time) {
	if a.sink == nil || !a.inputs {
		return
	}
	kind, body, err := ev.Encode()
	if err != nil {
		if a.err == nil {
			a.err = err
		}
		return
	}
	a.raw(at, kind, body)
}

// Trace is an Audit that writes each line as one line of JSON.
type Trace struct {
	w   *bufio.Writer
	err error
}

// NewTrace returns a Trace over w. Close it to flush.
func NewTrace(w io.Writer) *Trace { return &Trace{w: bufio.NewWriterSize(w, 1<<16)} }

// Line writes l.
func (t *Trace) Line(l Line) {
	if t.err != nil {
		return
	}
	b, err := json.Marshal(l)
	if err == nil {
		_, err = t.w.Write(append(b, '\n'))
	}
	t.err = err
}

// Close flushes and returns the first error of any write. It does not close the writer beneath.
func (t *Trace) Close() error {
	if t.err == nil {
		t.err = t.w.Flush()
	}
	if t.err != nil {
		return fmt.Errorf("write trace: %w", t.err)
	}
	return nil
}
