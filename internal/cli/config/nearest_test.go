package config

import "testing"

func TestNearestNames(t *testing.T) {
	for name, want := range map[string]string{
		"log_levl": "log_level", "LOG_LEVEL": "log_level", "databse_url": "database_url", "backend": "secrets.backend",
		"base_url": "database_url or sources.kraken.base_url or sources.coinbase.base_url", "nothing like it": "", "": "",
	} {
		if got := nearest(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
