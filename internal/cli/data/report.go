package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/cli/factory"
)

var (
	rejectColumns   = []string{"file", "line", "reason", "row"}
	conflictColumns = []string{"file", "line", "time", "stored", "offered"}
)

// reports are the files that tell what an import did not store: rejected rows, and rows that are stored with other values. A file is
// made when there is something to write; one that is there is replaced only where an earlier import has written it.
type reports struct {
	shared *table // rejects of all files, where one was named
	inputs []fs.FileInfo
}

// newReports checks a shared rejects file before anything is read.
func newReports(rejects string, inputs []string) (*reports, error) {
	r := &reports{}
	for _, path := range inputs {
		if st, err := os.Stat(path); err == nil {
			r.inputs = append(r.inputs, st)
		}
	}
	if rejects != "" {
		r.shared = &table{path: rejects, columns: rejectColumns}
		if err := r.check(r.shared); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// check refuses a file that omc has not written, above all one that is being imported.
func (r *reports) check(t *table) error {
	st, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("report file: %w", err)
	}
	if slices.ContainsFunc(r.inputs, func(in fs.FileInfo) bool { return os.SameFile(in, st) }) {
		return factory.Usage("%s is a file to import: its rejected rows need another file", t.path)
	}
	if !st.Mode().IsRegular() || st.Size() == 0 {
		return nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("report file: %w", err)
	}
	defer f.Close()
	head, err := bufio.NewReader(io.LimitReader(f, 200)).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("report file: %w", err)
	}
	if strings.TrimSpace(head) != strings.Join(t.columns, ",") {
		return factory.Usage("%s is there already and no import has written it: name another file, or move it away", t.path)
	}
	return nil
}

// of gives the report files of one imported file.
func (r *reports) of(path string) (fileReports, error) {
	out := fileReports{rejects: r.shared, conflicts: &table{path: path + ".conflicts.csv", columns: conflictColumns}}
	if out.rejects == nil {
		out.rejects = &table{path: path + ".rejects.csv", columns: rejectColumns}
		if err := r.check(out.rejects); err != nil {
			return out, err
		}
	}
	return out, r.check(out.conflicts)
}

type fileReports struct {
	rejects, conflicts *table
}

func (r *fileReports) close() error { return errors.Join(r.rejects.close(), r.conflicts.close()) }

func (r *fileReports) say(f *factory.Factory) {
	if r.rejects.rows > 0 {
		f.Say("  rejected rows with their reasons: %s", r.rejects.path)
	}
	if r.conflicts.rows > 0 {
		f.Say("  rows in conflict with what is stored: %s", r.conflicts.path)
	}
}

// table writes rows to a CSV file that exists only when there are some.
type table struct {
	path    string
	columns []string
	rows    int
	begun   bool // this run has made it: further rows are added
	file    *os.File
	w       *csv.Writer
}

func (t *table) add(row ...string) error {
	if t.file == nil {
		mode := os.O_TRUNC
		if t.begun {
			mode = os.O_APPEND
		}
		f, err := os.OpenFile(t.path, os.O_CREATE|os.O_WRONLY|mode, 0o600)
		if err != nil {
			return fmt.Errorf("report file: %w", err)
		}
		t.file, t.w = f, csv.NewWriter(f)
		if !t.begun {
			if err := t.w.Write(t.columns); err != nil {
				return err
			}
		}
		t.begun = true
	}
	t.rows++
	return t.w.Write(row)
}

// close ends the file; rows may be added again later.
func (t *table) close() error {
	if t.file == nil {
		return nil
	}
	t.w.Flush()
	err := errors.Join(t.w.Error(), t.file.Close())
	t.file, t.w = nil, nil
	return err
}
