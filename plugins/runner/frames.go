package main

// Frames as this process maps them: between two pages that nobody may touch (see plugdeck/hosting/guarded_memory.py).

import (
	"encoding/binary"
	"errors"
	"syscall"
	"unsafe"
)

const (
	mapFixed = 0x10
	// canary lies between a picture's end and its guard page: see frame_memory.py.
	canary = 0xA5
)

var page = uintptr(syscall.Getpagesize())

type frame struct {
	pixels   []byte
	address  uintptr
	reserved uintptr
}

func mapInto(frames map[uint64]frame, question *message, writable bool) error {
	if len(question.body) != 16 || len(question.descriptors) != 1 {
		return errors.New("a frame came without its size or its memory")
	}
	defer syscall.Close(question.descriptors[0])
	number, size := binary.LittleEndian.Uint64(question.body), binary.LittleEndian.Uint64(question.body[8:])
	mapped, err := newFrame(question.descriptors[0], uintptr(size), writable)
	if err == nil {
		frames[number] = mapped
	}
	return err
}

func newFrame(descriptor int, size uintptr, writable bool) (frame, error) {
	reserved := size + 2*page
	address, err := mmap(0, reserved, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON, -1)
	if err != nil {
		return frame{}, err
	}
	protection := uintptr(syscall.PROT_READ)
	if writable {
		protection |= syscall.PROT_WRITE
	}
	begin, err := mmap(address+page, size, protection, syscall.MAP_SHARED|syscall.MAP_POPULATE|mapFixed, descriptor)
	if err != nil {
		unmap(address, reserved)
		return frame{}, err
	}
	// Not Go's memory, so the collector neither moves nor frees it.
	pixels := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&begin))), size)
	return frame{pixels, address, reserved}, nil
}

// markEnd fills what lies behind a picture of this size, so that Plugdeck sees when somebody wrote there.
func (f frame) markEnd(size int) {
	rest := f.pixels[size:]
	for i := range rest {
		rest[i] = canary
	}
}

func (r *runner) unmap(body []byte) {
	if len(body) != 8 {
		return
	}
	number := binary.LittleEndian.Uint64(body)
	for _, frames := range []map[uint64]frame{r.inputs, r.outputs} {
		if mapped, known := frames[number]; known {
			delete(frames, number)
			unmap(mapped.address, mapped.reserved)
		}
	}
}

func mmap(address, size, protection, flags uintptr, descriptor int) (uintptr, error) {
	result, _, code := syscall.Syscall6(syscall.SYS_MMAP, address, size, protection, flags, uintptr(descriptor), 0)
	if code != 0 {
		return 0, code
	}
	return result, nil
}

func unmap(address, size uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MUNMAP, address, size, 0)
}
