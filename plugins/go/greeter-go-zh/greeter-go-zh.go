// greeter-go-zh: greets in Chinese.
//
// SPDX-License-Identifier: MIT
package main

type greeter struct{}

// Greet says hello.
func (greeter) Greet() string {
	return "你好"
}

// Greeter is what a host looks up: any value with this method will do.
var Greeter greeter

func main() {}
