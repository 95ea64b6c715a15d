package leak

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// File finds what stands in the content of one file, in archives and in text of
// two bytes a character too. What could not be read is a Gap: a file with one is
// not known to be clean.
func (d *Detector) File(body []byte) ([]Found, []Gap) {
	d.spent, d.parts, d.crowd = 0, 0, false
	found, gaps := d.layer(body, nil, 0)
	if d.crowd {
		gaps = append(gaps, Gap{Why: "too-many"})
	}
	return found, gaps
}

// form tells how the beginning of a file says that it has to be unpacked.
func form(head []byte) string {
	for _, m := range magic {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			if m.sure == nil || m.sure(head) {
				return m.form
			}
		}
	}
	return ""
}

var magic = []struct {
	at          int
	bytes, form string
	sure        func(head []byte) bool // where the bytes alone could begin a text
}{
	{0, "PK\x03\x04", "zip", nil}, {0, "PK\x05\x06", "zip", nil}, {0, "\x1f\x8b\x08", "gzip", nil}, {0, "\x28\xb5\x2f\xfd", "zstd", nil}, {0, "BZh", "bzip2", nil},
	{257, "ustar", "tar", nil}, {0, "!<arch>\n", "ar", nil}, {0, "7z\xbc\xaf\x27\x1c", "7z", nil}, {0, "Rar!\x1a\x07", "rar", nil}, {0, "\xfd7zXZ\x00", "xz", nil},
	{0, "\x04\x22\x4d\x18", "lz4", nil}, {0, "\x02\x21\x4c\x18", "lz4", nil}, {0, "MSCF\x00\x00\x00\x00", "cab", nil}, {0, "\x5d\x00\x00", "lzma", lzma},
	{0, "# v2 git bundle\n", "git-bundle", nil}, {0, "# v3 git bundle\n", "git-bundle", nil},
	{0, "070701", "cpio", func(h []byte) bool { return len(h) > 110 && digits(h, 110) > 0 }}, {0, "070702", "cpio", func(h []byte) bool { return len(h) > 110 && digits(h, 110) > 0 }},
	{0, "070707", "cpio", func(h []byte) bool { return len(h) > 76 && digits(h, 76) > 0 }},
}

// lzma says whether a size stands in the header: none, or one that is possible.
func lzma(h []byte) bool {
	return len(h) >= 14 && h[13] == 0 && (string(h[5:13]) == strings.Repeat("\xff", 8) || h[10]|h[11]|h[12] == 0)
}

// launched says whether a file may begin with a program and end as a zip: jar files
// that start themselves, pex, shiv, what unpacks itself.
func launched(head []byte) bool {
	if bytes.HasPrefix(head, []byte("#!")) {
		return bytes.Contains(head, []byte("PK\x03\x04")) || bytes.Contains(head, []byte("Spring Boot Startup Script"))
	}
	for _, m := range []string{"MZ", "\x7fELF", "\xcf\xfa\xed\xfe"} {
		if bytes.HasPrefix(head, []byte(m)) {
			return true
		}
	}
	return false
}

// zipEnd says whether a file ends as a zip does: with its directory's end, and a
// comment of at most 64 KiB.
func zipEnd(body []byte) bool {
	const size = 22
	from := max(0, len(body)-size-1<<16)
	n := bytes.LastIndex(body[from:], []byte("PK\x05\x06"))
	end := from + n + size
	return n >= 0 && end <= len(body) && end+int(body[end-2])+int(body[end-1])<<8 == len(body)
}

// layer reads one body, and what it contains, one layer deeper each time.
func (d *Detector) layer(body []byte, through []string, depth int) ([]Found, []Gap) {
	kind := form(body)
	if kind == "bzip2" && (len(body) < 10 || string(body[4:10]) != "1AY&SY") {
		kind = "" // a text that begins with these letters
	}
	if kind == "" && d.o.Depth >= 0 && launched(body[:min(len(body), 8000)]) && zipEnd(body) {
		kind = "zip"
		u := &unpacking{Detector: d, through: append(slices.Clone(through), kind), depth: depth, found: d.text(body, through, 0)}
		return u.all(body, kind)
	}
	if kind == "" {
		if w := wide(body[:min(len(body), 1024)]); w != "" {
			return d.text(narrow(body, w), append(slices.Clone(through), w), 0), nil
		}
		return d.text(body, through, 0), nil
	}
	u := &unpacking{Detector: d, through: append(slices.Clone(through), kind), depth: depth}
	return u.all(body, kind)
}

// all opens an archive, where it is not too deep.
func (u *unpacking) all(body []byte, kind string) ([]Found, []Gap) {
	if u.o.Depth < 0 || u.depth >= u.o.Depth {
		return u.found, []Gap{{Through: u.through, Why: "too-deep"}}
	}
	if err := u.open(kind, body); err != nil {
		u.gap(u.through, err)
	}
	return u.found, u.gaps
}

// An unpacking is one archive being read.
type unpacking struct {
	*Detector
	through []string
	depth   int
	found   []Found
	gaps    []Gap
}

var (
	errLarge  = errors.New("too-large")
	errMany   = errors.New("too-many")
	errLocked = errors.New("encrypted")
	errForm   = errors.New("format")
)

func (u *unpacking) gap(through []string, err error) {
	g := Gap{Through: through, Why: "broken", Detail: err.Error()}
	for _, known := range []error{errLarge, errMany, errLocked, errForm} {
		if errors.Is(err, known) {
			g.Why, g.Detail = known.Error(), ""
		}
	}
	u.gaps = append(u.gaps, g)
}

func (u *unpacking) open(kind string, body []byte) error {
	r := bytes.NewReader(body)
	switch kind {
	case "zip":
		return u.zip(r, int64(len(body)))
	case "tar":
		return u.tar(r)
	case "ar":
		return u.ar(body)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		return u.member(z, nil)
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MostUnpacked), zstd.WithDecoderMaxWindow(32<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		return u.member(z, nil)
	case "bzip2":
		return u.member(bzip2.NewReader(r), nil)
	}
	return errForm // told, not passed over
}

func (u *unpacking) zip(r *bytes.Reader, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	for _, f := range z.File {
		u.name(f.Name)
		if f.FileInfo().IsDir() {
			continue
		}
		at := append(slices.Clone(u.through), f.Name)
		if f.Flags&1 != 0 {
			u.gap(at, errLocked)
			continue
		}
		in, err := f.Open()
		if err == nil {
			err = u.member(in, at)
			_ = in.Close() // it was read, or it failed already
		}
		if errors.Is(err, errMany) {
			return err
		}
		if err != nil {
			u.gap(at, err)
		}
	}
	return nil
}

func (u *unpacking) tar(r io.Reader) error {
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		u.name(h.Name)
		at := append(slices.Clone(u.through), h.Name)
		switch h.Typeflag {
		case tar.TypeSymlink:
			u.found = append(u.found, u.Detector.text([]byte(h.Linkname), at, 0)...)
			continue
		case tar.TypeDir, tar.TypeLink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo, tar.TypeXGlobalHeader:
			continue // no content of its own
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		default:
			u.gap(at, errForm)
			continue
		}
		if err := u.member(in, at); errors.Is(err, errMany) {
			return err
		} else if err != nil {
			u.gap(at, err)
		}
	}
}

// ar reads a Debian package, or a library.
func (u *unpacking) ar(body []byte) error {
	const head = 60
	for body = body[8:]; len(body) > 1; {
		if len(body) < head || body[58] != '`' {
			return errCutOff
		}
		size, err := strconv.Atoi(strings.TrimSpace(string(body[48:58])))
		if err != nil || size < 0 || size > len(body)-head {
			return errCutOff
		}
		name := strings.TrimRight(string(body[:16]), " /")
		at := append(slices.Clone(u.through), name)
		u.name(name)
		if err := u.member(bytes.NewReader(body[head:head+size]), at); errors.Is(err, errMany) {
			return err
		} else if err != nil {
			u.gap(at, err)
		}
		body = body[min(len(body), head+size+size%2):]
	}
	return nil
}

var errCutOff = errors.New("a member's header is not one")

// name looks at what a member is called. It is not told as a part of the place: it
// may be a secret.
func (u *unpacking) name(name string) {
	u.found = append(u.found, u.Detector.text([]byte(name), u.through, 0)...)
}

// member reads one member, as far as the bounds go. A nil place is the whole of a
// stream that holds one thing.
func (u *unpacking) member(in io.Reader, at []string) error {
	if at == nil {
		at = u.through
	}
	if u.parts++; u.parts > MostMembers {
		return errMany
	}
	left := min(MostMember, MostUnpacked-u.spent)
	if left <= 0 {
		return errLarge
	}
	body, err := io.ReadAll(io.LimitReader(in, int64(left)+1))
	if u.spent += len(body); len(body) > left {
		body, err = body[:left], errLarge
	}
	found, gaps := u.layer(body, at, u.depth+1)
	u.found, u.gaps = append(u.found, found...), append(u.gaps, gaps...)
	if err != nil && !errors.Is(err, errLarge) {
		err = fmt.Errorf("cannot unpack all of it: %w", err)
	}
	return err
}
