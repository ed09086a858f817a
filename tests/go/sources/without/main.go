// A program that is linked dynamically, and never opens a plugin.
package main

import "example.com/shared"

func main() { println(shared.Version()) }
