package main

// Variables and functions that are no transforms: read, written and called with JSON values.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
)

var errorType = reflect.TypeOf((*error)(nil)).Elem()

func (r *runner) read(body []byte) ([]byte, error) {
	var slot int
	var name string
	if err := fields(body, &slot, &name); err != nil {
		return nil, err
	}
	variable, err := r.variable(slot, name)
	if err != nil {
		return nil, err
	}
	if variable.Kind() == reflect.Bool {
		return json.Marshal(map[bool]int{true: 1}[variable.Bool()])
	}
	return json.Marshal(variable.Interface())
}

func (r *runner) write(body []byte) ([]byte, error) {
	var slot int
	var name string
	var value float64
	if err := fields(body, &slot, &name, &value); err != nil {
		return nil, err
	}
	variable, err := r.variable(slot, name)
	if err != nil {
		return nil, err
	}
	if !assign(variable, value) {
		message := fmt.Sprintf("%v is no value for %s, which is of the Go type %s", value, name, variable.Type())
		return nil, failure{Kind: "ArgumentError", Message: message}
	}
	return []byte("null"), nil
}

// variable is the plugin's own, not a copy: what is written to it the plugin sees.
func (r *runner) variable(slot int, name string) (reflect.Value, error) {
	from, err := r.plugin(slot)
	if err != nil {
		return reflect.Value{}, err
	}
	symbol, err := from.lookup(name)
	if err != nil {
		return reflect.Value{}, err
	}
	if symbol.Kind() != reflect.Pointer || !isNumber(symbol.Elem()) {
		return reflect.Value{}, from.wrongType(name, symbol, "a number")
	}
	return symbol.Elem(), nil
}

func isNumber(value reflect.Value) bool {
	return value.CanInt() || value.CanUint() || value.CanFloat() || value.Kind() == reflect.Bool
}

// assign writes a number if the variable can hold it exactly; a real number is rounded to what a float32 can hold.
func assign(variable reflect.Value, value float64) bool {
	whole := value == math.Trunc(value)
	switch {
	case variable.CanFloat():
		variable.SetFloat(value)
	case variable.CanInt() && whole && math.Abs(value) < 1<<63 && !variable.OverflowInt(int64(value)):
		variable.SetInt(int64(value))
	case variable.CanUint() && whole && value >= 0 && value < 1<<64 && !variable.OverflowUint(uint64(value)):
		variable.SetUint(uint64(value))
	case variable.Kind() == reflect.Bool && (value == 0 || value == 1):
		variable.SetBool(value == 1)
	default:
		return false
	}
	return true
}

func (r *runner) call(body []byte) ([]byte, error) {
	var slot int
	var name string
	var arguments []json.RawMessage
	if err := fields(body, &slot, &name, &arguments); err != nil {
		return nil, err
	}
	from, err := r.plugin(slot)
	if err != nil {
		return nil, err
	}
	function, err := from.lookup(name)
	if err != nil {
		return nil, err
	}
	if function.Kind() == reflect.Pointer && function.Elem().Kind() == reflect.Func {
		function = function.Elem() // a variable that holds a function
	}
	if function.Kind() != reflect.Func || function.IsNil() {
		return nil, from.wrongType(name, function, "a function")
	}
	given, err := parseArguments(name, function.Type(), arguments)
	if err != nil {
		return nil, err
	}
	var results []reflect.Value
	if err := from.guarded(name, func() error { results = function.Call(given); return nil }); err != nil {
		return nil, err
	}
	return from.packResults(name, results)
}

func parseArguments(name string, function reflect.Type, arguments []json.RawMessage) ([]reflect.Value, error) {
	count := function.NumIn()
	if len(arguments) != count && !(function.IsVariadic() && len(arguments) >= count-1) {
		message := fmt.Sprintf("%s takes %d arguments and was given %d: it is %s", name, count, len(arguments), function)
		return nil, failure{Kind: "ArgumentError", Message: message}
	}
	given := make([]reflect.Value, len(arguments))
	for i, argument := range arguments {
		wanted := argumentType(function, i)
		place := reflect.New(wanted)
		if decode(argument, place) != nil && decodeText(argument, place) != nil {
			message := fmt.Sprintf("argument %d of %s is to be a Go %s; %s is none", i+1, name, wanted, cut(string(argument)))
			return nil, failure{Kind: "ArgumentError", Message: message}
		}
		given[i] = place.Elem()
	}
	return given, nil
}

func decode(argument []byte, place reflect.Value) error {
	decoder := json.NewDecoder(bytes.NewReader(argument))
	decoder.DisallowUnknownFields()
	return decoder.Decode(place.Interface())
}

// decodeText takes what a command line has, where every value is a text, for the JSON that it spells.
func decodeText(argument []byte, place reflect.Value) error {
	var text string
	if err := json.Unmarshal(argument, &text); err != nil {
		return err
	}
	return decode([]byte(text), place)
}

func argumentType(function reflect.Type, index int) reflect.Type {
	if function.IsVariadic() && index >= function.NumIn()-1 {
		return function.In(function.NumIn() - 1).Elem()
	}
	return function.In(index)
}

// packResults gives nothing as null, one result as itself, several as an array; an error at the end is a failed call.
func (p *loaded) packResults(name string, results []reflect.Value) ([]byte, error) {
	if last := len(results) - 1; last >= 0 && results[last].Type() == errorType {
		if err, failed := results[last].Interface().(error); failed {
			return nil, p.failed(name, err)
		}
		results = results[:last]
	}
	values := make([]any, len(results))
	for i, result := range results {
		values[i] = result.Interface()
	}
	packed, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("the result of %s cannot be sent: %w", name, err)
	}
	switch len(values) {
	case 0:
		return []byte("null"), nil
	case 1:
		return packed[1 : len(packed)-1], nil
	}
	return packed, nil
}

func (p *loaded) failed(symbol string, err error) error {
	message := ""
	_ = p.guarded(symbol, func() error { message = err.Error(); return nil }) // Error is the plugin's own code
	return failure{Kind: "CallError", Plugin: p.name, Symbol: symbol, Message: cut(message)}
}

func (p *loaded) wrongType(name string, symbol reflect.Value, expected string) error {
	return failure{
		Kind: "SymbolTypeError", Plugin: p.name, Symbol: name, Expected: expected, Declared: cut(declared(symbol)),
	}
}

// declared is the type as the plugin's source has it: Lookup gives a pointer to a variable.
func declared(symbol reflect.Value) string {
	if symbol.Kind() == reflect.Pointer {
		return symbol.Type().Elem().String()
	}
	return symbol.Type().String()
}
