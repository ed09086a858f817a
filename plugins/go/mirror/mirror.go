// mirror: the picture seen in a mirror. A Go plugin that any host can open: built with -buildmode=c-shared.
//
// SPDX-License-Identifier: MIT
package main

// #include <stdlib.h>
// #include "plugdeck.h"
//
// extern int direction; // defined in notes.c
// static const pd_host *host;
// static void keep(const pd_host *given) { host = given; }
// static void tell(const char *message) { if (host) host->fail(host, message); }
import "C"

import (
	"fmt"
	"unsafe"
)

const (
	leftToRight = iota
	topToBottom
	both
)

//export Init
func Init(host *C.pd_host) C.int {
	C.keep(host)
	return 0
}

// Transform is what the host calls. A panic would end the process: it becomes an error of this call.
//
//export Transform
func Transform(in, out *C.pd_image) (failed C.int) {
	defer func() {
		if panicked := recover(); panicked != nil {
			message := C.CString(fmt.Sprint("panic: ", panicked))
			defer C.free(unsafe.Pointer(message))
			C.tell(message)
			failed = 1
		}
	}()
	mirror(in, out, C.direction != topToBottom, C.direction != leftToRight)
	return 0
}

func mirror(in, out *C.pd_image, sideways, upsideDown bool) {
	height := int(in.height)
	for y := 0; y < height; y++ {
		from := y
		if upsideDown {
			from = height - 1 - y
		}
		if sideways {
			reverse(row(out, y), row(in, from))
		} else {
			copy(row(out, y), row(in, from))
		}
	}
}

// pixel is red, green, blue and alpha. Bytes rather than a number: rows may begin at any address.
type pixel [4]byte

// row is one row of the image: the host's memory itself, not a copy.
func row(image *C.pd_image, y int) []pixel {
	first := unsafe.Add(unsafe.Pointer(image.data), y*int(image.stride))
	return unsafe.Slice((*pixel)(first), int(image.width))
}

func reverse(to, from []pixel) {
	last := len(from) - 1
	for i := range to {
		to[i] = from[last-i]
	}
}

func main() {}
