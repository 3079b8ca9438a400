package secret

import (
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/99designs/keyring"
	"github.com/godbus/dbus"
)

// Names of the Secret Service API (specifications.freedesktop.org/secret-service) and of KWallet's.
const (
	secretsName   = "org.freedesktop.secrets"
	secretsPath   = "/org/freedesktop/secrets"
	secretService = "org.freedesktop.Secret.Service"
	collections   = secretsPath + "/collection/"
	kwalletName   = "org.kde.kwalletd5"
)

// find asks the session bus for a keyring: Secret Service, else KWallet.
func find(op string) (place, error) {
	bus, err := dbus.SessionBus() // the connection that the library made in its init
	if err != nil {
		return place{}, keyring.ErrNoAvailImpl
	}
	var alias dbus.ObjectPath
	if err := bus.Object(secretsName, secretsPath).Call(secretService+".ReadAlias", 0, "default").Store(&alias); err == nil {
		return findCollection(bus, op, alias)
	}
	var there bool
	if err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, kwalletName).Store(&there); err != nil || !there {
		return place{}, keyring.ErrNoAvailImpl
	}
	return place{prompts: true, config: keyring.Config{
		AllowedBackends: []keyring.BackendType{keyring.KWalletBackend}, ServiceName: "kdewallet", KWalletAppID: appName, KWalletFolder: appName,
	}}, nil
}

// findCollection chooses omc's own collection where there is one, else the desktop's default one (which is unlocked at login, and
// which the library, left to itself, would not use), else that omc's own is made when the first secret is stored.
func findCollection(bus *dbus.Conn, op string, alias dbus.ObjectPath) (place, error) {
	v, err := bus.Object(secretsName, secretsPath).GetProperty(secretService + ".Collections")
	if err != nil {
		return place{}, err
	}
	there, _ := v.Value().([]dbus.ObjectPath)
	chosen := dbus.ObjectPath(collections + appName)
	if !slices.Contains(there, chosen) {
		chosen = alias
	}
	p := place{prompts: true, creates: true, config: keyring.Config{AllowedBackends: []keyring.BackendType{keyring.SecretServiceBackend}, LibSecretCollectionName: appName}}
	if !strings.HasPrefix(string(chosen), collections) {
		if op != opSet && op != opProbe {
			return place{}, keyring.ErrKeyNotFound
		}
		return p, nil
	}
	p.creates = false
	p.config.LibSecretCollectionName = unescape(path.Base(string(chosen)))
	locked, err := bus.Object(secretsName, chosen).GetProperty("org.freedesktop.Secret.Collection.Locked")
	if err != nil {
		return place{}, err
	}
	p.prompts, _ = locked.Value().(bool)
	return p, nil
}

// unescape undoes the _xx of an object path's element, as the library does to compare it.
func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i+3 <= len(s) {
			if b, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				out.Write(b)
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
