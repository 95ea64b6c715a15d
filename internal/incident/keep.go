package incident

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/durable"
)

// The files of a case.
const (
	infoFile    = "case.json"
	lockFile    = "lock"
	marksFile   = "marks.jsonl"
	notesFile   = "notes.jsonl"
	noticesFile = "notices.jsonl"
	looksFile   = "looks.jsonl"
	journalFile = "journal.jsonl"
	reportFile  = "report.html"
)

// Path is a place in the case folder.
func (c *Case) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Dir}, elem...)...)
}

// Journal is the path of the journal.
func (c *Case) Journal() string { return c.Path(journalFile) }

// Evidence is the directory of the evidence store.
func (c *Case) Evidence() string { return c.Path("evidence") }

// Trail is the directory of the event store.
func (c *Case) Trail() string { return c.Path("trail") }

// Rotations is the directory of the key rotations under way.
func (c *Case) Rotations() string { return c.Path("rotations") }

// Report is the path of the last report.
func (c *Case) Report() string { return c.Path(reportFile) }

// SaveSnapshot keeps what a triage read, and returns its number, from 1.
func (c *Case) SaveSnapshot(data []byte) (int, error) { return c.saveNext("snapshots", ".json", data) }

// LoadSnapshot returns snapshot n and its number; 0 is the latest. Without it
// the error is ErrNotThere.
func (c *Case) LoadSnapshot(n int) ([]byte, int, error) {
	return c.loadNumber("snapshots", ".json", n)
}

// Snapshots lists the numbers that exist.
func (c *Case) Snapshots() ([]int, error) { return c.numbers("snapshots", ".json") }

// SaveFindings keeps one judging's findings as JSON Lines, and returns its
// number.
func (c *Case) SaveFindings(data []byte) (int, error) { return c.saveNext("findings", ".jsonl", data) }

// LoadFindings returns findings n and their number; 0 is the latest.
func (c *Case) LoadFindings(n int) ([]byte, int, error) { return c.loadNumber("findings", ".jsonl", n) }

func (c *Case) numbers(folder, ext string) ([]int, error) {
	entries, err := os.ReadDir(c.Path(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []int
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ext)); err == nil && n > 0 && strings.HasSuffix(e.Name(), ext) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (c *Case) saveNext(folder, ext string, data []byte) (int, error) {
	have, err := c.numbers(folder, ext)
	if err != nil {
		return 0, err
	}
	n := 1
	if len(have) > 0 {
		n = have[len(have)-1] + 1
	}
	for ; ; n++ { // another process may have taken the number meanwhile
		err := durable.Create(c.Path(folder, fmt.Sprintf("%04d%s", n, ext)), data)
		if !errors.Is(err, fs.ErrExist) {
			return n, err
		}
	}
}

func (c *Case) loadNumber(folder, ext string, n int) ([]byte, int, error) {
	if n == 0 {
		have, err := c.numbers(folder, ext)
		if err != nil {
			return nil, 0, err
		}
		if len(have) > 0 {
			n = have[len(have)-1]
		}
	}
	data, err := os.ReadFile(c.Path(folder, fmt.Sprintf("%04d%s", n, ext)))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s %d: %w", folder, n, ErrNotThere)
	}
	return data, n, err
}

// A digest is hex, with or without "sha256:" before it.
var digestForm = regexp.MustCompile(`^(sha256:)?[0-9a-f]{6,64}$`)

func bare(digest string) (string, error) {
	if !digestForm.MatchString(digest) {
		return "", fmt.Errorf("%q is no digest", digest)
	}
	return strings.TrimPrefix(digest, "sha256:"), nil
}

// SavePlan keeps a plan under its digest. A digest names one plan for ever: the
// same bytes again are well, others are an error.
func (c *Case) SavePlan(digest string, data []byte) error {
	name, err := bare(digest)
	if err != nil {
		return fmt.Errorf("cannot save the plan: %w", err)
	}
	path := c.Path("plans", name+".json")
	err = durable.Create(path, data)
	if errors.Is(err, fs.ErrExist) {
		if have, rerr := os.ReadFile(path); rerr != nil || !bytes.Equal(have, data) {
			return fmt.Errorf("cannot save the plan %.12s: another one has its digest", name)
		}
		return nil
	}
	return err
}

// LoadPlan returns the plan whose digest begins with prefix, and the whole
// digest, without "sha256:". The error is ErrNotThere or ErrAmbiguous.
func (c *Case) LoadPlan(prefix string) ([]byte, string, error) {
	name, err := bare(prefix)
	if err != nil {
		return nil, "", fmt.Errorf("cannot load the plan: %w", err)
	}
	all, err := c.Plans()
	if err != nil {
		return nil, "", err
	}
	all = slices.DeleteFunc(all, func(digest string) bool { return !strings.HasPrefix(digest, name) })
	switch len(all) {
	case 0:
		return nil, "", fmt.Errorf("plan %s: %w", name, ErrNotThere)
	case 1:
		data, err := os.ReadFile(c.Path("plans", all[0]+".json"))
		return data, all[0], err
	}
	return nil, "", fmt.Errorf("plan %s: %w", name, ErrAmbiguous)
}

// Plans lists the digests of the plans.
func (c *Case) Plans() ([]string, error) {
	entries, err := os.ReadDir(c.Path("plans"))
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && !strings.HasPrefix(name, ".") {
			out = append(out, name)
		}
	}
	return out, err
}

// SaveApproval keeps one signed approval of a plan.
func (c *Case) SaveApproval(digest string, data []byte) error {
	name, err := bare(digest)
	if err != nil {
		return fmt.Errorf("cannot save the approval: %w", err)
	}
	var one bytes.Buffer
	if err := json.Compact(&one, data); err != nil {
		return fmt.Errorf("cannot save the approval: %w", err)
	}
	return durable.Append(c.Path("approvals", name+".jsonl"), one.Bytes())
}

// LoadApprovals returns the approvals of a plan in the order of their coming.
func (c *Case) LoadApprovals(digest string) ([][]byte, error) {
	name, err := bare(digest)
	if err != nil {
		return nil, fmt.Errorf("cannot load the approvals: %w", err)
	}
	lines, _, err := durable.Lines(c.Path("approvals", name+".jsonl"))
	return lines, err
}
