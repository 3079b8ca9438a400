// Package telemetry owns the daemon's log: JSON lines in a rotated file, and the newest of them in memory for the ops page.
// It never sees a secret: callers mask before they log.
package telemetry

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/ohmycoins/omc/internal/api"
)

// ringSize is how many lines Ring keeps.
const ringSize = 2_000

// Log is a logger with its file and its memory.
type Log struct {
	*slog.Logger
	Ring *Ring
	file io.WriteCloser
}

// Open logs to the file at path (rotated at 10 MB, five kept) and to extra where it is not nil.
func Open(path string, level slog.Level, extra io.Writer) *Log {
	file := &lumberjack.Logger{Filename: path, MaxSize: 10, MaxBackups: 5, LocalTime: false}
	ring := &Ring{}
	writers := []io.Writer{file, ring}
	if extra != nil {
		writers = append(writers, extra)
	}
	h := slog.NewJSONHandler(io.MultiWriter(writers...), &slog.HandlerOptions{Level: level})
	return &Log{Logger: slog.New(h), Ring: ring, file: file}
}

// Close ends the file.
func (l *Log) Close() error { return l.file.Close() }

// Ring keeps the newest lines of a JSON log. It is safe for concurrent use.
type Ring struct {
	mu    sync.Mutex // guards lines and total
	lines []api.LogLine
	total int64
}

// Write takes one JSON log line, as slog's handler writes them.
func (r *Ring) Write(b []byte) (int, error) {
	if line, ok := ParseLine(b); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.lines) == ringSize {
			r.lines = append(r.lines[:0], r.lines[1:]...)
		}
		r.lines = append(r.lines, line)
		r.total++
	}
	return len(b), nil
}

// Lines returns at most limit of the newest lines after the first `after` ones of the ring's life, newest last.
func (r *Ring) Lines(after int64, limit int) []api.LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.total - int64(len(r.lines)) // of the ring's life
	start := max(after-first, 0)
	if start > int64(len(r.lines)) {
		start = int64(len(r.lines))
	}
	rows := r.lines[start:]
	if limit > 0 && len(rows) > limit {
		rows = rows[len(rows)-limit:]
	}
	return append([]api.LogLine{}, rows...)
}

// ParseLine reads one JSON log line; false where it is not one.
func ParseLine(b []byte) (api.LogLine, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimSpace(b), &fields) != nil {
		return api.LogLine{}, false
	}
	var line api.LogLine
	var at time.Time
	if json.Unmarshal(fields["time"], &at) != nil || json.Unmarshal(fields["level"], &line.Level) != nil || json.Unmarshal(fields["msg"], &line.Message) != nil {
		return api.LogLine{}, false
	}
	line.Time = at.UTC()
	delete(fields, "time")
	delete(fields, "level")
	delete(fields, "msg")
	if len(fields) > 0 {
		attrs, err := json.Marshal(fields)
		if err != nil {
			return api.LogLine{}, false
		}
		line.Attrs = attrs
	}
	return line, true
}
