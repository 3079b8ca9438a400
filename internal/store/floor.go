package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/internal/trade"
)

// SeqError refuses a batch whose inputs or lines do not follow on what is stored. It is an ErrConflict.
type SeqError struct {
	Session string
	What    string // "input" or "line"
	Got     int64
	Want    int64
}

// Error implements error.
func (e *SeqError) Error() string {
	return fmt.Sprintf("floor session %s: %s %d where %d comes next: another process writes it, or something was lost", e.Session, e.What, e.Got, e.Want)
}

// Unwrap makes it an ErrConflict.
func (e *SeqError) Unwrap() error { return ErrConflict }

// PutFloorSession keeps a new floor session; ErrConflict where its id is taken.
func (d *DB) PutFloorSession(ctx context.Context, s journal.Session) error {
	body, err := toJSON(s)
	if err == nil {
		err = d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO floor_sessions (id, user_id, algorithm, mode, feed, status, error, created_at, updated_at, inputs, lines, body)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10)`, s.ID, s.UserID, s.Algorithm, s.Mode, s.Feed, string(s.Status), s.Error,
				stamp(s.CreatedAt), stamp(s.UpdatedAt), body)
			return err
		})
	}
	return d.named("floor session", s.ID, err)
}

const floorSQL = "SELECT status, error, updated_at, body FROM floor_sessions"

func scanFloor(r dialect.Rows) (journal.Session, error) {
	var s journal.Session
	var status, failure, at, body string
	if err := r.Scan(&status, &failure, &at, &body); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return s, err
	}
	s.Status, s.Error = journal.Status(status), failure
	var err error
	s.UpdatedAt, err = unstamp(at)
	return s, err
}

// FloorSession returns a floor session, or ErrNotFound; also for another user's. user "" asks for anybody's.
func (d *DB) FloorSession(ctx context.Context, user, id string) (journal.Session, error) {
	all, err := queryAll(ctx, d.drv, scanFloor, floorSQL+" WHERE id = $1 AND (user_id = $2 OR $2 = '')", id, user)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return journal.Session{}, d.named("floor session", id, err)
	}
	return all[0], nil
}

// FloorSessions returns the user's floor sessions, newest first; user "" asks for everybody's.
func (d *DB) FloorSessions(ctx context.Context, user string) ([]journal.Session, error) {
	all, err := queryAll(ctx, d.drv, scanFloor, floorSQL+" WHERE user_id = $1 OR $1 = '' ORDER BY created_at DESC, id", user)
	return all, d.named("floor sessions of", user, err)
}

// CommitBatch adds b to its session: whole, durable once it returns nil, or not at all. Inputs and lines must follow on the stored
// ones without a hole (*SeqError, an ErrConflict, where they do not). A batch of a session in a final status is an ErrConflict.
func (d *DB) CommitBatch(ctx context.Context, b journal.Batch) error {
	err := d.drv.Update(ctx, dialect.Full, func(tx dialect.Tx) error {
		c := committer{tx: tx, b: &b}
		var status, failure string
		if err := queryRow(ctx, tx, d.drv.SQL("lock_floor", ""), []any{b.Session}, &c.user, &c.inputs, &c.lines, &status, &failure); err != nil {
			return err
		}
		if journal.Status(status).Final() {
			return fmt.Errorf("%w: the session is %s", ErrConflict, status)
		}
		if b.Status != "" {
			status, failure = string(b.Status), b.Error
		}
		for _, step := range []func(context.Context) error{c.putInputs, c.putLines, c.putOrders, c.putFills, c.putBooks} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE floor_sessions SET status = $2, error = $3, updated_at = $4, inputs = $5, lines = $6 WHERE id = $1",
			b.Session, status, failure, stamp(d.clock.Now()), c.inputs, c.lines)
		return err
	})
	return d.named("floor session", b.Session, err)
}

// committer is one CommitBatch under way; inputs and lines are the newest numbers so far.
type committer struct {
	tx            dialect.Tx
	b             *journal.Batch
	user          string
	inputs, lines int64
}

func (c *committer) putInputs(ctx context.Context) error {
	for _, in := range c.b.Inputs {
		if in.Seq != c.inputs+1 {
			return &SeqError{c.b.Session, "input", in.Seq, c.inputs + 1}
		}
		c.inputs++
		if err := dialect.CheckText(string(in.Body)); err != nil {
			return err
		}
	}
	return c.tx.Bulk(ctx, "floor_inputs", []string{"session_id", "seq", "at", "kind", "body"}, len(c.b.Inputs), func(i int, row []dialect.Value) {
		in := &c.b.Inputs[i]
		row[0], row[1], row[2] = dialect.Text(c.b.Session), dialect.Int(in.Seq), dialect.Text(stamp(in.Time))
		row[3], row[4] = dialect.Text(in.Kind), dialect.Text(string(in.Body))
	})
}

func (c *committer) putLines(ctx context.Context) error {
	for _, l := range c.b.Lines {
		if l.Seq != c.lines+1 {
			return &SeqError{c.b.Session, "line", l.Seq, c.lines + 1}
		}
		c.lines++
	}
	columns := []string{"session_id", "seq", "input", "at", "kind", "body", "hash"}
	return c.tx.Bulk(ctx, "floor_lines", columns, len(c.b.Lines), func(i int, row []dialect.Value) {
		l := &c.b.Lines[i]
		row[0], row[1], row[2] = dialect.Text(c.b.Session), dialect.Int(l.Seq), dialect.Int(l.Input)
		row[3], row[4] = dialect.Text(stamp(l.Time)), dialect.Text(l.Kind)
		row[5], row[6] = dialect.Text(string(l.Body)), dialect.Text(l.Hash)
	})
}

func (c *committer) putOrders(ctx context.Context) error {
	for i := range c.b.Orders {
		o := &c.b.Orders[i]
		_, err := c.tx.Exec(ctx, `INSERT INTO orders (session_id, id, user_id, event_time, known_time, coin_type, quote, side, type, quantity,
			limit_price, status, reason, filled, average_price, fee, tag, placed_at, updated_at, position)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
			(SELECT COALESCE(max(position), 0) + 1 FROM orders WHERE session_id = $1))
			ON CONFLICT (session_id, id) DO UPDATE SET known_time = excluded.known_time, quantity = excluded.quantity, status = excluded.status,
			reason = excluded.reason, filled = excluded.filled, average_price = excluded.average_price, fee = excluded.fee, updated_at = excluded.updated_at`,
			c.b.Session, o.ID, c.user, o.PlacedAt.Unix(), o.UpdatedAt.Unix(), string(o.Market.Base), string(o.Market.Quote), string(o.Side), string(o.Type),
			o.Quantity, o.Limit, string(o.State), o.Reason, o.Filled, o.AveragePrice, o.Fee, o.Tag, stamp(o.PlacedAt), stamp(o.UpdatedAt))
		if err != nil {
			return fmt.Errorf("order %s: %w", o.ID, err)
		}
	}
	return nil
}

func (c *committer) putFills(ctx context.Context) error {
	for i := range c.b.Fills {
		f := &c.b.Fills[i]
		_, err := c.tx.Exec(ctx, `INSERT INTO trades (session_id, id, user_id, order_id, event_time, known_time, coin_type, quote, side, quantity,
			price, fee, clipped, filled_at, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
			(SELECT COALESCE(max(position), 0) + 1 FROM trades WHERE session_id = $1))`,
			c.b.Session, f.ID, c.user, f.OrderID, f.Time.Unix(), max(f.Time.Unix(), c.b.Account.Time.Unix()), string(f.Market.Base), string(f.Market.Quote),
			string(f.Side), f.Quantity, f.Price, f.Fee, f.Clipped, stamp(f.Time))
		if err != nil {
			return fmt.Errorf("fill %s: %w", f.ID, err)
		}
	}
	return nil
}

func (c *committer) putBooks(ctx context.Context) error {
	a := &c.b.Account
	a.Session = c.b.Session
	body, err := toJSON(a)
	if err != nil {
		return err
	}
	if _, err = c.tx.Exec(ctx, `INSERT INTO floor_accounts (session_id, input, at, cash, equity, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (session_id) DO UPDATE SET input = excluded.input, at = excluded.at, cash = excluded.cash, equity = excluded.equity,
		body = excluded.body`, c.b.Session, a.Input, stamp(a.Time), a.Cash, a.Equity, body); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	if _, err := c.tx.Exec(ctx, "DELETE FROM positions WHERE session_id = $1", c.b.Session); err != nil {
		return fmt.Errorf("positions: %w", err)
	}
	for i := range a.Positions {
		p := &a.Positions[i]
		if _, err := c.tx.Exec(ctx, `INSERT INTO positions (session_id, coin_type, quote, user_id, event_time, known_time, quantity, average_price,
			total_cost, realised, fees) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)`, c.b.Session, string(p.Market.Base), string(p.Market.Quote), c.user, a.Time.Unix(),
			p.Quantity, p.AveragePrice(), p.Cost, p.Realised, p.Fees); err != nil {
			return fmt.Errorf("position %s: %w", p.Market, err)
		}
	}
	for _, e := range c.b.Equity {
		if _, err := c.tx.Exec(ctx, `INSERT INTO floor_equity (session_id, at, equity) VALUES ($1, $2, $3)
			ON CONFLICT (session_id, at) DO UPDATE SET equity = excluded.equity`, c.b.Session, stamp(e.Time), e.Equity); err != nil {
			return fmt.Errorf("equity: %w", err)
		}
	}
	return nil
}

// FloorInputs returns a session's inputs after number after, oldest first; at most limit (0: 10,000, the most).
func (d *DB) FloorInputs(ctx context.Context, session string, after int64, limit int) ([]journal.Input, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (journal.Input, error) {
		in := journal.Input{Session: session}
		var at string
		var body []byte
		if err := r.Scan(&in.Seq, &at, &in.Kind, &body); err != nil {
			return in, err
		}
		in.Body = toRaw(body)
		var err error
		in.Time, err = unstamp(at)
		return in, err
	}, "SELECT seq, at, kind, body FROM floor_inputs WHERE session_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", session, after, pageLimit(limit, maxPage))
	return all, d.named("inputs of floor session", session, err)
}

// FloorLines returns a session's audit lines after number after, oldest first; at most limit (0: 10,000, the most).
func (d *DB) FloorLines(ctx context.Context, session string, after int64, limit int) ([]journal.Line, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (journal.Line, error) {
		l := journal.Line{Session: session}
		var at string
		var body []byte
		if err := r.Scan(&l.Seq, &l.Input, &at, &l.Kind, &body, &l.Hash); err != nil {
			return l, err
		}
		l.Body = toRaw(body)
		var err error
		l.Time, err = unstamp(at)
		return l, err
	}, "SELECT seq, input, at, kind, body, hash FROM floor_lines WHERE session_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", session, after, pageLimit(limit, maxPage))
	return all, d.named("lines of floor session", session, err)
}

// FloorAccount returns a session's books after its newest batch; false before the first.
func (d *DB) FloorAccount(ctx context.Context, session string) (journal.Account, bool, error) {
	var a journal.Account
	var body string
	err := queryRow(ctx, d.drv, "SELECT body FROM floor_accounts WHERE session_id = $1", []any{session}, &body)
	if errors.Is(err, ErrNotFound) {
		return a, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &a)
	}
	return a, err == nil, d.named("account of floor session", session, err)
}

// SessionOrder is an order with the session it belongs to.
type SessionOrder struct {
	Session string
	trade.Order
}

// SessionFill is a fill with the session it belongs to.
type SessionFill struct {
	Session string
	trade.Fill
}

func floorPage(session string) string {
	if session == "" {
		return " WHERE user_id = $1 AND $2 = '' ORDER BY event_time DESC, session_id, position DESC LIMIT $3"
	}
	return " WHERE user_id = $1 AND session_id = $2 ORDER BY position DESC LIMIT $3"
}

// FloorOrders returns the user's orders, of one session or (session "") of all, newest first; at most limit (0: 10,000, the most).
func (d *DB) FloorOrders(ctx context.Context, user, session string, limit int) ([]SessionOrder, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (SessionOrder, error) {
		var o SessionOrder
		var base, quote, side, kind, state, placed, updated string
		if err := r.Scan(&o.Session, &o.ID, &base, &quote, &side, &kind, &o.Quantity, &o.Limit, &state, &o.Reason, &o.Filled, &o.AveragePrice,
			&o.Fee, &o.Tag, &placed, &updated); err != nil {
			return o, err
		}
		o.Market = market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}
		o.Side, o.Type, o.State = trade.Side(side), trade.Type(kind), trade.State(state)
		var err1, err2 error
		o.PlacedAt, err1 = unstamp(placed)
		o.UpdatedAt, err2 = unstamp(updated)
		return o, errors.Join(err1, err2)
	}, `SELECT session_id, id, coin_type, quote, side, type, quantity, limit_price, status, reason, filled, average_price, fee, tag, placed_at,
		updated_at FROM orders`+floorPage(session), user, session, pageLimit(limit, maxListed))
	return all, d.named("orders of floor session", session, err)
}

// FloorFills returns the user's fills, of one session or (session "") of all, newest first; at most limit (0: 10,000, the most).
func (d *DB) FloorFills(ctx context.Context, user, session string, limit int) ([]SessionFill, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (SessionFill, error) {
		var f SessionFill
		var base, quote, side, at string
		if err := r.Scan(&f.Session, &f.ID, &f.OrderID, &base, &quote, &side, &f.Quantity, &f.Price, &f.Fee, &f.Clipped, &at); err != nil {
			return f, err
		}
		f.Market = market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}
		f.Side = trade.Side(side)
		var err error
		f.Time, err = unstamp(at)
		return f, err
	}, "SELECT session_id, id, order_id, coin_type, quote, side, quantity, price, fee, clipped, filled_at FROM trades"+floorPage(session),
		user, session, pageLimit(limit, maxListed))
	return all, d.named("fills of floor session", session, err)
}

// FloorEquity returns the session's equity in time order, at most maxPoints (0: all): of each stretch its lowest and highest
// point, and always the first and the last.
func (d *DB) FloorEquity(ctx context.Context, session string, maxPoints int) ([]journal.EquityPoint, error) {
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (journal.EquityPoint, error) {
		var p journal.EquityPoint
		var at string
		if err := r.Scan(&at, &p.Equity); err != nil {
			return p, err
		}
		var err error
		p.Time, err = unstamp(at)
		return p, err
	}, "SELECT at, equity FROM floor_equity WHERE session_id = $1 ORDER BY at", session)
	if err != nil {
		return nil, d.named("equity of floor session", session, err)
	}
	return thin(all, maxPoints), nil
}

func thin(all []journal.EquityPoint, most int) []journal.EquityPoint {
	if most <= 0 || len(all) <= most {
		return all
	}
	if most < 4 {
		return all[len(all)-most:]
	}
	inner, stretches := all[1:len(all)-1], (most-2)/2
	out := []journal.EquityPoint{all[0]}
	for k := range stretches {
		part := inner[k*len(inner)/stretches : (k+1)*len(inner)/stretches]
		low, high := 0, 0
		for i := range part {
			if part[i].Equity.Less(part[low].Equity) {
				low = i
			}
			if part[high].Equity.Less(part[i].Equity) {
				high = i
			}
		}
		out = append(out, part[min(low, high)])
		if low != high {
			out = append(out, part[max(low, high)])
		}
	}
	return append(out, all[len(all)-1])
}
