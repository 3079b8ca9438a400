package config

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vault is a Vault of one secret.
type vault map[string]string

func (v vault) Get(_ context.Context, name string) (string, error) {
	if s, ok := v[name]; ok {
		return s, nil
	}
	return "", fs.ErrNotExist
}

func TestReferencesAreResolvedAtUseAndNeverListed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte("database_url: keyring:database_url\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	load := func(environ ...string) *Config {
		t.Helper()
		c, err := Load(Input{Environ: append([]string{"OMC_DATA_DIR=" + dir, "OMC_SECRETS_PASSPHRASE=x", "OMC_KEYRING_CHILD=1"}, environ...)})
		if err != nil || len(c.Warnings) > 0 {
			t.Fatal(err, c.Warnings)
		}
		return c
	}
	c := load("OMC_REDIS_URL=redis://plain")
	const url = "postgres://u:SENTINEL@h/db"
	if u, err := c.DatabaseURL(t.Context(), vault{"database_url": url}); u != url || err != nil {
		t.Errorf("%d bytes, %v", len(u), err)
	}
	if u, err := c.Secret(t.Context(), "redis_url", nil); u != "redis://plain" || err != nil {
		t.Errorf("%q, %v", u, err)
	}
	_, err := c.DatabaseURL(t.Context(), vault{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "omc config set database_url --secret") || !strings.Contains(err.Error(), c.File) {
		t.Error(err)
	}
	for _, v := range c.List() {
		if v.Name == "database_url" && v.Value != "keyring:database_url" {
			t.Errorf("listed as %q", v.Value)
		}
	}
	if u, err := load("OMC_DATABASE_URL=sqlite:/x").DatabaseURL(t.Context(), nil); u != "sqlite:/x" || err != nil {
		t.Errorf("%q, %v", u, err)
	}
	if _, err := Load(Input{Environ: []string{"OMC_DATA_DIR=" + dir, "OMC_REDIS_URL=keyring:../x"}}); err == nil || !strings.Contains(err.Error(), "keyring:NAME") {
		t.Error(err)
	}
}

func TestPasswordsAreSeenAndMasked(t *testing.T) {
	for v, want := range map[string]bool{
		"": false, "keyring:x": false, "sqlite:/x.db": false, "postgres://u@h/db": false, "postgres://h/db?sslmode=disable": false, "redis://h:1/0": false,
		"postgres://u:SENTINEL@h": true, "redis://:SENTINEL@h": true, "postgres://h/db?password=SENTINEL": true, "postgres://h/db?sslpassword=SENTINEL": true,
		"host=h password=SENTINEL": true, "u:SENTINEL@h": true, "postgres:u:SENTINEL@h": true, "postgres://u:%zzSENTINEL@h": true,
		"postgres://h/db?a;password=SENTINEL": true, "postgres://h?AccessToken=SENTINEL": true, "postgres://u:SEN#TINEL@h": true,
	} {
		if got := HasPassword(v); got != want {
			t.Errorf("%q: %v", v, got)
		}
		if shown := Mask(v); strings.Contains(shown, "SENTINEL") || strings.Contains(shown, "TINEL") || !want && shown != v {
			t.Errorf("%q is shown as %q", v, shown)
		}
	}
}

func TestCheckRefusesWithoutRepeating(t *testing.T) {
	for name, v := range map[string]string{
		"no_color": "SENTINEL", "log_level": "SENTINEL", "output": "SENTINEL", "secrets.backend": "SENTINEL",
		"sources.kraken.base_url": "http://u:SENTINEL@h:x", "host": "SENTINEL\n", "secrets.passphrase_file": "SENTINEL", "redis_url": "keyring:SENTINEL",
	} {
		k, ok := Find(name)
		if err := k.Check(v); !ok || err == nil || strings.Contains(err.Error(), "SENTINEL") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAKeyOfAnAPIIsASecretWhole(t *testing.T) {
	for name, values := range map[string]map[string]bool{
		"llm.providers.openai.api_key": {"sk-1": true, "keyring:a": false, "": false},
		"sources.nansen.key":           {"https://plain": true},
		"sources.nansen.proxies":       {"http://p:1": false, "http://u:w@p:1": true},
		"redis_url":                    {"redis://r:1": false, "redis://:w@r:1": true},
		"llm.providers.openai.model":   {"sk-1": false},
	} {
		k, ok := Find(name)
		if !ok {
			t.Fatal(name)
		}
		for v, want := range values {
			if k.Holds(v) != want || want && (k.Show(v) == v) || !want && k.Show(v) != v {
				t.Errorf("%s %q: %v, shown as %q", name, v, k.Holds(v), k.Show(v))
			}
		}
	}
}

func TestModelAndBudgetAreChecked(t *testing.T) {
	for name, values := range map[string]map[string]bool{
		"sentiment.rescore":                    {"": true, "news": true, "social": true, "all": true, "true": false, "News": false},
		"sentiment.rescore_tokens":             {"1": true, "1000000000": true, "0": false, "-1": false, "1e6": false},
		"sentiment.rescore_usd":                {"1": true, "0.15": true, "-1": false, "1e3": false, "0.1234567891": false, "NaN": false, "$1": false},
		"llm.providers.openai.usd_per_mtok_in": {"0": true, "2.5": true, "1,5": false},
		"llm.providers.openai.base_url":        {"http://127.0.0.1:1/v1": true, "ftp://x": false},
	} {
		k, ok := Find(name)
		if !ok {
			t.Fatal(name)
		}
		for v, want := range values {
			if err := k.Check(v); (err == nil) != want {
				t.Errorf("%s=%q: %v", name, v, err)
			}
		}
	}
	if k, _ := Find("sentiment.rescore"); k.Default != "" {
		t.Error("rescoring is on where nobody asked for it")
	}
}
