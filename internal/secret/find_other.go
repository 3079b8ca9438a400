//go:build !linux

package secret

import (
	"slices"

	"github.com/99designs/keyring"
)

// find is the platform's own keyring, where the library was built for it.
func find(string) (place, error) {
	if !slices.Contains(keyring.AvailableBackends(), keyring.KeychainBackend) {
		return place{}, keyring.ErrNoAvailImpl
	}
	return place{prompts: true, config: keyring.Config{AllowedBackends: []keyring.BackendType{keyring.KeychainBackend}, ServiceName: appName, KeychainTrustApplication: true}}, nil
}
