package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	fastgzip "github.com/klauspost/compress/gzip"
)

// text is like a log file: records that repeat each other, and identifiers that
// do not.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for b.Len() < n {
		fmt.Fprintf(&b, `{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%04X:worker-%d","arn":"arn:aws:sts::111122223333:assumed-role/worker/%d","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%05X"},"eventTime":"2026-11-%02dT%02d:%02d:%02dZ","eventSource":"ec2.amazonaws.com","eventName":"%s","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.%d","userAgent":"aws-cli/2.15.30 Python/3.11.8 Linux/6.1","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-%017x"}]},"filterSet":{}},"responseElements":null,"requestID":"%08x-%04x-%04x-%012x","eventID":"%08x-%04x-%04x-%012x","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"},`,
			r.IntN(20), r.IntN(50), r.IntN(50), r.IntN(99), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60),
			[]string{"DescribeInstances", "RunInstances", "DescribeVolumes", "GetConsoleOutput"}[r.IntN(4)], r.IntN(256), r.Uint64(), r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16)
	}
	return b.Bytes()[:n]
}

func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// mixed has matches at every distance, near ones above all.
func mixed(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	var b []byte
	for len(b) < n {
		if len(b) > 10 && r.IntN(3) > 0 {
			d := 1 + r.IntN(min(len(b), 1<<r.IntN(16)))
			for range 3 + r.IntN(1<<r.IntN(10)) {
				b = append(b, b[len(b)-d])
			}
			continue
		}
		b = append(b, byte(r.IntN(1<<r.IntN(9))))
	}
	return b[:n]
}

func pack(t testing.TB, b []byte, level int) []byte {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// same compares with compress/gzip: same bytes, and an error when it has one.
func same(t testing.TB, src []byte, limit int) {
	t.Helper()
	var want []byte
	r, wantErr := gzip.NewReader(bytes.NewReader(src))
	if wantErr == nil {
		want, wantErr = io.ReadAll(io.LimitReader(r, int64(limit)+1))
	}
	large := len(want) > limit
	if large {
		want, wantErr = want[:limit], ErrLarge
	}
	for _, dst := range [][]byte{nil, []byte("before"), make([]byte, 3, 100), make([]byte, 0, len(want)), make([]byte, 0, len(want)+slack), make([]byte, 0, 2*len(want)+1000)} {
		before := bytes.Clone(dst)
		got, err := Gunzip(dst, src, limit)
		if !bytes.HasPrefix(got, before) {
			t.Fatal("what stood before was changed")
		}
		got = got[len(before):]
		if (err == nil) != (wantErr == nil) || large != errors.Is(err, ErrLarge) || err != nil && !large && err.Error() != "cannot unpack: "+wantErr.Error() {
			t.Fatalf("%v, want %v", err, wantErr)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, want %d, or others", len(got), len(want))
		}
	}
}

func inputs() map[string][]byte {
	return map[string][]byte{
		"nothing": {}, "one": {7}, "zeros": make([]byte, 70000), "text": text(40000, 1), "long text": text(300000, 2), "noise": noise(70000, 3),
		"mixed": mixed(90000, 4), "pairs": bytes.Repeat([]byte("ab"), 3000), "sevens": bytes.Repeat([]byte("abcdefg"), 3000),
		"small": text(300, 5), "mixed small": mixed(2000, 6), "noise and text": append(noise(5000, 7), text(50000, 8)...),
	}
}

func TestLevels(t *testing.T) {
	for name, in := range inputs() {
		for level := gzip.HuffmanOnly; level <= gzip.BestCompression; level++ {
			t.Run(fmt.Sprint(name, " ", level), func(t *testing.T) {
				z := pack(t, in, level)
				got, err := Gunzip(nil, z, len(in))
				if err != nil || !bytes.Equal(got, in) {
					t.Fatalf("%v, %d bytes of %d", err, len(got), len(in))
				}
				limits := []int{0, len(in) / 2, len(in) - 1, len(in), len(in) + slack, 1 << 40}
				if len(in) == 0 || len(in) > 1<<16 && level != 1 {
					limits = []int{0, 1 << 40}
				}
				for _, limit := range limits {
					same(t, z, limit)
				}
			})
		}
	}
}

// TestFast says that usual files do not take the way around.
func TestFast(t *testing.T) {
	for name, in := range inputs() {
		for _, level := range []int{gzip.HuffmanOnly, gzip.NoCompression, 1, 6, 9} {
			d := new(decoder)
			if out, s := d.members(nil, pack(t, in, level), 1<<30); s != done || !bytes.Equal(out, in) {
				t.Errorf("%s at level %d: state %d", name, level, s)
			}
		}
	}
	// The fixed codes, with input long enough for the fast loop and matches.
	d := new(decoder)
	if out, s := d.members(nil, fixedFile(), 1<<20); s != done || !bytes.Equal(out, []byte(strings.Repeat("x", 1+258*20))) {
		t.Errorf("fixed codes: state %d, %d bytes", s, len(out))
	}
}

// fixedFile is one literal and twenty matches in fixed codes.
func fixedFile() []byte {
	var b []byte
	at := 0
	put := func(v, n int) {
		for k := range n {
			if at&7 == 0 {
				b = append(b, 0)
			}
			b[at>>3] |= byte(v>>k&1) << (at & 7)
			at++
		}
	}
	put(3, 3)
	put(reversed('x'+0x30, 8), 8)
	for range 20 {
		put(reversed(0b11000101, 8), 8) // 258
		put(0, 5)                       // one back
	}
	put(0, 7)
	z := pack(nil, bytes.Repeat([]byte("x"), 1+258*20), 6)
	return append(append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, b...), z[len(z)-8:]...)
}

func TestFixed(t *testing.T) { same(t, fixedFile(), 1<<20) }

func TestMembers(t *testing.T) {
	a, b, none := pack(t, text(5000, 1), 6), pack(t, mixed(9000, 2), 1), pack(t, nil, 6)
	for name, parts := range map[string][][]byte{
		"two": {a, b}, "empty between": {a, none, none, b}, "only empty": {none, none}, "many": slicesRepeat(a, 40),
		"trailing zero": {a, {0}}, "trailing zeros": {a, make([]byte, 40)}, "trailing text": {a, []byte("and so on, and so on")},
		"header only": {a, b[:10]}, "second cut": {a, b[:200]}, "nothing": {}, "no gzip": {[]byte(`{"Records":[]}`)},
		"back into the member before": {a, outside()},
	} {
		t.Run(name, func(t *testing.T) { same(t, bytes.Join(parts, nil), 1<<20) })
	}
}

func slicesRepeat(b []byte, n int) (all [][]byte) {
	for range n {
		all = append(all, b)
	}
	return all
}

// outside is a member whose match reaches before its beginning.
func outside() []byte {
	var b bytes.Buffer
	b.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	w, _ := flate.NewWriterDict(&b, 9, text(2000, 1))
	w.Write(text(1500, 1))
	w.Close()
	b.Write(make([]byte, 8))
	return b.Bytes()
}

func TestHeaders(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra field")
	w.Write(text(3000, 1))
	w.Close()
	same(t, z.Bytes(), 1<<20)
	if _, s := new(decoder).members(nil, z.Bytes(), 1<<20); s != done {
		t.Error("header fields take the way around")
	}
	for i := range 60 {
		same(t, z.Bytes()[:i], 1<<20)
		bad := bytes.Clone(z.Bytes())
		for bit := range 8 {
			bad[i] ^= 1 << bit
			same(t, bad, 1<<20)
		}
	}
	w = gzip.NewWriter(&z)
	w.Name = strings.Repeat("n", 505)
	w.Write([]byte("x"))
	w.Close()
	same(t, z.Bytes(), 1<<20)
}

func TestTruncated(t *testing.T) {
	for _, in := range [][]byte{text(2500, 1), mixed(1500, 2), noise(500, 3)} {
		for _, level := range []int{0, 1, 9} {
			z := pack(t, in, level)
			for i := range z {
				same(t, z[:i], 1<<20)
			}
			got, err := Gunzip(nil, z[:len(z)-9], 1<<20)
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) == 0 {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
	}
}

func TestFlipped(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, in := range [][]byte{text(6000, 1), mixed(3000, 2)} {
		z := pack(t, in, 6)
		for range 400 {
			bad := bytes.Clone(z)
			for range 1 + r.IntN(2) {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			same(t, bad, 1<<16)
		}
	}
}

// TestBomb: what comes out bounds the memory, not what is claimed.
func TestBomb(t *testing.T) {
	z := pack(t, make([]byte, 30<<20), 9)
	got, err := Gunzip(nil, z, 1<<20)
	if !errors.Is(err, ErrLarge) || len(got) != 1<<20 || cap(got) > 3<<20 {
		t.Errorf("%d bytes of %d, %v", len(got), cap(got), err)
	}
	lie := pack(t, text(1000, 1), 6)
	copy(lie[len(lie)-4:], "\xff\xff\xff\x7f")
	got, err = Gunzip(nil, lie, 1<<30)
	if !errors.Is(err, gzip.ErrChecksum) || len(got) != 1000 || cap(got) > 1<<16 {
		t.Errorf("%d bytes of %d, %v", len(got), cap(got), err)
	}
}

func TestNoGarbage(t *testing.T) {
	z := pack(t, text(30000, 1), 6)
	buf := make([]byte, 0, 40000)
	if n := testing.AllocsPerRun(50, func() { Gunzip(buf, z, 1<<20) }); n > 0.5 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzGunzip(f *testing.F) {
	for _, in := range inputs() {
		if len(in) < 50000 {
			f.Add(pack(f, in, 6))
			f.Add(pack(f, in, 1))
		}
	}
	f.Add(fixedFile())
	f.Add(bytes.Join(slicesRepeat(pack(f, []byte("member"), 6), 3), nil))
	f.Fuzz(func(t *testing.T, src []byte) {
		same(t, src, 1<<18)
		// The body alone, so that a wrong checksum does not hide what was decoded.
		whole := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, src...)
		same(t, append(whole, make([]byte, 8)...), 1<<18)
	})
}

func BenchmarkGunzip(b *testing.B) {
	for _, size := range []int{12_000, 55_000, 6_000_000} {
		in := text(size, 9)
		z := pack(b, in, 6)
		buf := make([]byte, 0, size+slack)
		b.Run(fmt.Sprint("own/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := Gunzip(buf, z, 1<<30); err != nil {
					b.Fatal(err)
				}
			}
		})
		std, fast := new(gzip.Reader), new(fastgzip.Reader)
		b.Run(fmt.Sprint("compress/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				std.Reset(bytes.NewReader(z))
				if _, err := io.ReadFull(std, buf[:size]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint("klauspost/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				fast.Reset(bytes.NewReader(z))
				if _, err := io.ReadFull(fast, buf[:size]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
