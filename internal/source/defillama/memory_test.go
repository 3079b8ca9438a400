package defillama

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// meter counts what is read and samples the heap meanwhile.
type meter struct {
	io.Reader
	read, calls int
	most        uint64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.read += n
	if m.calls++; m.calls%200 == 0 {
		m.most = max(m.most, heap())
	}
	return n, err
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// An answer of many megabytes is never held whole. This test is not parallel: it looks at the whole heap.
func TestLongAnswersAreNotHeld(t *testing.T) {
	many := func(n int, row string) io.Reader {
		r := strings.NewReader
		parts := []io.Reader{}
		for range n {
			parts = append(parts, r(row))
		}
		return io.MultiReader(parts...)
	}
	tokens := fmt.Sprintf(`{"date":1700000000,"tokens":{%s"x":1}},`, strings.Repeat(`"WETHUSDC":123456.789,`, 100))
	protocol := fmt.Sprintf(`{"slug":"x","tvl":1,"description":%q},`, strings.Repeat("x", 2000))
	lido := histories(newNames(), []string{"lido"})[14]
	for name, c := range map[string]struct {
		body io.Reader
		read func(*stream) error
	}{
		"a history": {io.MultiReader(strings.NewReader(`{"tokens":[`), many(2600, tokens), strings.NewReader(`0],"tvl":[{"date":1700006400,"totalLiquidityUSD":5}]}`)),
			func(s *stream) error { _, _, err := lido.read(s, start); return err }},
		"protocols": {io.MultiReader(strings.NewReader(`[`), many(2600, protocol), strings.NewReader(`{"slug":"y","tvl":1}]`)),
			func(s *stream) error { _, err := newNames().protocols(s); return err }},
	} {
		runtime.GC()
		before, m := heap(), &meter{Reader: c.body}
		if err := c.read(newStream(m)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if grown := int64(m.most) - int64(before); m.read < 5_000_000 || grown > 8<<20 {
			t.Errorf("%s: the heap grew by %d bytes over an answer of %d", name, grown, m.read)
		}
	}
}
