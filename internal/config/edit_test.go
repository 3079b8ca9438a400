package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func text(s string) *string { return &s }

func TestEditKeepsCommentsAndOrder(t *testing.T) {
	const file = "# my settings\nlog_level: info # loud\nsources:\n  # near\n  kraken:\n    base_url: http://a\noutput: csv\n"
	for _, c := range []struct {
		in, name string
		value    *string
		want     string
	}{
		{"", "log_level", text("warn"), "log_level: warn\n"},
		{"", "sources.kraken.base_url", text("http://k"), "sources:\n  kraken:\n    base_url: http://k\n"},
		{"# only this\n", "output", text("json"), "# only this\noutput: json\n"},
		{"---\n", "output", text("json"), "output: json\n"},
		{file, "log_level", text("warn"), strings.Replace(file, "info", "warn", 1)},
		{file, "log_level", nil, "# my settings\nsources:\n  # near\n  kraken:\n    base_url: http://a\noutput: csv\n"},
		{file, "sources.coinbase.base_url", text("http://c"), strings.Replace(file, "http://a\n", "http://a\n  coinbase:\n    base_url: http://c\n", 1)},
		{file, "sources.kraken.base_url", nil, "# my settings\nlog_level: info # loud\noutput: csv\n"},
		{file, "no_color", text("true"), file + "no_color: true\n"},
		{file, "host", text("8080"), file + "host: \"8080\"\n"},
		{file, "host", nil, file},
		{"sources.kraken.base_url: http://a\n", "sources.kraken.base_url", text("http://b"), "sources.kraken.base_url: http://b\n"},
		{"sources:\n", "sources.kraken.base_url", text("http://b"), "sources:\n  kraken:\n    base_url: http://b\n"},
		{"output: csv\n", "output", nil, ""},
	} {
		got, _, err := Edit([]byte(c.in), c.name, c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s in %q:\n%s\n%v, want\n%s", c.name, c.in, got, err, c.want)
		}
	}
}

func TestEditRefusesWhatItWouldSpoil(t *testing.T) {
	for _, in := range []string{
		"output: csv\n---\noutput: json\n", "a: &x 1\nsources: *x\n", "- 1\n", "sources: text\n", "sources: [1]\n", "{", "output: &o csv\nhost: *o\n",
	} {
		name := "sources.kraken.base_url"
		if strings.Contains(in, "&o") {
			name = "output"
		}
		if got, _, err := Edit([]byte(in), name, text("http://x")); err == nil {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestEditFileIsAtomicAndForTheOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	path := filepath.Join(dir, "config.yaml")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = EditFile(path, fmt.Sprintf("s%d", i), text("v")) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Count(string(raw), ": v\n") != len(errs) {
		t.Errorf("%v; edits are lost:\n%s", err, raw)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".config.yaml.*")); len(left) != 0 || err != nil {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestEditFileFollowsALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "dotfiles.yaml"), filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(real, []byte("output: csv\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if before, err := EditFile(link, "output", text("json")); before != "csv" || err != nil {
		t.Errorf("%q, %v", before, err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v, %v", st.Mode(), err)
	}
	raw, err := os.ReadFile(real)
	if string(raw) != "output: json\n" || err != nil {
		t.Errorf("%q, %v", raw, err)
	}
}

// FuzzEdit: an edit changes one setting and no other, or nothing.
func FuzzEdit(f *testing.F) {
	for _, in := range []string{"a: {b: 1}\nc: x # y\n", "# c\n", "a.b: 1\na:\n  c: 2\n", "a: &x {b: 1}\nc: *x\n", "? a\n: b\n", "a.c: 1\na:\n  c: ", "a: |\n  x\n", "\xef\xbb\xbfa: 1\r\n"} {
		f.Add([]byte(in), "a.b", "true")
		f.Add([]byte(in), "c", "")
	}
	f.Fuzz(func(t *testing.T, raw []byte, name, value string) {
		if len(raw) > 4096 || len(name) > 100 || name == "" {
			return
		}
		for _, v := range []*string{&value, nil} {
			old, err := ParseYAML(raw)
			if err != nil {
				return
			}
			out, before, err := Edit(raw, name, v)
			if err != nil {
				continue
			}
			got, err := ParseYAML(out)
			if err != nil {
				t.Fatalf("%q does not read: %v", out, err)
			}
			if before != old[name] {
				t.Fatalf("%q was said to be before %q", before, old[name])
			}
			delete(old, name)
			if v != nil {
				old[name] = value
				maps.DeleteFunc(old, func(p, v string) bool { return v == "" && strings.HasPrefix(name, p+".") })
			}
			if !maps.Equal(got, old) {
				t.Fatalf("%q became %q", raw, out)
			}
		}
	})
}
