// Package shared is what plugins and hosts both use.
package shared

// Version is which of them it is.
func Version() string { return version }

const version = "v1.0.0"

// Length is never inlined, so that every file that calls it has it.
//
//go:noinline
func Length(text string) int { return len(text) }
