//go:build special

package shared

// Special is there with a build tag alone.
type Special struct{ Value int }
