package main

// Errors as plugdeck/hosting/failures.py rebuilds them.

import (
	"encoding/json"
	"errors"
	"strings"
)

const (
	levelError  = 3
	maximumText = 4000
)

type failure struct {
	Kind     string `json:"error"`
	Plugin   string `json:"plugin,omitempty"`
	Symbol   string `json:"symbol,omitempty"`
	Message  string `json:"message,omitempty"`
	Path     string `json:"path,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Expected string `json:"expected,omitempty"`
	Declared string `json:"declared,omitempty"`
}

func (f failure) Error() string {
	return f.Message
}

// describe gives an error as JSON; one that Plugdeck does not tell apart travels as its text.
func describe(err error) []byte {
	var known failure
	if !errors.As(err, &known) {
		known = failure{Kind: "PlugdeckError", Message: cut(err.Error())}
	}
	body, _ := json.Marshal(known) // strings alone: it cannot fail
	return body
}

// cut shortens a text to what an error may have; half a character at its end becomes a mark.
func cut(text string) string {
	if len(text) > maximumText {
		text = text[:maximumText]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
