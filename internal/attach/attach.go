// Package attach finds the omc that serves a data directory, or becomes it: a running daemon through its unix socket, another host
// through OMC_HOST, else the same handler in this process, under the directory's lock.
// It never lets two processes own one data directory.
package attach

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ohmycoins/omc/internal/client"
)

// Server is an omc served in this process.
type Server interface {
	Handler() http.Handler
	Close(ctx context.Context) error
}

// Options say what to attach to.
type Options struct {
	DataDir string
	Host    string // unix socket path, unix://, http:// or https:// URL; "": the data directory's
	What    string // this command, for whoever finds the directory locked
	// Serve starts omc in this process on the data directory, whose lock is held.
	Serve func(ctx context.Context) (Server, error)
	// Wait is how long a directory that another command holds for a moment is waited for. 0: 2 s.
	Wait time.Duration
}

// Attachment is a way to talk to omc.
type Attachment struct {
	Client   *client.Client
	Embedded bool // omc runs in this process
	server   Server
	lock     *Lock
}

// shutdownTime bounds how long an embedded omc may take to stop.
const shutdownTime = 30 * time.Second

// Close ends an embedded omc, losing nothing, and gives its directory up.
func (a *Attachment) Close() error {
	if a.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return errors.Join(a.server.Close(ctx), a.lock.Release())
}

// Open attaches. The error is a *client.Unreachable where a named host does not answer, and a *HeldError where the directory is
// held by a process that does not answer.
func Open(ctx context.Context, o Options) (*Attachment, error) {
	if o.Host != "" {
		c, err := host(ctx, o.Host)
		if err != nil {
			return nil, err
		}
		return &Attachment{Client: c}, nil
	}
	lock, running, err := AcquireSoon(ctx, o.DataDir, o.What, o.Wait)
	switch {
	case err != nil:
		return nil, err
	case running != nil:
		return &Attachment{Client: running}, nil
	}
	return embed(ctx, o, lock)
}

func embed(ctx context.Context, o Options, lock *Lock) (*Attachment, error) {
	s, err := o.Serve(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &Attachment{Client: client.New("http://omc", &client.Memory{Handler: s.Handler()}), Embedded: true, server: s, lock: lock}, nil
}

// probeTime is how long a daemon may take to answer the simplest of questions.
const probeTime = 5 * time.Second

// Running returns a client of the daemon that serves dir, where one answers. A socket that nobody listens on is no daemon; one that
// takes connections and gives no answer is a *client.Unreachable. A connection that breaks while it is asked is that of a daemon that
// is ending, or was just killed: it is asked again, until it answers or nobody listens.
func Running(ctx context.Context, dir string) (*client.Client, bool, error) {
	c := client.New("http://omc", client.Unix(SocketPath(dir)))
	ask, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	for {
		err := c.Alive(ask)
		var dial *net.OpError
		switch {
		case err == nil:
			return c, true, nil
		case errors.As(err, &dial) && dial.Op == "dial" && !dial.Timeout():
			return nil, false, nil // nobody listens
		case !broken(err):
			return nil, false, frozen(dir, err)
		}
		select {
		case <-time.After(askAgain):
		case <-ask.Done():
			return nil, false, frozen(dir, errors.Join(err, context.Cause(ask)))
		}
	}
}

// askAgain is how long a directory or a socket that is about to change is left alone.
const askAgain = 50 * time.Millisecond

// broken tells a connection that was taken and then cut.
func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// AcquireSoon is Acquire where the directory may be held for a moment: by a short command, or by a process that was killed and has not
// quite gone. It gives up after wait (0: 2 s), or as soon as a daemon answers there.
func AcquireSoon(ctx context.Context, dir, what string, wait time.Duration) (lock *Lock, running *client.Client, err error) {
	deadline := time.Now().Add(cmp.Or(wait, 2*time.Second))
	for {
		c, ok, err := Running(ctx, dir)
		if err != nil || ok {
			return nil, c, err
		}
		lock, err := Acquire(dir, what)
		var held *HeldError
		if err == nil || !errors.As(err, &held) || time.Now().After(deadline) {
			return lock, nil, err
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// frozen says who does not answer, or gives ctx's end back.
func frozen(dir string, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	who := "the daemon"
	if f, err := os.Open(filepath.Join(dir, lockName)); err == nil {
		if pid, _ := holder(f); pid > 0 {
			who = fmt.Sprintf("the daemon (pid %d)", pid)
		}
		_ = f.Close() // it was only read
	}
	return &client.Unreachable{Err: fmt.Errorf("%s takes connections and has not answered for %s: its log is omc.log in %s; where it hangs, end it with kill -KILL: nothing that was confirmed is lost", who, probeTime, dir)}
}

func dial(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	return conn.Close()
}

// maxSocketPath is under the shortest limit of the platforms (104 bytes, darwin).
const maxSocketPath = 100

// SocketPath is where the daemon of dir listens: omc.sock in it, or, where that path is too long for a socket, a place in the
// temporary folder that only its owner can enter.
func SocketPath(dir string) string {
	p := filepath.Join(dir, "omc.sock")
	if len(p) <= maxSocketPath {
		return p
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), "omc-"+strconv.Itoa(os.Getuid()), hex.EncodeToString(sum[:8])+".sock")
}

// Listen opens the socket of dir (0600), whose lock the caller holds; a stale one is replaced.
func Listen(dir string) (net.Listener, error) {
	p := SocketPath(dir)
	parent := filepath.Dir(p)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if parent != dir {
		if st, err := os.Stat(parent); err != nil || st.Mode().Perm() != 0o700 {
			return nil, fmt.Errorf("socket: %s must be a folder that only its owner can enter (0700)", parent)
		}
	}
	if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("socket: %w", err)
	}
	ln, err := net.Listen("unix", p)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := os.Chmod(p, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), ln.Close())
	}
	return ln, nil
}

// host reaches the omc that a person names: by a socket's path, which may be relative to the folder they are in, or by a URL.
func host(ctx context.Context, h string) (*client.Client, error) {
	path, named := strings.CutPrefix(h, "unix://")
	if !named && !strings.Contains(h, "://") {
		// An address without http:// is no path, unless there is such a file.
		st, err := os.Stat(h)
		named = strings.HasPrefix(h, ".") || strings.ContainsRune(h, filepath.Separator) && !strings.Contains(h, ":") || strings.HasSuffix(h, ".sock") || err == nil && st.Mode()&os.ModeSocket != 0
	}
	if named || filepath.IsAbs(h) {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("socket %s: %w", h, err)
		}
		if err := dial(ctx, path); err != nil {
			return nil, &client.Unreachable{Err: fmt.Errorf("socket %s: %w", path, err)}
		}
		return client.New("http://omc", client.Unix(path)), nil
	}
	u, err := url.Parse(h)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("host %q: want a socket's path or a URL that begins with http:// or https://", h)
	}
	return client.New(u.Scheme+"://"+u.Host+strings.TrimSuffix(u.Path, "/"), &http.Transport{DisableCompression: true}), nil
}
