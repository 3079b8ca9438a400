// Package iostreams holds a command's three streams and what is known of the terminal behind them.
// It never prompts, and it is the only place that asks whether a stream is a terminal.
package iostreams

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// IO is a command's streams.
type IO struct {
	In       io.Reader
	Out, Err io.Writer

	InTerminal, OutTerminal, ErrTerminal bool
	Color                                bool
	Width                                int // columns of the terminal; 80 where there is none

	mu   sync.Mutex // guards what is on the status line
	lost *keeper    // nil: Out is not the process' own
}

// keeper remembers the first error of a writer: much of what is printed is printed by those who do not look.
type keeper struct {
	w   io.Writer
	mu  sync.Mutex // guards err
	err error
}

// Write implements io.Writer.
func (k *keeper) Write(b []byte) (int, error) {
	n, err := k.w.Write(b)
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.err == nil {
			k.err = err
		}
	}
	return n, err
}

// Lost is the first error of writing to Out; nil where everything was written.
func (s *IO) Lost() error {
	if s.lost == nil {
		return nil
	}
	s.lost.mu.Lock()
	defer s.lost.mu.Unlock()
	return s.lost.err
}

// System returns the process' streams.
func System(getenv func(string) string) *IO {
	s := &IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Width: 80,
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())), OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd()))}
	s.lost = &keeper{w: s.Out}
	s.Out = s.lost
	if s.OutTerminal {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			s.Width = w
		}
	}
	s.Color = s.OutTerminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && getenv("TERM") != ""
	return s
}

// CanPrompt reports that a person can be asked.
func (s *IO) CanPrompt() bool { return s.InTerminal && s.ErrTerminal }

// Status replaces the status line on a terminal's stderr; "" clears it. Nothing is written where stderr is no terminal.
func (s *IO) Status(format string, args ...any) {
	if !s.ErrTerminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	if r := []rune(line); len(r) > s.Width-1 && s.Width > 1 {
		line = string(r[:s.Width-1])
	}
	fmt.Fprintf(s.Err, "\r\x1b[K%s", line)
}

// Progress shows how far long work is, at most ten times a second; nothing where stderr is no terminal.
type Progress struct {
	io       *IO
	label    string
	total    int64
	done     int64
	shown    time.Time
	now      func() time.Time
	lastText string
}

// NewProgress starts to show work of total units; now tells the time. A total of 0 or less is not known.
func (s *IO) NewProgress(label string, total int64, now func() time.Time) *Progress {
	return &Progress{io: s, label: label, total: total, now: now}
}

// Set says how much is done; detail is shown behind the bar.
func (p *Progress) Set(done int64, detail string) {
	p.done, p.lastText = done, detail
	t := p.now()
	if p.io.ErrTerminal && t.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = t
	p.draw()
}

func (p *Progress) draw() {
	const width = 24
	if !p.io.ErrTerminal {
		return
	}
	if p.total <= 0 {
		p.io.Status("%s  %s", p.label, p.lastText)
		return
	}
	share := min(max(float64(p.done)/float64(p.total), 0), 1)
	full := int(share * width)
	bar := strings.Repeat("█", full) + strings.Repeat("░", width-full)
	p.io.Status("%s  %s %3.0f %%  %s", p.label, bar, share*100, p.lastText)
}

// End clears the bar.
func (p *Progress) End() { p.io.Status("") }
