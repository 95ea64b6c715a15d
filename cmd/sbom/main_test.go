package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The test's own program is one that the linker told what it is built of.
func TestDescribesItsOwnProgram(t *testing.T) {
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run(out, me, "v9"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs differ")
	}
	var b bom
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || len(b.Metadata.Component.Hashes) != 1 || len(b.Metadata.Component.Hashes[0].Content) != 64 || b.Metadata.Component.Version != "v9" {
		t.Errorf("%+v", b.Metadata)
	}
	if len(b.Components) == 0 || b.Components[0].Name != "stdlib" || !strings.HasPrefix(b.Components[0].Version, "go1.") {
		t.Errorf("the standard library is not the first component: %+v", b.Components)
	}
	if len(b.Dependencies) != 1 || len(b.Dependencies[0].DependsOn) != len(b.Components) {
		t.Errorf("%+v", b.Dependencies)
	}
	if err := run(&first, "main_test.go", ""); err == nil {
		t.Error("a text was taken for a program")
	}
}
