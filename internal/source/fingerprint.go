package source

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// Fingerprint is a short stand-in for settings, secret ones among them, by which a cursor tells that they have changed. Nobody can
// read them from it.
func Fingerprint(settings ...string) string {
	h := sha256.New()
	for _, s := range settings {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10)) // never fails; the lengths keep the settings apart
		h.Write([]byte(":" + s))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}
