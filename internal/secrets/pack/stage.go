package pack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var errIndex = errors.New("an entry of the index is not one")

// Index is what is staged, in git's order; nothing where there is no index.
// Versions 2 to 4 and split indexes are read.
func (r *Repository) Index(ctx context.Context) ([]Entry, error) {
	list, err := r.readIndex(r.indexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && list == nil {
		list = []Entry{}
	}
	if err != nil {
		if other, ok := r.askIndex(ctx); ok {
			return other, nil
		}
		return nil, fmt.Errorf("cannot read the index %s: %w", r.indexFile, err)
	}
	return list, ctx.Err()
}

// IndexWritten is when the index was last written, the zero time where there is
// none.
func (r *Repository) IndexWritten() time.Time {
	info, err := os.Stat(r.indexFile)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

var errSplit = errors.New("the index is split")

func (r *Repository) readIndex(path string) ([]Entry, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	return parseStage(b, r.hash)
}

// parseStage reads an index file.
func parseStage(b []byte, hash int) ([]Entry, error) {
	if len(b) < 12+hash || string(b[:4]) != "DIRC" {
		return nil, errors.New("it does not begin as one")
	}
	version, n := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("it is of version %d", version)
	}
	body := b[:len(b)-hash]
	if sum := b[len(b)-hash:]; !bytes.Equal(sum, make([]byte, hash)) { // index.skipHash
		h := hasher(hash)
		h.Write(body)
		if !bytes.Equal(h.Sum(nil), sum) {
			return nil, errors.New("its checksum is wrong")
		}
	}
	at := 12
	var list []Entry
	var name []byte
	for range n {
		if len(body)-at < 40+hash+2 {
			return nil, errIndex
		}
		begin := at
		number := func(i int) uint32 { return binary.BigEndian.Uint32(body[begin+i:]) }
		e := Entry{Mode: number(24), ID: rawID(body[at+40 : at+40+hash]), Size: number(36)}
		if number(8) != 0 {
			e.Modified = time.Unix(int64(number(8)), int64(number(12)))
		}
		at += 40 + hash
		flags := binary.BigEndian.Uint16(body[at:])
		at += 2
		e.Stage = int(flags >> 12 & 3)
		if flags&0x4000 != 0 {
			if version == 2 || len(body)-at < 2 {
				return nil, errIndex
			}
			more := binary.BigEndian.Uint16(body[at:])
			e.IntentToAdd, e.Skip = more&0x2000 != 0, more&0x4000 != 0
			at += 2
		}
		if version == 4 {
			strip, rest, err := back(body[at:])
			if err != nil || strip > uint64(len(name)) {
				return nil, errIndex
			}
			at = len(body) - len(rest)
			name = name[:len(name)-int(strip)]
		} else {
			name = name[:0]
		}
		end := bytes.IndexByte(body[at:], 0)
		if end < 0 {
			return nil, errIndex
		}
		name = append(name, body[at:at+end]...)
		at += end + 1
		if version != 4 {
			for (at-begin)%8 != 0 {
				if at >= len(body) || body[at] != 0 {
					return nil, errIndex
				}
				at++
			}
		}
		e.Path = string(name)
		list = append(list, e)
	}
	return list, extensions(body[at:])
}

// extensions looks for those without which the entries are not all.
func extensions(b []byte) error {
	for len(b) >= 8 {
		name, size := string(b[:4]), binary.BigEndian.Uint32(b[4:])
		if uint64(size) > uint64(len(b)-8) {
			return errIndex
		}
		if name == "link" || name == "sdir" {
			return errSplit
		}
		if name[0] >= 'a' && name[0] <= 'z' {
			return fmt.Errorf("its extension %q is not understood", name)
		}
		b = b[8+size:]
	}
	return nil
}

// back reads the number of bytes that a path of version 4 shares less with the
// one before.
func back(b []byte) (v uint64, rest []byte, err error) {
	for i := range min(len(b), 9) {
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i]&0x80 == 0 {
			return v, b[i+1:], nil
		}
		v++
	}
	return 0, nil, errIndex
}

// askIndex has git list an index that is not understood here: one that is split,
// or sparse.
func (r *Repository) askIndex(ctx context.Context) ([]Entry, bool) {
	cmd := gitCommand(ctx, r.gitDir, "ls-files", "--stage", "-t", "-z", "--full-name")
	if r.workTree != "" {
		cmd.Dir = r.workTree
	}
	if r.indexFile != filepath.Join(r.gitDir, "index") {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+r.indexFile)
	}
	if _, err := os.Stat(r.indexFile); err != nil {
		return nil, false
	}
	out, err := cmd.Output()
	if err != nil {
		return nil, false
	}
	list := []Entry{}
	for _, rec := range strings.Split(string(out), "\x00") {
		head, path, ok := strings.Cut(rec, "\t")
		f := strings.Fields(head)
		if !ok || len(f) != 4 {
			continue
		}
		e := Entry{Path: path, Skip: f[0] == "S"}
		if _, err := fmt.Sscanf(f[1]+" "+f[3], "%o %d", &e.Mode, &e.Stage); err != nil {
			return nil, false
		}
		if e.ID, err = ParseID(f[2]); err != nil {
			return nil, false
		}
		list = append(list, e)
	}
	return list, true
}
