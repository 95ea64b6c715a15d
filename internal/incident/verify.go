package incident

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"cordon/internal/signet"
)

// Verified is what VerifyExport found.
type Verified struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Head    string    `json:"head"` // of the journal, when it was exported
	At      time.Time `json:"at"`
	Files   int       `json:"files"`

	Missing  []string `json:"missing,omitempty"`  // in the list, not in the archive
	Altered  []string `json:"altered,omitempty"`  // not the hash of the list, or not that of its own name
	Unlisted []string `json:"unlisted,omitempty"` // in the archive, not in the list
	LeftOut  []string `json:"left_out,omitempty"` // stayed behind, on purpose
	Signed   []Signed `json:"signed,omitempty"`
}

// Signed is one signature over the list of hashes. It names a key; whose key
// that is, the reader must know from elsewhere.
type Signed struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Good        bool   `json:"good"`
}

// Sound says that the archive is whole and that every signature in it is good.
func (v Verified) Sound() bool {
	return len(v.Missing)+len(v.Altered)+len(v.Unlisted) == 0 &&
		!slices.ContainsFunc(v.Signed, func(s Signed) bool { return !s.Good })
}

// smallFile bounds the few files of an archive that are read into memory.
const smallFile = 256 << 20

// VerifyExport reads an archive that Export wrote and hashes everything in it
// again. The error says that it cannot be read; what does not hold is in the
// report.
func VerifyExport(r io.Reader) (Verified, error) {
	got, small, err := hashArchive(r)
	if err != nil {
		return Verified{}, fmt.Errorf("cannot verify the archive: %w", err)
	}
	v := Verified{Files: len(got)}
	want, err := parseSums(small[sumsFile])
	if err != nil {
		return v, fmt.Errorf("cannot verify the archive: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		hash, listed := want[name]
		blob := strings.TrimSuffix(strings.TrimPrefix(name, "evidence/"), ".age")
		switch {
		case name == sumsFile, name == sigFile:
		case !listed:
			v.Unlisted = append(v.Unlisted, name)
		case hash != got[name], strings.HasPrefix(name, "evidence/") && len(blob) == 64 && blob != got[name]:
			v.Altered = append(v.Altered, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, there := got[name]; !there {
			v.Missing = append(v.Missing, name)
		}
	}
	var about exported
	if err := json.Unmarshal(small[exportFile], &about); err != nil {
		return v, fmt.Errorf("cannot verify the archive: %s: %w", exportFile, err)
	}
	v.ID, v.Account, v.Head, v.At, v.LeftOut = about.ID, about.Account, about.Head, about.At, about.LeftOut
	v.Signed, err = signatures(small[sigFile], small[sumsFile])
	return v, err
}

func hashArchive(r io.Reader) (hashes map[string]string, small map[string][]byte, err error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	hashes, small = map[string]string{}, map[string][]byte{}
	top := ""
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		dir, name, ok := strings.Cut(h.Name, "/")
		if top == "" {
			top = dir
		}
		if _, twice := hashes[name]; twice || !ok || dir != top || h.Typeflag != tar.TypeReg || path.Clean("/"+h.Name) != "/"+h.Name {
			return nil, nil, fmt.Errorf("it holds %q, which no export writes", h.Name)
		}
		sum := sha256.New()
		var b strings.Builder
		w := io.Writer(sum)
		if name == sumsFile || name == sigFile || name == exportFile {
			if h.Size > smallFile {
				return nil, nil, fmt.Errorf("%s is too big", name)
			}
			w = io.MultiWriter(sum, &b)
		}
		if _, err := io.Copy(w, t); err != nil {
			return nil, nil, err
		}
		hashes[name] = hex.EncodeToString(sum.Sum(nil))
		if b.Len() > 0 {
			small[name] = []byte(b.String())
		}
	}
	_, err = io.Copy(io.Discard, z) // to the end, for gzip's own checksum
	return hashes, small, err
}

func parseSums(data []byte) (map[string]string, error) {
	if data == nil {
		return nil, fmt.Errorf("it has no %s", sumsFile)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, twice := out[name]; twice || !ok || len(hash) != 64 {
			return nil, fmt.Errorf("%s has a line that is none of ours: %q", sumsFile, line)
		}
		out[name] = hash
	}
	return out, nil
}

func signatures(data, sums []byte) (out []Signed, err error) {
	if data == nil {
		return nil, nil
	}
	var sigs []signature
	if err := json.Unmarshal(data, &sigs); err != nil {
		return nil, fmt.Errorf("cannot verify the archive: %s: %w", sigFile, err)
	}
	for _, s := range sigs {
		signed := Signed{Name: s.Name}
		if pub, err := signet.Decode(s.PublicKey); err == nil {
			signed.Fingerprint = signet.Fingerprint(pub)
			signed.Good = signet.Verify(pub, exportPurpose, sums, s.Signature)
		}
		out = append(out, signed)
	}
	return out, nil
}
