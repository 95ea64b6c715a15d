package gitsecrets

import (
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
)

// absolute says that a name does not depend on a directory.
func absolute(name string) bool {
	if runtime.GOOS == "windows" && len(name) > 2 && name[1] == ':' {
		return true
	}
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) && runtime.GOOS == "windows"
}

// join is a name in a directory. Windows takes slashes as well.
func join(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// at is a name as this run's directory has it.
func (r *run) at(name string) string {
	if absolute(name) {
		return name
	}
	return join(r.Dir, name)
}

// up is the directory above, or "" above the root.
func up(dir string) string {
	dir = strings.TrimRight(strings.ReplaceAll(dir, `\`, "/"), "/")
	above := path.Dir(dir)
	if above == dir || above == "." || dir == "" {
		return ""
	}
	return above
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// same says that two names are one place.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return errX != nil && errY != nil && path.Clean(a) == path.Clean(b)
	}
	return os.SameFile(x, y)
}

// glob is what a shell makes of a word that nobody quoted: the files that it is a
// pattern of, or itself.
func (r *run) glob(word string) []string {
	if !strings.ContainsAny(word, "*?[") {
		return []string{word}
	}
	found := []string{""}
	if strings.HasPrefix(word, "/") {
		found = []string{"/"}
	}
	for _, part := range strings.Split(strings.Trim(word, "/"), "/") {
		var next []string
		for _, base := range found {
			next = append(next, r.entries(base, part)...)
		}
		found = next
	}
	if len(found) == 0 {
		return []string{word}
	}
	return found
}

// entries lists what one part of a pattern means in a directory.
func (r *run) entries(base, part string) (all []string) {
	if !strings.ContainsAny(part, "*?[") {
		if name := join(base, part); exists(r.at(name)) {
			all = append(all, name)
		}
		return all
	}
	list, err := os.ReadDir(r.at(base))
	if err != nil {
		return nil
	}
	for _, e := range list {
		if ok := wild(part, e.Name()); ok && (e.Name()[0] != '.' || part[0] == '.') {
			all = append(all, join(base, e.Name()))
		}
	}
	slices.Sort(all)
	return all
}
