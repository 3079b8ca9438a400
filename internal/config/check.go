package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxValue is the most bytes that a setting may have.
const maxValue = 16 << 10

// price is an amount of USD that counts exactly in billionths.
var price = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,9})?$`)

// Find returns the setting of a name.
func Find(name string) (Key, bool) {
	for _, k := range Keys() {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// Check says what is wrong with a value for the key, without repeating it. "" is right for every key: it is unset.
func (k Key) Check(v string) error {
	if ref, ok := Referenced(v); ok && k.Secret && !refName.MatchString(ref) {
		return errors.New("want keyring:NAME, a name of up to 64 of a-z, 0-9, '_', '.' and '-'")
	} else if ok && !k.Secret {
		return errors.New("keyring: is for secrets only")
	}
	if len(v) > maxValue || !utf8.ValidString(v) || strings.ContainsAny(v, "\x00\r\n") {
		return fmt.Errorf("want one line of text of at most %d bytes", maxValue)
	}
	switch {
	case v == "":
		return nil
	case k.Kind == "bool":
		if _, err := strconv.ParseBool(v); err != nil {
			return errors.New("want true or false")
		}
	case k.Kind == "url":
		if u, err := url.Parse(v); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("want http:// or https:// and a host")
		}
	case k.Kind == "duration":
		if d, err := time.ParseDuration(v); err != nil || d < 100*time.Millisecond || d > 31*24*time.Hour {
			return errors.New("want a duration from 100ms to 744h, like 5s, 10m or 1h")
		}
	case k.Kind == "days":
		if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 3650 {
			return errors.New("want a whole number of days from 0 to 3650")
		}
	case k.Kind == "share":
		if f, err := strconv.ParseFloat(v, 64); err != nil || !(f > 0 && f <= 1) {
			return errors.New("want a share above 0 and at most 1, like 0.1")
		}
	case k.Kind == "multiple":
		if f, err := strconv.ParseFloat(v, 64); err != nil || !(f >= 0 && f <= 100) {
			return errors.New("want a number from 0 to 100, like 1.5")
		}
	case k.Kind == "count":
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 1_000_000 {
			return errors.New("want a whole number from 1")
		}
	case k.Kind == "tokens":
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 1_000_000_000 {
			return errors.New("want a whole number from 1 to 1000000000")
		}
	case k.Kind == "price":
		if !price.MatchString(v) {
			return errors.New("want an amount of USD like 0.15, up to six digits before the point and nine after it")
		}
	case k.Kind == "rescore":
		return oneOf(v, "news", "social", "all")
	case k.Kind == "roles":
		for role := range strings.SplitSeq(v, ",") {
			if err := oneOf(strings.TrimSpace(role), "collector", "lab", "floor", "worker"); err != nil {
				return err
			}
		}
	case k.Kind == "level":
		return oneOf(v, "debug", "info", "warn", "error")
	case k.Kind == "risk":
		return oneOf(v, "uncontained")
	case k.Kind == "backend":
		return oneOf(v, "auto", "desktop", "file")
	case k.Kind == "file" && !filepath.IsAbs(v): // a daemon runs in another folder
		return errors.New("want an absolute path")
	case k.Name == "output":
		return oneOf(v, "table", "json", "csv")
	}
	return nil
}

func oneOf(v string, allowed ...string) error {
	for _, a := range allowed {
		if v == a {
			return nil
		}
	}
	last := len(allowed) - 1
	return fmt.Errorf("want %s or %s", strings.Join(allowed[:last], ", "), allowed[last])
}
