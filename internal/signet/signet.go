// Package signet is the signing key of the person who approves plans and
// exports cases: an ed25519 key pair that the operating system's user keeps.
package signet

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cordon/internal/durable"
)

// File is the name of the key's file in the configuration directory.
const File = "approver.key"

// ErrExposed says that others than its owner can read the key, so that it
// proves nothing any more.
var ErrExposed = errors.New("others can read the key")

// Key signs for one person.
type Key struct {
	Name string
	priv ed25519.PrivateKey
}

// Dir is the configuration directory: CORDON_CONFIG_DIR, or cordon below
// XDG_CONFIG_HOME, or below ~/.config.
func Dir(env func(string) string) (string, error) {
	if dir := env("CORDON_CONFIG_DIR"); dir != "" {
		return dir, nil
	}
	if dir := env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cordon"), nil
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".config", "cordon"), nil
	}
	return "", errors.New("cannot find the configuration directory: neither CORDON_CONFIG_DIR nor HOME is set")
}

// LoadOrCreate reads the key in dir; where there is none it makes one, and
// made says so. A key that others can read is refused with ErrExposed.
func LoadOrCreate(dir, name string) (key *Key, made bool, err error) {
	key, err = Load(dir, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	if err := create(dir); err != nil {
		return nil, false, fmt.Errorf("cannot make the approver's key: %w", err)
	}
	key, err = Load(dir, name)
	return key, err == nil, err
}

// Load reads the key in dir. The error is fs.ErrNotExist when there is none.
func Load(dir, name string) (*Key, error) {
	path := filepath.Join(dir, File)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the approver's key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use the approver's key %s: %w", path, ErrExposed)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the approver's key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("cannot read the approver's key %s: it is no PKCS#8 PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("cannot read the approver's key %s: %w", path, err)
	}
	priv, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("cannot read the approver's key %s: it is no ed25519 key", path)
	}
	return &Key{Name: name, priv: priv}, nil
}

// create makes a key. Of two processes that do so at once one wins, and both
// then use that key.
func create(dir string) error {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return err
	}
	if err := durable.MkdirAll(dir); err != nil {
		return err
	}
	err = durable.Create(filepath.Join(dir, File), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Public is the public half.
func (k *Key) Public() ed25519.PublicKey { return k.priv.Public().(ed25519.PublicKey) }

// Encoded is the public half in base64, as a case names its approvers.
func (k *Key) Encoded() string { return base64.StdEncoding.EncodeToString(k.Public()) }

// Fingerprint names the key for people.
func (k *Key) Fingerprint() string { return Fingerprint(k.Public()) }

// Sign signs message for one purpose ("approval", "export"): a signature for
// one is none for another.
func (k *Key) Sign(purpose string, message []byte) []byte {
	return ed25519.Sign(k.priv, bound(purpose, message))
}

// Verify says whether sig is pub's signature of message for purpose.
func Verify(pub ed25519.PublicKey, purpose string, message, sig []byte) bool {
	return len(pub) == ed25519.PublicKeySize && ed25519.Verify(pub, bound(purpose, message), sig)
}

func bound(purpose string, message []byte) []byte {
	return append([]byte("cordon "+purpose+"\x00"), message...)
}

// Decode reads what Encoded wrote.
func Decode(s string) (ed25519.PublicKey, error) {
	pub, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(pub) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("cannot read the public key %q: it is not 32 bytes in base64", s)
	}
	return pub, nil
}

// Fingerprint is the SHA-256 of pub, as ssh-keygen writes it.
func Fingerprint(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
