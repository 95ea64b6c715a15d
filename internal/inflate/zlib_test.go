package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func deflate(t testing.TB, b []byte, level int) []byte {
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// sameZlib compares with compress/zlib: same bytes, as much input, and an error
// when it has one.
func sameZlib(t testing.TB, src []byte, limit int) {
	t.Helper()
	in := bytes.NewReader(src)
	var want []byte
	r, wantErr := zlib.NewReader(in)
	if wantErr == nil {
		want, wantErr = io.ReadAll(io.LimitReader(r, int64(limit)+1))
	}
	large := len(want) > limit
	if large {
		want, wantErr = want[:limit], ErrLarge
	}
	for _, dst := range [][]byte{nil, []byte("before"), make([]byte, 0, len(want)), make([]byte, 0, len(want)+slack), make([]byte, 0, 2*len(want)+1000)} {
		before := bytes.Clone(dst)
		got, used, err := ZlibUpTo(dst, src, limit)
		if !bytes.HasPrefix(got, before) {
			t.Fatal("what stood before was changed")
		}
		got = got[len(before):]
		if (err == nil) != (wantErr == nil) || large != errors.Is(err, ErrLarge) || err != nil && !large && err.Error() != "cannot unpack: "+wantErr.Error() {
			t.Fatalf("%v, want %v", err, wantErr)
		}
		if !bytes.Equal(got, want) || err == nil && used != len(src)-in.Len() {
			t.Fatalf("%d bytes of %d, want %d of %d, or others", len(got), used, len(want), len(src)-in.Len())
		}
		if err != nil {
			continue
		}
		if _, _, err := Zlib(nil, src, len(want)); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []int{len(want) + 1, len(want) - 1, 0} {
			if _, _, err := Zlib(nil, src, wrong); wrong != len(want) && wrong >= 0 && !errors.Is(err, ErrSize) {
				t.Fatalf("%d in place of %d: %v", wrong, len(want), err)
			}
		}
	}
}

func TestZlib(t *testing.T) {
	for name, in := range inputs() {
		t.Run(name, func(t *testing.T) {
			for _, level := range []int{zlib.HuffmanOnly, zlib.NoCompression, 1, 6, 9} {
				z := deflate(t, in, level)
				d := new(decoder)
				if out, used, s := d.zlib(nil, z, len(in)); s != done || used != len(z) || !bytes.Equal(out, in) {
					t.Errorf("level %d takes the way around: state %d", level, s)
				}
				for _, behind := range []int{0, 1, 20} {
					sameZlib(t, append(bytes.Clone(z), noise(behind, 1)...), len(in))
				}
				sameZlib(t, z, len(in)/2)
				sameZlib(t, z, 1<<40)
			}
		})
	}
}

func TestZlibBroken(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, in := range [][]byte{text(2500, 1), mixed(1500, 2), noise(100, 3), nil} {
		for _, level := range []int{0, 1, 9} {
			z := deflate(t, in, level)
			for i := range z {
				sameZlib(t, z[:i], 1<<20)
				bad := bytes.Clone(z)
				bad[i] ^= 1 << r.IntN(8)
				sameZlib(t, bad, 1<<16)
			}
		}
	}
}

// TestZlibMemory: what comes out bounds the memory, not what is claimed.
func TestZlibMemory(t *testing.T) {
	got, _, err := Zlib(nil, deflate(t, text(1000, 1), 6), 1<<30)
	if !errors.Is(err, ErrSize) || cap(got) > 1<<16 {
		t.Errorf("%d bytes of %d, %v", len(got), cap(got), err)
	}
	in := text(30000, 1)
	z, buf := deflate(t, in, 6), make([]byte, 0, len(in)+Slack)
	if n := testing.AllocsPerRun(50, func() { Zlib(buf, z, len(in)) }); n > 0.5 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzZlib(f *testing.F) {
	for _, in := range inputs() {
		if len(in) < 50000 {
			f.Add(deflate(f, in, 6))
			f.Add(deflate(f, in, 1))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		sameZlib(t, src, 1<<18)
		// The body alone, so that a wrong header does not hide it.
		sameZlib(t, append([]byte{0x78, 0x9c}, src...), 1<<18)
	})
}
