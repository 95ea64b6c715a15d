// Package baseline keeps what an owner's account looked like before anything
// happened, and says what is different now. A baseline holds facts only: no
// secret is ever one.
package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"cordon/internal/durable"
	"cordon/internal/fact"
)

// A Baseline is one account as it was.
type Baseline struct {
	V         int             `json:"v"`
	At        time.Time       `json:"at"`
	By        string          `json:"by"`
	Tool      string          `json:"tool"`
	Account   string          `json:"account"`
	Partition string          `json:"partition"`
	Resources []fact.Resource `json:"resources"`
	// Readings say which listings it stands on: what was not read then is not
	// "not there then".
	Readings []fact.Reading `json:"readings"`

	at map[fact.Ref]int
}

// file is what is saved: the digest is over the baseline's JSON.
type file struct {
	Digest   string          `json:"digest"`
	Baseline json.RawMessage `json:"baseline"`
}

// What Load returns besides a failing disk.
var (
	ErrNone    = errors.New("no baseline was saved of this account")
	ErrAltered = errors.New("the baseline is not what was saved")
)

// Path is where the baseline of an account lies, beside the cases.
func Path(root, account string) string {
	return filepath.Join(filepath.Dir(root), "baselines", account+".json")
}

// Save writes a baseline; an older one of that name is replaced whole.
func Save(path string, b Baseline) (digest string, err error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("cannot save the baseline: %w", err)
	}
	sum := sha256.Sum256(raw)
	digest = hex.EncodeToString(sum[:])
	out, err := json.Marshal(file{digest, raw})
	if err == nil {
		err = durable.MkdirAll(filepath.Dir(path))
	}
	if err == nil {
		err = durable.Write(path, append(out, '\n'))
	}
	if err != nil {
		return "", fmt.Errorf("cannot save the baseline: %w", err)
	}
	return digest, nil
}

// Load reads a baseline and checks that it is as it was saved.
func Load(path string) (Baseline, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Baseline{}, fmt.Errorf("cannot read the baseline: %w", ErrNone)
	}
	if err != nil {
		return Baseline{}, fmt.Errorf("cannot read the baseline: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return Baseline{}, fmt.Errorf("cannot read the baseline: %w: %w", ErrAltered, err)
	}
	sum := sha256.Sum256(f.Baseline)
	if hex.EncodeToString(sum[:]) != f.Digest {
		return Baseline{}, fmt.Errorf("cannot read the baseline: %w", ErrAltered)
	}
	var b Baseline
	if err := json.Unmarshal(f.Baseline, &b); err != nil {
		return Baseline{}, fmt.Errorf("cannot read the baseline: %w", err)
	}
	if b.V != 1 {
		return Baseline{}, fmt.Errorf("cannot read the baseline: its version is %d, this program reads 1", b.V)
	}
	return b, nil
}

// Find answers what a resource was. One that was made again under its name is
// another: its unique id or its date of creation tells.
func (b *Baseline) Find(r fact.Resource) (fact.Resource, bool) {
	if b.at == nil {
		b.at = map[fact.Ref]int{}
		for i, r := range b.Resources {
			b.at[r.Ref] = i
		}
	}
	i, there := b.at[r.Ref]
	if !there {
		return fact.Resource{}, false
	}
	was := b.Resources[i]
	if was.UniqueID != r.UniqueID || dated(r.Kind) && !was.Created.IsZero() && !r.Created.IsZero() && !was.Created.Equal(r.Created) {
		return fact.Resource{}, false
	}
	return was, true
}

// dated says whether the date of creation stays: an instance's is its last start.
func dated(k fact.Kind) bool { return k != "ec2.instance" }

// Saw says whether the listing that would have shown the resource was read.
func (b *Baseline) Saw(k fact.Kind, at fact.Place) bool {
	return slices.ContainsFunc(b.Readings, func(r fact.Reading) bool { return r.Kind == k && r.Place == at && r.OK() })
}

// fleeting are the facts that change without anybody changing the resource, or
// that cordon writes itself.
var fleeting = map[string]bool{
	string(fact.Status): true, string(fact.LastUsed): true, string(fact.LastUsedWhere): true, string(fact.RunState): true,
	string(fact.PasswordLastUsed): true, string(fact.RootKeyUse): true, string(fact.RootPassword): true, string(fact.ReportAge): true,
	string(fact.Admin): true, string(fact.Made): true, string(fact.Changed): true, string(fact.Sessions): true, string(fact.Suspect): true,
	string(fact.Judgement): true, string(fact.Before): true, string(fact.Vouched): true, string(fact.DenyPrincipals): true,
	string(fact.Count): true, string(fact.PerHour): true, string(fact.Attaches): true, string(fact.AttachedTo): true, string(fact.Stopped): true,
	string(fact.HandedOver): true, string(fact.Federated): true,
}

// Differs names the facts in which two states of one resource differ.
func Differs(was, is fact.Resource) (names []string) {
	keys := map[string]bool{}
	for k := range was.Facts {
		keys[k] = true
	}
	for k := range is.Facts {
		keys[k] = true
	}
	for k := range keys {
		if !fleeting[k] && !same(was.Facts[k], is.Facts[k]) && !late(k, was, is) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	return names
}

// late says that a fact is missing on one side which the other was only handed:
// the listing that has it is late, or was not read.
func late(key string, was, is fact.Resource) bool {
	if key != string(fact.Tags) && key != string(fact.PartOf) || was.Facts[key] != nil && is.Facts[key] != nil {
		return false
	}
	return fact.HandedOver.Or(was, false) || fact.HandedOver.Or(is, false)
}

func same(a, b json.RawMessage) bool {
	if string(a) == string(b) {
		return true
	}
	var x, y any
	return a != nil && b != nil && json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// A Change is one difference between a baseline and now.
type Change struct {
	fact.Resource        // as it is now; as it was, when it is gone
	How           string // "new", "gone" or "changed"
	Facts         []string
}

// Diff compares, in the order of kind, region and id. What the baseline's or
// the snapshot's listing did not read is neither new nor gone.
func (b *Baseline) Diff(now fact.Snapshot) (all []Change) {
	there := map[fact.Ref]bool{}
	for _, r := range now.Resources {
		there[r.Ref] = true
		was, known := b.Find(r)
		switch {
		case !known && b.Saw(r.Kind, r.Place):
			all = append(all, Change{Resource: r, How: "new"})
		case known:
			if facts := Differs(was, r); len(facts) > 0 {
				all = append(all, Change{Resource: r, How: "changed", Facts: facts})
			}
		}
	}
	read := map[fact.Ref]bool{}
	for _, r := range now.Readings {
		read[fact.Ref{Kind: r.Kind, Place: r.Place}] = r.OK()
	}
	for _, r := range b.Resources {
		if !there[r.Ref] && read[fact.Ref{Kind: r.Kind, Place: r.Place}] {
			all = append(all, Change{Resource: r, How: "gone"})
		}
	}
	slices.SortStableFunc(all, func(x, y Change) int { return strings.Compare(x.Ref.String(), y.Ref.String()) })
	return all
}

// Aspects are what can be put back of a resource, as they were.
func (b *Baseline) Aspects(r fact.Resource) map[string]string {
	was, known := b.Find(r)
	if !known {
		return nil
	}
	return maps.Clone(fact.Aspects.Or(was, nil))
}
