package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Question is what a thread waits for.
type Question struct {
	// Key names the question in the answers given to Resume.
	Key string `json:"key"`
	// Question is what the node asked, as JSON.
	Question json.RawMessage `json:"question"`
	// Refused says why the last answer was not accepted; empty the first time.
	Refused string `json:"refused,omitempty"`
}

// Interrupted is returned by a run that waits for a person, and by Interrupt to the node that asked.
// The thread is stored as waiting; Resume goes on with the answers.
type Interrupted struct {
	Thread    string
	Node      string
	Questions []Question // those not answered yet, at least one, by key
}

// Error implements error.
func (e *Interrupted) Error() string {
	keys := make([]string, len(e.Questions))
	for i, q := range e.Questions {
		keys[i] = fmt.Sprintf("%q", q.Key)
	}
	return fmt.Sprintf("thread %q waits for a person at node %q: %s", e.Thread, e.Node, strings.Join(keys, ", "))
}

// LimitError is a run that met a bound of Limits. The thread stays where it is: with a higher limit, Resume goes on.
type LimitError struct {
	Code  string // step_limit or write_limit
	Node  string // the node that would have run, or that stored too much
	Limit int
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Code == codeWrites {
		return fmt.Sprintf("%s: node %q stored %d effects and questions in one step; split the node, or raise Limits.MaxWrites", e.Code, e.Node, e.Limit)
	}
	return fmt.Sprintf("%s: %d steps without reaching the end, node %q is next; raise Limits.MaxSteps and resume", e.Code, e.Limit, e.Node)
}

const (
	codeSteps  = "step_limit"
	codeWrites = "write_limit"
)

// TimeoutError is a node that failed after its Timeout had passed. The thread stays at the node, with the effects it stored.
type TimeoutError struct {
	Node  string
	After time.Duration
}

// Error implements error.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("node %q passed its timeout of %s", e.Node, e.After)
}

// PanicError is a node, or a branch's function, that panicked. The thread stays at the node: one bad session must not end a process that serves others.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error. The stack is not part of it.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

func recoverTo(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

// PermanentError is what Effect returns for an error that its function marked with Permanent, now and on every re-run. It does not wrap the
// original, which a re-run would not have: a node that must tell failures apart returns them as part of its effect's value.
type PermanentError struct {
	Key     string // the effect's
	Message string // the original error's text
}

// Error implements error.
func (e *PermanentError) Error() string { return e.Message }

// Permanent marks an error returned by an effect's function as its answer: it is stored, and the function is not run again in
// this step. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ err error }

func (p *permanent) Error() string { return p.err.Error() }
func (p *permanent) Unwrap() error { return p.err }

func isPermanent(err error) bool {
	var p *permanent
	return errors.As(err, &p)
}
