// Package imports owns the rules of which package may import which (docs/architecture.md), and finds what breaks them.
// It reads import clauses only; it never builds anything.
package imports

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the module's path.
const Module = "github.com/ohmycoins/omc"

// Rule forbids imports to some packages. Patterns are paths inside the module ("internal/store") or outside ("net/http"); "x/..."
// is x and everything under it.
type Rule struct {
	From   []string
	Except []string // of From
	Never  []string
	Allow  []string // of Never
	Why    string
}

// Rules are the house's.
func Rules() []Rule {
	domain := []string{"internal/money", "internal/clock", "internal/market", "internal/trade", "internal/ledger", "internal/journal", "internal/research",
		"internal/report", "internal/indicator/...", "internal/evidence/...", "internal/learn", "internal/series", "internal/fact", "internal/script", "internal/verdict", "internal/search", "internal/strategy/...", "internal/risk/...", "internal/engine/...", "internal/backtest/...", "internal/graph",
		"internal/sentiment", "internal/coin", "internal/impact", "internal/source"}
	return []Rule{
		{From: []string{"daemon/data"}, Never: []string{"internal/store/...", "internal/bus/...", "internal/source/...", "internal/venue/...", "daemon/..."},
			Why: "questions are answered through ledger.Reader alone: there is no way to write from there"},
		{From: domain, Never: []string{"net", "net/...", "database/sql", "internal/store/...", "internal/llm/...", "internal/api", "internal/bus/...", "internal/client",
			"internal/cli/...", "daemon/...", "tui/..."}, Allow: []string{"net/url"}, Why: "the domain does no I/O and knows no store, no model and no wire"},
		{From: []string{"internal/money"}, Never: []string{"internal/..."}, Why: "money stands at the bottom"},
		{From: []string{"internal/market"}, Never: []string{"internal/..."}, Allow: []string{"internal/money"}, Why: "money → market → trade"},
		{From: []string{"internal/trade"}, Never: []string{"internal/..."}, Allow: []string{"internal/money", "internal/market"}, Why: "money → market → trade"},
		{From: []string{"internal/ledger"}, Never: []string{"internal/..."}, Allow: []string{"internal/money", "internal/market", "internal/fact"}, Why: "ledger stands beside trade"},
		{From: []string{"tui/...", "internal/cli/..."}, Never: []string{"daemon/...", "internal/store/...", "internal/venue/...", "internal/engine/...", "internal/bus/...", "internal/source/..."},
			Why: "tui and cli see the client, the wire and domain values"},
		{From: []string{"internal/cli/..."}, Never: []string{"tui/..."}, Allow: []string{"tui/widget", "tui/theme"}, Why: "the command line may draw, not be the workstation"},
		{From: []string{"daemon/lab/..."}, Never: []string{"daemon/floor/...", "internal/venue/..."}, Why: "the lab holds no broker, so no agent can trade"},
		{From: []string{"daemon/floor/..."}, Never: []string{"daemon/lab/...", "internal/llm/..."}, Why: "the floor knows no agent"},
		{From: []string{"internal/source/..."}, Never: []string{"internal/store/...", "internal/venue/...", "internal/llm/...", "internal/bus/...", "daemon/..."}, Why: "an adapter knows its port and the domain, never another adapter"},
		{From: []string{"internal/venue/..."}, Never: []string{"internal/store/...", "internal/source/...", "internal/llm/...", "internal/bus/...", "daemon/..."}, Why: "an adapter knows its port and the domain, never another adapter"},
		{From: []string{"internal/store/..."}, Never: []string{"internal/source/...", "internal/venue/...", "internal/llm/...", "internal/bus/...", "daemon/...", "internal/api"}, Why: "an adapter knows its port and the domain, never another adapter"},
		{From: []string{"internal/sandbox/..."}, Never: []string{"net", "net/...", "database/sql", "internal/store/...", "internal/llm/...", "internal/bus/...", "internal/client", "internal/secret/...", "internal/source/...", "internal/venue/...", "internal/api", "internal/config"},
			Why: "a script's child has nothing to reach the world with"},
		{From: []string{"internal/sandbox/jail"}, Never: []string{"internal/..."}, Why: "the jail knows nothing of what is locked in"},
		{From: []string{"daemon/..."}, Never: []string{"internal/sandbox/jail"}, Why: "children are started by internal/sandbox alone"},
		{From: []string{"internal/..."}, Never: []string{"daemon/...", "cmd/..."}, Why: "imports run downward"},
		{From: []string{"internal/secret/quiet"}, Never: []string{"..."}, Allow: []string{"syscall"}, Why: "it must be initialised before the keyring library, so it imports syscall only"},
		{From: []string{"..."}, Except: []string{"internal/secret"}, Never: []string{"github.com/99designs/keyring", "github.com/godbus/dbus/..."},
			Why: "the keyring library asks the message bus in its init, so it is linked only behind internal/secret/quiet"},
		{From: []string{"..."}, Except: []string{"cmd/omc"}, Never: []string{"daemon"}, Why: "only cmd/omc knows the daemon, the command line and the workstation at once"},
	}
}

// Breach is one import that a rule forbids.
type Breach struct {
	File   string // relative to the root
	Import string
	Rule   Rule
}

// String names the file, the import and the rule.
func (b Breach) String() string {
	return fmt.Sprintf("%s imports %s: %s", b.File, b.Import, b.Rule.Why)
}

// Check reads every non-test Go file under root and returns what breaks the rules.
func Check(root string, rules []Rule) ([]Breach, error) {
	var out []Breach
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := checkFile(path, filepath.ToSlash(rel), rules)
		out = append(out, found...)
		return err
	})
	return out, err
}

func checkFile(path, rel string, rules []Rule) ([]Breach, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	from := strings.TrimSuffix(rel, "/"+filepath.Base(rel))
	var out []Breach
	for _, spec := range f.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		to = strings.TrimPrefix(to, Module+"/")
		for _, r := range rules {
			if matches(r.From, from) && !matches(r.Except, from) && matches(r.Never, to) && !matches(r.Allow, to) && !within(from, to) {
				out = append(out, Breach{File: rel, Import: to, Rule: r})
			}
		}
	}
	return out, nil
}

// within reports that a package imports its own parts, or a part its own root: that is inside one house.
func within(from, to string) bool {
	return strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/") && to != "daemon" || from == to
}

func matches(patterns []string, path string) bool {
	for _, p := range patterns {
		base, deep := strings.CutSuffix(p, "...")
		base = strings.TrimSuffix(base, "/")
		if path == base || deep && (base == "" || strings.HasPrefix(path, base+"/")) {
			return true
		}
	}
	return false
}
