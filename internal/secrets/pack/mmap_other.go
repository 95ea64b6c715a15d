//go:build !unix && !windows

package pack

import "os"

// A mapping is a file in memory: here a copy.
type mapping struct{ b []byte }

func mapFile(path string) (m mapping, err error) {
	m.b, err = os.ReadFile(path)
	return m, err
}

func (m *mapping) close() error {
	m.b = nil
	return nil
}
