package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// querier is one connection inside a transaction.
type querier struct{ c *sql.Conn }

func (q querier) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	return query(ctx, q.c, text, args)
}

type tx struct{ querier }

func (t *tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := convert(args); err != nil {
		return 0, err
	}
	r, err := t.c.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func query(ctx context.Context, q interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, text string, args []any) (dialect.Rows, error) {
	if err := convert(args); err != nil {
		return nil, err
	}
	r, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return rows{r}, nil
}

// convert turns the arguments into what the driver takes, in place: the slice is the variadic call's own.
func convert(args []any) error {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if err := dialect.CheckText(v); err != nil {
				return err
			}
		case money.Decimal:
			args[i] = decimal(v)
		case *money.Decimal:
			args[i] = nil
			if v != nil {
				args[i] = decimal(*v)
			}
		}
	}
	return nil
}

// exact is the bound under which a mantissa has at most 15 digits, so that a REAL keeps the decimal.
const exact = 1_000_000_000_000_000

// decimal is REAL where that is exact, else TEXT.
func decimal(d money.Decimal) any {
	if m, ok := d.Mantissa(d.Decimals()); ok && m < exact && m > -exact {
		return d.Float64()
	}
	return d.String()
}

type rows struct{ *sql.Rows }

func (r rows) Close() { _ = r.Rows.Close() } // what it could tell, Err has told

func (r rows) Scan(dest ...any) error {
	for i, d := range dest {
		if p, ok := d.(*money.Decimal); ok {
			dest[i] = &decimalDest{p}
		}
	}
	return r.Rows.Scan(dest...)
}

type decimalDest struct{ d *money.Decimal }

// Scan implements sql.Scanner.
func (d *decimalDest) Scan(src any) (err error) {
	*d.d, err = toDecimal(src)
	return err
}

func toDecimal(src any) (money.Decimal, error) {
	switch v := src.(type) {
	case float64:
		return money.FromFloat(v)
	case int64:
		return money.FromInt(v), nil
	case string:
		return money.Parse(v)
	default:
		return money.Decimal{}, fmt.Errorf("a stored decimal is a %T", src)
	}
}
