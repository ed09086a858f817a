package main

// Opening plugins and looking into them: Go's own words, Open and Lookup, with every panic made an error.

import (
	"fmt"
	"plugin"
	"reflect"
	"runtime/debug"
	"strings"
)

type loaded struct {
	slot      int
	name      string
	opened    *plugin.Plugin
	transform transformer // nil until the first transform
}

// load is answered with null. Package init of the plugin runs here, at the first open of its path.
func (r *runner) load(question *message) ([]byte, error) {
	var slot int
	var path, ignored string
	if err := fields(question.body, &slot, &path, &ignored); err != nil {
		return nil, err
	}
	next := &loaded{slot: slot, name: path}
	err := next.guarded("init", func() (err error) {
		next.opened, err = plugin.Open(path)
		return err
	})
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "plugin.Open(\""+strings.TrimSuffix(path, ".so")+"\"): ")
		return nil, failure{Kind: "OpenError", Path: path, Reason: cut(reason)}
	}
	r.plugins[slot] = next
	return []byte("null"), nil
}

func (r *runner) plugin(slot int) (*loaded, error) {
	known := r.plugins[slot]
	if known == nil {
		return nil, fmt.Errorf("no plugin was loaded in slot %d", slot)
	}
	return known, nil
}

// lookup finds a symbol; with a dot, a method of a value: Greeter.Greet.
func (p *loaded) lookup(name string) (reflect.Value, error) {
	first, method, _ := strings.Cut(name, ".")
	symbol, err := p.opened.Lookup(first)
	if err != nil {
		return reflect.Value{}, failure{Kind: "SymbolNotFoundError", Plugin: p.name, Symbol: first}
	}
	value := reflect.ValueOf(symbol)
	if method == "" {
		return value, nil
	}
	found, known := methodOf(value, method)
	if !known {
		return reflect.Value{}, failure{Kind: "SymbolNotFoundError", Plugin: p.name, Symbol: name}
	}
	return found, nil
}

// methodOf looks on the variable itself, what it points to, and what an interface in it holds.
func methodOf(value reflect.Value, name string) (reflect.Value, bool) {
	for {
		if method := value.MethodByName(name); method.IsValid() {
			return method, true
		}
		if kind := value.Kind(); (kind != reflect.Pointer && kind != reflect.Interface) || value.IsNil() {
			return reflect.Value{}, false
		}
		value = value.Elem()
	}
}

// guarded runs the plugin's code: a panic becomes an error with the stack in the log, and the plugin stays loaded.
// A write to a picture that may only be read is a panic too.
func (p *loaded) guarded(symbol string, run func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			stack := pluginStack(string(debug.Stack()))
			logLine(p.slot, levelError, fmt.Sprintf("panic in %s: %v\n%s", symbol, reason, stack))
			err = failure{
				Kind: "CallError", Plugin: p.name, Symbol: symbol,
				Message: cut(fmt.Sprintf("panic: %v%s", reason, where(stack))),
			}
		}
	}()
	err = run()
	if known, is := err.(failure); is && known.Plugin == "" {
		known.Plugin = p.name
		return known
	}
	return err
}

// pluginStack leaves out what is above the panic and what is the runner's own.
func pluginStack(stack string) string {
	lines := strings.Split(strings.TrimSpace(stack), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "panic(") && i+2 <= len(lines) {
			lines = lines[i+2:]
			break
		}
	}
	for i, line := range lines {
		if strings.HasPrefix(line, "main.(*loaded)") || strings.HasPrefix(line, "main.(*runner)") {
			lines = lines[:i]
			break
		}
	}
	return strings.Join(lines, "\n")
}

// where is the innermost function and line of the plugin's own, for the one sentence that is shown.
func where(stack string) string {
	lines := strings.Split(stack, "\n")
	if len(lines) < 2 {
		return ""
	}
	place, _, _ := strings.Cut(strings.TrimSpace(lines[1]), " +0x")
	return fmt.Sprintf(" (in %s, %s)", strings.TrimSpace(lines[0]), place)
}
