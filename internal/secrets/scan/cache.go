package scan

import (
	"bytes"
	"os"
	"path/filepath"

	"cordon/internal/durable"
	"cordon/internal/secrets/pack"
)

// harmless remembers the candidates that turned out to hold nothing, by their ids
// alone, so that they are not read again. What it says holds for one set of rules.
type harmless struct {
	file  string
	known map[string]bool
	fresh int
}

// mostClean bounds the file; beyond it nothing more is remembered.
const mostClean = 200_000

func openClean(folder, rules string) *harmless {
	c := &harmless{known: map[string]bool{}}
	if folder == "" {
		return c
	}
	c.file = filepath.Join(folder, "clean-"+rules)
	body, err := os.ReadFile(c.file)
	if err != nil {
		return c // there is none yet, or it is read anew
	}
	for _, line := range bytes.Fields(body) {
		c.known[string(line)] = true
	}
	return c
}

func (c *harmless) has(id pack.ID) bool { return len(c.known) > 0 && c.known[id.String()] }

func (c *harmless) add(id pack.ID) {
	if c.file != "" && len(c.known) < mostClean {
		c.known[id.String()] = true
		c.fresh++
	}
}

// save writes what was learnt. That it could not be written costs the next scan
// time, and nothing else.
func (c *harmless) save() {
	if c.fresh == 0 {
		return
	}
	var b bytes.Buffer
	for id := range c.known {
		b.WriteString(id + "\n")
	}
	if err := os.MkdirAll(filepath.Dir(c.file), durable.DirMode); err == nil {
		_ = durable.Write(c.file, b.Bytes())
	}
}
