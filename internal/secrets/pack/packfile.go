package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cordon/internal/inflate"
)

// A packFile is a pack with its index, mapped.
type packFile struct {
	name  string // of the .pack file
	data  mapping
	side  mapping
	x     *index
	end   int64 // of the objects: the checksum follows
	first int32 // the number of its first object among all packs' (numbers.go)
	faint []string
}

// What the headers of packed objects say.
const (
	byOffset Kind = 6 // a delta against an object before it in the pack
	byID     Kind = 7 // a delta against one that is named
)

// openPacks opens every pack that has an index of its own, the largest first. One
// that an index of many covers alone is told as not read.
func (r *Repository) openPacks() {
	seen := map[ID]bool{}
	for _, dir := range r.dirs {
		names, err := os.ReadDir(filepath.Join(dir, "pack"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			r.odd = append(r.odd, Gap{Why: fmt.Sprintf("the folder of packs in %s cannot be read", dir)})
		}
		there := map[string]bool{}
		for _, e := range names {
			there[e.Name()] = true
		}
		for _, e := range names {
			name, ok := strings.CutSuffix(e.Name(), ".pack")
			if ok && !strings.HasPrefix(name, ".") && !there[name+".idx"] {
				r.odd = append(r.odd, Gap{Pack: e.Name(), Why: "the pack has no index: what is in it was not read"})
			}
			name, ok = strings.CutSuffix(e.Name(), ".idx")
			if !ok || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			p, err := openPack(filepath.Join(dir, "pack", name), r.hash)
			if err != nil {
				r.odd = append(r.odd, Gap{Pack: name + ".pack", Why: "the pack cannot be opened: " + err.Error()})
				continue
			}
			if sum := p.x.pack(); seen[sum] { // the same pack through an alternate
				p.close()
				continue
			} else {
				seen[sum] = true
			}
			r.packs = append(r.packs, p)
		}
	}
	slices.SortFunc(r.packs, func(a, b *packFile) int {
		if a.x.n != b.x.n {
			return b.x.n - a.x.n
		}
		return a.x.pack().Compare(b.x.pack())
	})
	next := int64(0)
	for i, p := range r.packs {
		if next+int64(p.x.n) > math.MaxInt32/2 {
			for _, q := range r.packs[i:] {
				r.odd = append(r.odd, Gap{Pack: q.name, Why: "there are more objects than can be counted here"})
				q.close()
			}
			r.packs = r.packs[:i]
			return
		}
		p.first = int32(next)
		next += int64(p.x.n)
	}
}

func openPack(path string, hash int) (*packFile, error) {
	p := &packFile{name: filepath.Base(path) + ".pack"}
	for _, end := range []string{".idx", ".pack"} {
		if err := regular(path + end); err != nil {
			return nil, err
		}
	}
	var err error
	if p.side, err = mapFile(path + ".idx"); err != nil {
		return nil, err
	}
	if p.x, err = parseIndex(p.side.b, hash); err == nil {
		p.data, err = mapFile(path + ".pack")
	}
	if err == nil && len(p.data.b) < 12+hash {
		err = errors.New("it is cut off")
	}
	if err != nil {
		p.close()
		return nil, err
	}
	b := p.data.b
	p.end = int64(len(b) - hash)
	doubt := func(bad bool, what string) {
		if bad {
			p.faint = append(p.faint, what)
		}
	}
	doubt(string(b[:4]) != "PACK" || binary.BigEndian.Uint32(b[4:])-2 > 1, "it does not begin as a pack of version 2 or 3")
	doubt(int64(binary.BigEndian.Uint32(b[8:])) != int64(p.x.n), "it does not have as many objects as its index")
	doubt(rawID(b[p.end:]) != p.x.pack(), "its index was made for another pack")
	return p, nil
}

func (p *packFile) close() error {
	err := p.data.close()
	if other := p.side.close(); err == nil {
		err = other
	}
	return err
}

// A header is what stands before an object's packed bytes.
type header struct {
	kind   Kind
	size   uint64 // of what the stream holds
	stream int64  // where it begins
	base   int64  // byOffset: where the base's header is
	id     []byte // byID: the base
}

var (
	errHeader = errors.New("its header is not one of a packed object")
	errBase   = errors.New("its delta base lies outside of the pack")
	errStream = errors.New("its bytes are not those that were packed (checksum)")
	errCircle = errors.New("its delta bases go around in a circle")
	errTarget = errors.New("its delta does not fit its base")
)

// header reads what stands at an offset.
func (p *packFile) header(at int64) (h header, err error) {
	if at < 12 || at >= p.end {
		return h, errBase
	}
	b := p.data.b[at:p.end]
	c := b[0]
	h.kind, h.size = Kind(c>>4&7), uint64(c&15)
	i := 1
	for shift := 4; c&0x80 != 0; shift += 7 {
		if i >= len(b) || shift > 57 {
			return h, errHeader
		}
		c = b[i]
		h.size |= uint64(c&0x7f) << shift
		i++
	}
	switch h.kind {
	case byOffset:
		back := uint64(0)
		for more := true; more; i++ {
			if i >= len(b) || back > 1<<55 {
				return h, errHeader
			}
			more = b[i]&0x80 != 0
			back = back<<7 | uint64(b[i]&0x7f)
			if more {
				back++
			}
		}
		if h.base = at - int64(back); back == 0 || h.base < 12 {
			return h, errBase
		}
	case byID:
		if i+p.x.hash > len(b) {
			return h, errHeader
		}
		h.id = b[i : i+p.x.hash]
		i += p.x.hash
	case Commit, Tree, Blob, Tag:
	default:
		return h, errHeader
	}
	h.stream = at + int64(i)
	return h, nil
}

// unpack appends the size bytes of the stream between two offsets to dst.
func (p *packFile) unpack(dst []byte, stream, end int64, size int) ([]byte, error) {
	out, _, err := inflate.Zlib(dst, p.data.b[stream:end], size)
	return out, err
}
