package corpus

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordon/internal/event"
)

// documents are the files of a tree, unpacked.
func documents(t *testing.T, dir string) map[string][]byte {
	all := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(dir, "AWSLogs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		packed, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)], err = io.ReadAll(r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMake(t *testing.T) {
	dir := t.TempDir()
	spec := Spec{6000, 300, 1}
	c, err := Make(dir, spec, 2)
	if err != nil {
		t.Fatal(err)
	}
	ids, raided, records, size, names := map[string]bool{}, 0, 0, int64(0), map[string]bool{}
	files := documents(t, dir)
	for name, b := range files {
		var doc struct{ Records []json.RawMessage }
		if err := json.Unmarshal(b, &doc); err != nil || len(doc.Records) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		size += int64(len(b))
		for _, raw := range doc.Records {
			e, err := event.Parse(raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			records++
			ids[e.ID] = true
			names[e.Source+e.Name] = true
			if e.Address == intruderAddresses[0] || e.Address == intruderAddresses[1] {
				raided++
				if e.Credential != c.Truth.Key || e.Time.Before(c.Truth.First) || e.Time.After(c.Truth.Last) {
					t.Errorf("the intruder's event %s is not what the truth says", e.ID)
				}
				if e.ID == c.Truth.Creator && !bytes.Contains(e.Response, []byte(c.Truth.Instance)) {
					t.Error("the creator did not create it")
				}
			}
			if !strings.Contains(name, "/"+e.Account+"/CloudTrail/"+e.Region+"/") {
				t.Errorf("an event of %s %s in %s", e.Account, e.Region, name)
			}
		}
	}
	if len(ids) != spec.Events || len(files) != spec.Files || raided != 574 || raided != c.Truth.Events {
		t.Errorf("%d events in %d files, %d of the intruder", len(ids), len(files), raided)
	}
	if records != c.Records || size != c.JSON || records <= len(ids) || records > len(ids)*101/100 {
		t.Errorf("%d records of %d, %d bytes of %d", records, c.Records, size, c.JSON)
	}
	if mean := size / int64(records); mean < 1300 || mean > 1450 {
		t.Errorf("%d bytes per record", mean)
	}
	if len(names) < 80 {
		t.Errorf("only %d calls", len(names))
	}
}

// TestSame: whatever the number of workers, and only when it has to be made.
func TestSame(t *testing.T) {
	sum := func(dir string, workers int, seed uint64) [32]byte {
		if _, err := Make(dir, Spec{3000, 150, seed}, workers); err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(fmt.Append(nil, documents(t, dir)))
	}
	dir := t.TempDir()
	first := sum(dir, 1, 1)
	if sum(t.TempDir(), 3, 1) != first {
		t.Error("three workers make another corpus")
	}
	stray := filepath.Join(dir, "AWSLogs", "stray.json.gz")
	if err := os.WriteFile(stray, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(dir, Spec{3000, 150, 1}, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stray); err != nil {
		t.Error("a corpus that is there was made again")
	}
	if sum(dir, 1, 2) == first {
		t.Error("another seed makes the same")
	}
	if _, err := os.Stat(stray); err == nil {
		t.Error("the corpus before is still there")
	}
	if _, err := Make(t.TempDir(), Spec{10, 20, 1}, 1); err == nil {
		t.Error("more files than events")
	}
}
