package main

// The messages of plugdeck/hosting/wire.py, on the runner's side.

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"syscall"
	"time"
)

const (
	callDescriptor = 3
	logDescriptor  = 4
	lineDescriptor = 6

	protocolVersion = 1
	headerBytes     = 12
	maximumBody     = 64 * 1024
	maximumLog      = 16 * 1024
	// Whoever looks for a moment before it sleeps mostly need not: to be woken on another core takes longer.
	lookFor = 50 * time.Microsecond
)

const (
	kindLoad = iota + 1
	kindTransform
	kindRead
	kindWrite
	kindCall
	kindMapInput
	kindMapOutput
	kindUnmap
	kindStop
)

const (
	kindHello = iota + 32
	kindDone
	kindFailed
)

type message struct {
	kind        byte
	request     uint32
	body        []byte
	descriptors []int
}

func send(kind byte, request uint32, body []byte) error {
	packet := make([]byte, headerBytes+len(body))
	copy(packet, "PD")
	packet[2], packet[3] = protocolVersion, kind
	binary.LittleEndian.PutUint32(packet[4:], request)
	binary.LittleEndian.PutUint32(packet[8:], uint32(len(body)))
	copy(packet[headerBytes:], body)
	return retried(func() error { return syscall.Sendto(callDescriptor, packet, syscall.MSG_NOSIGNAL, nil) })
}

var packets [headerBytes + maximumBody + 1]byte

// receive waits for a message; nil when Plugdeck is gone.
func receive() (*message, error) {
	var control [64]byte
	length, controlLength, err := receivePacket(packets[:], control[:])
	if err != nil || length == 0 {
		return nil, err
	}
	packet := packets[:length]
	if length < headerBytes || string(packet[:2]) != "PD" || packet[2] != protocolVersion {
		return nil, errors.New("a packet is no message")
	}
	if int(binary.LittleEndian.Uint32(packet[8:])) != length-headerBytes {
		return nil, errors.New("a message has another length than it says")
	}
	descriptors, err := parseDescriptors(control[:controlLength])
	body := append([]byte(nil), packet[headerBytes:]...)
	return &message{packet[3], binary.LittleEndian.Uint32(packet[4:]), body, descriptors}, err
}

func receivePacket(packet, control []byte) (length, controlLength int, err error) {
	flags := syscall.MSG_CMSG_CLOEXEC | syscall.MSG_DONTWAIT
	for began := time.Now(); ; {
		length, controlLength, _, _, err = syscall.Recvmsg(callDescriptor, packet, control, flags)
		if err == syscall.EAGAIN && time.Since(began) > lookFor {
			flags &^= syscall.MSG_DONTWAIT
		} else if err != syscall.EINTR && err != syscall.EAGAIN {
			return length, controlLength, err
		}
	}
}

func parseDescriptors(control []byte) ([]int, error) {
	if len(control) == 0 {
		return nil, nil
	}
	parsed, err := syscall.ParseSocketControlMessage(control)
	if err != nil || len(parsed) == 0 {
		return nil, err
	}
	return syscall.ParseUnixRights(&parsed[0])
}

// logLine sends a line to the plugin's log; one that nobody takes as fast as it comes is left out.
func logLine(slot int, level byte, text string) {
	if len(text) > maximumLog {
		text = text[:maximumLog]
	}
	packet := binary.LittleEndian.AppendUint16(nil, uint16(slot))
	packet = append(append(packet, level), text...)
	_ = syscall.Sendto(logDescriptor, packet, syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, nil)
}

// fields parses a JSON array into the places given. What comes is Plugdeck's own; a wrong count is an error all the same.
func fields(body []byte, places ...any) error {
	var values []json.RawMessage
	if err := json.Unmarshal(body, &values); err != nil {
		return err
	}
	if len(values) != len(places) {
		return errors.New("a message has another number of values than expected")
	}
	for i, place := range places {
		if err := json.Unmarshal(values[i], place); err != nil {
			return err
		}
	}
	return nil
}

func retried(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}
