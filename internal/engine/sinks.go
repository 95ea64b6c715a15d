package engine

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/durable"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/rotate"
)

// openSink is a variable so that tests can kill the process where it stores.
var openSink = func(ctx context.Context, s *Session, a plan.Action) (kind.Sink, error) { return s.sink(ctx, a) }

// sink is the place that an action's secret goes to. What the session's own Sink
// takes over goes there.
func (s *Session) sink(ctx context.Context, a plan.Action) (kind.Sink, error) {
	if s.Sink != nil {
		if k, err := s.Sink(ctx, a); k != nil || err != nil {
			return k, err
		}
	}
	to, err := rotate.ParseSink(a.Sink, "", "")
	if err != nil {
		return nil, err
	}
	at := fact.Place{Account: s.Account.Caller.Account, Region: to.Region}
	if at.Region == "" {
		at.Region = s.Account.Home
	}
	write := func(needs []string) aws.Config {
		if s.Write == nil { // a session that only looks: Put is refused
			return s.read(at, nil)
		}
		return s.Write(at.Region, needs)
	}
	switch to.Kind {
	case rotate.SinkSecret:
		return &secretSink{name: to.Name, case_: s.Case.ID, read: s.read(at, secretSinkReads), write: write}, nil
	case rotate.SinkParameter:
		return &parameterSink{name: to.Name, case_: s.Case.ID, read: s.read(at, parameterSinkReads), write: write}, nil
	}
	form := keyRows
	if a.Verb == "set-password" {
		form = passwordRows(s.Account.Caller.Account, s.Account.Caller.Partition)
	}
	return &fileSink{path: to.Name, form: form}, nil
}

// A secretOf is a new credential, in the words of IAM's answers.
type secretOf struct {
	UserName, AccessKeyId, SecretAccessKey, Password string
}

func handedOver(secret []byte) (m secretOf, err error) {
	if err := json.Unmarshal(secret, &m); err != nil {
		return m, errors.New("it is not what a verb makes") // the cause would hold the secret
	}
	return m, nil
}

// rows is how a file holds credentials: as AWS's console hands them over, so that
// `aws configure import` reads it.
type rows struct {
	head []string
	row  func(secretOf) []string
	id   int // the column that names the credential
}

var keyRows = rows{
	[]string{"User Name", "Access key ID", "Secret access key"},
	func(m secretOf) []string { return []string{m.UserName, m.AccessKeyId, m.SecretAccessKey} }, 1,
}

func passwordRows(account, partition string) rows {
	url := "https://" + account + ".signin.aws.amazon.com/console"
	switch partition {
	case "aws-cn":
		url = "https://" + account + ".signin.amazonaws.cn/console"
	case "aws-us-gov":
		url = "https://" + account + ".signin.amazonaws-us-gov.com/console"
	}
	return rows{[]string{"User name", "Password", "Console sign-in URL"}, func(m secretOf) []string { return []string{m.UserName, m.Password, url} }, 0}
}

// A fileSink is a file that nobody but its owner reads, one credential a line.
// It was not there when the plan was made, and is not followed when it is a link.
type fileSink struct {
	path string
	form rows
	mu   sync.Mutex
}

// Put adds a line, or makes the file with it.
func (f *fileSink) Put(_ context.Context, id string, secret []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, err := handedOver(secret)
	if err != nil {
		return fmt.Errorf("cannot store %s in %s: %w", id, f.path, err)
	}
	there, err := f.lines()
	if err != nil {
		return err
	}
	if there == nil {
		if err := f.create(); err != nil {
			return err
		}
	}
	return durable.Append(f.path, csvLine(f.form.row(m)))
}

func csvLine(fields []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(fields) // into memory: it cannot fail
	w.Flush()
	return bytes.TrimRight(b.Bytes(), "\n")
}

func (f *fileSink) create() error {
	w, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, durable.FileMode)
	if err == nil {
		_, err = w.Write(append(csvLine(f.form.head), '\n'))
		err = errors.Join(err, w.Sync(), w.Close())
	}
	if err == nil {
		err = durable.SyncDir(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("cannot make the file for the secret: %w", err)
	}
	return nil
}

// Has looks for the line.
func (f *fileSink) Has(_ context.Context, id string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	there, err := f.lines()
	return slices.ContainsFunc(there, func(r []string) bool { return r[f.form.id] == id }), err
}

// get is the last secret that was stored of a credential.
func (f *fileSink) get(id string) (m secretOf, err error) {
	there, err := f.lines()
	for _, r := range there {
		if r[f.form.id] == id && f.form.id == keyRows.id {
			m = secretOf{UserName: r[0], AccessKeyId: r[1], SecretAccessKey: r[2]}
		}
	}
	if err == nil && m.AccessKeyId == "" {
		err = fmt.Errorf("cannot find the key %s in %s", id, f.path)
	}
	return m, err
}

// lines reads the whole lines of a file that is ours: a line that a crash cut
// short holds nothing. nil: there is no file.
func (f *fileSink) lines() ([][]string, error) {
	fail := func(err error) ([][]string, error) {
		return nil, fmt.Errorf("cannot use %s for secrets: %w", f.path, err)
	}
	info, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return fail(err)
	case !info.Mode().IsRegular() || exposedMode(info.Mode()):
		return fail(errors.New("it is no file of yours alone (mode 0600)"))
	}
	b, err := os.ReadFile(f.path)
	if err != nil {
		return fail(err)
	}
	head := string(csvLine(f.form.head)) + "\n"
	rest, ours := strings.CutPrefix(string(b), head)
	switch {
	case !ours && strings.HasPrefix(head, string(b)): // a crash cut the first line: begin anew
		if err := os.Remove(f.path); err != nil {
			return fail(err)
		}
		return nil, nil
	case !ours:
		return fail(errors.New("another program made it"))
	}
	r := csv.NewReader(strings.NewReader(rest[:strings.LastIndexByte(rest, '\n')+1]))
	r.FieldsPerRecord = len(f.form.head)
	all, err := r.ReadAll()
	if err != nil {
		return fail(errors.New("it is damaged")) // the cause may quote a secret
	}
	if all == nil {
		all = [][]string{}
	}
	return all, nil
}

// exposedMode says whether others could read a file. Windows has no such modes.
func exposedMode(m fs.FileMode) bool { return filepath.Separator == '/' && m.Perm()&0o077 != 0 }
