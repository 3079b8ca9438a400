package quiet

import "syscall"

// What the environment said before init.
var (
	before         string
	had, quietened bool
)

// init is this module's only one, against the house's rule: what it prevents happens in another package's init, so nothing that
// runs later (not even the first line of main) could prevent it. Only Linux' keyring library asks a bus.
func init() {
	if v, _ := syscall.Getenv(Child); v == childYes {
		return
	}
	before, had = syscall.Getenv(address)
	quietened = syscall.Setenv(address, nowhere) == nil
}
