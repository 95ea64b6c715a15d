package lab

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// DefaultAccount is the number of the emulated account.
const DefaultAccount = "111122223333"

// Options say how a lab is started.
type Options struct {
	// Dir is where the Python package and, with Detach, the log are put. It is
	// made with permissions 0700. The default is in the user's cache.
	Dir string
	// Python is the interpreter; the default is found or installed.
	Python string
	// Account is the number of the emulated account.
	Account string
	// Port is the port to listen on; 0 is any free one.
	Port int
	// Log gets what the lab's process writes on standard error.
	Log io.Writer
	// Detach lets the lab outlive this process.
	Detach bool
}

// Lab is a running lab.
type Lab struct {
	url        string
	token      string
	rootID     string
	rootSecret string
	account    string
	pid        int
	process    *process // nil if this Lab did not start it

	once sync.Once
	http *http.Client
}

// URL is the address of the lab, for AWS_ENDPOINT_URL and Transport.
func (l *Lab) URL() string { return l.url }

// Token is what the control interface asks for.
func (l *Lab) Token() string { return l.token }

// RootKey is the access key of the emulated account's root user; empty if the
// lab was attached to without it.
func (l *Lab) RootKey() (id, secret string) { return l.rootID, l.rootSecret }

// Account is the number of the emulated account.
func (l *Lab) Account() string { return l.account }

// PID is the number of the lab's process; 0 if unknown.
func (l *Lab) PID() int { return l.pid }

// Attach speaks to a lab that runs already.
func Attach(url, token string) *Lab {
	return &Lab{url: strings.TrimSuffix(url, "/"), token: token, account: DefaultAccount}
}

func (l *Lab) client() *http.Client {
	l.once.Do(func() { l.http = &http.Client{Transport: loopback()} })
	return l.http
}

// Start starts a lab and waits until it listens.
func Start(ctx context.Context, o Options) (*Lab, error) {
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	python, err := findPython(ctx, o)
	if err != nil {
		return nil, err
	}
	dir, err := extract(o.Dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{
		token:      randomHex(24),
		rootID:     "AKIA" + randomBase32(16),
		rootSecret: randomSecret(),
		account:    o.Account,
	}
	cmd := exec.Command(python, arguments(dir, o)...)
	cmd.Dir = dir
	cmd.Env = append(environment(),
		"CORDON_LAB_TOKEN="+l.token,
		"CORDON_LAB_ACCOUNT="+o.Account,
		"CORDON_LAB_ROOT_KEY="+l.rootID,
		"CORDON_LAB_ROOT_SECRET="+l.rootSecret,
	)
	l.process, err = launch(ctx, cmd, o)
	if err != nil {
		return nil, err
	}
	l.pid = l.process.hello.PID
	l.url = fmt.Sprintf("http://127.0.0.1:%d", l.process.hello.Port)
	return l, nil
}

// arguments runs the package from our directory and from nowhere else: -I
// keeps the working directory, PYTHON* variables and the user's own packages
// out of the path.
func arguments(dir string, o Options) []string {
	const run = "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); " +
		"runpy.run_module('cordonlab', run_name='__main__', alter_sys=True)"
	args := []string{"-I", "-c", run, dir, "--port", fmt.Sprint(o.Port)}
	if !o.Detach {
		args = append(args, "--watch-stdin")
	}
	return args
}

// environment is what the lab's process needs of ours: nothing of AWS's, no
// proxy, none of Python's.
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// process is the Python process that a Lab started.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when the process has ended
	hello struct {
		Port int `json:"port"`
		PID  int `json:"pid"`
	}
}

// launch starts the process and reads the line in which it says where it
// listens.
func launch(ctx context.Context, cmd *exec.Cmd, o Options) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	complaints := &tail{to: o.Log}
	cmd.Stderr = complaints
	if o.Detach {
		file, err := detach(cmd)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		complaints = nil
	} else {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return nil, fmt.Errorf("cannot start the lab: %w", err)
		}
		p.stdin = stdin
	}
	// Not StdoutPipe: Wait would close it while the line is being read.
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start the lab: %w", err)
	}
	defer read.Close()
	cmd.Stdout = write
	err = cmd.Start()
	write.Close()
	if err != nil {
		return nil, fmt.Errorf("cannot start the lab with %s: %w", cmd.Path, err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is of no interest, only that it did
		close(p.done)
	}()
	if err := p.greet(ctx, read); err != nil {
		p.kill()
		if complaints != nil && complaints.text() != "" {
			return nil, fmt.Errorf("%w: %s", err, complaints.text())
		}
		return nil, err
	}
	return p, nil
}

// greet reads the first line of the process.
func (p *process) greet(ctx context.Context, stdout io.Reader) error {
	line := make(chan []byte, 1)
	go func() {
		text, _ := bufio.NewReader(stdout).ReadBytes('\n')
		line <- text
	}()
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	select {
	case text := <-line:
		if json.Unmarshal(text, &p.hello) != nil || p.hello.Port == 0 {
			return errors.New("cannot start the lab: it ended without saying where it listens")
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot start the lab: it did not listen in time: %w", ctx.Err())
	}
}

// kill ends the process and waits for that.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only if it has ended already
	<-p.done
	if p.stdin != nil {
		p.stdin.Close()
	}
}

// Fork makes a copy of the lab with all its state, on another port. The copy
// ends with the lab, or when it is stopped.
func (l *Lab) Fork(ctx context.Context) (*Lab, error) {
	var made struct {
		Port int `json:"port"`
		PID  int `json:"pid"`
	}
	if err := l.call(ctx, "POST", "/fork", struct{}{}, &made); err != nil {
		return nil, err
	}
	return &Lab{
		url:        fmt.Sprintf("http://127.0.0.1:%d", made.Port),
		token:      l.token,
		rootID:     l.rootID,
		rootSecret: l.rootSecret,
		account:    l.account,
		pid:        made.PID,
	}, nil
}

// stopLimit is how long a lab may take to end by itself. One that we started is
// killed then; of a fork it is an error, and a busy machine is slow.
const (
	stopLimit     = 3 * time.Second
	forkStopLimit = 30 * time.Second
)

// Stop ends the lab and waits until it is gone. Its forks end with it.
func (l *Lab) Stop() error {
	limit := stopLimit
	if l.process == nil {
		limit = forkStopLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := l.call(ctx, "POST", "/stop", nil, nil)
	l.client().CloseIdleConnections()
	if l.process != nil {
		select {
		case <-l.process.done:
		case <-ctx.Done():
		}
		l.process.kill()
		return nil
	}
	if err != nil {
		if l.gone(context.Background()) {
			return nil
		}
		return err
	}
	for !l.gone(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot stop the lab at %s: it still answers", l.url)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// gone reports whether nothing listens at the lab's address any more.
func (l *Lab) gone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := l.Health(ctx)
	return err != nil && ctx.Err() == nil
}

// tail keeps the end of what is written to it and passes it on.
type tail struct {
	mu   sync.Mutex
	kept []byte
	to   io.Writer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - 2000; over > 0 {
		t.kept = t.kept[over:]
	}
	if t.to != nil {
		_, _ = t.to.Write(b) // a log that fails must not end the lab
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}

// detach makes the process a session of its own, with a log file.
func detach(cmd *exec.Cmd) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(cmd.Dir, "lab.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write the lab's log: %w", err)
	}
	cmd.Stderr = file
	cmd.SysProcAttr = newSession()
	return file, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }

func randomBase32(n int) string {
	return base32.StdEncoding.EncodeToString(randomBytes(n))[:n]
}

func randomSecret() string { return base64.StdEncoding.EncodeToString(randomBytes(30)) }
