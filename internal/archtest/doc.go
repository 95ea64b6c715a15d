// Package archtest keeps the arrows between the packages pointing one way, and
// a few habits that no compiler asks for. It is all tests: they read the
// sources themselves, so that the go command's test cache notices a change,
// which it would not if they asked the go command.
package archtest
