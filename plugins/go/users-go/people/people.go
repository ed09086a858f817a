// Package people is a small directory of users: what the plugin gives, and what a host that links it calls directly.
//
// SPDX-License-Identifier: MIT
package people

import (
	"fmt"
	"strings"
)

// User is one person.
type User struct {
	ID          string         `json:"id"`
	Username    string         `json:"username"`
	Mail        string         `json:"mail"`
	DisplayName string         `json:"display_name"`
	Claims      map[string]any `json:"claims"`
	Groups      []string       `json:"groups"`
}

// GetUser gives the user with this id.
func GetUser(id string) (User, error) {
	return GetUserByClaim("id", id)
}

// GetUserByClaim gives the user of whom a claim has this value: an id, a name, an address or one of the others.
func GetUserByClaim(claim, value string) (User, error) {
	for _, user := range people {
		if user.has(claim, value) {
			return user, nil
		}
	}
	return User{}, fmt.Errorf("no user has %s %q", claim, value)
}

// GetUserGroups gives the names of the groups that a user is in.
func GetUserGroups(id string) ([]string, error) {
	user, err := GetUser(id)
	return user.Groups, err
}

// FindUser gives the users who have this text in their name or address.
func FindUser(text string) []User {
	found := []User{}
	for _, user := range people {
		if user.mentions(strings.ToLower(text)) {
			found = append(found, user)
		}
	}
	return found
}

func (user User) has(claim, value string) bool {
	switch claim {
	case "id":
		return user.ID == value
	case "username":
		return user.Username == value
	case "mail":
		return user.Mail == value
	}
	has, known := user.Claims[claim]
	return known && fmt.Sprint(has) == value
}

func (user User) mentions(lower string) bool {
	for _, text := range []string{user.ID, user.Username, user.Mail, user.DisplayName} {
		if strings.Contains(strings.ToLower(text), lower) {
			return true
		}
	}
	return false
}
