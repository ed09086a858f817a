// greeter-go-exit: ends its process instead of greeting. No host can recover from that; Plugdeck starts another one.
//
// SPDX-License-Identifier: MIT
package main

import "os"

type greeter struct{}

// Greet says hello.
func (greeter) Greet() string {
	os.Exit(3)
	return ""
}

// Greeter is what a host looks up: any value with this method will do.
var Greeter greeter

func main() {}
