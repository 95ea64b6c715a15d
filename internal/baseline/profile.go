package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cordon/internal/durable"
)

// A Profile is what AWS knew of the account's owner when that was well: names,
// addresses, telephone numbers, contacts, regions.
type Profile struct {
	V       int       `json:"v"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Tool    string    `json:"tool"`
	Account string    `json:"account"`
	// Fields are those that were read, by their parts. A field that was read and
	// is not set has no parts; one that was not read is not there.
	Fields map[string]map[string]string `json:"fields"`
}

type profileFile struct {
	Digest  string          `json:"digest"`
	Profile json.RawMessage `json:"profile"`
}

// ProfilePath is where the profile of an account lies, beside its baseline.
func ProfilePath(root, account string) string {
	return filepath.Join(filepath.Dir(root), "baselines", account+".owner.json")
}

// SaveProfile writes a profile; an older one of that name is replaced whole.
func SaveProfile(path string, p Profile) error {
	raw, err := json.Marshal(p)
	if err == nil {
		sum := sha256.Sum256(raw)
		raw, err = json.Marshal(profileFile{hex.EncodeToString(sum[:]), raw})
	}
	if err == nil {
		err = durable.MkdirAll(filepath.Dir(path))
	}
	if err == nil {
		err = durable.Write(path, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("cannot save the account's information: %w", err)
	}
	return nil
}

// LoadProfile reads a profile and checks that it is as it was saved: ErrNone,
// ErrAltered.
func LoadProfile(path string) (Profile, error) {
	fail := func(err error) (Profile, error) {
		return Profile{}, fmt.Errorf("cannot read the saved account information: %w", err)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(ErrNone)
	}
	if err != nil {
		return fail(err)
	}
	var f profileFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return fail(fmt.Errorf("%w: %w", ErrAltered, err))
	}
	if sum := sha256.Sum256(f.Profile); hex.EncodeToString(sum[:]) != f.Digest {
		return fail(ErrAltered)
	}
	var p Profile
	if err := json.Unmarshal(f.Profile, &p); err != nil {
		return fail(err)
	}
	if p.V != 1 {
		return fail(fmt.Errorf("its version is %d, this program reads 1", p.V))
	}
	return p, nil
}
