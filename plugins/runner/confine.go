package main

// The last step of the confinement: the filter of system calls. Limits and Landlock were set by whoever started this
// process; the filter refuses to start another program, so it comes after that, and before any plugin is opened.

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

const (
	setModeFilter = 1                  // SECCOMP_SET_MODE_FILTER
	filterFlags   = 1<<0 | 1<<3 | 1<<4 // TSYNC, NEW_LISTENER, TSYNC_ESRCH
)

var seccompCall = map[string]uintptr{"amd64": 317, "arm64": 277}

// listenerPacket announces the listener's descriptor: see plugdeck/hosting/sandbox/packets.py.
var listenerPacket = []byte("L")

// confine puts the filter over all threads of this process, for good, and hands its listener over.
func confine(program string) error {
	defer syscall.Close(lineDescriptor)
	if program == "" {
		return nil
	}
	steps, err := hex.DecodeString(program)
	if err != nil || len(steps) == 0 || len(steps)%8 != 0 {
		return fmt.Errorf("the filter of system calls is damaged")
	}
	listener, err := installFilter(steps)
	if err != nil {
		return err
	}
	defer syscall.Close(listener)
	rights := syscall.UnixRights(listener)
	return retried(func() error { return syscall.Sendmsg(lineDescriptor, listenerPacket, rights, nil, 0) })
}

func installFilter(steps []byte) (int, error) {
	filter := syscall.SockFprog{Len: uint16(len(steps) / 8), Filter: (*syscall.SockFilter)(unsafe.Pointer(&steps[0]))}
	number, known := seccompCall[runtime.GOARCH]
	if !known {
		return 0, fmt.Errorf("there is no filter of system calls for %s", runtime.GOARCH)
	}
	listener, _, code := syscall.Syscall(number, setModeFilter, filterFlags, uintptr(unsafe.Pointer(&filter)))
	runtime.KeepAlive(steps)
	if code != 0 {
		return 0, fmt.Errorf("the filter of system calls cannot be installed: %w", code)
	}
	return int(listener), nil
}
