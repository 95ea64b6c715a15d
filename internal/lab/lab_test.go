package lab_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cordon/internal/lab"
)

// shared is the lab of all tests of this file; each works on a fork of it.
var shared *lab.Lab

// skipped says why there is no shared lab.
var skipped string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	if how := os.Getenv("CORDON_LAB_TEST_STARTER"); how != "" {
		return starter(ctx, how == "detach")
	}
	if _, err := lab.FindPython(ctx); err != nil {
		skipped = err.Error()
		return m.Run()
	}
	began := time.Now()
	var err error
	shared, err = lab.Start(ctx, lab.Options{Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "lab started in %v\n", time.Since(began).Round(time.Millisecond))
	defer shared.Stop()
	return m.Run()
}

// fork gives a test a lab of its own.
func fork(t *testing.T) *lab.Lab {
	t.Helper()
	if shared == nil {
		t.Skip("no lab: " + skipped)
	}
	l, err := shared.Fork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestHealthDoesNotRevealTheRootKey(t *testing.T) {
	l := fork(t)
	id, secret := l.RootKey()
	r, _ := http.NewRequest("GET", l.URL()+"/_lab/health", nil)
	r.Header.Set("X-Lab-Token", l.Token())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 || bytes.Contains(raw, []byte(id)) || bytes.Contains(raw, []byte(secret)) {
		t.Errorf("%d %s", answer.StatusCode, raw)
	}
}

func TestHostsThatAreNotOursAreRefused(t *testing.T) {
	l := fork(t)
	for host, want := range map[string]int{
		"":                                 403, // the lab's own address: no signature, so AWS's refusal
		"iam.amazonaws.com":                403,
		"ec2.eu-west-1.amazonaws.com":      403,
		"ec2.eu-west-1.amazonaws.com:443":  403,
		"evil.example":                     421,
		"127.0.0.1":                        421, // without our port
		"127.0.0.1:1":                      421,
		"amazonaws.com.evil.example":       421,
		"evilamazonaws.com":                421,
		"iam.amazonaws.com.evil.example:1": 421,
	} {
		r, _ := http.NewRequest("GET", l.URL()+"/", nil)
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("Host %q: status %d, not %d", host, answer.StatusCode, want)
		}
		if answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("Host %q: a page in a browser could read the answer", host)
		}
	}
}

func TestControlNeedsTheToken(t *testing.T) {
	l := fork(t)
	for _, path := range []string{"/_lab/health", "/_lab/events", "/_lab/nothing", "/_labour", "/moto-api/data.json", "/moto-api/reset"} {
		for _, token := range []string{"", "wrong", l.Token() + "x", l.Token()[:10]} {
			r, _ := http.NewRequest("GET", l.URL()+path, nil)
			if token != "" {
				r.Header.Set("X-Lab-Token", token)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != 403 {
				t.Errorf("%s with token %q: %d", path, token, answer.StatusCode)
			}
		}
	}
	if _, err := lab.Attach(l.URL(), "wrong").Health(t.Context()); err == nil {
		t.Error("a wrong token was taken")
	}
}

func TestTransportRefusesForeignHosts(t *testing.T) {
	// The URL is of nothing: a request that is refused never gets there.
	client := &http.Client{Transport: lab.Transport("http://127.0.0.1:1")}
	for _, address := range []string{
		"https://example.com/", "http://169.254.169.254/latest/meta-data/", "https://amazonaws.com.example/",
		"http://127.0.0.1:1/", "https://xamazonaws.com/",
	} {
		_, err := client.Get(address)
		var foreign *lab.ForeignHostError
		if !errors.As(err, &foreign) || !strings.Contains(address, foreign.Host) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := (&http.Client{Transport: lab.Transport("not a url")}).Get("https://iam.amazonaws.com/"); err == nil {
		t.Error("a transport to nowhere works")
	}
}

func TestForksAreIsolatedAndEndWithTheirLab(t *testing.T) {
	ctx := t.Context()
	l := fork(t)
	began := time.Now()
	child, err := l.Fork(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("fork took %v", time.Since(began))
	if _, err := child.Settings(ctx, map[string]any{"lookup_rps": 2}); err != nil {
		t.Fatal(err)
	}
	if s, err := l.Settings(ctx, nil); err != nil || s["lookup_rps"] != 0.0 {
		t.Errorf("the child's setting shows in its parent: %v %v", s, err)
	}
	grandchild, err := child.Fork(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := grandchild.Settings(ctx, nil); err != nil || s["lookup_rps"] != 2.0 {
		t.Errorf("the grandchild did not inherit: %v %v", s, err)
	}
	if err := child.Stop(); err != nil {
		t.Fatal(err)
	}
	until(t, "the grandchild is gone", func() bool {
		_, err := grandchild.Health(ctx)
		return err != nil
	})
	if _, err := l.Health(ctx); err != nil {
		t.Errorf("the parent is gone: %v", err)
	}
}

// until waits for something to become true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// starter starts a lab with a fork, says where they are and waits to be killed.
func starter(ctx context.Context, detach bool) int {
	l, err := lab.Start(ctx, lab.Options{Detach: detach})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	child, err := l.Fork(ctx)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(l.URL(), child.URL(), l.Token())
	select {}
}

// started runs a starter and returns its labs once it was killed.
func started(t *testing.T, how string) (l, child *lab.Lab) {
	t.Helper()
	if shared == nil {
		t.Skip("no lab: " + skipped)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CORDON_LAB_TEST_STARTER="+how)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	said := strings.Fields(line)
	if len(said) != 3 {
		t.Fatal(line)
	}
	return lab.Attach(said[0], said[2]), lab.Attach(said[1], said[2])
}

func TestLabEndsWithWhoStartedIt(t *testing.T) {
	l, child := started(t, "attached")
	for _, each := range []*lab.Lab{l, child} {
		until(t, each.URL()+" is gone", func() bool {
			_, err := each.Health(t.Context())
			return err != nil
		})
	}
}

func TestDetachedLabStaysUntilStopped(t *testing.T) {
	l, child := started(t, "detach")
	if _, err := l.Health(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Stop(); err != nil {
		t.Error(err)
	}
	until(t, "its fork is gone", func() bool {
		_, err := child.Health(t.Context())
		return err != nil
	})
	if err := l.Stop(); err != nil {
		t.Errorf("stopped twice: %v", err)
	}
}

func TestHostileBytesDoNotEndTheLab(t *testing.T) {
	l := fork(t)
	address := strings.TrimPrefix(l.URL(), "http://")
	for _, raw := range []string{
		"\x00\x01\x02\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: iam.amazonaws.com\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: iam.amazonaws.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST / HTTP/1.1\r\nHost: iam.amazonaws.com\r\nContent-Length: 99999999999\r\n\r\n",
		"GET http://iam.amazonaws.com/_lab/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"GET //_lab/health HTTP/1.1\r\nHost: " + address + "\r\n\r\n",
		"GET /%5flab/health HTTP/1.1\r\nHost: " + address + "\r\n\r\n",
		strings.Repeat("A", 100_000) + "\r\n\r\n",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(c, raw)
		_ = c.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(c)
		c.Close()
		if bytes.Contains(answer, []byte(`"pid"`)) || bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			t.Errorf("%.60q was answered %.200q", raw, answer)
		}
	}
	if _, err := l.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLabIsNotedAndFound(t *testing.T) {
	dir := t.TempDir()
	if _, err := lab.LoadState(dir); !errors.Is(err, lab.ErrNoLab) {
		t.Fatalf("an empty directory: %v", err)
	}
	l := lab.Attach("http://127.0.0.1:1/", "token")
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := lab.SaveState(dir, l); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir + "/lab.json")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	found, err := lab.LoadState(dir)
	if err != nil || found.URL() != l.URL() || found.Token() != "token" {
		t.Errorf("%+v %v", found, err)
	}
	if err := lab.RemoveState(dir); err != nil {
		t.Error(err)
	}
	if _, err := lab.LoadState(dir); !errors.Is(err, lab.ErrNoLab) {
		t.Errorf("after removal: %v", err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	_, err := lab.Start(t.Context(), lab.Options{Python: "/nonexistent/python"})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot use /nonexistent/python for the lab: ") {
		t.Error(err)
	}
}
