package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cordon/internal/durable"
	"cordon/internal/rotate"
)

// A ProfileChange is what putting the new key into a profile of a credentials
// file would do. Nothing is written before Write.
type ProfileChange struct {
	File, Backup string
	Diff         []string // with the secrets hidden
	old, new     []byte
	keys         []string // the old and the new one
	mode         fs.FileMode
}

// ErrNoNewKey reports that there is no new key yet to put anywhere.
var ErrNoNewKey = errors.New("cannot change the profile: there is no new key yet")

// ChangeProfile reads what is to change in a profile: the old key of a rotation
// becomes the new one, whose secret is in the rotation's file.
func (s *Session) ChangeProfile(name, profile, file string, now time.Time) (c ProfileChange, err error) {
	all, _, err := loadRotations(s.Case)
	if err != nil {
		return c, err
	}
	picked, err := pickRotations(all, []string{name})
	if err != nil {
		return c, err
	}
	r := picked[len(picked)-1]
	if r.New == "" {
		return c, ErrNoNewKey
	}
	sink, err := rotate.ParseSink(r.Sink, "", "")
	if err != nil {
		return c, err
	}
	if sink.Kind != rotate.SinkFile {
		return c, refuse("profile-sink", nil, "sink", r.Sink)
	}
	made, err := (&fileSink{path: sink.Name, form: keyRows}).get(r.New)
	if err != nil {
		return c, err
	}
	if c.File, err = filepath.EvalSymlinks(file); err != nil {
		return c, refuse("profile-file", fmt.Errorf("cannot read the credentials file: %w", err), "file", file)
	}
	info, err := os.Stat(c.File)
	if err == nil {
		c.old, err = os.ReadFile(c.File)
	}
	if err != nil {
		return c, refuse("profile-file", fmt.Errorf("cannot read the credentials file: %w", err), "file", file)
	}
	c.keys = []string{r.Old, r.New}
	c.mode, c.Backup = info.Mode().Perm(), c.File+".before-"+r.New+"-"+now.UTC().Format("20060102T150405Z")
	c.new, c.Diff, err = rotate.Profile(c.old, profile, r.Old, made.AccessKeyId, made.SecretAccessKey)
	switch {
	case errors.Is(err, rotate.ErrNoProfile):
		return c, refuse("profile-none", err, "profile", profile, "file", c.File)
	case errors.Is(err, rotate.ErrOtherKey):
		return c, refuse("profile-other-key", err, "profile", profile, "key", r.Old)
	case errors.Is(err, rotate.ErrSessionToken):
		return c, refuse("profile-session", err, "profile", profile)
	}
	return c, err
}

// Write keeps the file as it was beside it, and puts the new one in its place, as
// a whole and with the same mode. Where another program wrote it meanwhile, that
// stands.
func (c ProfileChange) Write() (err error) {
	c.sweep()
	if err := durable.Create(c.Backup, c.old); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.File), durable.TempPrefix+"*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", c.File, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot write %s: %w", c.File, err)
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(c.new); err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(c.mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	now, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, c.old) {
		_ = os.Remove(c.Backup) // of a file that was not touched
		return refuse("profile-changed", nil, "file", c.File)
	}
	if err = os.Rename(f.Name(), c.File); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(c.File))
}

// sweep removes what an earlier Write left half done when it was killed: it holds a
// secret. Only what is named as ours and has one of the two keys is.
func (c ProfileChange) sweep() {
	dir := filepath.Dir(c.File)
	entries, _ := os.ReadDir(dir) // a folder that cannot be listed is written to all the same
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), durable.TempPrefix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		b, err := os.ReadFile(path)
		if err == nil && slices.ContainsFunc(c.keys, func(k string) bool { return bytes.Contains(b, []byte(k)) }) {
			_ = os.Remove(path) // what cannot be removed is no reason to leave the profile as it is
		}
	}
}
