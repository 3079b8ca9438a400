// Package sandbox runs strategies that nobody vouches for: every script is compiled and run in a child process of the same binary,
// which has no network, no files, and bounds on memory and time (see jail). The parent's side is Host: a Bench evaluates one script
// over one set of bars, a Session drives one strategy event by event. The child's side is Serve.
//
// The child is hostile to the parent: what it says is framed, bounded and checked, and it can end only itself. This package never
// trusts a number of the child's to be finite, a text to be short, or a reply to come.
package sandbox
