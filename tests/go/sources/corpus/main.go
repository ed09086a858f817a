// Declarations of every kind, whose types are read from the file and compared with what reflection says.
package main

import (
	"errors"
	"io"
	"unsafe"

	"example.com/shared"
)

type Number int
type Pair[K comparable, V any] struct {
	Key   K
	Value V
}
type Tree[T any] struct{ Left, Right *Tree[T] }
type Alias = map[string][]byte
type Embedded struct {
	io.Reader
	*Plain
	Number
}
type Plain struct{ Name string }
type Recursive func(Recursive) Recursive
type Greeter interface {
	Greet(name string) (string, error)
	hidden()
}
type english struct{ count int }

func (e english) Greet(name string) (string, error) { return "hello " + name, nil }
func (e *english) Count() int                        { e.count++; return e.count }
func (e *english) hidden()                           {}
func (p *Pair[K, V]) Swap(other Pair[K, V]) bool     { return p.Key == other.Key }

var (
	Bool       bool
	Int        int
	Int8       int8
	Int16      int16
	Int32      int32
	Int64      int64
	Uint       uint
	Uint8      uint8
	Uint16     uint16
	Uint32     uint32
	Uint64     uint64
	Uintptr    uintptr
	Float32    float32
	Float64    float64
	Complex64  complex64
	Complex128 complex128
	String     string
	Byte       byte
	Rune       rune
	Unsafe     unsafe.Pointer
	Error      error
	Any        any
	Empty      struct{}
	Named      Number
	Pointer    *Number
	Pointers   **Plain
	Slice      []string
	Slices     [][]Plain
	Array      [4]int
	Matrix     [3][4]float64
	Map        map[string]int
	Maps       map[Number]map[string][]*Plain
	Both       chan int
	Receive    <-chan string
	Send       chan<- error
	Channels   chan (<-chan chan<- int)
	Function   func()
	Functions  func(int, ...string) (func(error) bool, error)
	Struct     struct {
		X, Y int `json:"x"`
		name string
	}
	Unnamed   struct{ io.Writer }
	Embeds    Embedded
	Interface interface {
		io.Reader
		Close() error
	}
	Reader      io.Reader
	Pairs       Pair[string, int]
	Nested      Pair[Number, Pair[string, []Plain]]
	Trees       *Tree[map[string]chan int]
	Aliased     Alias
	Recursion   Recursive
	English     english
	EnglishHeld = &english{}
	Greeting    Greeter = EnglishHeld
	Shared             = shared.Version
	Sentinel           = errors.New("sentinel")
	Grüße       string = "also outside of ASCII"
	_           int
	unexported  int
)

const Constant = 1

func Nothing()                                                       {}
func Plus(a, b int) int                                              { return a + b }
func Variadic(format string, values ...any) (n int, err error)       { return len(values), nil }
func Named2(first Number, second *Plain) (result Pair[int, string])  { return }
func Higher(f func(int) int, values []int) func() []int              { return nil }
func Channel(in <-chan Plain) chan<- Plain                           { return nil }
func Interfaces(r io.Reader, w interface{ Flush() error }) io.Writer { return nil }
func Anonymous(struct{ A int }) (struct{ B []byte }, [2]bool)        { panic("never") }
func Generic(p Pair[string, int]) Tree[Pair[bool, error]]            { panic("never") }
func Made() Greeter                                                  { return Greeting }
func AliasFunc(a Alias, b byte, r rune) Alias                        { return a }
func Pointee(p **Plain, u unsafe.Pointer, c complex128) uintptr      { return 0 }
func Long(a int8, b int16, c int32, d int64, e uint8, f uint16, g uint32, h uint64, i float32, j string, k []string, l map[string]int, m error) (Number, Number, Number) {
	return 0, 0, 0
}
func unexportedToo() {}

func main() { unexported++; unexportedToo() }
