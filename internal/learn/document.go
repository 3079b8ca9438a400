package learn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// document is a value of JSON or of Universal Binary JSON. Lists of nothing but numbers and booleans are kept as numbers.
type document struct {
	kind    documentKind
	fields  map[string]*document
	items   []*document
	numbers []float64
	text    string
	number  float64
}

type documentKind uint8

const (
	documentNull documentKind = iota
	documentObject
	documentList // of items
	documentNumbers
	documentText
	documentNumber
)

const (
	maxDocument = 128 << 20 // bytes
	maxNesting  = 32
	maxValues   = 20_000_000 // numbers
	maxItems    = 1_000_000  // objects, lists, texts, fields, and numbers beside other things in a list
)

var errShort = errors.New("it ends too early")

// budget counts what a document holds.
type budget struct{ values, items int }

func (b *budget) spend(values, items int) error {
	b.values, b.items = b.values+values, b.items+items
	if b.values > maxValues || b.items > maxItems {
		return fmt.Errorf("it holds more than %d numbers or %d other values", maxValues, maxItems)
	}
	return nil
}

// parseJSON reads one document.
func parseJSON(data []byte) (*document, error) {
	d := json.NewDecoder(bytes.NewReader(quoteBare(data)))
	d.UseNumber()
	j := jsonReader{d: d}
	out, err := j.value(0)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errShort
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands after the document")
	}
	return out, nil
}

// bareNumber reads what quoteBare made of a bare word.
func bareNumber(text string) (float64, bool) {
	switch text {
	case "\x00NaN":
		return math.NaN(), true
	case "\x00Infinity":
		return math.Inf(1), true
	case "\x00-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// quoteBare makes texts of the numbers that XGBoost writes as bare words, which JSON has none of.
func quoteBare(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	for quoted, i := false, 0; i < len(data); i++ {
		c := data[i]
		switch {
		case quoted && c == '\\' && i+1 < len(data):
			out = append(out, c)
			i++
			c = data[i]
		case c == '"':
			quoted = !quoted
		case !quoted && (c == 'N' || c == 'I' || c == '-'):
			word := ""
			for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
				if bytes.HasPrefix(data[i:], []byte(w)) {
					word = w
				}
			}
			if word != "" {
				out = append(out, `"\u0000`+word+`"`...)
				i += len(word) - 1
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

type jsonReader struct {
	d *json.Decoder
	budget
}

func (j *jsonReader) value(level int) (*document, error) {
	t, err := j.d.Token()
	if err != nil {
		return nil, err
	}
	return j.from(t, level)
}

func (j *jsonReader) from(t json.Token, level int) (*document, error) {
	if level > maxNesting {
		return nil, fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	switch v := t.(type) {
	case json.Number:
		n, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, fmt.Errorf("number %s: %w", clip(string(v)), err)
		}
		return &document{kind: documentNumber, number: n}, j.spend(1, 0)
	case bool:
		return &document{kind: documentNumber, number: truth(v)}, j.spend(1, 0)
	case string:
		if n, ok := bareNumber(v); ok {
			return &document{kind: documentNumber, number: n}, j.spend(1, 0)
		}
		return &document{kind: documentText, text: v}, j.spend(0, 1)
	case json.Delim:
		if v == '{' {
			return j.object(level)
		}
		return j.list(level)
	}
	return &document{}, j.spend(0, 1)
}

func truth(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

func (j *jsonReader) object(level int) (*document, error) {
	out := &document{kind: documentObject, fields: map[string]*document{}}
	if err := j.spend(0, 1); err != nil {
		return nil, err
	}
	for j.d.More() {
		t, err := j.d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string) // the decoder lets nothing else stand here
		if err := j.spend(0, 1); err != nil {
			return nil, err
		}
		if out.fields[key], err = j.value(level + 1); err != nil {
			return nil, err
		}
	}
	_, err := j.d.Token()
	return out, err
}

func (j *jsonReader) list(level int) (*document, error) {
	l := lister{}
	if err := j.spend(0, 1); err != nil {
		return nil, err
	}
	for j.d.More() {
		v, err := j.value(level + 1)
		if err != nil {
			return nil, err
		}
		if err := l.add(v, &j.budget); err != nil {
			return nil, err
		}
	}
	_, err := j.d.Token()
	return l.document(), err
}

// lister keeps numbers as numbers for as long as nothing else comes.
type lister struct {
	numbers []float64
	items   []*document
}

func (l *lister) add(v *document, b *budget) error {
	if v.kind == documentNumber && l.items == nil {
		l.numbers = append(l.numbers, v.number)
		return nil
	}
	if err := b.spend(0, len(l.numbers)+1); err != nil {
		return err
	}
	for _, n := range l.numbers {
		l.items = append(l.items, &document{kind: documentNumber, number: n})
	}
	l.numbers = nil
	l.items = append(l.items, v)
	return nil
}

func (l *lister) document() *document {
	if l.items == nil {
		return &document{kind: documentNumbers, numbers: l.numbers}
	}
	return &document{kind: documentList, items: l.items}
}
