package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"cordon/internal/trail"
	"cordon/internal/trail/shape"
)

// CloudTrail writes a digest file an hour: the hashes of the log files that it
// delivered, and of the digest before. All hashes are of what is inflated.

// A digest is one such file.
type digest struct {
	Account           string    `json:"awsAccountId"`
	Start             time.Time `json:"digestStartTime"`
	End               time.Time `json:"digestEndTime"`
	EndText           string    `json:"-"` // as it was signed
	Bucket            string    `json:"digestS3Bucket"`
	Object            string    `json:"digestS3Object"`
	Fingerprint       string    `json:"digestPublicKeyFingerprint"`
	Algorithm         string    `json:"digestSignatureAlgorithm"`
	PreviousBucket    string    `json:"previousDigestS3Bucket"`
	PreviousObject    string    `json:"previousDigestS3Object"`
	PreviousHash      string    `json:"previousDigestHashValue"`
	PreviousSignature *string   `json:"previousDigestSignature"`
	Logs              []logHash `json:"logFiles"`

	file string // where it was read
	hash string // of itself
}

type logHash struct {
	Bucket    string `json:"s3Bucket"`
	Object    string `json:"s3Object"`
	Hash      string `json:"hashValue"`
	Algorithm string `json:"hashAlgorithm"`
}

const maxDigest = 64 << 20

func readDigest(ctx context.Context, files trail.Files, name string) (*digest, error) {
	in, err := files.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	plain, _, err := shape.Open(in)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(plain, maxDigest+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDigest {
		return nil, fmt.Errorf("more than %d MB", maxDigest>>20)
	}
	d := digest{file: name}
	var text struct {
		End string `json:"digestEndTime"`
	}
	if err := errors.Join(json.Unmarshal(raw, &d), json.Unmarshal(raw, &text)); err != nil {
		return nil, err
	}
	if d.Object == "" || d.End.IsZero() {
		return nil, errors.New("it is no digest file")
	}
	sum := sha256.Sum256(raw)
	d.EndText, d.hash = text.End, hex.EncodeToString(sum[:])
	return &d, nil
}

// signed is what AWS puts its signature under.
func (d *digest) signed() []byte {
	previous := "null"
	if d.PreviousSignature != nil {
		previous = *d.PreviousSignature
	}
	return []byte(d.EndText + "\n" + d.Bucket + "/" + d.Object + "\n" + d.hash + "\n" + previous)
}

// hashOf is the hash of a log file's content.
func hashOf(ctx context.Context, files trail.Files, name string) (string, error) {
	in, err := files.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	plain, _, err := shape.Open(in)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, plain); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// objectName is by what a file in a bucket and its copy in a folder are known as
// the same: the path from AWSLogs on, or else the name.
func objectName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if i := strings.LastIndex("/"+name, "/AWSLogs/"); i >= 0 {
		return name[i:]
	}
	return path.Base(name)
}

func sameText(a, b string) bool { return bytes.EqualFold([]byte(a), []byte(b)) }
