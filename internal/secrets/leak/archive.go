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

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// File finds what stands in the content of one file, in archives and in text of
// two bytes a character too. What could not be read is a Gap: a file with one is
// not known to be clean.
func (d *Detector) File(body []byte) ([]Found, []Gap) {
	d.spent, d.parts = 0, 0
	return d.layer(body, nil, 0)
}

// form tells how the beginning of a file says that it has to be unpacked.
func form(head []byte) string {
	for _, m := range magic {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			return m.form
		}
	}
	return ""
}

var magic = []struct {
	at          int
	bytes, form string
}{
	{0, "PK\x03\x04", "zip"}, {0, "PK\x05\x06", "zip"}, {0, "\x1f\x8b\x08", "gzip"}, {0, "\x28\xb5\x2f\xfd", "zstd"}, {0, "BZh", "bzip2"},
	{257, "ustar", "tar"}, {0, "7z\xbc\xaf\x27\x1c", "7z"}, {0, "Rar!\x1a\x07", "rar"}, {0, "\xfd7zXZ\x00", "xz"},
}

// layer reads one body, and what it contains, one layer deeper each time.
func (d *Detector) layer(body []byte, through []string, depth int) ([]Found, []Gap) {
	kind := form(body)
	if kind == "bzip2" && (len(body) < 10 || string(body[4:10]) != "1AY&SY") {
		kind = "" // a text that begins with these letters
	}
	if kind == "" {
		if w := wide(body[:min(len(body), 1024)]); w != "" {
			return d.text(narrow(body, w), append(slices.Clone(through), w), 0), nil
		}
		return d.text(body, through, 0), nil
	}
	if d.o.Depth < 0 || depth >= d.o.Depth {
		return nil, []Gap{{Through: append(slices.Clone(through), kind), Why: "too-deep"}}
	}
	u := &unpacking{Detector: d, through: append(slices.Clone(through), kind), depth: depth}
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
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeSymlink {
			continue
		}
		at := append(slices.Clone(u.through), h.Name)
		if h.Linkname != "" {
			u.found = append(u.found, u.Detector.text([]byte(h.Linkname), at, 0)...)
			continue
		}
		if err := u.member(in, at); errors.Is(err, errMany) {
			return err
		} else if err != nil {
			u.gap(at, err)
		}
	}
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
