package trail

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A Problem is one thing that is not as it was when it was imported.
type Problem struct {
	File string `json:"file"` // of the store, or a source
	Why  string `json:"why"`
}

// Verify reads the whole store again and compares it with its checksums, and,
// where from is given, every source with the hash it had. An error means that
// it could not look.
func (s *Store) Verify(ctx context.Context, from Files) (problems []Problem, err error) {
	st := s.state()
	bad := func(file, why string) { problems = append(problems, Problem{file, why}) }
	for _, seg := range st.segments {
		if err := ctx.Err(); err != nil {
			return problems, err
		}
		name := filepath.Base(segmentName(s.dir, seg.number))
		if has, should := headSum(seg.data); has != should {
			bad(name, "its head is damaged")
		}
		for i := range len(seg.table) / sectionEntry {
			id, _, b, ok := seg.section(i)
			if !ok || checksum(b) != binary.LittleEndian.Uint32(seg.table[i*sectionEntry+24:]) {
				bad(name, fmt.Sprintf("section %d is damaged", id))
			}
		}
		if first, last, ok := seg.bounds(); ok && (first != seg.first || last != seg.last) {
			bad(name, "its times are not those of its head")
		}
	}
	if _, err := s.loadNames(st.namesLen()); err != nil {
		bad(namesName, err.Error())
	}
	if err := st.checkManifest(s.dir); err != nil {
		bad(manifestName, err.Error())
	}
	have, err := st.latest()
	if err != nil {
		bad(manifestName, err.Error())
		return problems, nil
	}
	if from == nil {
		return problems, nil
	}
	files, err := s.Sources()
	if err != nil {
		return problems, err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return problems, err
		}
		src := have[f.Name]
		if src.unread {
			bad(f.Name, "it could not be read when it was imported")
			continue
		}
		if why := src.verify(ctx, from); why != "" {
			bad(f.Name, why)
		}
	}
	return problems, ctx.Err()
}

// bounds are the first and last time of the rows.
func (s *segment) bounds() (first, last uint32, ok bool) {
	for i := range s.rows {
		t := s.time.at(i)
		if i == 0 {
			first, last = t, t
		}
		first, last = min(first, t), max(last, t)
	}
	return first, last, s.rows > 0
}

// checkManifest reads the manifest again: it must still hold what was there.
func (st *state) checkManifest(dir string) error {
	if st.whole == 0 {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return err
	}
	commits, whole, err := readManifest(b)
	if err != nil {
		return err
	}
	if int64(whole) < st.whole || len(commits) < len(st.commits) {
		return fmt.Errorf("%w: %d commits of %d are left", errManifest, len(commits), len(st.commits))
	}
	return nil
}

// verify says why a source is not what it was; "" where it is.
func (s *source) verify(ctx context.Context, from Files) (why string) {
	r, err := from.Open(ctx, s.name)
	if err != nil {
		return cannotRead(err)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return cannotRead(err)
	}
	if [32]byte(h.Sum(nil)) != s.sum {
		return "it is not what was imported"
	}
	return ""
}

func cannotRead(err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "it is gone"
	}
	return "it cannot be read: " + err.Error()
}
