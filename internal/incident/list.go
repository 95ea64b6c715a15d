package incident

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cordon/internal/durable"
)

// Listed is one line of List. Err says why a folder cannot be opened; it is
// listed all the same, since its evidence may be all that is left.
type Listed struct {
	Info
	Dir     string
	Current bool
	Err     error
}

const currentFile = "current"

// List lists the cases below root, the newest first. No root is no cases.
func List(root string) ([]Listed, error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	current, _ := Current(root)
	var out []Listed
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), "C-") {
			continue
		}
		l := Listed{Dir: filepath.Join(root, e.Name()), Current: e.Name() == current}
		l.Info, l.Err = readInfo(l.Dir)
		if l.Err != nil {
			l.ID = e.Name()
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Listed) int {
		if n := b.Opened.Compare(a.Opened); n != 0 {
			return n
		}
		return strings.Compare(b.ID, a.ID)
	})
	return out, nil
}

// Current is the id of the case in use, or ErrNoCase.
func Current(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, currentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNoCase
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(data))
	if id == "" || filepath.Base(id) != id || !strings.HasPrefix(id, "C-") {
		return "", ErrNoCase
	}
	return id, nil
}

// Use makes id the case in use.
func Use(root, id string) error {
	c, err := Open(root, id)
	if err != nil {
		return err
	}
	if filepath.Dir(c.Dir) != filepath.Clean(root) {
		return errors.New("cannot use a case from elsewhere: name its directory with --case")
	}
	return durable.Write(filepath.Join(root, currentFile), []byte(filepath.Base(c.Dir)+"\n"))
}
