package candlefile

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

const (
	maxSpool   = 4 << 30
	maxMembers = 5000
)

// zip spools the archive, whose index stands at its end, and reads its members in order.
func (f *file) zip(r io.Reader) (err error) {
	tmp, err := os.CreateTemp(f.o.TempDir, "omc-import-*.zip")
	if err != nil {
		return fmt.Errorf("spool %s: %w", f.label(), err)
	}
	defer func() { err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name())) }()
	size, err := io.Copy(tmp, io.LimitReader(r, maxSpool+1))
	if err != nil {
		return fmt.Errorf("spool %s: %w", f.label(), err)
	}
	if size > maxSpool {
		return fmt.Errorf("%w: %s is over %d bytes; extract it and import its files", ErrTooBig, f.label(), int64(maxSpool))
	}
	z, err := zip.NewReader(tmp, size)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.label(), err)
	}
	if len(z.File) > maxMembers {
		return fmt.Errorf("%w: %s has %d members, the limit is %d", ErrTooBig, f.label(), len(z.File), maxMembers)
	}
	for _, m := range z.File {
		if strings.HasSuffix(m.Name, "/") || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		if err := f.member(m); err != nil {
			return err
		}
	}
	if !f.settled {
		return fmt.Errorf("%w: %s has no csv with candles in it", ErrLayout, f.label())
	}
	return nil
}

// member reads one file of the archive, or reports why it is passed over.
func (f *file) member(m *zip.File) error {
	base := path.Base(m.Name)
	label := f.label() + ":" + m.Name
	lower := strings.ToLower(base)
	if !strings.HasSuffix(lower, ".csv") && !strings.HasSuffix(lower, ".csv.gz") && !strings.HasSuffix(lower, ".txt") {
		return f.sink.Reject(Reject{File: label, Reason: "not a .csv, .csv.gz or .txt member: passed over"})
	}
	g := guess(base)
	want, known := f.o.named()
	if f.settled {
		want, known = f.info.Market, true
	}
	if known && g.market.Base != "" && g.market != want {
		return f.sink.Reject(Reject{File: label, Reason: fmt.Sprintf("member holds %s, not %s: import it alone with --coin and --quote", g.market, want)})
	}
	iv := f.o.Interval
	if f.settled {
		iv = f.info.Interval
	}
	if iv != 0 && g.interval != 0 && g.interval != iv {
		return f.sink.Reject(Reject{File: label, Reason: fmt.Sprintf("member holds %s bars, not %s: import it alone with --interval", g.interval, iv)})
	}
	rc, err := m.Open()
	if err != nil {
		return fmt.Errorf("read %s: %w", label, err)
	}
	defer rc.Close()
	size := int64(min(m.CompressedSize64, maxSpool))
	b := &bounded{r: rc, compressed: func() int64 { return size }}
	err = f.stream(bufio.NewReaderSize(b, maxLine), label, base)
	if errors.Is(err, ErrLayout) && strings.HasSuffix(lower, ".txt") { // a note beside the candles
		return f.sink.Reject(Reject{File: label, Reason: fmt.Sprintf("passed over: %v", err)})
	}
	return err
}
