//go:build !race

package trail

const raced = false
