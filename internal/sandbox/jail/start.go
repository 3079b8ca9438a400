package jail

import "strconv"

// childName is what a child is called in a list of processes.
const childName = "omc-jail"

// environment is all that a child's runtime is told. It is for the runtime alone: Enter clears it.
func environment(l Limits) []string {
	return []string{
		"GOMAXPROCS=1", // one evaluation is one thread's work, and the width of a machine is shared out by the parent
		"GOMEMLIMIT=" + strconv.FormatInt(l.Memory/8*7, 10),
		"GOTRACEBACK=single",
	}
}
