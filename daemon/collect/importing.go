package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/candlefile"
)

// Import reads one file from r and tells emit what happened; the last event is Done or Problem. Every batch is one transaction
// and rows that are there already count as Same, so that a run after an interruption completes the work. An error is returned
// only where emit itself failed or ctx ended.
func (s *Service) Import(ctx context.Context, r io.Reader, o api.ImportOptions, emit func(api.ImportEvent) error) error {
	im := &importing{s: s, ctx: ctx, o: o, emit: emit}
	fo, err := fileOptions(o, s.tempDir)
	if err == nil {
		_, err = candlefile.Read(ctx, r, fo, candlefile.Sink{Rows: im.rows, Reject: im.reject})
	}
	if err == nil || im.readable(err) { // what was read before the fault is stored too
		err = errors.Join(err, im.flush())
	}
	var sent *emitError
	switch {
	case errors.As(err, &sent):
		return sent.err
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return emit(api.ImportEvent{Problem: im.problem(err)})
	}
	return emit(api.ImportEvent{Done: &im.sum})
}

// emitError marks that the listener is gone.
type emitError struct{ err error }

func (e *emitError) Error() string { return e.err.Error() }

// storeError marks a fault of the store, not of the file.
type storeError struct{ err error }

func (e *storeError) Error() string { return "the store: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// readable reports that err is of the file's end or later parts, so that the rows before it are good.
func (im *importing) readable(err error) bool {
	var sent *emitError
	var stored *storeError
	return !errors.As(err, &sent) && !errors.As(err, &stored) && im.ctx.Err() == nil
}

func (im *importing) problem(err error) *api.Problem {
	var p *api.Problem
	var stored *storeError
	stays := im.sum.Added + im.sum.Same + im.sum.Replaced
	kept := fmt.Sprintf("%d rows before it are stored", stays)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &stored):
		return api.NewProblem(507, api.CodeFailed, "import stopped: %s; %s, import again once that is put right", err, kept)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return api.NewProblem(422, api.CodeFailed, "the file ends too early: %s; %s, get a whole file and import it", err, kept)
	case errors.Is(err, candlefile.ErrLayout), errors.Is(err, candlefile.ErrUnknown), errors.Is(err, candlefile.ErrTooBig):
		if stays > 0 {
			return api.NewProblem(400, api.CodeBadRequest, "%s; %s", err, kept)
		}
		return api.NewProblem(400, api.CodeBadRequest, "%s", err)
	}
	return api.NewProblem(422, api.CodeFailed, "import stopped: %s; %s, import again to complete it", err, kept)
}

func fileOptions(o api.ImportOptions, tempDir string) (candlefile.Options, error) {
	fo := candlefile.Options{Name: o.File, TempDir: tempDir}
	var err error
	if o.Coin != "" {
		if fo.Coin, err = market.ParseCoin(o.Coin); err != nil {
			return fo, api.NewProblem(400, api.CodeBadRequest, "%s", err)
		}
	}
	if o.Quote != "" {
		if fo.Quote, err = market.ParseCoin(o.Quote); err != nil {
			return fo, api.NewProblem(400, api.CodeBadRequest, "%s", err)
		}
	}
	if fo.Coin != "" && fo.Coin == fo.Quote {
		return fo, api.NewProblem(400, api.CodeBadRequest, "--coin and --quote are both %s", fo.Coin)
	}
	if o.Interval != "" {
		if fo.Interval, err = market.ParseInterval(o.Interval); err != nil {
			return fo, api.NewProblem(400, api.CodeBadRequest, "%s", err)
		}
	}
	if o.Source != "" && (len(o.Source) > 40 || strings.ContainsFunc(o.Source, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})) {
		return fo, api.NewProblem(400, api.CodeBadRequest, "source: want at most 40 lower-case letters, digits, '-' or '_'")
	}
	return fo, nil
}

// pending is a row waiting for its batch.
type pending struct {
	bar  ledger.PriceBar
	file string
	line int64
}

// importing is the state of one import.
type importing struct {
	s     *Service
	ctx   context.Context
	o     api.ImportOptions
	emit  func(api.ImportEvent) error
	sum   api.ImportSummary
	batch []pending
	bars  []ledger.PriceBar
}

func (im *importing) send(e api.ImportEvent) error {
	if err := im.emit(e); err != nil {
		return &emitError{err}
	}
	return nil
}

func (im *importing) reject(r candlefile.Reject) error {
	im.sum.Rejected++
	if r.Line > 0 {
		im.sum.Rows++
	}
	return im.send(api.ImportEvent{Reject: &api.ImportReject{File: r.File, Line: r.Line, Reason: r.Reason, Row: r.Row}})
}

func (im *importing) rows(info candlefile.Info, file string, rows []candlefile.Row) error {
	source := info.Source
	if im.o.Source != "" {
		source = im.o.Source
	}
	im.sum.Market, im.sum.Interval, im.sum.Layout, im.sum.Source = info.Market, info.Interval, info.Layout, source
	now := im.s.clock.Now().Unix()
	for i := range rows {
		r := &rows[i]
		p := pending{file: file, line: r.Line, bar: history(r.Bar, info.Interval, source)}
		if im.o.Source == "" && r.Source != "" {
			p.bar.Source = r.Source
		}
		if p.bar.Known > now {
			if err := im.reject(candlefile.Reject{File: file, Line: r.Line, Row: r.Bar.String(), Reason: "bar has not closed yet"}); err != nil {
				return err
			}
			continue
		}
		im.sum.Rows++
		im.span(r.Bar.OpenTime())
		im.batch = append(im.batch, p)
		if len(im.batch) >= batchSize {
			if err := im.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *importing) span(t time.Time) {
	if im.sum.First == nil || t.Before(*im.sum.First) {
		im.sum.First = &t
	}
	if im.sum.Last == nil || t.After(*im.sum.Last) {
		im.sum.Last = &t
	}
}

// flush stores the batch. Files may be newest first or unordered, so it is sorted; of two rows for one time the earlier stands
// and the later is the same or a conflict; with Replace the later wins and counts as Replaced.
func (im *importing) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	before := func(i, j int) bool { return im.batch[i].bar.Unix() < im.batch[j].bar.Unix() }
	if !sort.SliceIsSorted(im.batch, before) {
		sort.SliceStable(im.batch, before)
	}
	kept := im.batch[:0]
	im.bars = im.bars[:0]
	for _, p := range im.batch {
		if n := len(kept); n > 0 && kept[n-1].bar.Unix() == p.bar.Unix() {
			if kept[n-1].bar.Bar.Equal(&p.bar.Bar) {
				im.sum.Same++
			} else if im.o.Replace {
				// As between batches, where the store lets the later row replace the earlier.
				kept[n-1], im.bars[n-1] = p, p.bar
				im.sum.Replaced++
			} else if err := im.conflict(p.file, p.line, &kept[n-1].bar, &p.bar); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, p)
		im.bars = append(im.bars, p.bar)
	}
	a, err := im.s.writer.AppendBars(im.ctx, im.sum.Market, im.sum.Interval, im.bars, im.o.Replace)
	if err != nil {
		return &storeError{err}
	}
	im.sum.Added += int64(a.Added)
	im.sum.Same += int64(a.Same)
	im.sum.Replaced += int64(a.Replaced)
	for i := range a.Conflicts {
		c := &a.Conflicts[i]
		at := sort.Search(len(kept), func(k int) bool { return kept[k].bar.Unix() >= c.Offered.Unix() })
		if err := im.conflict(kept[at].file, kept[at].line, &c.Stored, &c.Offered); err != nil {
			return err
		}
	}
	im.batch = kept[:0]
	return im.send(api.ImportEvent{Progress: &api.ImportProgress{Rows: im.sum.Rows}})
}

func (im *importing) conflict(file string, line int64, stored, offered *ledger.PriceBar) error {
	im.sum.Conflicts++
	return im.send(api.ImportEvent{Conflict: &api.ImportConflict{File: file, Line: line, Time: offered.OpenTime(),
		Stored: stored.Bar.String(), Offered: offered.Bar.String()}})
}
