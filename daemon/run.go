package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/store"
)

// Bounds of the HTTP server. There is no write limit: event streams and long backtests are answers too.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	drainTime     = 5 * time.Second
)

// Run serves the data directory over its unix socket until ctx ends or the interface is asked to stop, then stops gracefully:
// no new requests, turns paused, feeds stopped, everything flushed. ready, where not nil, is called once requests are answered.
func Run(ctx context.Context, c Config, ready func()) (err error) {
	lock, err := attach.Acquire(c.DataDir, "omc daemon")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	s, err := Start(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	ln, err := attach.Listen(c.DataDir)
	if err != nil {
		return err
	}
	base, cancelStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelStreams()
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	if ready != nil {
		ready()
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	case <-s.Stopping():
	}
	return drain(server, served, cancelStreams)
}

// drain lets short requests end, then cuts event streams, which their clients take up again.
func drain(server *http.Server, served <-chan error, cancelStreams func()) error {
	soft, cancel := context.WithTimeout(context.Background(), drainTime/5)
	defer cancel()
	err := server.Shutdown(soft)
	cancelStreams()
	if errors.Is(err, context.DeadlineExceeded) {
		hard, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if err = server.Shutdown(hard); errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
	}
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Migrate brings the store's schema up to date by hand and says from and to which version.
func Migrate(ctx context.Context, c Config) (from, to int64, err error) {
	lock, err := attach.Acquire(c.DataDir, "omc daemon migrate")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return 0, 0, err
	}
	db, err := store.Open(ctx, c.DatabaseURL, store.Options{Unmigrated: true})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if from, err = db.SchemaVersion(ctx); err != nil {
		return 0, 0, err
	}
	if err := db.Migrate(ctx); err != nil {
		return from, from, err
	}
	to, err = db.SchemaVersion(ctx)
	return from, to, err
}
