package defillama

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	maxAnswer = 64 << 20 // /protocol/aave-v3 has 29 MB
	maxRow    = 1 << 20  // about fifty times the longest row
	maxRows   = 100_000  // /pools has 17,000
	maxDepth  = 100
	headSize  = 4 << 10 // how much of an answer that cannot be read is kept to be looked at
)

var errLong = errors.New("a value is longer than any that DeFiLlama sends")

// stream reads a JSON document piece by piece: answers of many megabytes are never held whole.
type stream struct {
	in   io.Reader
	dec  *json.Decoder
	left int // bytes that the piece which is being read may still take
	head []byte
}

func newStream(r io.Reader) *stream {
	s := &stream{in: r, left: maxRow}
	s.dec = json.NewDecoder(s)
	return s
}

// Read implements io.Reader for the decoder.
func (s *stream) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, errLong
	}
	n, err := s.in.Read(p[:min(len(p), s.left)])
	s.left -= n
	if room := headSize - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(n, room)]...)
	}
	return n, err
}

func (s *stream) token() (json.Token, error) {
	s.left = maxRow
	return s.dec.Token()
}

// value reads the next value into v.
func (s *stream) value(v any) error {
	s.left = maxRow
	return s.dec.Decode(v)
}

// skip passes over the next value.
func (s *stream) skip() error {
	for depth := 0; ; {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("nested more than %d deep", maxDepth)
		}
		if depth == 0 {
			return nil
		}
	}
}

func (s *stream) open(d json.Delim) error {
	t, err := s.token()
	if err == nil && t != d {
		err = fmt.Errorf("%.20q where %s should stand", fmt.Sprint(t), d)
	}
	return err
}

// object reads an object: fields has a reader for each key that is wanted, the others are passed over. Twice the same key is an
// error, because nobody can say which is meant.
func (s *stream) object(fields map[string]func() error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for s.dec.More() {
		t, err := s.token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		read := fields[key]
		if read == nil {
			read = s.skip
		} else if seen[key] {
			return fmt.Errorf("%s is there twice", key)
		} else {
			seen[key] = true
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err := s.token()
	return err
}

// rows reads an array and gives each of its elements to row, whose argument is good until it returns.
func (s *stream) rows(row func(json.RawMessage)) error {
	if err := s.open('['); err != nil {
		return err
	}
	var raw json.RawMessage
	for n := 0; s.dec.More(); n++ {
		if n == maxRows {
			return fmt.Errorf("over %d rows", maxRows)
		}
		if err := s.value(&raw); err != nil {
			return err
		}
		row(raw)
	}
	_, err := s.token()
	return err
}

// end is nil where nothing follows.
func (s *stream) end() error {
	t, err := s.token()
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%.20q after the end", fmt.Sprint(t))
}

// document reads a whole answer by read. Any error is upstream.ErrMalformed.
func (s *stream) document(read func() error) error {
	err := read()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	return nil
}
