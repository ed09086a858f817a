// A host that opens plugins one after the other, and says what its runtime did with each.
package main

import (
	"encoding/json"
	"os"
	"plugin"
	"reflect"
	"strings"
)

type said struct {
	Opened  bool                         `json:"opened"`
	Refusal string                       `json:"refusal,omitempty"`
	Types   map[string]string            `json:"types"`
	Methods map[string]map[string]string `json:"methods"`
}

func main() {
	for _, path := range os.Args[2:] {
		line, _ := json.Marshal(try(path, strings.Split(os.Args[1], ",")))
		os.Stdout.Write(append(line, '\n'))
	}
}

func try(path string, names []string) said {
	opened, err := plugin.Open(path)
	if err != nil {
		return said{Refusal: err.Error()}
	}
	result := said{Opened: true, Types: map[string]string{}, Methods: map[string]map[string]string{}}
	for _, name := range names {
		if symbol, err := opened.Lookup(name); err == nil {
			result.Types[name] = reflect.TypeOf(symbol).String()
			result.Methods[name] = methods(symbol)
		}
	}
	return result
}

// methods are those of a value, or of what the variable itself holds.
func methods(symbol any) map[string]string {
	found := map[string]string{}
	value := reflect.ValueOf(symbol)
	for i := 0; i < value.NumMethod(); i++ {
		found[value.Type().Method(i).Name] = value.Method(i).Type().String()
	}
	if len(found) > 0 || value.Kind() != reflect.Pointer {
		return found
	}
	held := value.Type().Elem()
	for i := 0; i < held.NumMethod(); i++ {
		method := held.Method(i)
		if !method.IsExported() {
			continue
		}
		if held.Kind() == reflect.Interface {
			found[method.Name] = method.Type.String()
		} else {
			found[method.Name] = reflect.Zero(held).Method(i).Type().String()
		}
	}
	return found
}
