// bench times the four calls of a user manager in a Go program: called directly, and in a plugin that it opens. It
// prints nanoseconds a call as JSON; "plugdeck bench" sets them beside what other ways cost.
//
// SPDX-License-Identifier: MIT
package main

import (
	"encoding/json"
	"log"
	"os"
	"plugin"
	"sort"
	"time"

	"plugdeck.invalid/users-go/people"
)

const (
	rounds = 21
	calls  = 2000
)

type manager struct {
	getUser        func(string) (people.User, error)
	getUserByClaim func(string, string) (people.User, error)
	getUserGroups  func(string) ([]string, error)
	findUser       func(string) []people.User
}

func main() {
	direct := manager{people.GetUser, people.GetUserByClaim, people.GetUserGroups, people.FindUser}
	times := map[string]map[string]float64{"direct": direct.times(), "plugin": opened(os.Args[1]).times()}
	if err := json.NewEncoder(os.Stdout).Encode(times); err != nil {
		log.Fatal(err)
	}
}

func opened(path string) manager {
	users, err := plugin.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	return manager{
		symbol[func(string) (people.User, error)](users, "GetUser"),
		symbol[func(string, string) (people.User, error)](users, "GetUserByClaim"),
		symbol[func(string) ([]string, error)](users, "GetUserGroups"),
		symbol[func(string) []people.User](users, "FindUser"),
	}
}

func symbol[T any](from *plugin.Plugin, name string) T {
	found, err := from.Lookup(name)
	if err != nil {
		log.Fatal(err)
	}
	function, is := found.(T)
	if !is {
		log.Fatalf("%s is %T", name, found)
	}
	return function
}

func (m manager) times() map[string]float64 {
	return map[string]float64{
		"GetUser":        median(func() { _, _ = m.getUser("einstein") }),
		"GetUserByClaim": median(func() { _, _ = m.getUserByClaim("mail", "einstein@example.org") }),
		"GetUserGroups":  median(func() { _, _ = m.getUserGroups("einstein") }),
		"FindUser":       median(func() { _ = m.findUser("ein") }),
	}
}

func median(call func()) float64 {
	times := make([]float64, rounds)
	for i := range times {
		began := time.Now()
		for n := 0; n < calls; n++ {
			call()
		}
		times[i] = float64(time.Since(began).Nanoseconds()) / calls
	}
	sort.Float64s(times)
	return times[rounds/2]
}
