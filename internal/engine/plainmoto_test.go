package engine_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/checks"
	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/lab"
)

// plainMoto runs moto's own threaded server, as anybody would, and returns its
// address, at a port that it chose itself. It ends, hard, when its standard input
// does: with this process too.
func plainMoto(t *testing.T) string {
	t.Helper()
	if startErr != nil {
		t.Skipf("no lab on this machine: %v", startErr)
	}
	python, err := lab.FindPython(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const run = `import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
import moto.server
from werkzeug.serving import make_server
def serve(host, port, app, **_):
    server = make_server(host, port, app, threaded=True)
    os.environ["MOTO_PORT"] = str(server.server_port)
    print(server.server_port, flush=True)
    os.dup2(2, 1)
    server.serve_forever()
moto.server.run_simple = serve
moto.server.main(["-H", "127.0.0.1", "-p", "0"])`
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), python, "-c", run)
	cmd.Env = append(os.Environ(), "MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	cmd.Stderr = io.Discard
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	late := time.AfterFunc(2*time.Minute, func() { _ = stdin.Close() }) // ends it, and the line with it
	defer late.Stop()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("moto does not listen: %v", err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(line)
}

// Any other emulator, through AWS_ENDPOINT_URL alone: what it lacks is a gap
// with a name, and what hangs on a gap is unknown.
func TestAnotherEmulatorThroughItsEndpointAlone(t *testing.T) {
	url := plainMoto(t)
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_CA_BUNDLE": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
	} {
		t.Setenv(k, v)
	}
	account, err := awsapi.Open(t.Context(), awsapi.Options{AppID: "cordon-test"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := incident.Create(t.TempDir(), incident.Info{
		Account: account.Caller.Account, Partition: account.Caller.Partition, Endpoint: account.Endpoint,
		Opened: night, By: account.Caller.ARN, Tool: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	// The owner knows which key it was, so that the history is asked too.
	c.Notice = &incident.Notice{Key: "AKIAIOSFODNN7EXAMPLE"}
	s := &engine.Session{Account: account, Case: c, Out: &listener{}, Who: "test", Version: "test"}
	tri, err := s.Triage(t.Context(), engine.TriageOptions{Since: night.Add(-7 * time.Hour), SinceFrom: "flag"})
	if err != nil {
		t.Fatal(err)
	}
	gaps := map[fact.Kind]fact.Reading{}
	for _, r := range tri.Snapshot.Readings {
		if r.State == fact.Failed {
			gaps[r.Kind] = r
		}
		if !r.OK() && r.Why == "" {
			t.Errorf("a gap without a reason: %+v", r)
		}
	}
	for k, r := range gaps {
		t.Logf("gap: %s in %s: %s", k, r.Region, r.Why)
		neverClear(t, tri, k)
	}
	for k, call := range map[fact.Kind]string{checks.History: "cloudtrail:LookupEvents", "iam.service-credential": "iam:ListServiceSpecificCredentials"} {
		if r, there := gaps[k]; !there || r.Why != "the endpoint does not know "+call {
			t.Errorf("moto has no %s: the gap is %+v", call, r)
		}
	}
	said := outcomes(tri)
	for _, f := range tri.Findings {
		t.Logf("%-8s %s, %d gaps", f.Outcome, f.Check, len(f.Gaps))
	}
	for _, id := range []string{"suspect-credential", "suspect-principal", "suspect-session", "suspect-made", "suspect-changed"} {
		if said[id] != finding.Unknown {
			t.Errorf("%s says %s", id, said[id])
		}
	}
	// It is not blind altogether: what moto has is read and may be clear.
	read := slices.ContainsFunc(tri.Snapshot.Readings, func(r fact.Reading) bool { return r.Kind == "ec2.instance" && r.State == fact.Read })
	if !read || said["quarantine-marker"] != finding.Clear {
		t.Errorf("nothing was read: quarantine marker %s", said["quarantine-marker"])
	}
	if tri.Summary.Gaps == 0 || tri.Summary.Retries > 0 {
		t.Errorf("summary %+v", tri.Summary)
	}
	t.Logf("calls %v, %d retries, %d ms, %d gaps", tri.Summary.Calls, tri.Summary.Retries, tri.Summary.ElapsedMS, tri.Summary.Gaps)
}
