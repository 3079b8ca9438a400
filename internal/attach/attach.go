// Package attach finds the omc that serves a data directory, or becomes it: a running daemon through its unix socket, another host
// through OMC_HOST, else the same handler in this process, under the directory's lock.
// It never lets two processes own one data directory.
package attach

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	if o.Wait == 0 {
		o.Wait = 2 * time.Second
	}
	deadline := time.Now().Add(o.Wait)
	for {
		c, ok, err := Running(ctx, o.DataDir)
		if err != nil {
			return nil, err
		}
		if ok {
			return &Attachment{Client: c}, nil
		}
		lock, err := Acquire(o.DataDir, o.What)
		if err == nil {
			return embed(ctx, o, lock)
		}
		var held *HeldError
		if !errors.As(err, &held) || time.Now().After(deadline) {
			return nil, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
// takes connections and gives no answer is a *client.Unreachable.
func Running(ctx context.Context, dir string) (*client.Client, bool, error) {
	c := client.New("http://omc", client.Unix(SocketPath(dir)))
	ask, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := c.Alive(ask)
	var dial *net.OpError
	switch {
	case err == nil:
		return c, true, nil
	case errors.As(err, &dial) && dial.Op == "dial" && !dial.Timeout():
		return nil, false, nil // nobody listens
	}
	return nil, false, frozen(dir, err)
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

func host(ctx context.Context, h string) (*client.Client, error) {
	path := strings.TrimPrefix(h, "unix://")
	if path != h || strings.HasPrefix(h, "/") || strings.HasPrefix(h, ".") {
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
