// Package jail starts a child process of the same binary that can compute and speak through one pair of pipes, and nothing else: no
// network, no files, no other program, bounded memory and time. It owns what the kernel is asked for and why a child ended.
//
// Start is the parent's side. Main, or Enter where a program wants to do it by itself, is the child's and comes before anything else
// in its main. Probe starts children that try to break out and says what held.
//
// It never runs or reads what a child computes: the words on the pipes are the caller's. It never claims what the kernel did not
// grant: see Report.
package jail
