package trail

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// A folder is Files of one.
type folder string

func (d folder) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(string(d), name))
	if err != nil {
		return buf, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > limit {
		return buf, cmp.Or(err, ErrLarge)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(b)) > limit {
		return buf, ErrLarge
	}
	return append(buf, b...), err
}

func (d folder) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(d), name))
}

func (d folder) files() (all []File, err error) {
	entries, err := os.ReadDir(string(d))
	for _, e := range entries {
		info, ierr := e.Info()
		if ierr != nil {
			return nil, ierr
		}
		all = append(all, File{Name: e.Name(), Size: info.Size(), Version: "1"})
	}
	return all, err
}

// importFolder is the child of TestHostileFiles: each worker may hold a large
// file, so what they take together is measured of two, on any machine.
func importFolder(files, store string) error {
	all, err := folder(files).files()
	if err != nil {
		return err
	}
	s, err := Open(store)
	if err != nil {
		return err
	}
	r, err := s.Import(context.Background(), all, folder(files), Options{Workers: 2})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
