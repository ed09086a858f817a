// A plugin that shares a module with its host.
package main

import "example.com/shared"

var Priority = 3

func Version() string { return shared.Version() }

func main() {}

func Length() int { return shared.Length(Version()) }
