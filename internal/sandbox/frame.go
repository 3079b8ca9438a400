package sandbox

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Version is the protocol's. Parent and child are one binary, so that they differ only where something is badly wrong.
const Version = 1

// kind says what a frame is.
type kind byte

// Frames to the child.
const (
	kScript   kind = 's' // scriptMessage: what the following is about
	kDeclare  kind = 'd' // strategy.Options → declared
	kData     kind = 'm' // dataMessage; then so many kBars and kFacts frames
	kBars     kind = 'b' // market's index and a block of columns; no reply but the last one's
	kFacts    kind = 'f' // a block of facts, after the bars; no reply but the last one's
	kBacktest kind = 'r' // runMessage → report.Report
	kWalk     kind = 'w' // walkMessage → backtest.WalkForward
	kLook     kind = 'l' // lookMessage → backtest.LookAhead
	kOpen     kind = 'o' // strategy.Options → declared; then only events
	kEvent    kind = 'e' // eventMessage → kDone, after any of the frames of a strategy's wishes
	kAnswer   kind = 'a' // answerMessage, to kIntent and kCancel
)

// Frames from the child.
const (
	kHello    kind = 'H' // helloMessage, once
	kOK       kind = 'K' // the reply
	kFailed   kind = 'X' // failure: the reply
	kBeat     kind = 'P' // beatMessage: it is alive, and how far it is
	kTrace    kind = 'T' // bytes of the trace
	kIntent   kind = 'I' // strategy.Intent
	kCancel   kind = 'C' // an order's id
	kTimer    kind = 'M' // timerMessage
	kLog      kind = 'G' // text
	kDone     kind = 'D' // the event is dealt with
	kindBound      = 'z' // no kind is above it
)

// Bounds of a frame's payload, by who reads it.
const (
	maxRequest = 16 << 20 // a child's: a block of bars, a script
	maxReply   = 64 << 20 // a parent's: a report
	header     = 5
)

// errFrame is wrapped where bytes are no frame.
var errFrame = errors.New("not a frame of the sandbox")

// conn is one end of the pipes. Writing is safe for concurrent use; reading is one goroutine's.
type conn struct {
	r   *bufio.Reader
	max int // of a payload read

	mu  sync.Mutex
	w   *bufio.Writer
	buf []byte // of the newest payload read
}

func newConn(r io.Reader, w io.Writer, most int) *conn {
	return &conn{r: bufio.NewReaderSize(r, 64<<10), w: bufio.NewWriterSize(w, 64<<10), max: most}
}

// send writes one frame and flushes it.
func (c *conn) send(k kind, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.put(k, payload); err != nil {
		return err
	}
	return c.w.Flush()
}

// put writes one frame without flushing. The caller holds mu, or is alone.
func (c *conn) put(k kind, payload []byte) error {
	var h [header]byte
	if len(payload) > maxReply {
		return fmt.Errorf("a frame of %d bytes: at most %d are allowed", len(payload), maxReply)
	}
	binary.LittleEndian.PutUint32(h[:], uint32(len(payload)))
	h[4] = byte(k)
	if _, err := c.w.Write(h[:]); err != nil {
		return err
	}
	_, err := c.w.Write(payload)
	return err
}

// receive reads one frame. The payload is good until the next one. io.EOF is the other end's orderly end.
func (c *conn) receive() (kind, []byte, error) {
	var h [header]byte
	if _, err := io.ReadFull(c.r, h[:]); err != nil {
		return 0, nil, err
	}
	n, k := int64(binary.LittleEndian.Uint32(h[:])), kind(h[4])
	if n > int64(c.max) || k < 'A' || k > kindBound {
		return 0, nil, fmt.Errorf("%w: kind %d of %d bytes", errFrame, byte(k), n)
	}
	// What was announced is not believed: the buffer grows with what comes.
	c.buf = c.buf[:0]
	for int64(len(c.buf)) < n {
		step := min(n-int64(len(c.buf)), max(64<<10, int64(len(c.buf))))
		at := len(c.buf)
		c.buf = append(c.buf, make([]byte, step)...)
		if _, err := io.ReadFull(c.r, c.buf[at:]); err != nil {
			return 0, nil, io.ErrUnexpectedEOF
		}
	}
	return k, c.buf, nil
}
