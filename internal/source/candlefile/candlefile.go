// Package candlefile reads files of historical candles (csv, csv.gz, zip of them) in the layouts that exchanges and data sites
// publish. It owns layouts, units of time and the checks of one row; it never guesses a damaged value, never drops a row without
// reporting it, and stores nothing.
package candlefile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ohmycoins/omc/internal/market"
)

// The layouts, as named in summaries.
const (
	LayoutBinance = "binance"
	LayoutKraken  = "kraken"
	LayoutCDD     = "cryptodatadownload"
	LayoutOMC     = "omc"
	LayoutGeneric = "generic"
)

const (
	maxLine    = 64 << 10
	maxColumns = 64
	maxRow     = 1000 // bytes of a rejected row that are kept
	batchRows  = 4096
	// lookAhead is how many rows are held back to learn the interval from their spacing.
	lookAhead = 512
)

// Options says what is known about a file beforehand. Empty fields are found out: from the name, then from the content.
type Options struct {
	Name     string // base name
	Coin     market.Coin
	Quote    market.Coin
	Interval market.Interval
	TempDir  string // where a zip is spooled; "" for the system's
}

// Info is what a file turned out to hold.
type Info struct {
	Market   market.Market
	Interval market.Interval
	Layout   string
	Source   string // the exchange where the layout or the name tells, else csv
}

// Row is one accepted candle and where it stood.
type Row struct {
	Bar    market.Bar
	Line   int64  // from 1
	Source string // from a source column; "" where there is none
}

// Reject is a row that could not be taken.
type Reject struct {
	File   string // inside an archive: archive:file
	Line   int64  // from 1; 0 for a whole file
	Reason string
	Row    string // at most 1,000 bytes
}

// Sink gets what a file holds, in the file's order. rows is reused after Rows returns. An error from either ends the reading.
type Sink struct {
	Rows   func(info Info, file string, rows []Row) error
	Reject func(Reject) error
}

// ErrLayout is wrapped by errors for input that is no candle file of a known layout.
var ErrLayout = errors.New("not a candle file")

// ErrUnknown is wrapped by errors for a market or an interval that neither the options, the name nor the content tells.
var ErrUnknown = errors.New("cannot tell")

// ErrTooBig is wrapped by errors for archives beyond the bounds.
var ErrTooBig = errors.New("archive is too big")

// Read reads one file to its end. Memory is bounded whatever the input.
func Read(ctx context.Context, r io.Reader, o Options, s Sink) (Info, error) {
	f := &file{ctx: ctx, o: o, sink: s}
	br := bufio.NewReaderSize(r, maxLine)
	head, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return Info{}, fmt.Errorf("read %s: %w", f.label(), err)
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return f.info, f.zip(br)
	}
	return f.info, f.stream(br, f.label(), o.Name)
}

// file is the state of one reading, over all members of an archive.
type file struct {
	ctx      context.Context
	o        Options
	sink     Sink
	info     Info
	settled  bool // info's market and interval are known
	accepted int64
}

func (f *file) label() string {
	if f.o.Name == "" {
		return "input"
	}
	return f.o.Name
}

// stream reads a csv or csv.gz. label names it in reports; name is what the market may be guessed from.
func (f *file) stream(br *bufio.Reader, label, name string) error {
	head, err := br.Peek(2)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read %s: %w", label, err)
	}
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		in := &counter{r: br}
		z, err := gzip.NewReader(bufio.NewReaderSize(in, maxLine))
		if err != nil {
			return fmt.Errorf("read %s: %w", label, err)
		}
		br = bufio.NewReaderSize(&bounded{r: z, compressed: in.count}, maxLine)
	}
	p := newParser(f, label, name)
	if err := p.run(br); err != nil {
		return err
	}
	return p.finish()
}

// counter counts the bytes read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) count() int64 { return c.n }

// The bounds on decompression: candles shrink five- to twentyfold, never two-hundredfold.
const (
	maxRatio = 200
	minBomb  = 32 << 20
	maxPlain = 64 << 30
)

// bounded fails where decompressed data outgrows its compressed form beyond all candle files.
type bounded struct {
	r          io.Reader
	n          int64
	compressed func() int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > maxPlain || b.n > minBomb && b.n > maxRatio*max(1, b.compressed()) {
		return 0, fmt.Errorf("%w: %d bytes came out of %d compressed ones", ErrTooBig, b.n, b.compressed())
	}
	return n, err
}
