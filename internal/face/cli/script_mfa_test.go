package cli

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// seeing notes the seed that AWS tells once, as an authenticator would that scans
// the picture: the picture itself is read by nothing here.
type seeing struct {
	http.RoundTripper
	file string
}

var seedMember = regexp.MustCompile(`(?s)<CreateVirtualMFADeviceResponse.*<Base32StringSeed>([^<]+)</Base32StringSeed>`)

func (s seeing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if err != nil || s.file == "" {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if m := seedMember.FindSubmatch(body); m != nil {
		seed, bad := base64.StdEncoding.DecodeString(string(m[1]))
		if err = errors.Join(err, bad); err == nil {
			err = os.WriteFile(s.file, seed, 0o600)
		}
	}
	return resp, err
}

// codeAt is the code of RFC 6238.
func codeAt(seed string, at time.Time) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(seed, "="))
	if err != nil {
		return "seed"
	}
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, uint64(at.Unix()/30))
	sum := h.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
}

// enrol runs "enrol MODE EXIT ARG…": cordon mfa enrol, with a person who scans the
// picture and types: right; wrong, the same twice, and then right; a single code;
// or who presses Ctrl-C (interrupt) or pulls the plug (kill). What the program said is in enrol.txt. The seed
// must be nowhere, and the picture gone.
func enrol(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: enrol right|wrong|single|interrupt|kill EXIT ARG…")
	}
	seeds := ts.MkAbs("seed.tmp")
	_ = os.Remove(seeds)
	said, code := person(ts, args[0], seeds, args[2:])
	ts.Check(os.WriteFile(ts.MkAbs("enrol.txt"), said, 0o600))
	if strconv.Itoa(code) != args[1] {
		ts.Fatalf("exit %d, want %s: %s", code, args[1], said)
	}
	seed, err := os.ReadFile(seeds)
	ts.Check(err)
	ts.Check(os.Remove(seeds))
	if bytes.Contains(said, seed) {
		ts.Fatalf("the seed is in what was said")
	}
	ts.Check(filepath.WalkDir(ts.MkAbs("cases"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, seed) {
			err = fmt.Errorf("the seed is in %s", path)
		}
		return err
	}))
}

// person runs the program and types.
func person(ts *testscript.TestScript, mode, seeds string, args []string) ([]byte, int) {
	program := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, "cordon"); program == "" {
			if _, err := os.Stat(p); err == nil {
				program = p
			}
		}
	}
	cmd := exec.Command(program, append([]string{"mfa", "enrol"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{
		"PATH", "HOME", "CORDON_CASE_DIR", "CORDON_CONFIG_DIR", "CORDON_TEST_LAB", "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "LANG", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",
	} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Env = append(cmd.Env, "CORDON_TEST_SEEDS="+seeds)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var seed []byte
	for len(seed) == 0 { // the file is there once AWS has told
		select {
		case err := <-ended:
			ts.Fatalf("it ended before it asked: %v: %s", err, said.String())
		case <-time.After(20 * time.Millisecond):
			seed, _ = os.ReadFile(seeds)
		}
	}
	now := time.Now()
	first, second := codeAt(string(seed), now.Add(-30*time.Second)), codeAt(string(seed), now)
	var lines []string
	switch mode {
	case "right":
		lines = []string{first, second}
	case "wrong":
		lines = []string{"12345", "000000", "111111", first, first, "000000", "111111", first, second}
	case "single":
		lines = []string{first}
	case "kill":
		ts.Check(cmd.Process.Kill())
	case "interrupt":
		ts.Check(cmd.Process.Signal(os.Interrupt))
		<-ended // by itself, with nothing typed
		_ = in.Close()
		return said.Bytes(), cmd.ProcessState.ExitCode()
	}
	_, _ = io.WriteString(in, strings.Join(append(lines, ""), "\n")) // a dead reader is what kill is for
	_ = in.Close()
	err = <-ended
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return said.Bytes(), exit.ExitCode()
	}
	ts.Check(err)
	return said.Bytes(), 0
}
