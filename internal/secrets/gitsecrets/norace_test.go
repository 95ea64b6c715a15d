//go:build !race

package gitsecrets_test

const raced = false
