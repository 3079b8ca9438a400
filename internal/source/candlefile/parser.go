package candlefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
)

// parser reads the lines of one csv.
type parser struct {
	f        *file
	label    string
	name     guessed
	cols     columns
	known    bool // cols are known
	line     int64
	fields   [][]byte
	batch    []Row
	symbol   []byte // the last row's symbol, as written
	symbolOK bool   // and whether it is this file's market
	symbolM  market.Market
	source   string // the last row's source, kept so that equal ones share memory
}

func newParser(f *file, label, name string) *parser {
	g := guess(name)
	if outer := guess(f.o.Name); name != f.o.Name {
		if g.market.Base == "" {
			g.market = outer.market
		}
		if g.interval == 0 {
			g.interval = outer.interval
		}
		if g.source == "" {
			g.source = outer.source
		}
	}
	return &parser{f: f, label: label, name: g, fields: make([][]byte, 0, maxColumns), batch: make([]Row, 0, batchRows)}
}

// run reads all lines.
func (p *parser) run(br *bufio.Reader) error {
	if bom, err := br.Peek(3); err == nil && bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		br.Discard(3)
	}
	for {
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if err := p.tooLong(br, line); err != nil {
				return err
			}
			continue
		}
		if err != nil && err != io.EOF { // what there is of the line is not the line
			return p.broken(err)
		}
		if len(line) > 0 {
			p.line++
			if err := p.take(trimEOL(line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// broken hands on the rows that came before the file could not be read any further.
func (p *parser) broken(cause error) error {
	cause = fmt.Errorf("read %s after line %d: %w", p.label, p.line, cause)
	if !p.known || len(p.batch) == 0 {
		return cause
	}
	return errors.Join(cause, p.flush())
}

// tooLong reports a line that does not fit the buffer and skips to its end.
func (p *parser) tooLong(br *bufio.Reader, head []byte) error {
	p.line++
	if !p.known {
		return fmt.Errorf("%w: line %d of %s is longer than %d bytes", ErrLayout, p.line, p.label, maxLine)
	}
	if err := p.reject(head, fmt.Sprintf("line is longer than %d bytes", maxLine)); err != nil {
		return err
	}
	for {
		_, err := br.ReadSlice('\n')
		switch {
		case err == nil || err == io.EOF:
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read %s after line %d: %w", p.label, p.line, err)
		}
	}
}

func trimEOL(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

func (p *parser) reject(line []byte, reason string) error {
	return p.f.sink.Reject(Reject{File: p.label, Line: p.line, Reason: reason, Row: clip(line, maxRow)})
}

// take handles one line.
func (p *parser) take(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	if !p.known {
		return p.first(line)
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return p.reject(line, "row holds a NUL byte")
	}
	var ok bool
	if p.fields, ok = split(line, p.fields); !ok {
		return p.reject(line, "quotes do not match or columns are too many")
	}
	if len(p.fields) != p.cols.count {
		return p.reject(line, fmt.Sprintf("row has %d columns, %d are expected", len(p.fields), p.cols.count))
	}
	row, reason := p.row()
	if reason != "" {
		return p.reject(line, reason)
	}
	if p.f.settled {
		if iv := p.f.info.Interval; iv.Floor(row.Bar.Unix()) != row.Bar.Unix() {
			return p.reject(line, offGrid(iv))
		}
	}
	p.batch = append(p.batch, row)
	if !p.f.settled && len(p.batch) >= lookAhead || len(p.batch) == batchRows {
		return p.flush()
	}
	return nil
}

func offGrid(iv market.Interval) string {
	return fmt.Sprintf("timestamp is not on the grid of %s bars", iv)
}

// first settles the layout.
func (p *parser) first(line []byte) error {
	if isBanner(line) {
		return nil
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return fmt.Errorf("%w: line %d of %s holds NUL bytes (UTF-16 or binary data?)", ErrLayout, p.line, p.label)
	}
	fields, ok := split(line, p.fields)
	if !ok {
		return fmt.Errorf("%w: line %d of %s has unmatched quotes or too many columns", ErrLayout, p.line, p.label)
	}
	cols, err := detect(fields)
	if err != nil {
		return fmt.Errorf("%s line %d: %w", p.label, p.line, err)
	}
	p.cols, p.known = cols, true
	if !cols.header {
		return p.take(line)
	}
	return nil
}

// row reads the split fields; reason is "" for a good row.
func (p *parser) row() (Row, string) {
	at := func(i int) []byte {
		if i < 0 {
			return nil
		}
		return bytes.TrimSpace(p.fields[i])
	}
	c := &p.cols
	unix, reason := p.time(at(c.unix), at(c.date))
	if reason != "" {
		return Row{}, reason
	}
	if c.symbol >= 0 {
		if reason := p.checkSymbol(at(c.symbol)); reason != "" {
			return Row{}, reason
		}
	}
	volume := at(c.volume)
	if len(volume) == 0 || string(volume) == "NULL" {
		volume = nil
	}
	bar, err := makeBar(unix, at(c.open), at(c.high), at(c.low), at(c.close), volume)
	if err != nil {
		return Row{}, strings.TrimPrefix(err.Error(), "impossible bar: ")
	}
	row := Row{Bar: bar, Line: p.line}
	if c.source >= 0 {
		s := at(c.source)
		if !sourceName(s) {
			return Row{}, "source is not a name of at most 40 letters, digits, '-' or '_'"
		}
		if p.source != string(s) {
			p.source = string(s)
		}
		row.Source = p.source
	}
	return row, ""
}

// time prefers the number; a date stands in where the number is absent or unusable.
func (p *parser) time(unix, date []byte) (int64, string) {
	reason := "no timestamp"
	if p.cols.unix >= 0 {
		var sec int64
		if sec, reason = unixTime(unix); reason == "" {
			return sec, ""
		}
		if looksDated(unix) {
			return textTime(unix)
		}
	}
	if len(date) > 0 {
		if sec, r := textTime(date); r == "" || p.cols.unix < 0 {
			return sec, r
		}
	}
	return 0, reason
}

// sourceName keeps hostile text out of the ledger.
func sourceName(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(b) <= 40
}

// checkSymbol makes sure that the row is of the file's market; the first row's symbol tells it where nothing else has.
func (p *parser) checkSymbol(s []byte) string {
	if p.symbol == nil || !bytes.Equal(s, p.symbol) {
		m, ok := splitSymbol(string(s))
		if !ok {
			return "symbol is no market"
		}
		want, known := p.market()
		if !known {
			p.symbolM, want = m, m
		}
		p.symbol, p.symbolOK = append(p.symbol[:0], s...), m == want
	}
	if !p.symbolOK {
		return "row is of another market than the file"
	}
	return ""
}

// market is what flags, an earlier member, the name or an earlier row's symbol tell, in that order.
func (p *parser) market() (market.Market, bool) {
	if p.f.settled {
		return p.f.info.Market, true
	}
	if m, ok := p.f.o.named(); ok {
		return m, true
	}
	m := p.name.market
	if m.Base == "" {
		m = p.symbolM
	}
	if p.f.o.Coin != "" {
		m.Base = p.f.o.Coin
	}
	if p.f.o.Quote != "" {
		m.Quote = p.f.o.Quote
	}
	return m, m.Base != "" && m.Quote != ""
}

// flush hands the batch over, settling market and interval first.
func (p *parser) flush() error {
	if err := p.f.ctx.Err(); err != nil {
		return err
	}
	if len(p.batch) == 0 {
		return nil
	}
	if !p.f.settled {
		if err := p.settle(); err != nil {
			return err
		}
	}
	if len(p.batch) == 0 {
		return nil
	}
	p.f.accepted += int64(len(p.batch))
	err := p.f.sink.Rows(p.f.info, p.label, p.batch)
	p.batch = p.batch[:0]
	return err
}

func (p *parser) finish() error {
	if !p.known {
		return fmt.Errorf("%w: %s is empty", ErrLayout, p.label)
	}
	// A file of which every row was rejected still names its layout.
	p.f.info.Layout = p.cols.layout
	return p.flush()
}

// settle decides market, interval and source once, and rejects the rows held back that are off the grid.
func (p *parser) settle() error {
	m, ok := p.market()
	if !ok {
		return fmt.Errorf("%w the market of %s: name it with --coin and --quote", ErrUnknown, p.label)
	}
	iv := p.f.o.Interval
	if iv == 0 {
		iv = p.name.interval
	}
	if iv == 0 {
		if iv = spacing(p.batch); iv == 0 {
			return fmt.Errorf("%w the interval of %s: name it with --interval", ErrUnknown, p.label)
		}
	}
	if apart := spacing(p.batch); apart > iv && len(p.batch) >= enoughRows && multiples(p.batch, apart) {
		return fmt.Errorf("%w: the rows of %s lie %s apart, so they are no %s bars: leave --interval out, or name the right one", ErrLayout, p.label, apart, iv)
	}
	source := p.cols.layout
	switch {
	case p.name.source != "":
		source = p.name.source
	case source == LayoutOMC || source == LayoutGeneric:
		source = "csv"
	}
	p.f.info = Info{Market: m, Interval: iv, Layout: p.cols.layout, Source: source}
	p.f.settled = true
	kept, line := p.batch[:0], p.line
	for _, r := range p.batch {
		if iv.Floor(r.Bar.Unix()) == r.Bar.Unix() {
			kept = append(kept, r)
			continue
		}
		p.line = r.Line
		if err := p.reject([]byte(r.Bar.String()), offGrid(iv)); err != nil {
			return err
		}
	}
	p.batch, p.line = kept, line
	return nil
}

// enoughRows tell a bar's length from a market that is seldom traded.
const enoughRows = 20

// multiples reports that all distances between neighbouring rows are whole numbers of iv.
func multiples(rows []Row, iv market.Interval) bool {
	for i := 1; i < len(rows); i++ {
		if (rows[i].Bar.Unix()-rows[i-1].Bar.Unix())%int64(iv) != 0 {
			return false
		}
	}
	return true
}

// spacing is the commonest distance between neighbouring rows that is an interval; the shortest of equally common ones.
func spacing(rows []Row) market.Interval {
	seen := map[market.Interval]int{}
	for i := 1; i < len(rows); i++ {
		d := rows[i].Bar.Unix() - rows[i-1].Bar.Unix()
		if d < 0 {
			d = -d
		}
		if iv := market.Interval(d); iv.Valid() {
			seen[iv]++
		}
	}
	best := market.Interval(0)
	for iv, n := range seen {
		if best == 0 || n > seen[best] || n == seen[best] && iv < best {
			best = iv
		}
	}
	return best
}
