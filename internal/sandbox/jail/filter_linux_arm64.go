package jail

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// archCalls are the calls that this architecture has besides.
var archCalls = [...]uintptr{}
