package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/ohmycoins/omc/internal/safefile"
)

// lockWait is how long another omc's edit may take.
const lockWait = 5 * time.Second

// errByHand refuses an edit that would change more than was asked.
var errByHand = errors.New("this cannot be changed without changing other things in the file: edit it by hand")

// EditFile changes one setting in a config.yaml, or removes it where value is nil, and returns what stood there. Comments and order
// stay (blank lines do not). The file is made where it is absent (0600, its folder 0700), and is whole at every moment. That the
// setting is one, and the value right, is the caller's to check.
func EditFile(path, name string, value *string) (before string, err error) {
	if _, err := os.Stat(path); value == nil && errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the file is replaced where it lies, not the link to it
	}
	unlock, err := safefile.Lock(context.Background(), filepath.Join(filepath.Dir(path), ".config.lock"), lockWait)
	if err != nil {
		return "", fmt.Errorf("settings %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	raw, mode, err := readForEdit(path)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	changed, before, err := Edit(raw, name, value)
	if err != nil {
		return "", fmt.Errorf("settings %s: %w", path, err)
	}
	if bytes.Equal(raw, changed) {
		return before, nil
	}
	err = safefile.Replace(path, mode, func(w io.Writer) error {
		_, err := w.Write(changed)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	return before, nil
}

func readForEdit(path string) ([]byte, fs.FileMode, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0o600, nil
	case err != nil:
		return nil, 0, err
	case !st.Mode().IsRegular() || st.Size() > maxFile:
		return nil, 0, fmt.Errorf("%s: want a plain file of at most %d bytes", path, maxFile)
	}
	raw, err := os.ReadFile(path)
	return raw, st.Mode().Perm(), err
}

// Edit changes one setting in the text of a config.yaml, or removes it where value is nil, and returns what stood there. Text that
// says anything else afterwards is an error, and so is more than one document.
func Edit(raw []byte, name string, value *string) (out []byte, before string, err error) {
	old, err := ParseYAML(raw)
	if err != nil {
		return nil, "", err
	}
	before, was := old[name]
	if value == nil && !was || value != nil && was && before == *value {
		return raw, before, nil
	}
	if out, err = edited(raw, name, value); err != nil {
		return nil, "", err
	}
	want := maps.Clone(old)
	delete(want, name)
	if value != nil {
		want[name] = *value
		maps.DeleteFunc(want, func(p, v string) bool { return v == "" && strings.HasPrefix(name, p+".") }) // an empty level that it fills
	}
	if got, err := ParseYAML(out); err != nil || !maps.Equal(got, want) || len(out) > maxFile {
		return nil, "", errByHand
	}
	return out, before, nil
}

func edited(raw []byte, name string, value *string) ([]byte, error) {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document: edit it by hand")
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Tag == "!!null" {
		return fresh(raw, name, *value) // comments alone are no document, and would be lost
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errByHand
	}
	if value == nil {
		remove(root, strings.Split(name, "."))
	} else if !put(root, strings.Split(name, "."), *value) {
		return nil, errByHand
	}
	if len(root.Content) == 0 {
		return []byte(comments(&doc, root)), nil
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&doc), e.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
