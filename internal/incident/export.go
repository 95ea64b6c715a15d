package incident

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"cordon/internal/durable"
	"cordon/internal/signet"
)

// The files that an archive has and a case folder has not.
const (
	sumsFile      = "SHA256SUMS"      // what sha256sum -c reads
	sigFile       = "SHA256SUMS.json" // its signatures
	exportFile    = "EXPORT.json"
	exportPurpose = "export"
)

// Archive says how to export a case.
type Archive struct {
	Head    string        // the journal's last hash, to be compared with the printed one
	Tool    string        // the tool's version
	At      time.Time     // when
	Signers []*signet.Key // who signs the list of hashes
	// Plain also takes evidence that is not encrypted. It may hold secrets
	// (user data, code, environments), so without Plain it stays behind and
	// only its names and hashes go along, in the manifest and in EXPORT.json.
	Plain bool
}

// exported is EXPORT.json.
type exported struct {
	V       int       `json:"v"`
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Head    string    `json:"head"`
	Tool    string    `json:"tool,omitempty"`
	At      time.Time `json:"at"`
	LeftOut []string  `json:"left_out,omitempty"`
}

// signature is one entry of SHA256SUMS.json.
type signature struct {
	Name      string `json:"name"`
	PublicKey string `json:"public_key"`
	Signature []byte `json:"signature"`
}

// plainBlob is the name of evidence that is not encrypted, or was altered.
// So are records that came by standard input: they lie as they were given.
var plainBlob = regexp.MustCompile(`^(evidence/[0-9a-f]{64}(\.altered-.*)?|trail/spool/.*)$`)

// Export writes the case as one tar.gz archive without unencrypted evidence.
func (c *Case) Export(w io.Writer, head string) error {
	return c.ExportAs(w, Archive{Head: head, Tool: c.Tool})
}

// ExportAs writes the case as one tar.gz archive, with a SHA256SUMS of every
// file in it. Files that grow meanwhile are taken as long as they were when
// their turn came.
func (c *Case) ExportAs(w io.Writer, a Archive) error {
	z := gzip.NewWriter(w)
	x := &exporter{id: c.ID, tar: tar.NewWriter(z), at: a.At.UTC()}
	err := c.exportFiles(x, a)
	if err == nil {
		err = x.tar.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("cannot export the case %s: %w", c.ID, err)
	}
	return nil
}

func (c *Case) exportFiles(x *exporter, a Archive) error {
	about := exported{V: 1, ID: c.ID, Account: c.Account, Head: a.Head, Tool: a.Tool, At: x.at}
	err := filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(c.Dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case rel == lockFile, strings.HasPrefix(d.Name(), durable.TempPrefix):
			return nil
		case !d.Type().IsRegular(), strings.ContainsAny(rel, "\n\r\\"), plainBlob.MatchString(rel) && !a.Plain:
			about.LeftOut = append(about.LeftOut, rel)
			return nil
		}
		return x.file(rel, path)
	})
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return err
	}
	if err := x.bytes(exportFile, append(data, '\n')); err != nil {
		return err
	}
	sums := bytes.Clone(x.sums.Bytes())
	if err := x.bytes(sumsFile, sums); err != nil || len(a.Signers) == 0 {
		return err
	}
	var sigs []signature
	for _, k := range a.Signers {
		sigs = append(sigs, signature{Name: k.Name, PublicKey: k.Encoded(), Signature: k.Sign(exportPurpose, sums)})
	}
	if data, err = json.MarshalIndent(sigs, "", "  "); err != nil {
		return err
	}
	return x.bytes(sigFile, append(data, '\n'))
}

// exporter writes files into the archive and their hashes into sums.
type exporter struct {
	id   string
	tar  *tar.Writer
	at   time.Time
	sums bytes.Buffer
}

func (x *exporter) file(rel, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return x.add(rel, info.ModTime(), info.Size(), f)
}

func (x *exporter) bytes(rel string, data []byte) error {
	return x.add(rel, x.at, int64(len(data)), bytes.NewReader(data))
}

func (x *exporter) add(rel string, at time.Time, size int64, r io.Reader) error {
	err := x.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: x.id + "/" + rel, Mode: int64(durable.FileMode), Size: size, ModTime: at.Truncate(time.Second),
	})
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(x.tar, h), r, size); err != nil {
		return fmt.Errorf("%s: %w", rel, err)
	}
	fmt.Fprintf(&x.sums, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), rel)
	return nil
}
