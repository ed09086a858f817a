package main

import "example.com/shared"

var _ = shared.Length(shared.Version())
