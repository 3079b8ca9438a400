package graph

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// encode returns v as JSON and what that JSON says, which is what everyone after goes on with: so that a first run sees exactly what a
// resumed one reads back. It fails where writing that again gives other bytes, because then something was lost.
func encode[T any](v T) (data []byte, back T, err error) {
	data, err = json.Marshal(v)
	if err != nil {
		return nil, back, fmt.Errorf("%w: it cannot be written as JSON: %w", ErrInvalid, err)
	}
	back, err = decode[T](data)
	if err != nil {
		return nil, back, fmt.Errorf("its own JSON: %w", err)
	}
	again, err := json.Marshal(back)
	if err != nil || !bytes.Equal(data, again) {
		return nil, back, fmt.Errorf("%w: %T does not survive JSON: written as %.200s, read back it is %.200s", ErrInvalid, v, data, again)
	}
	return data, back, nil
}

func decode[T any](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("%w: it cannot be read as %T: %w", ErrInvalid, v, err)
	}
	return v, nil
}

var (
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// checkType finds what JSON would lose silently, before anything runs.
func checkType(t reflect.Type) error {
	return typeCheck{}.check(t, t.String())
}

// typeCheck holds the types seen, so that recursive ones end.
type typeCheck map[reflect.Type]bool

func (c typeCheck) check(t reflect.Type, path string) error {
	if c[t] {
		return nil
	}
	c[t] = true
	if own, err := marshalsItself(t, path); own || err != nil {
		return err
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Errorf("%s: JSON has no %s: %w", path, t.Kind(), ErrInvalid)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s: JSON cannot be read back into interface %s: %w: use a concrete type", path, t, ErrInvalid)
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return c.check(t.Elem(), path+"[]")
	case reflect.Map:
		return c.checkMap(t, path)
	case reflect.Struct:
		return c.checkStruct(t, path)
	}
	return nil
}

// marshalsItself tells whether t has its own JSON; to have only the writing half is an error.
func marshalsItself(t reflect.Type, path string) (bool, error) {
	p := reflect.PointerTo(t)
	switch {
	case p.Implements(jsonMarshaler) && p.Implements(jsonUnmarshaler), p.Implements(textMarshaler) && p.Implements(textUnmarshaler):
		return true, nil
	case t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer:
		return false, nil
	case p.Implements(jsonMarshaler), p.Implements(textMarshaler):
		return false, fmt.Errorf("%s: %s writes its own JSON but cannot read it back: %w", path, t, ErrInvalid)
	}
	return false, nil
}

func (c typeCheck) checkMap(t reflect.Type, path string) error {
	switch k := t.Key(); k.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
	default:
		if !k.Implements(textMarshaler) || !reflect.PointerTo(k).Implements(textUnmarshaler) {
			return fmt.Errorf("%s: JSON has no map keys of type %s: %w", path, k, ErrInvalid)
		}
	}
	return c.check(t.Elem(), path+"[]")
}

func (c typeCheck) checkStruct(t reflect.Type, path string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("json") == "-" || f.Name == "_" {
			continue // left out on purpose
		}
		if !f.IsExported() && (!f.Anonymous || f.Type.Kind() != reflect.Struct) {
			return fmt.Errorf("%s.%s: an unexported field is lost between steps: %w: export it, or tag it json:\"-\" to say so",
				path, f.Name, ErrInvalid)
		}
		if err := c.check(f.Type, path+"."+f.Name); err != nil {
			return err
		}
	}
	return nil
}
