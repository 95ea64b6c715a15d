// Package incident keeps the case folder: everything that cordon knows and did
// about one compromised account. What stands there is enough to write the
// report again, a year later, without credentials.
package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cordon/internal/durable"
	"cordon/internal/signet"
)

// Info is case.json: what the case is about and who may decide in it.
type Info struct {
	V         int       `json:"v"`
	ID        string    `json:"id"`
	Title     string    `json:"title,omitempty"`
	Account   string    `json:"account"`
	Partition string    `json:"partition"`
	Endpoint  string    `json:"endpoint,omitempty"` // empty is AWS's own
	Opened    time.Time `json:"opened"`
	By        string    `json:"by"` // the caller's ARN
	Tool      string    `json:"tool"`

	Notice    *Notice    `json:"notice,omitempty"`
	Approvers []Approver `json:"approvers,omitempty"`
	Approvals int        `json:"approvals,omitempty"` // how many a plan needs; 0 is one
	Protected []string   `json:"protected,omitempty"` // break-glass principals: no plan touches them
	Recipient string     `json:"recipient,omitempty"` // age public key for the evidence
}

// Notice is what AWS wrote to the owner.
type Notice struct {
	Key      string    `json:"key,omitempty"` // the access key's id
	User     string    `json:"user,omitempty"`
	Keys     []string  `json:"more_keys,omitempty"` // besides Key
	Users    []string  `json:"more_users,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
	// Answered is when the owner said that AWS has its answer: the deadline is
	// shown no more.
	Answered time.Time `json:"answered,omitzero"`
}

// Due is the deadline that still stands, or zero.
func (n *Notice) Due() time.Time {
	if n == nil || !n.Answered.IsZero() {
		return time.Time{}
	}
	return n.Deadline
}

// Approver is somebody whose signature counts.
type Approver struct {
	Name      string `json:"name"`
	PublicKey string `json:"public_key"` // ed25519, base64
}

// Case is an open case folder. One goroutine uses it at a time.
type Case struct {
	Info
	Dir     string
	exposed []string
	lock    *lock
}

// What Open and the loaders return besides a failing disk.
var (
	ErrNoCase    = errors.New("no such case")
	ErrNotThere  = errors.New("the case does not have it")
	ErrAmbiguous = errors.New("more than one begins so")
)

// folders of a case; the files beside them are in keep.go.
var folders = []string{"snapshots", "trail", "findings", "plans", "approvals", "rotations", "evidence"}

// Root is the directory of all cases: CORDON_CASE_DIR, or cordon/cases below
// XDG_STATE_HOME, or below ~/.local/state.
func Root(env func(string) string) (string, error) {
	if dir := env("CORDON_CASE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cordon", "cases"), nil
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "cordon", "cases"), nil
	}
	return "", errors.New("cannot find the cases: neither CORDON_CASE_DIR nor HOME is set")
}

// Create opens a new case below root. Opened must be set; V and ID are given:
// C-20261121-A, then -B, and after -Z comes -AA.
func Create(root string, info Info) (*Case, error) {
	fail := func(err error) (*Case, error) { return nil, fmt.Errorf("cannot create the case: %w", err) }
	if info.Opened.IsZero() || info.Account == "" || info.Partition == "" {
		return fail(errors.New("account, partition and time must be known"))
	}
	if err := check(info); err != nil {
		return fail(err)
	}
	if err := durable.MkdirAll(root); err != nil {
		return fail(err)
	}
	info.V, info.Opened = 1, info.Opened.UTC()
	for n := 0; ; n++ {
		info.ID = "C-" + info.Opened.Format("20060102") + "-" + letters(n)
		dir := filepath.Join(root, info.ID)
		// Mkdir is what makes the id ours when two create at once.
		if err := os.Mkdir(dir, durable.DirMode); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return fail(err)
		}
		c := &Case{Info: info, Dir: dir}
		if err := c.furnish(); err != nil {
			return fail(err)
		}
		return c, nil
	}
}

// CreateAt opens a new case in dir, which must not be there yet or be empty. Its
// id is the folder's name.
func CreateAt(dir string, info Info) (*Case, error) {
	fail := func(err error) (*Case, error) {
		return nil, fmt.Errorf("cannot create the case in %s: %w", dir, err)
	}
	if info.Opened.IsZero() || info.Account == "" || info.Partition == "" {
		return fail(errors.New("account, partition and time must be known"))
	}
	if err := check(info); err != nil {
		return fail(err)
	}
	if err := durable.MkdirAll(dir); err != nil {
		return fail(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fail(err)
	}
	if len(entries) > 0 {
		return fail(errors.New("the folder is not empty and is no case"))
	}
	info.V, info.Opened, info.ID = 1, info.Opened.UTC(), filepath.Base(dir)
	c := &Case{Info: info, Dir: dir}
	if err := c.furnish(); err != nil {
		return fail(err)
	}
	return c, nil
}

func (c *Case) furnish() error {
	for _, f := range folders {
		if err := os.Mkdir(c.Path(f), durable.DirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := c.Save(); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(c.Dir))
}

// letters counts A … Z, AA, AB …
func letters(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}

// Open opens a case by its id below root, by the beginning of its id if only
// one begins so, or by its directory. It closes the folder to others; what was
// open is told by Exposed.
func Open(root, idOrDir string) (*Case, error) {
	dir, err := find(root, idOrDir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the case %s: %w", idOrDir, err)
	}
	c := &Case{Dir: dir}
	if c.Info, err = readInfo(dir); err != nil {
		return nil, fmt.Errorf("cannot open the case %s: %w", idOrDir, err)
	}
	if c.exposed, err = durable.Close(dir); err != nil {
		return nil, fmt.Errorf("cannot close the case %s to others: %w", idOrDir, err)
	}
	return c, nil
}

func find(root, idOrDir string) (string, error) {
	if idOrDir == "" {
		return "", ErrNoCase
	}
	if strings.ContainsRune(idOrDir, filepath.Separator) || idOrDir == "." {
		return filepath.Abs(idOrDir)
	}
	if _, err := os.Stat(filepath.Join(root, idOrDir, infoFile)); err == nil && idOrDir != ".." {
		return filepath.Join(root, idOrDir), nil
	}
	entries, err := List(root)
	if err != nil {
		return "", err
	}
	var dirs []string
	for _, e := range entries {
		if strings.HasPrefix(filepath.Base(e.Dir), strings.ToUpper(idOrDir)) {
			dirs = append(dirs, e.Dir)
		}
	}
	switch len(dirs) {
	case 0:
		return "", ErrNoCase
	case 1:
		return dirs[0], nil
	}
	return "", ErrAmbiguous
}

func readInfo(dir string) (Info, error) {
	var info Info
	data, err := os.ReadFile(filepath.Join(dir, infoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return info, ErrNoCase
	}
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return info, fmt.Errorf("%s is damaged: %w", infoFile, err)
	}
	if info.V != 1 {
		return info, fmt.Errorf("%s has version %d, this cordon knows 1", infoFile, info.V)
	}
	return info, check(info)
}

// check refuses an Info that would let a plan pass by mistake.
func check(info Info) error {
	names, keys := map[string]bool{}, map[string]bool{}
	for _, a := range info.Approvers {
		key, err := signet.Decode(a.PublicKey)
		if err != nil {
			return fmt.Errorf("approver %q: %w", a.Name, err)
		}
		if names[a.Name] || keys[string(key)] {
			return fmt.Errorf("approver %q stands twice", a.Name)
		}
		names[a.Name], keys[string(key)] = true, true
	}
	if info.Approvals < 0 || len(info.Approvers) > 0 && info.Approvals > len(info.Approvers) {
		return fmt.Errorf("%d approvals asked for, %d approvers named", info.Approvals, len(info.Approvers))
	}
	return nil
}

// Save writes case.json from c.Info.
func (c *Case) Save() error {
	if err := check(c.Info); err != nil {
		return fmt.Errorf("cannot save the case: %w", err)
	}
	data, err := json.MarshalIndent(c.Info, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(c.Path(infoFile), append(data, '\n'))
}

// Exposed lists the files that others could read until Open closed them. A
// face warns: what stood there may be known.
func (c *Case) Exposed() []string { return c.exposed }

// Misfit says that a case is about another account, partition or endpoint than
// the live one.
type Misfit struct{ What, Case, Live string }

func (m *Misfit) Error() string {
	return fmt.Sprintf("the case is about %s %q, the credentials lead to %q", m.What, m.Case, m.Live)
}

// Fits returns a *Misfit unless the case is about this account, partition and
// endpoint.
func (c *Case) Fits(account, partition, endpoint string) error {
	trim := func(s string) string { return strings.TrimRight(s, "/") }
	for _, m := range []Misfit{
		{"account", c.Account, account},
		{"partition", c.Partition, partition},
		{"endpoint", trim(c.Endpoint), trim(endpoint)},
	} {
		if m.Case != m.Live {
			return &m
		}
	}
	return nil
}

// Close gives the lock back, if it is held.
func (c *Case) Close() error { return c.Unlock() }
