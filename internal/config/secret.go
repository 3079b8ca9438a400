package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Vault is where the values rest that stand in the settings as keyring:NAME. An error that is fs.ErrNotExist says that there is none.
type Vault interface {
	Get(ctx context.Context, name string) (string, error)
}

// refPrefix marks a value that is the name of a secret.
const refPrefix = "keyring:"

var refName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// Reference is how a setting names a secret.
func Reference(name string) string { return refPrefix + name }

// Referenced returns the name in keyring:NAME.
func Referenced(value string) (name string, ok bool) { return strings.CutPrefix(value, refPrefix) }

// Secret returns a secret setting's value as it is to be used; the vault is asked only for keyring:NAME. "" where it is unset.
func (c *Config) Secret(ctx context.Context, name string, vault Vault) (string, error) {
	v := c.Get(name)
	ref, ok := Referenced(v)
	if !ok {
		return v, nil
	}
	resolved, err := vault.Get(ctx, ref)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("setting %s (from %s): %w; 'omc config set %s --secret' stores one", name, c.origin[name], err, name)
	}
	if err != nil {
		return "", fmt.Errorf("setting %s (from %s): %w", name, c.origin[name], err)
	}
	return resolved, nil
}

// DatabaseURL is the store's URL: the one set, or the SQLite file of the data directory.
func (c *Config) DatabaseURL(ctx context.Context, vault Vault) (string, error) {
	u, err := c.Secret(ctx, "database_url", vault)
	if u == "" && err == nil {
		u = "sqlite:" + filepath.Join(c.Get("data_dir"), "omc.db")
	}
	return u, err
}

// HasPassword reports that a secret setting's value holds what must not be seen.
func HasPassword(v string) bool {
	if _, ok := Referenced(v); ok || v == "" {
		return false
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" {
		return strings.ContainsAny(v, "@=") // not a URL: it may be a driver's own notation
	}
	if _, has := u.User.Password(); has || strings.Contains(u.Opaque, "@") {
		return true
	}
	for name := range u.Query() {
		if secretParameter(name) {
			return true
		}
	}
	return strings.ContainsAny(u.RawQuery, ";") && secretParameter(u.RawQuery) // url.Query drops what it does not understand
}

func secretParameter(name string) bool {
	n := strings.ToLower(name)
	return strings.Contains(n, "pass") || strings.Contains(n, "secret") || strings.Contains(n, "token") || strings.Contains(n, "pwd")
}

// Holds reports that a value for the key is a secret in clear. A secret that is a URL is one where it has a password; any other is one
// whole, as it is with a key of an API.
func (k Key) Holds(v string) bool {
	if _, ok := Referenced(v); ok || v == "" || !k.Secret {
		return false
	}
	return !k.urls() || HasPassword(v)
}

// urls reports that the key's values are URLs, which have their own place for a password.
func (k Key) urls() bool {
	return strings.HasSuffix(k.Name, "_url") || strings.HasSuffix(k.Name, ".proxies")
}

// Show is a value for the key as it may be seen.
func (k Key) Show(v string) string {
	switch {
	case k.Secret && !k.urls() && k.Holds(v):
		return masked
	case k.Secret || k.Kind == "url" || k.Name == "host":
		return Mask(v)
	}
	return v
}

const masked = "********"

// Mask hides the password of a URL, in its user part or its query; all of what is no URL and may hold one.
func Mask(v string) string {
	if !HasPassword(v) {
		return v
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" || u.Opaque != "" || strings.Contains(u.RawQuery, ";") {
		return masked
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), masked)
	}
	q := u.Query()
	for name := range q {
		if secretParameter(name) {
			q.Set(name, masked)
			u.RawQuery = q.Encode()
		}
	}
	return strings.ReplaceAll(u.String(), "%2A%2A%2A%2A%2A%2A%2A%2A", masked)
}
