package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// rowsPerInsert was measured: 20 rows a statement insert twice as fast as one, and more than 100 are slower again.
const rowsPerInsert = 20

// Bulk implements dialect.Tx. It talks to the driver below database/sql, whose bookkeeping costs more than SQLite's own work here.
func (t *tx) Bulk(ctx context.Context, table string, columns []string, n int, fill func(i int, row []dialect.Value)) error {
	return t.c.Raw(func(dc any) error {
		p, ok := dc.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("sqlite: the driver cannot prepare")
		}
		b := bulk{conn: p, table: table, columns: columns, row: make([]dialect.Value, len(columns)), fill: fill}
		whole := n - n%rowsPerInsert
		if err := b.insert(ctx, 0, whole, rowsPerInsert); err != nil {
			return err
		}
		return b.insert(ctx, whole, n, n-whole)
	})
}

type bulk struct {
	conn    driver.ConnPrepareContext
	table   string
	columns []string
	row     []dialect.Value
	fill    func(int, []dialect.Value)
}

// insert writes rows from…to, per rows a statement; to−from is a multiple of per.
func (b *bulk) insert(ctx context.Context, from, to, per int) error {
	if from == to {
		return nil
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(b.columns)), ",") + "),"
	st, err := b.conn.PrepareContext(ctx, "INSERT INTO "+b.table+" ("+strings.Join(b.columns, ", ")+") VALUES "+
		strings.TrimSuffix(strings.Repeat(one, per), ","))
	if err != nil {
		return fmt.Errorf("insert into %s: %w", b.table, err)
	}
	defer st.Close()
	exec, ok := st.(driver.StmtExecContext)
	if !ok {
		return errors.New("sqlite: the driver cannot execute a prepared statement")
	}
	args := make([]driver.NamedValue, per*len(b.columns))
	for i := range args {
		args[i].Ordinal = i + 1
	}
	for i := from; i < to; i += per {
		for k := range per {
			b.fill(i+k, b.row)
			for j, v := range b.row {
				if args[k*len(b.row)+j].Value, err = bound(v); err != nil {
					return fmt.Errorf("insert into %s: %w", b.table, err)
				}
			}
		}
		// A context that can end costs a goroutine a statement: it is asked between statements instead.
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := exec.ExecContext(context.Background(), args); err != nil {
			return fmt.Errorf("insert into %s: %w", b.table, err)
		}
	}
	return nil
}

func bound(v dialect.Value) (driver.Value, error) {
	switch v.Kind {
	case dialect.KindNull:
		return nil, nil
	case dialect.KindInt, dialect.KindBool:
		return v.N, nil
	case dialect.KindDecimal:
		if v.N < exact && v.N > -exact {
			return float64(v.N) / pow10[v.Scale], nil // both exact, so the quotient is the nearest
		}
		return decimal(money.New(v.N, v.Scale)), nil
	case dialect.KindDigits:
		return v.S, nil
	case dialect.KindText:
		return v.S, dialect.CheckText(v.S)
	default:
		return nil, fmt.Errorf("a value of kind %d", v.Kind)
	}
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// ReadBars implements dialect.Driver, below database/sql for the same reason as Bulk.
func (d *Driver) ReadBars(ctx context.Context, each dialect.BarFunc, text string, args ...any) error {
	c, err := d.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	defer c.Close()
	return querier{c}.ReadBars(ctx, each, text, args...)
}

func (q querier) ReadBars(ctx context.Context, each dialect.BarFunc, text string, args ...any) error {
	if err := convert(args); err != nil {
		return err
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return q.c.Raw(func(dc any) error {
		q, ok := dc.(driver.QueryerContext)
		if !ok {
			return errors.New("sqlite: the driver cannot query")
		}
		// As in Bulk, the caller's context is asked between rows.
		r, err := q.QueryContext(context.Background(), text, named)
		if err != nil {
			return err
		}
		defer r.Close()
		var dest [7]driver.Value
		for n := 1; ; n++ {
			if err := r.Next(dest[:]); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if n&1023 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			b, source, err := toBar(&dest)
			if err != nil {
				return err
			}
			if err := each(b, source); err != nil {
				return err
			}
		}
	})
}

func toBar(v *[7]driver.Value) (market.Bar, int64, error) {
	t, ok1 := v[0].(int64)
	source, ok2 := v[6].(int64)
	if !ok1 || !ok2 {
		return market.Bar{}, 0, fmt.Errorf("a stored bar has time %v and source %v", v[0], v[6])
	}
	var f [5]float64
	for i := range f {
		x, ok := v[i+1].(float64)
		if !ok && i == 4 && v[5] == nil {
			x, ok = math.NaN(), true
		}
		if !ok {
			b, err := slowBar(t, v)
			return b, source, err
		}
		f[i] = x
	}
	b, err := market.NewBarFloats(t, f[0], f[1], f[2], f[3], f[4])
	if err != nil {
		return b, source, fmt.Errorf("stored bar at %s: %w", strconv.FormatInt(t, 10), err)
	}
	return b, source, nil
}

// slowBar reads a bar with a value that is no REAL.
func slowBar(t int64, v *[7]driver.Value) (market.Bar, error) {
	var d [5]money.Decimal
	var volume *money.Decimal
	for i := range d {
		if i == 4 && v[5] == nil {
			break
		}
		var err error
		if d[i], err = toDecimal(v[i+1]); err != nil {
			return market.Bar{}, fmt.Errorf("stored bar at %d: %w", t, err)
		}
		if i == 4 {
			volume = &d[4]
		}
	}
	b, err := market.NewBar(t, d[0], d[1], d[2], d[3], volume)
	if err != nil {
		return b, fmt.Errorf("stored bar at %d: %w", t, err)
	}
	return b, nil
}
