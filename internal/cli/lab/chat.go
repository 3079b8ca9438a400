package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/research"
)

func chatCommand(f *factory.Factory) *cobra.Command {
	var o options
	cmd := &cobra.Command{Use: "chat [SESSION]", Short: "Talk with the lab, in a new session or an old one", Args: cobra.MaximumNArgs(1),
		Long: "Each line is a message: the first opens the session, later ones answer its questions or open a new turn.\n" +
			"Ctrl-C stops the turn that is working, not the session; at the prompt it ends the chat. /resume, /report and /quit do what they say.",
		Example: "  omc lab chat\n  omc lab chat 3f9a",
		RunE: func(cmd *cobra.Command, args []string) error {
			// Signals are the chat's own: ctrl-c belongs to the turn, and the session must be left in order.
			ctx, cancel := context.WithCancel(context.WithoutCancel(cmd.Context()))
			defer cancel()
			c, err := f.Client(ctx)
			if err != nil {
				return err
			}
			p, err := NewPrinter(f)
			if err != nil {
				return err
			}
			ch := &chat{f: f, c: c, p: p, o: &o, signals: make(chan os.Signal, 4)}
			signal.Notify(ch.signals, os.Interrupt, syscall.SIGTERM)
			defer signal.Stop(ch.signals)
			if len(args) == 1 {
				if err := ch.open(ctx, args[0]); err != nil {
					return err
				}
			}
			return ch.loop(ctx)
		}}
	o.bind(cmd)
	return cmd
}

// chat is one conversation in a terminal, or from lines of a file.
type chat struct {
	f       *factory.Factory
	c       *client.Client
	p       *Printer
	o       *options
	id      string // "" before the first message
	seen    int64
	signals chan os.Signal
	lines   *bufio.Reader  // where stdin is no terminal
	editor  *term.Terminal // where it is: line editing with history
}

var errTerminated = errors.New("told to end")

// open shows what was said so far in an old session.
func (ch *chat) open(ctx context.Context, id string) error {
	s, err := ch.c.Session(ctx, id)
	if err != nil {
		return err
	}
	ch.id = s.ID
	return ch.follow(ctx)
}

func (ch *chat) loop(ctx context.Context) error {
	if ch.id == "" && ch.f.IO.CanPrompt() {
		fmt.Fprintln(ch.f.IO.Err, "What shall I look for? For instance: a momentum strategy on ETH, at most one round trip a day. Ctrl-C ends.")
	}
	for {
		line, err := ch.read()
		if errors.Is(err, io.EOF) {
			if ch.id != "" {
				fmt.Fprintf(ch.f.IO.Err, "'omc lab chat %s' goes on with this session\n", ch.id)
			}
			return nil
		}
		if err != nil {
			return err
		}
		end, err := ch.say(ctx, strings.TrimSpace(line))
		if end || errors.Is(err, errTerminated) {
			return nil
		}
		if err != nil {
			ch.f.Report(err) // a refused message ends nothing
		}
	}
}

// say does what one line asks.
func (ch *chat) say(ctx context.Context, line string) (end bool, err error) {
	switch line {
	case "":
		return false, nil
	case "/quit", "/exit", "/q":
		return true, nil
	case "/report":
		return false, ch.report(ctx)
	case "/resume":
		if ch.id == "" {
			return false, nil
		}
		if _, err := ch.c.ResumeSession(ctx, ch.id); err != nil {
			return false, err
		}
		return false, ch.follow(ctx)
	}
	if strings.HasPrefix(line, "/") {
		return false, fmt.Errorf("there is no %s here: /resume, /report, /quit", line)
	}
	if ch.id == "" {
		r := ch.o.request(ch.f, line)
		r.Options.Interactive = !ch.o.noAsk
		s, err := ch.c.OpenSession(ctx, r)
		if err != nil {
			return false, err
		}
		ch.id = s.ID
	} else if _, err := ch.c.SendMessage(ctx, ch.id, line); err != nil {
		return false, err
	}
	return false, ch.follow(ctx)
}

func (ch *chat) report(ctx context.Context) error {
	if ch.id == "" {
		return nil
	}
	s, err := ch.c.Session(ctx, ch.id)
	if err != nil {
		return err
	}
	if s.Report == "" {
		return fmt.Errorf("session %s has no report yet", s.ID)
	}
	ch.p.line(0, "", s.Report)
	return nil
}

// follow shows the turn until it ends. Ctrl-C stops the turn.
func (ch *chat) follow(ctx context.Context) error {
	turn, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- ch.c.SessionEvents(turn, ch.id, ch.seen, false, func(e research.Event) error {
			ch.seen = max(ch.seen, e.Seq)
			return ch.p.Event(e)
		})
	}()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return err
			}
			return ch.status(ctx)
		case sig := <-ch.signals:
			if _, err := ch.c.StopTurn(ctx, ch.id); err != nil {
				return err
			}
			err := <-ended
			if sig == syscall.SIGTERM {
				return errTerminated
			}
			fmt.Fprintln(ch.f.IO.Err, "\nthe turn is stopped; /resume goes on with it, a message opens a new one")
			return err
		}
	}
}

func (ch *chat) status(ctx context.Context) error {
	s, err := ch.c.Session(ctx, ch.id)
	if err != nil {
		return err
	}
	switch s.Status {
	case research.Done:
		fmt.Fprintln(ch.f.IO.Err, "done; /report shows the report, or go on with a message")
	case research.Failed, research.Paused:
		fmt.Fprintf(ch.f.IO.Err, "the turn is %s; /resume goes on with it\n", s.Status)
	}
	return nil
}

// read returns the next line; io.EOF at the end of input or on ctrl-c at the prompt.
func (ch *chat) read() (string, error) {
	file, ok := ch.f.IO.In.(*os.File)
	if !ok || !ch.f.IO.InTerminal {
		if ch.lines == nil {
			ch.lines = bufio.NewReader(ch.f.IO.In)
		}
		line, err := ch.lines.ReadString('\n')
		if line != "" {
			return line, nil
		}
		return "", err
	}
	old, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	defer func() { _ = term.Restore(int(file.Fd()), old) }() // nothing better can be done
	if ch.editor == nil {
		ch.editor = term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{file, ch.f.IO.Err}, "› ")
	}
	if w, h, err := term.GetSize(int(file.Fd())); err == nil {
		_ = ch.editor.SetSize(w, h) // only a wrong size fails, and then the old one stays
	}
	return ch.editor.ReadLine()
}
