package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// conn is what a pool and a transaction have in common.
type conn interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// querier is one transaction.
type querier struct{ t pgx.Tx }

func (q querier) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	return query(ctx, q.t, text, args)
}

type tx struct{ querier }

func (t *tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := convert(args); err != nil {
		return 0, err
	}
	var tag pgconn.CommandTag
	tag, err := t.t.Exec(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), nil
}

func query(ctx context.Context, q conn, text string, args []any) (dialect.Rows, error) {
	if err := convert(args); err != nil {
		return nil, err
	}
	r, err := q.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return rows{r}, nil
}

// convert turns the arguments into what pgx takes, in place: the slice is the variadic call's own.
func convert(args []any) error {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if err := dialect.CheckText(v); err != nil {
				return err
			}
		case money.Decimal:
			args[i] = v.String()
		case *money.Decimal:
			args[i] = nil
			if v != nil {
				args[i] = v.String()
			}
		}
	}
	return nil
}

type rows struct{ pgx.Rows }

func (r rows) Scan(dest ...any) error {
	for i, d := range dest {
		if p, ok := d.(*money.Decimal); ok {
			dest[i] = &decimalDest{p}
		}
	}
	return r.Rows.Scan(dest...)
}

type decimalDest struct{ d *money.Decimal }

// Scan implements sql.Scanner: pgx hands a NUMERIC over as text.
func (d *decimalDest) Scan(src any) (err error) {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("a stored decimal is a %T", src)
	}
	*d.d, err = money.Parse(s)
	return err
}
