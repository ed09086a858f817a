// The runner: the host process of Go plugins, which only a Go program of the same toolchain can open.
//
// It does for Go plugins what Plugdeck's Python worker does for the others, and speaks the same messages (wire.go).
// It is built on demand, with the toolchain and the flags of the plugin, and uses nothing but the standard library:
// every package that it shares with a plugin must be the very same in both.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"os"
)

// lostConnection is EX_PROTOCOL of sysexits.h.
const lostConnection = 76

func main() {
	if len(os.Args) > 1 {
		if err := confine(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "The runner cannot be confined:", err)
			os.Exit(1)
		}
	}
	if err := newRunner().run(); err != nil {
		fmt.Fprintln(os.Stderr, "The connection was lost:", err)
		os.Exit(lostConnection)
	}
}

// runner holds the plugins of this process, by slot, and the frames that it has mapped, by number.
type runner struct {
	plugins map[int]*loaded
	inputs  map[uint64]frame
	outputs map[uint64]frame
}

func newRunner() *runner {
	return &runner{map[int]*loaded{}, map[uint64]frame{}, map[uint64]frame{}}
}

// run says hello, and answers until it is asked to stop or Plugdeck is gone.
func (r *runner) run() error {
	if err := send(kindHello, 0, nil); err != nil {
		return err
	}
	for {
		question, err := receive()
		if err != nil || question == nil || question.kind == kindStop {
			return err
		}
		if question.kind == kindUnmap {
			r.unmap(question.body)
			continue
		}
		if err := r.reply(question); err != nil {
			return err
		}
	}
}

func (r *runner) reply(question *message) error {
	body, err := r.answer(question)
	if err == nil && len(body) > maximumBody {
		err = failure{Kind: "PlugdeckError", Message: fmt.Sprintf("The result cannot be sent: it has %d bytes.", len(body))}
	}
	if err != nil {
		return send(kindFailed, question.request, describe(err))
	}
	return send(kindDone, question.request, body)
}

func (r *runner) answer(question *message) ([]byte, error) {
	switch question.kind {
	case kindLoad:
		return r.load(question)
	case kindTransform:
		return r.transform(question.body)
	case kindRead:
		return r.read(question.body)
	case kindWrite:
		return r.write(question.body)
	case kindCall:
		return r.call(question.body)
	case kindMapInput:
		return nil, mapInto(r.inputs, question, false)
	case kindMapOutput:
		return nil, mapInto(r.outputs, question, true)
	}
	return nil, fmt.Errorf("a message of kind %d was not expected", question.kind)
}
