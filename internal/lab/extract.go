package lab

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed cordonlab/*.py cordonlab/scenarios/*.py
var source embed.FS

// extract puts the Python package into a private directory and returns that.
// The directory's name says what is in it, so that many processes can share
// one, and what is there is checked before it is used.
func extract(dir string) (string, error) {
	if dir == "" {
		cache, err := cacheDir()
		if err != nil {
			return "", err
		}
		dir = cache
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cannot unpack the lab: %w", err)
	}
	if err := privateDir(dir); err != nil {
		return "", fmt.Errorf("cannot unpack the lab: %w", err)
	}
	files, name, err := sources()
	if err != nil {
		return "", fmt.Errorf("cannot unpack the lab: %w", err)
	}
	target := filepath.Join(dir, "src-"+name)
	if same(target, files) {
		return target, nil
	}
	if err := unpack(dir, target, files); err != nil {
		return "", fmt.Errorf("cannot unpack the lab: %w", err)
	}
	return target, nil
}

// sources returns the embedded files (without the package's own tests) and a
// name made of their content.
func sources() (map[string][]byte, string, error) {
	files := map[string][]byte{}
	sum := sha256.New()
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "test_") {
			return err
		}
		raw, err := source.ReadFile(path)
		if err != nil {
			return err
		}
		files[path] = raw
		fmt.Fprintf(sum, "%s\x00%d\x00", path, len(raw))
		sum.Write(raw)
		return nil
	})
	return files, hex.EncodeToString(sum.Sum(nil))[:16], err
}

// same reports whether a directory holds just these files (and what Python
// compiled of them).
func same(dir string, files map[string][]byte) bool {
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() || !strings.HasSuffix(rel, ".py") {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if want, ok := files[rel]; !ok || !bytes.Equal(raw, want) || !d.Type().IsRegular() {
			return errors.New("another file")
		}
		seen++
		return nil
	})
	return err == nil && seen == len(files)
}

// unpack writes the files beside the target and then moves them there.
func unpack(dir, target string, files map[string][]byte) error {
	fresh, err := os.MkdirTemp(dir, "new-") // 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	for path, raw := range files {
		full := filepath.Join(fresh, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(full, raw, 0o600); err != nil {
			return err
		}
	}
	err = os.Rename(fresh, target)
	if err == nil || same(target, files) { // somebody else was faster
		return nil
	}
	if err := os.RemoveAll(target); err != nil { // damaged
		return err
	}
	return os.Rename(fresh, target)
}

// cacheDir is where the lab keeps what it can make again.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find a cache directory for the lab: %w", err)
	}
	return filepath.Join(cache, "cordon", "lab"), nil
}

// privateDir makes a directory that only its owner can enter.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no directory", dir)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others may write to %s: run chmod 700 on it", dir)
	}
	return nil
}

// writeFile replaces a file at once, readable by its owner only.
func writeFile(path string, raw []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(raw); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
