package signet

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	key, made, err := LoadOrCreate(dir, "li")
	if err != nil || !made {
		t.Fatal(made, err)
	}
	again, made, err := LoadOrCreate(dir, "li")
	if err != nil || made || again.Fingerprint() != key.Fingerprint() {
		t.Fatal(made, err)
	}
	msg := []byte("sha256:…")
	sig := key.Sign("approval", msg)
	pub, err := Decode(key.Encoded())
	if err != nil || !Verify(pub, "approval", msg, sig) {
		t.Error("the signature does not verify", err)
	}
	if Verify(pub, "export", msg, sig) || Verify(pub, "approval", msg[1:], sig) || Verify(nil, "approval", msg, sig) {
		t.Error("a signature holds for what was not signed")
	}
	if _, err := Decode("AAAA"); err == nil {
		t.Error("decoded a short key")
	}
	path := filepath.Join(dir, File)
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	os.Chmod(path, 0o640)
	if _, _, err := LoadOrCreate(dir, "li"); !errors.Is(err, ErrExposed) {
		t.Errorf("%v", err)
	}
	os.WriteFile(path, []byte("nonsense"), 0o600)
	os.Chmod(path, 0o600)
	if _, made, err := LoadOrCreate(dir, "li"); err == nil || made {
		t.Error("replaced a file it does not understand")
	}
}

func TestTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	prints := make([]string, 8)
	var wg sync.WaitGroup
	for i := range prints {
		wg.Go(func() {
			key, _, err := LoadOrCreate(dir, "li")
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = key.Fingerprint()
		})
	}
	wg.Wait()
	for _, p := range prints {
		if p != prints[0] {
			t.Fatalf("two keys: %v", prints)
		}
	}
}

func TestDir(t *testing.T) {
	for env, want := range map[[2]string]string{
		{"CORDON_CONFIG_DIR", "/a"}: "/a",
		{"XDG_CONFIG_HOME", "/x"}:   "/x/cordon",
		{"HOME", "/h"}:              "/h/.config/cordon",
		{"XDG_CONFIG_HOME", "rel"}:  "",
	} {
		got, err := Dir(func(k string) string {
			if k == env[0] {
				return env[1]
			}
			return ""
		})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%v: %q, %v", env, got, err)
		}
	}
}
