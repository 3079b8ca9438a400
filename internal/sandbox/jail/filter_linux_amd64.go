package jail

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// archCalls are the calls that this architecture has besides.
var archCalls = [...]uintptr{unix.SYS_TIME, unix.SYS_EPOLL_WAIT}
