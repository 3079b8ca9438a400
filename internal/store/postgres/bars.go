package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// copyChunk is how much of a COPY is encoded before it is handed to the connection.
const copyChunk = 256 << 10

// Bulk implements dialect.Tx with COPY in text format: the cheapest to write, and NUMERIC keeps the digits it is given.
func (t *tx) Bulk(ctx context.Context, table string, columns []string, n int, fill func(i int, row []dialect.Value)) error {
	if n == 0 {
		return nil
	}
	src := &copySource{n: n, row: make([]dialect.Value, len(columns)), fill: fill, buf: make([]byte, 0, copyChunk+4096)}
	_, err := t.t.Conn().PgConn().CopyFrom(ctx, src, "COPY "+table+" ("+strings.Join(columns, ", ")+") FROM STDIN")
	if own := src.stop(); own != nil {
		err = own
	}
	if err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// copySource encodes rows as they are read. pgx reads it in a goroutine that may outlive a CopyFrom that was given up: after stop it
// touches the caller's rows no more.
type copySource struct {
	mu      sync.Mutex // guards everything below
	stopped bool

	i, n int
	row  []dialect.Value
	fill func(int, []dialect.Value)
	buf  []byte // encoded
	sent int    // of buf
	err  error
}

// stop ends the reading and returns what was wrong with a row.
func (s *copySource) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	return s.err
}

// Read implements io.Reader.
func (s *copySource) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, io.ErrClosedPipe
	}
	if s.sent == len(s.buf) {
		if s.i == s.n {
			return 0, io.EOF
		}
		s.buf, s.sent = s.buf[:0], 0
		for s.i < s.n && len(s.buf) < copyChunk {
			s.fill(s.i, s.row)
			for j, v := range s.row {
				if j > 0 {
					s.buf = append(s.buf, '\t')
				}
				if s.buf, s.err = appendValue(s.buf, v); s.err != nil {
					return 0, s.err
				}
			}
			s.buf = append(s.buf, '\n')
			s.i++
		}
	}
	n := copy(p, s.buf[s.sent:])
	s.sent += n
	return n, nil
}

func appendValue(b []byte, v dialect.Value) ([]byte, error) {
	switch v.Kind {
	case dialect.KindNull:
		return append(b, `\N`...), nil
	case dialect.KindInt:
		return strconv.AppendInt(b, v.N, 10), nil
	case dialect.KindBool:
		return append(b, "ft"[v.N&1]), nil
	case dialect.KindDecimal:
		return appendDecimal(b, v.N, int(v.Scale)), nil
	case dialect.KindDigits:
		return append(b, v.S...), nil
	case dialect.KindText:
		if err := dialect.CheckText(v.S); err != nil {
			return b, err
		}
		return append(b, escape.Replace(v.S)...), nil
	default:
		return b, fmt.Errorf("a value of kind %d", v.Kind)
	}
}

var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func appendDecimal(b []byte, m int64, scale int) []byte {
	if m < 0 {
		b, m = append(b, '-'), -m
	}
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], m, 10)
	if scale == 0 {
		return append(b, d...)
	}
	if len(d) <= scale {
		b = append(b, '0', '.')
		for range scale - len(d) {
			b = append(b, '0')
		}
		return append(b, d...)
	}
	b = append(b, d[:len(d)-scale]...)
	return append(append(b, '.'), d[len(d)-scale:]...)
}

// ReadBars implements dialect.Driver, from the wire's bytes: Scan and a NUMERIC's big.Int would cost more than the query.
func (d *Driver) ReadBars(ctx context.Context, each dialect.BarFunc, text string, args ...any) error {
	return readBars(ctx, d.pool, each, text, args)
}

func (q querier) ReadBars(ctx context.Context, each dialect.BarFunc, text string, args ...any) error {
	return readBars(ctx, q.t, each, text, args)
}

func readBars(ctx context.Context, c conn, each dialect.BarFunc, text string, args []any) error {
	if err := convert(args); err != nil {
		return err
	}
	r, err := c.Query(ctx, text, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		b, source, err := toBar(r.RawValues())
		if err != nil {
			return err
		}
		if err := each(b, source); err != nil {
			return err
		}
	}
	return r.Err()
}

func toBar(v [][]byte) (market.Bar, int64, error) {
	if len(v) != 7 || len(v[0]) != 8 || len(v[6]) != 8 {
		return market.Bar{}, 0, errors.New("a stored bar has other columns than asked for")
	}
	p := market.Packed{Time: int64(binary.BigEndian.Uint64(v[0])), Volume: -1}
	source := int64(binary.BigEndian.Uint64(v[6]))
	var m [4]int64
	var scales [4]uint8
	for i := range m {
		var err error
		if m[i], scales[i], err = numeric(v[i+1]); err != nil {
			return market.Bar{}, source, fmt.Errorf("stored bar at %d: %w", p.Time, err)
		}
		p.PriceScale = max(p.PriceScale, scales[i])
	}
	for i := range m {
		for s := scales[i]; s < p.PriceScale; s++ {
			if m[i] > 1e17 {
				return market.Bar{}, source, fmt.Errorf("stored bar at %d: too many digits", p.Time)
			}
			m[i] *= 10
		}
	}
	p.Open, p.High, p.Low, p.Close = m[0], m[1], m[2], m[3]
	if v[5] != nil {
		var err error
		if p.Volume, p.VolumeScale, err = numeric(v[5]); err != nil {
			return market.Bar{}, source, fmt.Errorf("stored bar at %d: %w", p.Time, err)
		}
	}
	b, err := market.NewBarPacked(p)
	if err != nil {
		return b, source, fmt.Errorf("stored bar at %d: %w", p.Time, err)
	}
	return b, source, nil
}

// numeric reads a non-negative NUMERIC of at most 18 digits from PostgreSQL's binary format (src/backend/utils/adt/numeric.c,
// numeric_send): count of base-10000 digits, weight of the first, sign, decimals to show, digits.
func numeric(b []byte) (m int64, scale uint8, err error) {
	if len(b) < 8 {
		return 0, 0, errors.New("a NUMERIC is cut short")
	}
	n, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	sign, decimals := binary.BigEndian.Uint16(b[4:]), int(binary.BigEndian.Uint16(b[6:]))
	if sign != 0 || len(b) != 8+2*n || decimals > 18 || weight > 4 {
		return 0, 0, errors.New("a NUMERIC that no bar can hold")
	}
	have := -4 * (weight - n + 1) // decimals that the digits sent have, up to three of them zeros past the last to show
	u := uint64(0)
	for i := range n {
		digit, step := uint64(binary.BigEndian.Uint16(b[8+2*i:])), uint64(10000)
		for ; i == n-1 && have > decimals && step > 1 && digit%10 == 0; have-- {
			digit, step = digit/10, step/10
		}
		if u > 1e18/step {
			return 0, 0, errors.New("a NUMERIC that no bar can hold")
		}
		u = u*step + digit
	}
	for ; have < decimals && u <= 1e17; have++ {
		u *= 10
	}
	if have != decimals {
		return 0, 0, errors.New("a NUMERIC that no bar can hold")
	}
	if u >= 1e18 {
		return 0, 0, errors.New("a NUMERIC that no bar can hold")
	}
	return int64(u), uint8(decimals), nil
}
