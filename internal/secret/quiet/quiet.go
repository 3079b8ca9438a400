// Package quiet keeps the desktop's message bus unasked by every omc process but the one that is meant to ask it.
//
// The keyring library connects to the D-Bus session bus in its own init, in every process that links it. With a bus that does
// not answer, every omc command would hang before main; without one, dbus-launch may be started. So this package's init puts an
// address that cannot be dialled in front of it, and Restore puts the user's own back at the start of main, when the library has
// given up.
//
// It must import nothing but syscall: packages are initialised in the order of their import paths as soon as their imports are
// (Go specification, "Program initialization"), so this one is ready when syscall is, and the library, which waits for os, is
// not. It must never import more, and must never be asked for anything else.
package quiet

import "syscall"

const (
	// Child is the environment variable that marks the process that may ask the bus; its value there is "1".
	Child = "OMC_KEYRING_CHILD"

	address  = "DBUS_SESSION_BUS_ADDRESS"
	nowhere  = "disabled:" // no transport has this name, so nothing is dialled and nothing is launched
	childYes = "1"
)

// Restore puts the user's own bus address back into the environment, for main and for the programs it starts. It is to be called
// once, first in main, before other goroutines run; outside the quietened process it does nothing.
func Restore() error {
	if now, _ := syscall.Getenv(address); now != nowhere || !quietened {
		return nil
	}
	if !had {
		return syscall.Unsetenv(address)
	}
	return syscall.Setenv(address, before)
}
