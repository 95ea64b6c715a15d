package incident

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/evidence"
	"cordon/internal/signet"
)

func filled(t *testing.T) *Case {
	t.Helper()
	c := create(t, t.TempDir())
	c.SaveSnapshot([]byte("{}"))
	c.AddNote(Note{By: "li", Text: "note"})
	store, err := evidence.Open(c.Evidence(), evidence.Options{Who: "li"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(context.Background(), evidence.Item{Name: "user data"}, []byte("canary")); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(c.Path(".tmp-1"), nil, 0o600)
	os.Symlink("/etc/passwd", c.Path("trail", "link"))
	if err := c.Lock("test", night); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExport(t *testing.T) {
	c := filled(t)
	key, _, err := signet.LoadOrCreate(t.TempDir(), "li")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.ExportAs(&b, Archive{Head: "9f1c", At: night, Signers: []*signet.Key{key}}); err != nil {
		t.Fatal(err)
	}
	v, err := VerifyExport(bytes.NewReader(b.Bytes()))
	if err != nil || !v.Sound() || v.ID != c.ID || v.Head != "9f1c" || len(v.Signed) != 1 || v.Signed[0].Fingerprint != key.Fingerprint() {
		t.Errorf("%+v, %v", v, err)
	}
	if len(v.LeftOut) != 2 || !slices.Contains(v.LeftOut, "trail/link") {
		t.Errorf("left out %v", v.LeftOut)
	}
	dir := t.TempDir()
	unpack(t, b.Bytes(), dir)
	check := exec.Command("sha256sum", "-c", "--quiet", sumsFile)
	check.Dir = filepath.Join(dir, c.ID)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %s %v", out, err)
	}
	for _, name := range []string{lockFile, ".tmp-1"} {
		if _, err := os.Stat(filepath.Join(dir, c.ID, name)); err == nil {
			t.Errorf("%s went along", name)
		}
	}
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if data, _ := os.ReadFile(path); bytes.Contains(data, []byte("canary")) {
			t.Errorf("%s holds a secret", path)
		}
		return nil
	})

	b.Reset()
	if err := c.ExportAs(&b, Archive{Plain: true}); err != nil {
		t.Fatal(err)
	}
	if v, err := VerifyExport(bytes.NewReader(b.Bytes())); err != nil || !v.Sound() || len(v.LeftOut) != 1 || len(v.Signed) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	b.Reset()
	if err := c.Export(&b, "head"); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 10, b.Len() / 2, b.Len() - 1} {
		if v, err := VerifyExport(bytes.NewReader(b.Bytes()[:n])); err == nil {
			t.Errorf("an archive cut at %d verifies: %+v", n, v)
		}
	}
}

// each walks the files of an archive.
func each(t *testing.T, archive []byte, visit func(h *tar.Header, data []byte)) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(r)
		visit(h, data)
	}
}

func unpack(t *testing.T, archive []byte, dir string) {
	each(t, archive, func(h *tar.Header, data []byte) {
		path := filepath.Join(dir, h.Name)
		os.MkdirAll(filepath.Dir(path), 0o700)
		os.WriteFile(path, data, 0o600)
	})
}

func TestExportTampering(t *testing.T) {
	c := filled(t)
	key, _, err := signet.LoadOrCreate(t.TempDir(), "li")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.ExportAs(&b, Archive{Signers: []*signet.Key{key}, Plain: true}); err != nil {
		t.Fatal(err)
	}
	type change func(h *tar.Header, data []byte) (string, []byte, bool) // name, data, keep
	on := func(suffix string, f func(string, []byte) (string, []byte, bool)) change {
		return func(h *tar.Header, data []byte) (string, []byte, bool) {
			if strings.HasSuffix(h.Name, suffix) {
				return f(h.Name, data)
			}
			return h.Name, data, true
		}
	}
	for name, ch := range map[string]change{
		"altered":     on("notes.jsonl", func(n string, d []byte) (string, []byte, bool) { return n, append(d, ' '), true }),
		"taken away":  on("notes.jsonl", func(n string, d []byte) (string, []byte, bool) { return n, d, false }),
		"renamed":     on("notes.jsonl", func(n string, d []byte) (string, []byte, bool) { return n + "2", d, true }),
		"climbing":    on("notes.jsonl", func(n string, d []byte) (string, []byte, bool) { return c.ID + "/../x", d, true }),
		"other top":   on("notes.jsonl", func(n string, d []byte) (string, []byte, bool) { return "x/notes.jsonl", d, true }),
		"added":       func(h *tar.Header, d []byte) (string, []byte, bool) { return h.Name, d, true },
		"no sums":     on("/SHA256SUMS", func(n string, d []byte) (string, []byte, bool) { return n, d, false }),
		"sums shrunk": on("/SHA256SUMS", func(n string, d []byte) (string, []byte, bool) { return n, d[bytes.IndexByte(d, '\n')+1:], true }),
		"signature": on("/SHA256SUMS.json", func(n string, d []byte) (string, []byte, bool) {
			return n, bytes.Replace(d, []byte(`"signature": "`), []byte(`"signature": "AAAA`), 1), true
		}),
	} {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		w := tar.NewWriter(z)
		each(t, b.Bytes(), func(h *tar.Header, data []byte) {
			n, d, keep := ch(h, data)
			if !keep {
				return
			}
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: n, Mode: 0o600, Size: int64(len(d))})
			w.Write(d)
		})
		if name == "added" {
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: c.ID + "/evidence/more", Mode: 0o600})
		}
		w.Close()
		z.Close()
		if v, err := VerifyExport(&out); err == nil && v.Sound() {
			t.Errorf("%s: verifies: %+v", name, v)
		}
	}
}
