package incident

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/durable"
)

// A rotation's file is R1.json, R2.json …
const rotationPrefix = "R"

// SaveRotation writes what is remembered of a rotation, in place of what was.
func (c *Case) SaveRotation(id string, data []byte) error {
	if _, err := strconv.Atoi(strings.TrimPrefix(id, rotationPrefix)); err != nil || !strings.HasPrefix(id, rotationPrefix) {
		return fmt.Errorf("cannot save the rotation: %q is no id of one", id)
	}
	if err := durable.MkdirAll(c.Rotations()); err != nil {
		return fmt.Errorf("cannot save the rotation: %w", err)
	}
	return durable.Write(filepath.Join(c.Rotations(), id+".json"), data)
}

// LoadRotations reads all, in the order in which they were begun.
func (c *Case) LoadRotations() (all [][]byte, next string, err error) {
	numbers, err := c.numbersOf("rotations", rotationPrefix, ".json")
	if err != nil {
		return nil, "", fmt.Errorf("cannot read the rotations: %w", err)
	}
	last := 0
	for _, n := range numbers {
		b, err := os.ReadFile(c.Path("rotations", fmt.Sprint(rotationPrefix, n, ".json")))
		if err != nil {
			return nil, "", fmt.Errorf("cannot read the rotations: %w", err)
		}
		all, last = append(all, b), n
	}
	return all, fmt.Sprint(rotationPrefix, last+1), nil
}

// numbersOf lists the numbers of files, ascending; what is named otherwise is
// not ours.
func (c *Case) numbersOf(folder, prefix, ext string) (all []int, err error) {
	entries, err := os.ReadDir(c.Path(folder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, ours := strings.CutPrefix(e.Name(), prefix)
		name, whole := strings.CutSuffix(name, ext)
		if n, err := strconv.Atoi(name); err == nil && ours && whole && n > 0 {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}
