// users-go: the four calls of a user manager, as plugins/cpp/users has them, with Go's own types.
//
// SPDX-License-Identifier: MIT
package main

import "plugdeck.invalid/users-go/people"

// GetUser gives the user with this id.
func GetUser(id string) (people.User, error) { return people.GetUser(id) }

// GetUserByClaim gives the user of whom a claim has this value: an id, a name, an address or one of the others.
func GetUserByClaim(claim, value string) (people.User, error) {
	return people.GetUserByClaim(claim, value)
}

// GetUserGroups gives the names of the groups that a user is in.
func GetUserGroups(id string) ([]string, error) { return people.GetUserGroups(id) }

// FindUser gives the users who have this text in their name or address.
func FindUser(text string) []people.User { return people.FindUser(text) }

func main() {}
