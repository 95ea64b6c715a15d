package evidence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestBooksAreWhatTheChainsEndWith(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	s := open(t, dir, Options{})
	put(t, s, "a", "one")
	put(t, s, "a again", "one")
	put(t, s, "b", "two")
	if blobs := s.Blobs(); len(blobs) != 2 || blobs[0].ID != sum([]byte("one")) || blobs[1].Name != string(sum([]byte("two"))) {
		t.Fatalf("%+v", blobs)
	}
	manifest, custody, err := s.Books()
	if err != nil || manifest.Lines != 3 || custody.Lines != 3 || manifest.ID != sum(manifest.Data) || manifest.Stem() == custody.Stem() {
		t.Fatalf("%+v %+v %v", manifest, custody, err)
	}
	if err := errors.Join(s.Copying("to x"), s.Copied(manifest, "to x"), s.Handed(sum([]byte("one")), "a")); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, s); !r.Sound() {
		t.Errorf("%+v", r)
	}
	if _, later, err := s.Books(); err != nil || later.Stem() == custody.Stem() {
		t.Errorf("a longer log has the same name: %v", err)
	}
	// Somebody else writes, or alters what is copied.
	log := filepath.Join(dir, custodyFile)
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString("{}\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Books(); !errors.Is(err, ErrBroken) {
		t.Errorf("a line of somebody else's: %v", err)
	}
	blob := s.Blobs()[0]
	if data, err := s.Stored(blob); err != nil || string(data) != "one" {
		t.Errorf("%q %v", data, err)
	}
	if err := os.WriteFile(filepath.Join(dir, blob.Name), []byte("0ne"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stored(blob); !errors.Is(err, ErrAltered) {
		t.Errorf("altered: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, blob.Name)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stored(blob); !errors.Is(err, ErrNotThere) {
		t.Errorf("gone: %v", err)
	}
}

func TestReadIdentities(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := ReadIdentities(strings.NewReader("# a remark\n\n" + key.String() + "\n")); err != nil || len(all) != 1 {
		t.Errorf("%v %v", all, err)
	}
	for _, bad := range []string{"", "# only a remark\n", key.String() + "x", "not a key\n"} {
		if _, err := ReadIdentities(strings.NewReader(bad)); err == nil || strings.Contains(err.Error(), key.String()[16:30]) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
