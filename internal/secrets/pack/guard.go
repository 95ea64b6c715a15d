package pack

import (
	"errors"
	"runtime/debug"
)

// A pack that is cut off while it is mapped makes reads fault, which would end
// the program. Under guard it is an error.

var errCut = errors.New("a pack was cut off while it was read")

// guard is used as defer guard(&err)().
func guard(err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			*err = errCut
		default:
			panic(fault)
		}
	}
}
