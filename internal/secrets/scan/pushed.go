package scan

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"cordon/internal/secrets/pack"
)

// A Push is one line that git gives to a pre-push or pre-receive hook.
type Push struct {
	Ref      string
	Old, New string // object ids; zeros where there is none
}

// ReadPushes reads what git writes to the hook: of pre-push "local-ref local-id
// remote-ref remote-id", of pre-receive "old new ref".
func ReadPushes(in io.Reader) ([]Push, error) {
	var out []Push
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch len(f) {
		case 0:
		case 3:
			out = append(out, Push{Ref: f[2], Old: f[0], New: f[1]})
		case 4:
			out = append(out, Push{Ref: f[2], Old: f[3], New: f[1]})
		default:
			return nil, fmt.Errorf("cannot read what git says of the push: %d words in a line", len(f))
		}
	}
	return out, lines.Err()
}

func none(id string) bool { return strings.Trim(id, "0") == "" }

// Incoming looks at the objects that a push or merge brings: what the tips reach
// and what is known already does not. known are further arguments of git
// rev-list, such as --not --all. A push that only takes away brings nothing.
func (s *Scan) Incoming(ctx context.Context, dir string, tips []string, known ...string) error {
	return s.brought(ctx, dir, tips, nil, known)
}

// Pushed is Incoming of a push, with the names of the refs that it makes.
func (s *Scan) Pushed(ctx context.Context, dir string, pushes []Push, known ...string) error {
	var tips, names []string
	for _, p := range pushes {
		tips = append(tips, p.New)
		if none(p.Old) && !none(p.New) {
			names = append(names, p.Ref)
		}
	}
	return s.brought(ctx, dir, tips, names, known)
}

func (s *Scan) brought(ctx context.Context, dir string, tips, names, known []string) error {
	s.res.Sources++
	var wanted []string
	for _, t := range tips {
		if !none(t) {
			wanted = append(wanted, t)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	r, err := pack.OpenEnv(ctx, dir, s.o.Env)
	if err != nil {
		return fmt.Errorf("cannot read the repository: %w", err)
	}
	defer r.Close()
	x := &repository{Scan: s, r: r, source: dir, allowed: s.allowedOf(dir, r.WorkTree())}
	for _, name := range names {
		if len(x.match.Lines([]byte(name), nil)) > 0 {
			at := Place{Source: dir, Where: InRef, Path: name, Reach: pack.ByRef.String(), Refs: []string{name}, RefCount: 1}
			s.note(x.allowed.sightings(x.detect.Text([]byte(name)), []byte(name), at))
		}
	}
	list, err := incoming(ctx, dir, wanted, known)
	if err != nil {
		return err
	}
	for _, o := range list {
		kind, body, err := r.Object(ctx, o.id)
		if errors.Is(err, pack.ErrLarge) {
			s.res.Objects++
			x.incomingLarge(ctx, o.id, Place{Source: dir, Where: InBlob, Path: o.path, Object: o.id.String()})
			continue
		}
		if err != nil {
			x.gap(Gap{Source: dir, Where: o.id.String(), Why: "missing", Detail: err.Error()})
			continue
		}
		s.res.Objects++
		s.res.Bytes += int64(len(body))
		at := Place{Source: dir, Path: o.path, Object: o.id.String()}
		switch kind {
		case pack.Commit, pack.Tag:
			at.Where, at.Commit = map[pack.Kind]string{pack.Commit: InCommit, pack.Tag: InTag}[kind], o.id.String()
			x.body(x.detect, x.match, body, at, x.allowed)
		case pack.Blob:
			at.Where, at.Commit = InBlob, ""
			x.body(x.detect, x.match, body, at, x.allowed)
		case pack.Tree:
			entries(body, len(o.id.Bytes()), func(name []byte, _ uint32, _ pack.ID) bool {
				if x.match.Name(name) {
					named := at
					named.Where, named.Path = InName, strings.TrimPrefix(o.path+"/"+string(name), "/")
					s.note(x.allowed.sightings(x.detect.Text(name), name, named))
				}
				return true
			})
		}
	}
	return nil
}

type incomingObject struct {
	id   pack.ID
	path string
}

// incoming asks git which objects are new.
func incoming(ctx context.Context, dir string, tips, known []string) ([]incomingObject, error) {
	args := append([]string{"-C", dir, "rev-list", "--objects", "--stdin"}, known...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Stdin = strings.NewReader(strings.Join(tips, "\n") + "\n")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot tell which objects are new: git rev-list: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	var list []incomingObject
	for _, line := range strings.Split(string(out), "\n") {
		if line == "" {
			continue
		}
		hex, path, _ := strings.Cut(line, " ")
		id, err := pack.ParseID(hex)
		if err != nil {
			return nil, fmt.Errorf("cannot tell which objects are new: %w", err)
		}
		list = append(list, incomingObject{id, path})
	}
	return list, nil
}

// Merging looks at what a merge under way would bring in. Without one it looks at
// nothing.
func (s *Scan) Merging(ctx context.Context, dir string, heads []string) error {
	return s.Incoming(ctx, dir, heads, "--not", "HEAD")
}
