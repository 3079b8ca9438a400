package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrecedenceAndOrigin(t *testing.T) {
	dir := t.TempDir()
	yaml := "log_level: warn\noutput: csv\nsources:\n  kraken:\n    base_url: http://file:1\nnonsense: 1\n"
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Input{
		Flags:   map[string]string{"output": "json"},
		Environ: []string{"OMC_DATA_DIR=" + dir, "OMC_SOURCES_KRAKEN_BASE_URL=http://env:2", "OMC_OUTPUT=table", "OMC_NONSENSE=1"},
		HomeDir: "/home/x",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"log_level":               {"warn", filepath.Join(dir, "config.yaml")},
		"output":                  {"json", "flag"},
		"sources.kraken.base_url": {"http://env:2", "environment OMC_SOURCES_KRAKEN_BASE_URL"},
		"no_color":                {"false", "default"},
	}
	for _, v := range c.List() {
		if w, ok := want[v.Name]; ok && (v.Value != w[0] || v.Origin != w[1]) {
			t.Errorf("%s = %q from %q, want %q from %q", v.Name, v.Value, v.Origin, w[0], w[1])
		}
	}
	if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, "OMC_NONSENSE") || !strings.Contains(got, ": nonsense is not") {
		t.Errorf("warnings %q do not name the unknown keys", got)
	}
}

func TestBadValueNamesItselfAndItsOrigin(t *testing.T) {
	_, err := Load(Input{Environ: []string{"OMC_DATA_DIR=" + t.TempDir(), "OMC_SOURCES_KRAKEN_BASE_URL=ftp://x"}})
	if err == nil || !strings.Contains(err.Error(), "sources.kraken.base_url (from environment OMC_SOURCES_KRAKEN_BASE_URL)") {
		t.Fatalf("error %v", err)
	}
}

func TestMaskHidesPasswords(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://u:hunter2@h/db":        "postgres://u:********@h/db",
		"redis://:hunter2@h:6379":          "redis://:********@h:6379",
		"postgres://h/db?password=hunter2": "postgres://h/db?password=********",
		"postgres://u:hun%zzter2@h/db":     "********",
		"":                                 "",
		"sqlite:/tmp/omc.db":               "sqlite:/tmp/omc.db",
	} {
		if got := Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDefaultDataDirByPlatform(t *testing.T) {
	for goos, want := range map[string]string{"linux": "/h/.local/share/omc", "darwin": "/h/Library/Application Support/omc"} {
		c, err := Load(Input{HomeDir: "/h", GOOS: goos})
		if err != nil || c.Get("data_dir") != want {
			t.Errorf("%s: %q, %v, want %q", goos, c.Get("data_dir"), err, want)
		}
	}
}

func TestASettingGivenTwiceIsRefused(t *testing.T) {
	for range 20 { // a map's order is another each time
		if got, err := ParseYAML([]byte("log.level: info\nlog:\n  level: debug\n")); err == nil || !strings.Contains(err.Error(), "log.level: given twice") {
			t.Fatalf("%v, %v", got, err)
		}
	}
}

func FuzzParseYAML(f *testing.F) {
	f.Add([]byte("a: {b: 1}\nc: x"))
	f.Add([]byte("a: [1]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4096 {
			return
		}
		values, err := ParseYAML(raw)
		for name := range values {
			if err == nil && strings.HasPrefix(name, "..") {
				t.Skip() // an empty key is a key
			}
		}
	})
}

func TestWithoutAHomeThereIsNoPlace(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]Input{
		"nothing":             {Environ: []string{"PATH=/bin"}, GOOS: "linux"},
		"a relative XDG home": {Environ: []string{"XDG_DATA_HOME=data"}, GOOS: "linux"},
		"darwin":              {GOOS: "darwin"},
	} {
		if c, err := Load(in); err == nil || !strings.Contains(err.Error(), "--data-dir") {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	for name, in := range map[string]Input{
		"flag": {Flags: map[string]string{"data_dir": "/d"}}, "environment": {Environ: []string{"OMC_DATA_DIR=/d"}},
		"XDG": {Environ: []string{"XDG_DATA_HOME=/x"}, GOOS: "linux"},
	} {
		if _, err := Load(in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(Input{Environ: []string{"HOME=/h", "OMC_CONFIG=/no/such/omc.yaml"}}); err == nil || !strings.Contains(err.Error(), "/no/such/omc.yaml") {
		t.Errorf("a settings file that is not there: %v", err)
	}
}

func TestListShowsNoPassword(t *testing.T) {
	t.Parallel()
	c, err := Load(Input{HomeDir: "/h", Environ: []string{"OMC_HOST=http://u:SENTINEL@h:1", "OMC_SOURCES_KRAKEN_BASE_URL=http://u:SENTINEL@k/",
		"OMC_DATABASE_URL=host=h user=u password=SENTINEL", "OMC_REDIS_URL=redis://u:SENTINEL@r:6379/0",
		"OMC_LLM_PROVIDERS_OPENAI_API_KEY=sk-SENTINEL", "OMC_SOURCES_NANSEN_KEY=SENTINEL", "OMC_SOURCES_X_PROXIES=http://u:SENTINEL@p:1,http://u:SENTINEL@q:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.List() {
		if strings.Contains(v.Value, "SENTINEL") {
			t.Errorf("%s shows %q", v.Name, v.Value)
		}
	}
}
