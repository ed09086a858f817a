// greeter-go-en: greets in English. One of four plugins that give the same symbol; a host swaps them while it calls.
//
// SPDX-License-Identifier: MIT
package main

type greeter struct{}

// Greet says hello.
func (greeter) Greet() string {
	return "Hello!"
}

// Greeter is what a host looks up: any value with this method will do.
var Greeter greeter

func main() {}
