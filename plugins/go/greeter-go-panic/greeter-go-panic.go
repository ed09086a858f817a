// greeter-go-panic: panics instead of greeting. The host recovers, and the plugin stays loaded.
//
// SPDX-License-Identifier: MIT
package main

type greeter struct{}

// Greet says hello.
func (greeter) Greet() string {
	panic("no greeting comes to mind")
}

// Greeter is what a host looks up: any value with this method will do.
var Greeter greeter

func main() {}
