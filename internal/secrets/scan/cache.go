package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"cordon/internal/durable"
	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// A memory has what candidates turned out to hold, by their ids, so that they are
// not read again. It has no value of a secret: fingerprints, ids, last fours and
// lengths. What it says holds for one set of rules and one key of fingerprints.
type memory struct {
	file  string
	kept  kept
	fresh map[string]remembered // by the bytes of the id
}

// remembered is one candidate; most hold nothing.
type remembered struct {
	kind  pack.Kind
	head  int
	short bool // may be the target of a symbolic link
	found []leak.Found
}

// mostRemembered bounds the file; beyond it nothing more is remembered.
const mostRemembered = 100_000

func (s *Scan) memory() *memory {
	m := &memory{fresh: map[string]remembered{}}
	if s.o.Cache == "" {
		return m
	}
	key := sha256.Sum256(s.o.Key)
	m.file = filepath.Join(s.o.Cache, "found-"+s.o.leak().RulesHash()+"-"+hex.EncodeToString(key[:6]))
	if body, err := os.ReadFile(m.file); err == nil { // else there is none yet
		m.kept = readKept(body) // of what is not ours everything is read anew
	}
	return m
}

// kept is the file: a line that names the format, how many records follow of each
// kind, objects in the order of their ids, what was found in them, where each text
// ends, the texts, each once, and the SHA-256 of all this. Numbers are
// little-endian, of four bytes where not said otherwise.
type kept struct {
	objects []byte // length of the id (1 byte), id (32), kind (1), short (1), head, first found, how many
	found   []byte // twelve texts, four numbers
	texts   []string
	through [][]string // of the same, what they say as steps
}

const (
	keptFormat  = "cordon found 2\n"
	objectWidth = 1 + 32 + 1 + 1 + 4 + 4 + 4
	foundWidth  = (12 + 4) * 4
)

// u32 reads a number. What is larger than any file that is kept stays so, and the
// sum of two is a number still where an int has 32 bits.
func u32(b []byte) int { return int(min(binary.LittleEndian.Uint32(b), 1<<30-1)) }

// texts are the words of something found, in the order in which they are kept.
func texts(f *leak.Found) [12]string {
	return [...]string{
		f.Rule, f.Vendor, string(f.Class), string(f.Confidence), f.ID, f.Last4, f.Fingerprint, strings.Join(f.Through, ","), f.Account, f.Canary, f.Allowed, f.Pair,
	}
}

const throughText = 7

// readKept reads a file; nothing where it is not one, or damaged. Whatever the
// bytes are: every number in what it returns is of something that is there.
func readKept(b []byte) kept {
	const head = len(keptFormat) + 3*4
	if len(b) < head+sha256.Size || string(b[:len(keptFormat)]) != keptFormat {
		return kept{}
	}
	end := len(b) - sha256.Size
	if sum := sha256.Sum256(b[:end]); !bytes.Equal(sum[:], b[end:]) {
		return kept{}
	}
	objects, found, texts := u32(b[head-12:]), u32(b[head-8:]), u32(b[head-4:])
	b = b[head:end]
	if int64(objects)*objectWidth+int64(found)*foundWidth+int64(texts)*4 > int64(len(b)) {
		return kept{}
	}
	k := kept{texts: make([]string, texts), through: make([][]string, texts)}
	k.objects, b = b[:objects*objectWidth], b[objects*objectWidth:]
	k.found, b = b[:found*foundWidth], b[found*foundWidth:]
	ends, letters := b[:texts*4], string(b[texts*4:])
	last := 0
	for i := range k.texts {
		to := u32(ends[4*i:])
		if to < last || to > len(letters) {
			return kept{}
		}
		k.texts[i], last = letters[last:to], to
	}
	for o := k.objects; len(o) > 0; o = o[objectWidth:] {
		if o[0] > 32 || u32(o[39:])+u32(o[43:]) > found {
			return kept{}
		}
	}
	for f := k.found; len(f) > 0; f = f[foundWidth:] {
		for i := range 12 {
			if u32(f[4*i:]) >= texts {
				return kept{}
			}
		}
		if at := u32(f[4*throughText:]); k.through[at] == nil && k.texts[at] != "" {
			k.through[at] = strings.Split(k.texts[at], ",")
		}
	}
	return k
}

func (k *kept) len() int            { return len(k.objects) / objectWidth }
func (k *kept) object(i int) []byte { return k.objects[i*objectWidth:][:objectWidth] }
func (k *kept) id(i int) []byte     { o := k.object(i); return o[1 : 1+o[0]] }
func (k *kept) remembered(i int) remembered {
	o := k.object(i)
	r := remembered{kind: pack.Kind(o[33]), short: o[34] != 0, head: u32(o[35:])}
	n := u32(o[43:])
	if n == 0 {
		return r
	}
	r.found = make([]leak.Found, n)
	for i := range r.found {
		b := k.found[(u32(o[39:])+i)*foundWidth:]
		text := func(i int) string { return k.texts[u32(b[4*i:])] }
		number := func(i int) int { return int(int32(binary.LittleEndian.Uint32(b[48+4*i:]))) }
		r.found[i] = leak.Found{
			Rule: text(0), Vendor: text(1), Class: leak.Class(text(2)), Confidence: leak.Confidence(text(3)), ID: text(4), Last4: text(5), Fingerprint: text(6),
			Through: k.through[u32(b[4*throughText:])], Account: text(8), Canary: text(9), Allowed: text(10), Pair: text(11),
			Line: number(0), Column: number(1), Distance: number(2), Length: number(3),
		}
	}
	return r
}

// recall is what a candidate is known to hold. Where values are needed only one
// that holds nothing is known.
func (m *memory) recall(id pack.ID, values bool) (remembered, bool) {
	if m.kept.len() == 0 {
		return remembered{}, false
	}
	raw := id.Bytes()
	i, ok := sort.Find(m.kept.len(), func(i int) int { return bytes.Compare(raw, m.kept.id(i)) })
	if !ok || values && u32(m.kept.object(i)[43:]) > 0 {
		return remembered{}, false
	}
	return m.kept.remembered(i), true
}

// keep remembers a candidate that was read without a gap. What stands in an
// archive is not remembered: the names in it may hold secrets themselves.
func (m *memory) keep(o object) {
	if m.file == "" || m.kept.len()+len(m.fresh) >= mostRemembered {
		return
	}
	for _, f := range o.found {
		if slices.ContainsFunc(f.Through, func(t string) bool { return !slices.Contains(plainSteps, t) }) {
			return
		}
	}
	m.fresh[string(o.id.Bytes())] = remembered{o.kind, o.head, o.short, o.found}
}

// plainSteps of decoding name nothing that stands in a repository.
var plainSteps = []string{"base64", "escapes", "utf-16le", "utf-16be", "gzip", "zstd", "bzip2"}

// save writes what was learnt. That it could not be written costs the next scan
// time, and nothing else.
func (m *memory) save() {
	if len(m.fresh) == 0 {
		return
	}
	for i := range m.kept.len() {
		if id := string(m.kept.id(i)); m.fresh[id].kind == 0 {
			m.fresh[id] = m.kept.remembered(i)
		}
	}
	if err := os.MkdirAll(filepath.Dir(m.file), durable.DirMode); err == nil {
		_ = durable.Write(m.file, encodeKept(m.fresh))
	}
}

func encodeKept(all map[string]remembered) []byte {
	var objects, found, ends []byte
	var letters strings.Builder
	at := map[string]int{}
	le := binary.LittleEndian
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		var name [32]byte
		copy(name[:], id)
		objects = append(append(objects, byte(len(id))), name[:]...)
		short := byte(0)
		if r.short {
			short = 1
		}
		objects = append(objects, byte(r.kind), short)
		for _, n := range []int{r.head, len(found) / foundWidth, len(r.found)} {
			objects = le.AppendUint32(objects, uint32(n))
		}
		for i := range r.found {
			f := &r.found[i]
			for _, text := range texts(f) {
				n, ok := at[text]
				if !ok {
					n = len(at)
					at[text] = n
					letters.WriteString(text)
					ends = le.AppendUint32(ends, uint32(letters.Len()))
				}
				found = le.AppendUint32(found, uint32(n))
			}
			for _, n := range []int{f.Line, f.Column, f.Distance, f.Length} {
				found = le.AppendUint32(found, uint32(int32(n)))
			}
		}
	}
	b := []byte(keptFormat)
	for _, n := range []int{len(objects) / objectWidth, len(found) / foundWidth, len(at)} {
		b = le.AppendUint32(b, uint32(n))
	}
	b = slices.Concat(b, objects, found, ends, []byte(letters.String()))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}
