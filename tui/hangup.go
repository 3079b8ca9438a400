package tui

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// onHangup ends the program as q does when the terminal hangs up, so that the terminal is given back as it was: bubbletea looks after
// the other signals only. The function that it returns ends the watch.
func onHangup(p *tea.Program) func() {
	hangup := make(chan os.Signal, 1)
	over, ended := make(chan struct{}), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer close(ended)
		select {
		case <-hangup:
			p.Quit()
		case <-over:
		}
	}()
	return func() {
		signal.Stop(hangup)
		close(over)
		<-ended
	}
}
