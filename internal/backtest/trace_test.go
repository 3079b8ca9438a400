package backtest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/trade"
)

type auditFunc func(engine.Line)

// lineWriter reads a trace's JSON lines back as they are written.
type lineWriter struct {
	t    *testing.T
	f    auditFunc
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		var l engine.Line
		if err := json.Unmarshal(line, &l); err != nil {
			w.t.Fatalf("trace line %q: %v", line, err)
		}
		w.f(l)
		w.rest = rest
	}
}

func decodeFill(t *testing.T, body []byte) trade.Fill {
	t.Helper()
	var f trade.Fill
	if err := json.Unmarshal(body, &f); err != nil {
		t.Fatal(err)
	}
	return f
}
