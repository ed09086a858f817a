// A plugin that exports nothing.
package main

import "example.com/shared"

func init() { println(shared.Version()) }

func main() {}
