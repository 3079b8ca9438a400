package learn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// parseUBJ reads one document of Universal Binary JSON, draft 12, as XGBoost writes it: big-endian, lengths as any whole number, typed lists.
func parseUBJ(data []byte) (*document, error) {
	u := ubjReader{b: data}
	marker, err := u.marker()
	if err != nil {
		return nil, err
	}
	out, err := u.value(marker, 0)
	if err != nil {
		return nil, err
	}
	if len(u.b) > 0 {
		return nil, errors.New("something stands after the document")
	}
	return out, nil
}

type ubjReader struct {
	b []byte
	budget
}

func (u *ubjReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.b) {
		return nil, errShort
	}
	out := u.b[:n]
	u.b = u.b[n:]
	return out, nil
}

// marker is the next type, past no-ops.
func (u *ubjReader) marker() (byte, error) {
	for {
		b, err := u.take(1)
		if err != nil {
			return 0, err
		}
		if b[0] != 'N' {
			return b[0], nil
		}
	}
}

// width is the bytes of a fixed-size number, 0 for what is none.
func width(marker byte) int {
	switch marker {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

func fixedNumber(marker byte, b []byte) float64 {
	switch marker {
	case 'i':
		return float64(int8(b[0]))
	case 'U':
		return float64(b[0])
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b)))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

// length reads a count, whose own type is marker.
func (u *ubjReader) length(marker byte) (int, error) {
	w := width(marker)
	if w == 0 || marker == 'd' || marker == 'D' {
		return 0, fmt.Errorf("a length has the type %q", marker)
	}
	b, err := u.take(w)
	if err != nil {
		return 0, err
	}
	n := fixedNumber(marker, b)
	if n < 0 || n > maxDocument {
		return 0, fmt.Errorf("a length is %v", n)
	}
	return int(n), nil
}

// text reads a string whose length has the type marker.
func (u *ubjReader) text(marker byte) (string, error) {
	n, err := u.length(marker)
	if err != nil {
		return "", err
	}
	b, err := u.take(n)
	return string(b), err
}

func (u *ubjReader) value(marker byte, level int) (*document, error) {
	if level > maxNesting {
		return nil, fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	if w := width(marker); w > 0 {
		b, err := u.take(w)
		if err != nil {
			return nil, err
		}
		return &document{kind: documentNumber, number: fixedNumber(marker, b)}, u.spend(1, 0)
	}
	if err := u.spend(0, 1); err != nil {
		return nil, err
	}
	switch marker {
	case 'T', 'F':
		return &document{kind: documentNumber, number: truth(marker == 'T')}, nil
	case 'Z':
		return &document{}, nil
	case 'C':
		b, err := u.take(1)
		return &document{kind: documentText, text: string(b)}, err
	case 'S':
		m, err := u.marker()
		if err != nil {
			return nil, err
		}
		s, err := u.text(m)
		return &document{kind: documentText, text: s}, err
	case '[':
		return u.list(level)
	case '{':
		return u.object(level)
	}
	return nil, fmt.Errorf("type %q is not known", marker)
}

// head reads what may stand at the start of a list or an object: the type of all its values and their count. Without a count it is −1 and
// first is the marker that came instead.
func (u *ubjReader) head() (kind byte, count int, first byte, err error) {
	if first, err = u.marker(); err != nil {
		return 0, 0, 0, err
	}
	if first == '$' {
		if kind, err = u.marker(); err == nil {
			first, err = u.marker()
		}
		if err == nil && first != '#' {
			err = errors.New("a typed list or object has no count")
		}
	}
	if err != nil || first != '#' {
		return kind, -1, first, err
	}
	m, err := u.marker()
	if err == nil {
		count, err = u.length(m)
	}
	return kind, count, 0, err
}

func (u *ubjReader) list(level int) (*document, error) {
	kind, count, next, err := u.head()
	if err != nil {
		return nil, err
	}
	if w := width(kind); w > 0 {
		b, err := u.take(count * w)
		if err == nil {
			err = u.spend(count, 0)
		}
		if err != nil {
			return nil, err
		}
		out := &document{kind: documentNumbers, numbers: make([]float64, count)}
		for i := range out.numbers {
			out.numbers[i] = fixedNumber(kind, b[i*w:])
		}
		return out, nil
	}
	l := lister{}
	for i := 0; count < 0 && next != ']' || i < count; i++ {
		at := kind
		if count < 0 {
			at = next
		} else if at == 0 {
			if at, err = u.marker(); err != nil {
				return nil, err
			}
		}
		v, err := u.value(at, level+1)
		if err != nil {
			return nil, err
		}
		if err := l.add(v, &u.budget); err != nil {
			return nil, err
		}
		if count < 0 {
			if next, err = u.marker(); err != nil {
				return nil, err
			}
		}
	}
	return l.document(), nil
}

func (u *ubjReader) object(level int) (*document, error) {
	kind, count, next, err := u.head()
	if err != nil {
		return nil, err
	}
	out := &document{kind: documentObject, fields: map[string]*document{}}
	for i := 0; count < 0 && next != '}' || i < count; i++ {
		if count >= 0 {
			if next, err = u.marker(); err != nil {
				return nil, err
			}
		}
		key, err := u.text(next)
		if err == nil {
			err = u.spend(0, 1)
		}
		if err != nil {
			return nil, err
		}
		at := kind
		if at == 0 {
			if at, err = u.marker(); err != nil {
				return nil, err
			}
		}
		if out.fields[key], err = u.value(at, level+1); err != nil {
			return nil, err
		}
		if count < 0 {
			if next, err = u.marker(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
