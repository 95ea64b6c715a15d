package pack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Errors that callers tell apart.
var (
	ErrNotRepository = errors.New("not a git repository")
	ErrMissing       = errors.New("the object is not here")
	ErrLarge         = errors.New("the object is too large to be read whole")
)

// A Repository is open until Close: its packs are mapped.
type Repository struct {
	gitDir, commonDir, workTree string

	indexFile string
	stores    []string // the variables that say where objects lie, for git
	hash      int      // bytes of an id
	shallow   bool
	promisor  bool
	reftable  bool
	bare      bool
	dirs      []string // of objects, its own first
	packs     []*packFile
	odd       []Gap // packs that could not be opened
	loose     map[ID]string
	looseOnce sync.Once
	looseGaps []Gap
	recent    recent

	mu    sync.Mutex // the following
	cat   *catFile
	known *graph // of the last scan or question
	last  Options
	// faulty says that the last scan could not read all that it should.
	faulty bool
	nums   *numbers
}

// Open opens the repository that dir is, or lies in: a work tree or a directory
// below it, a git directory, a linked work tree or submodule, a bare repository.
func Open(ctx context.Context, dir string) (*Repository, error) {
	return OpenEnv(ctx, dir, func(string) string { return "" })
}

// OpenEnv is Open for a hook: where git set them, GIT_DIR, GIT_COMMON_DIR,
// GIT_WORK_TREE, GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY and
// GIT_ALTERNATE_OBJECT_DIRECTORIES count, relative to dir.
func OpenEnv(ctx context.Context, dir string, env func(string) string) (*Repository, error) {
	r := &Repository{}
	if err := r.find(dir, env); err != nil {
		return nil, fmt.Errorf("cannot open repository %s: %w", dir, err)
	}
	if err := r.settings(); err != nil {
		return nil, fmt.Errorf("cannot open repository %s: %w", dir, err)
	}
	if !r.bare && r.workTree == "" && filepath.Base(r.gitDir) == ".git" {
		r.workTree = filepath.Dir(r.gitDir)
	}
	if env("GIT_WORK_TREE") != "" {
		r.workTree = under(dir, env("GIT_WORK_TREE"))
	}
	r.indexFile = filepath.Join(r.gitDir, "index")
	if f := env("GIT_INDEX_FILE"); f != "" {
		r.indexFile = under(dir, f)
	}
	objects := filepath.Join(r.commonDir, "objects")
	if d := env("GIT_OBJECT_DIRECTORY"); d != "" { // what is being pushed lies apart until it is accepted
		objects = under(dir, d)
		r.stores = append(r.stores, "GIT_OBJECT_DIRECTORY="+objects)
	}
	r.addDir(objects, 0)
	var others []string
	for _, d := range filepath.SplitList(env("GIT_ALTERNATE_OBJECT_DIRECTORIES")) {
		if d != "" {
			others = append(others, under(dir, d))
			r.addDir(under(dir, d), 0)
		}
	}
	if len(others) > 0 {
		r.stores = append(r.stores, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+strings.Join(others, string(filepath.ListSeparator)))
	}
	_, err := os.Lstat(filepath.Join(r.commonDir, "shallow"))
	r.shallow = err == nil
	r.openPacks()
	return r, ctx.Err()
}

func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// find sets the directories.
func (r *Repository) find(dir string, env func(string) string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if d := env("GIT_DIR"); d != "" {
		if r.gitDir = under(dir, d); !isGitDir(r.gitDir) {
			return fmt.Errorf("%w: GIT_DIR is %s", ErrNotRepository, d)
		}
		return r.common(env("GIT_COMMON_DIR"))
	}
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	for d := dir; ; d = filepath.Dir(d) {
		dot := filepath.Join(d, ".git")
		info, err := os.Stat(dot)
		switch {
		case err == nil && info.IsDir() && isGitDir(dot):
			r.gitDir, r.workTree = dot, d
			return r.common("")
		case err == nil && info.Mode().IsRegular():
			to, err := readLine(dot)
			to, ok := strings.CutPrefix(to, "gitdir: ")
			if err != nil || !ok || !isGitDir(under(d, to)) {
				return fmt.Errorf("%w: what %s names is none", ErrNotRepository, dot)
			}
			r.gitDir, r.workTree = under(d, to), d
			return r.common("")
		case isGitDir(d):
			r.gitDir = d
			return r.common("")
		case filepath.Dir(d) == d:
			return ErrNotRepository
		}
	}
}

// common follows a linked work tree to the repository that it belongs to.
func (r *Repository) common(given string) error {
	r.commonDir = r.gitDir
	if given != "" {
		r.commonDir = under(r.gitDir, given)
		return nil
	}
	to, err := readLine(filepath.Join(r.gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && to != "" {
		r.commonDir = under(r.gitDir, to)
	}
	return err
}

// isGitDir says what git takes for a repository: HEAD, refs and objects, where a
// linked work tree has the latter two elsewhere.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

func readLine(path string) (string, error) {
	b, err := readSmall(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, "\r"), err
}

// maxSmall bounds files of which git itself writes a few lines; packed-refs and
// reflogs of large repositories are the longest.
const maxSmall = 256 << 20

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSmall {
		return nil, fmt.Errorf("cannot read %s: not a file of reasonable size", path)
	}
	return os.ReadFile(path)
}

// settings reads of the configuration what the format of the repository depends
// on.
func (r *Repository) settings() error {
	r.hash = 20
	values, err := config(filepath.Join(r.commonDir, "config"))
	if err != nil {
		return err
	}
	for _, v := range values {
		switch {
		case v.key == "extensions.objectformat" && v.value == "sha256":
			r.hash = 32
		case v.key == "extensions.objectformat" && v.value != "sha1":
			return fmt.Errorf("objects named by %q are not understood", v.value)
		case v.key == "extensions.refstorage":
			r.reftable = v.value != "files"
		case v.key == "extensions.partialclone":
			r.promisor = true
		case strings.HasPrefix(v.key, "remote.") && strings.HasSuffix(v.key, ".promisor"):
			r.promisor = r.promisor || truth(v.value)
		case v.key == "core.bare" && r.gitDir == r.commonDir:
			r.bare = truth(v.value)
		case v.key == "core.worktree" && r.gitDir == r.commonDir:
			r.workTree = under(r.gitDir, v.value)
		}
	}
	if r.bare {
		r.workTree = ""
	}
	return nil
}

// addDir adds a directory of objects and those that it names as alternates, five
// deep as git does.
func (r *Repository) addDir(dir string, depth int) {
	dir = filepath.Clean(dir)
	for _, d := range r.dirs {
		if d == dir {
			return
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		r.odd = append(r.odd, Gap{Why: fmt.Sprintf("the folder of objects %s cannot be read", dir)})
		return
	}
	r.dirs = append(r.dirs, dir)
	b, err := readSmall(filepath.Join(dir, "info", "alternates"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.odd = append(r.odd, Gap{Why: fmt.Sprintf("the alternates of the folder of objects %s cannot be read: %v", dir, err)})
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if depth == 5 {
			r.odd = append(r.odd, Gap{Why: fmt.Sprintf("alternates nest too deep at %s", dir)})
			return
		}
		r.addDir(under(dir, line), depth+1)
	}
}

// Close lets go of the packs, and of git where it was asked.
func (r *Repository) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cat != nil {
		r.cat.close()
		r.cat = nil
	}
	var first error
	for _, p := range r.packs {
		if err := p.close(); err != nil && first == nil {
			first = err
		}
	}
	r.packs = nil
	return first
}

// GitDir is the directory with HEAD and index.
func (r *Repository) GitDir() string { return r.gitDir }

// CommonDir is the directory with objects and refs: another than GitDir in a
// linked work tree.
func (r *Repository) CommonDir() string { return r.commonDir }

// WorkTree is "" where the repository is bare.
func (r *Repository) WorkTree() string { return r.workTree }

// Shallow says that history is cut off: what is older was never fetched.
func (r *Repository) Shallow() bool { return r.shallow }

// Promisor says that objects may have been left at the remote. Those that trees
// and commits name and that are not here are gaps.
func (r *Repository) Promisor() bool { return r.promisor }
