// Package config owns omc's settings: which there are, and what each is, by flags over the environment over config.yaml over defaults.
// It opens nothing but the file, and it shows no secret unmasked. Of a secret that rests elsewhere it knows the name only.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"

	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Key is one setting.
type Key struct {
	Name    string // dotted: sources.kraken.base_url
	Default string
	Doc     string
	Kind    string // string, url, bool, level, backend, file, duration, days, multiple, count, tokens, price, rescore, roles, risk
	Example string // a value, for the line that sets it; "": VALUE
	Secret  bool   // masked wherever it is shown; its value may be keyring:NAME
}

// Env is the environment variable that sets the key: OMC_SOURCES_KRAKEN_BASE_URL.
func (k Key) Env() string { return "OMC_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_")) }

// Keys lists every setting, in the order in which they are shown.
func Keys() []Key {
	keys := []Key{
		{Name: "data_dir", Kind: "string", Doc: "everything omc writes; default: the platform's data folder"},
		{Name: "database_url", Kind: "string", Secret: true, Doc: "PostgreSQL URL; empty: SQLite, omc.db in the data directory"},
		{Name: "redis_url", Kind: "string", Secret: true, Doc: "Redis URL; empty: in memory"},
		{Name: "host", Kind: "string", Doc: "the omc to talk to: a unix socket's path or a URL; empty: the one of the data directory"},
		{Name: "log_level", Kind: "level", Default: "info", Doc: "debug, info, warn or error"},
		{Name: "output", Kind: "string", Default: "table", Doc: "how listings are written: table, json or csv"},
		{Name: "no_color", Kind: "bool", Default: "false", Doc: "write without colour (NO_COLOR does the same)"},
		{Name: "data.max_missing", Kind: "share", Default: "0.1", Doc: "share of a window's bars that may be missing before a backtest or a lab session refuses it"},
		{Name: "research.holdout_days", Kind: "days", Default: "60", Doc: "the newest so many days of each market are a sealed hold-out that research does not see; 0: nothing is sealed"},
		{Name: "research.holdout_share", Kind: "share", Default: "0.2", Doc: "the most of a market's history that the hold-out takes"},
		{Name: "gate.deflated_sharpe", Kind: "share", Default: "0.95", Doc: "for live: least probability that the Sharpe ratio beats the best of as many worthless trials"},
		{Name: "gate.pbo", Kind: "share", Default: "0.2", Doc: "for live: most probability of overfitting"},
		{Name: "gate.paper_days", Kind: "days", Default: "30", Doc: "for paper: least days out of sample"},
		{Name: "gate.days", Kind: "days", Default: "180", Doc: "for live: least days out of sample"},
		{Name: "gate.trades", Kind: "count", Default: "30", Doc: "for live: least closed trades out of sample"},
		{Name: "gate.random_entries_p", Kind: "share", Default: "0.05", Doc: "for live: most share of random entries that do as well"},
		{Name: "gate.cost_multiple", Kind: "multiple", Default: "1.5", Doc: "for live: least multiple of the costs at which it still gains"},
		{Name: "gate.stability", Kind: "share", Default: "0.5", Doc: "for live: least share of neighbouring parameters that keep half of the Sharpe ratio"},
		{Name: "gate.holdout_looks", Kind: "count", Default: "3", Doc: "for live: most looks at the hold-out by the campaign"},
		{Name: "gate.holdout_unseen_days", Kind: "days", Default: "20", Doc: "for live: least days of the hold-out that nothing had seen before the look"},
		{Name: "roles", Kind: "roles", Doc: "what this process does: collector, lab, floor, worker, with commas between; empty: all of it"},
		{Name: "sandbox.accept_risk", Kind: "risk", Example: "uncontained", Doc: "uncontained: scripts may trade though this machine does not contain them; empty: the floor refuses there ('omc doctor' tells)"},
		{Name: "secrets.backend", Kind: "backend", Default: "auto", Doc: "where secrets rest: desktop (its keyring), file (encrypted, in the data directory) or auto"},
		{Name: "secrets.passphrase_file", Kind: "file", Doc: "file (mode 0600) with the passphrase of secrets in files; empty: OMC_SECRETS_PASSPHRASE, or asked"},
	}
	return append(append(append(keys, feedKeys()...), upstreamKeys()...), llmKeys()...)
}

// Value is one setting as it stands.
type Value struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // masked where the key is a secret
	Origin string `json:"origin"`
	Env    string `json:"env"`
	Doc    string `json:"description"`
}

// Config is the settings as they stand.
type Config struct {
	k        *koanf.Koanf
	origin   map[string]string
	keys     []Key
	Warnings []string // unknown keys and variables
	File     string   // the config.yaml looked for
}

// Input is what the settings are made from.
type Input struct {
	Flags   map[string]string // by key name; only those given
	Environ []string          // as os.Environ
	HomeDir string            // "": the user's
	GOOS    string            // "": runtime.GOOS
}

const maxFile = 1 << 20

var errNoHome = errors.New("setting data_dir: HOME is not set, so there is no place of yours: say where with --data-dir or OMC_DATA_DIR")

// Load reads the settings. An unknown key is a warning; an unreadable file or a value of the wrong kind is an error that names it.
func Load(in Input) (*Config, error) {
	c := &Config{k: koanf.New("."), origin: map[string]string{}, keys: Keys()}
	defaults := map[string]string{}
	for _, k := range c.keys {
		defaults[k.Name] = k.Default
	}
	defaults["data_dir"] = defaultDataDir(in)
	if err := c.layer(defaults, "default"); err != nil {
		return nil, err
	}
	env := c.environ(in.Environ)
	if c.File = Path(in); !filepath.IsAbs(c.File) && lookup(in.Environ, "OMC_CONFIG") == "" && in.Flags["data_dir"] == "" && env["data_dir"] == "" {
		return nil, errNoHome
	}
	file, err := c.readFile()
	if err != nil {
		return nil, err
	}
	if p := lookup(in.Environ, "OMC_CONFIG"); p != "" && file == nil {
		return nil, fmt.Errorf("settings: OMC_CONFIG names %s, and there is no such file", p)
	}
	for _, l := range []struct {
		values map[string]string
		origin string
	}{{file, c.File}, {env, ""}, {in.Flags, "flag"}} {
		if err := c.layer(l.values, l.origin); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

// Path is where config.yaml is looked for. It is known even where the settings cannot be read.
func Path(in Input) string {
	if p := lookup(in.Environ, "OMC_CONFIG"); p != "" {
		return p
	}
	return filepath.Join(firstOf(in.Flags["data_dir"], lookup(in.Environ, Key{Name: "data_dir"}.Env()), defaultDataDir(in)), "config.yaml")
}

// layer puts values over what is there; an empty origin is the key's environment variable.
func (c *Config) layer(values map[string]string, origin string) error {
	m := map[string]any{}
	for name, v := range values {
		m[name] = v
		c.origin[name] = origin
		if origin == "" {
			c.origin[name] = "environment " + Key{Name: name}.Env()
		}
	}
	return c.k.Load(flatMap(m), nil)
}

// flatMap is a koanf provider of dotted names.
type flatMap map[string]any

// ReadBytes is not how this provider is read.
func (f flatMap) ReadBytes() ([]byte, error) { return nil, errors.New("config: read as a map only") }

// Read gives the values, nested by their dots.
func (f flatMap) Read() (map[string]any, error) {
	out := map[string]any{}
	for name, v := range f {
		at := out
		parts := strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = v
	}
	return out, nil
}

// outside are OMC_ variables that are not settings.
var outside = map[string]bool{"OMC_CONFIG": true, "OMC_SHARED": true, "OMC_SECRETS_PASSPHRASE": true, "OMC_KEYRING_CHILD": true}

func (c *Config) environ(environ []string) map[string]string {
	byEnv := map[string]string{}
	for _, k := range c.keys {
		byEnv[k.Env()] = k.Name
	}
	out := map[string]string{}
	for _, e := range environ {
		name, v, _ := strings.Cut(e, "=")
		switch key, known := byEnv[name]; {
		case known && v != "":
			out[key] = v
		case !known && strings.HasPrefix(name, "OMC_") && !outside[name] && !strings.HasPrefix(name, "OMC_TEST_"):
			c.Warnings = append(c.Warnings, fmt.Sprintf("environment variable %s is not a setting; 'omc config list' shows those there are", name))
		}
	}
	sort.Strings(c.Warnings)
	return out
}

func (c *Config) readFile() (map[string]string, error) {
	st, err := os.Stat(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // and an empty file is an empty map
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("settings %s: larger than %d bytes", c.File, maxFile)
	}
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	values, err := ParseYAML(raw)
	if err != nil {
		return nil, fmt.Errorf("settings %s: %w", c.File, err)
	}
	known := map[string]bool{}
	for _, k := range c.keys {
		known[k.Name] = true
	}
	for _, name := range sorted(values) {
		if !known[name] {
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s is not a setting; 'omc config list' shows those there are", c.File, name))
			delete(values, name)
		}
	}
	return values, nil
}

// ParseYAML reads nested YAML into dotted names. Lists and anything but scalars are refused.
func ParseYAML(raw []byte) (map[string]string, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	out := map[string]string{}
	return out, flatten("", tree, out, 0)
}

func flatten(prefix string, tree map[string]any, out map[string]string, depth int) error {
	if depth > 8 {
		return fmt.Errorf("%s: nested deeper than 8", prefix)
	}
	for k, v := range tree {
		name := strings.TrimPrefix(prefix+"."+k, ".")
		_, twice := out[name]
		switch v := v.(type) {
		case map[string]any:
			if err := flatten(name, v, out, depth+1); err != nil {
				return err
			}
		case nil:
			out[name] = ""
		case string, bool, int, int64, uint64, float64:
			out[name] = fmt.Sprint(v)
		default:
			return fmt.Errorf("%s: want one value, not a list", name)
		}
		if _, level := v.(map[string]any); twice && !level {
			return fmt.Errorf("%s: given twice, in one line with dots and as a level of its own: keep one", name)
		}
	}
	return nil
}

func (c *Config) check() error {
	for _, k := range c.keys {
		if err := k.Check(c.Get(k.Name)); err != nil {
			return fmt.Errorf("setting %s (from %s): %q: %w", k.Name, c.origin[k.Name], k.Show(Mask(c.Get(k.Name))), err)
		}
	}
	if c.Get("data_dir") == "" {
		return errNoHome
	}
	if !filepath.IsAbs(c.Get("data_dir")) {
		abs, err := filepath.Abs(c.Get("data_dir"))
		if err != nil {
			return fmt.Errorf("setting data_dir: %w", err)
		}
		return c.layer(map[string]string{"data_dir": abs}, c.origin["data_dir"])
	}
	return nil
}

// Get returns a setting's value; "" where it is unset.
func (c *Config) Get(name string) string { return c.k.String(name) }

// Bool returns a setting of kind bool.
func (c *Config) Bool(name string) bool { v, _ := strconv.ParseBool(c.Get(name)); return v } // checked by Load

// List shows every setting with where it came from, secrets masked.
func (c *Config) List() []Value {
	var out []Value
	for _, k := range c.keys {
		out = append(out, Value{Name: k.Name, Value: k.Show(c.Get(k.Name)), Origin: c.origin[k.Name], Env: k.Env(), Doc: k.Doc})
	}
	return out
}

func defaultDataDir(in Input) string {
	home, goos := in.HomeDir, in.GOOS
	if home == "" {
		home = firstOf(lookup(in.Environ, "HOME"), lookup(in.Environ, "USERPROFILE"))
	}
	if goos == "" {
		goos = runtime.GOOS
	}
	if xdg := lookup(in.Environ, "XDG_DATA_HOME"); goos != "darwin" && goos != "windows" && filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "omc")
	}
	if home == "" {
		return "" // nobody's folder: a new ledger wherever a command is run would be worse than none
	}
	switch goos {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "omc")
	case "windows":
		return filepath.Join(firstOf(lookup(in.Environ, "LOCALAPPDATA"), home), "omc")
	}
	return filepath.Join(home, ".local", "share", "omc")
}

func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Holdout is how much of the newest data is kept from research: so many days, and no larger a share of a market's history.
func (c *Config) Holdout() (days int, share float64) {
	days, _ = strconv.Atoi(c.Get("research.holdout_days")) // both were checked when the settings were read
	share, _ = strconv.ParseFloat(c.Get("research.holdout_share"), 64)
	return days, share
}
