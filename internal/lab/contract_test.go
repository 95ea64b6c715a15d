package lab_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"cordon/internal/lab"
)

// deviation is one point in which moto answers otherwise than AWS and the lab
// mends it. check makes real calls and says what it saw: nil if AWS's
// behaviour, an error if not. It must find AWS's behaviour on the lab, and must
// not find it on plain moto, so that a moto that mends it itself is noticed.
type deviation struct {
	name  string
	aws   string // AWS's own text
	check func(c *world) error
	// everywhere: plain moto behaves as AWS too; the lab only must keep it so.
	everywhere bool
}

// world is a fresh account, as its root user sees it.
type world struct {
	ctx        context.Context
	transport  http.RoundTripper
	id, secret string
}

// mendedLab is a fork of the shared lab that checks credentials and policies.
func mendedLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := fork(t)
	if _, err := l.Settings(t.Context(), map[string]any{"auth": "enforce"}); err != nil {
		t.Fatal(err)
	}
	return l
}

var bareMoto struct {
	once  sync.Once
	stdin io.Closer
	url   string
	err   error
}

// plainMoto runs moto's own threaded server in a process of its own. It ends
// itself, hard, when this process does (its standard input ends): moto's server
// has been seen to outlive SIGTERM.
func plainMoto(t *testing.T) string {
	t.Helper()
	m := &bareMoto
	m.once.Do(func() { m.url, m.err = startMoto() })
	if m.err != nil {
		t.Fatalf("cannot start moto: %v", m.err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url+"/moto-api/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("cannot reset moto: %v", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("cannot reset moto: it answers %s", response.Status)
	}
	return m.url
}

// startMoto has moto bind a port of its own choice and say which it is: a port that
// we chose could be somebody else's by the time that moto is there.
func startMoto() (string, error) {
	const run = `import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.core.config import default_user_config as c; c['lambda']['use_docker'] = False
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
	python, err := lab.FindPython(context.Background())
	if err != nil {
		return "", err
	}
	cmd := exec.Command(python, "-c", run)
	cmd.Env = append(os.Environ(), "MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	if bareMoto.stdin, err = cmd.StdinPipe(); err != nil {
		return "", err
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	late := time.AfterFunc(2*time.Minute, func() { _ = bareMoto.stdin.Close() }) // ends it, and the line with it
	defer late.Stop()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("moto does not listen: %w", err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(line), nil
}

// contract runs each deviation on a fork of the lab and on plain moto.
func contract(t *testing.T, deviations []deviation) {
	t.Helper()
	if testing.Short() {
		t.Skip("makes some thousand calls to two servers")
	}
	for _, d := range deviations {
		t.Run(d.name, func(t *testing.T) {
			fork := mendedLab(t)
			id, secret := fork.RootKey()
			w := &world{ctx: t.Context(), transport: lab.Transport(fork.URL()), id: id, secret: secret}
			if err := d.check(w); err != nil {
				t.Errorf("the lab does not behave as AWS does (%q): %v", d.aws, err)
			}
			if missing, err := fork.Missing(t.Context()); err != nil || len(missing) > 0 {
				t.Errorf("Missing() = %v, %v: want nothing", missing, err)
			}
			plain := &world{ctx: t.Context(), transport: lab.Transport(plainMoto(t)), id: "AKIAPLAINMOTO0000000", secret: "any"}
			err := d.check(plain)
			if d.everywhere && err != nil {
				t.Errorf("plain moto does not behave as AWS does (%q) any more: %v", d.aws, err)
			}
			if !d.everywhere && err == nil {
				t.Errorf("plain moto behaves as AWS does now (%q): the lab need not mend it", d.aws)
			}
		})
	}
}

// keys are credentials of somebody.
type keys struct{ id, secret, token string }

func (c *world) root() keys { return keys{id: c.id, secret: c.secret} }

func (c *world) config(k keys, region string) aws.Config {
	return aws.Config{
		Region:           region,
		Credentials:      credentials.NewStaticCredentialsProvider(k.id, k.secret, k.token),
		HTTPClient:       &http.Client{Transport: c.transport},
		RetryMaxAttempts: 1,
	}
}

const home = "us-east-1"

func (c *world) iam(k keys) *iam.Client       { return iam.NewFromConfig(c.config(k, home)) }
func (c *world) sts(k keys) *sts.Client       { return sts.NewFromConfig(c.config(k, home)) }
func (c *world) ec2(k keys) *ec2.Client       { return ec2.NewFromConfig(c.config(k, home)) }
func (c *world) lambda(k keys) *lambda.Client { return lambda.NewFromConfig(c.config(k, home)) }
func (c *world) guardduty(k keys) *guardduty.Client {
	return guardduty.NewFromConfig(c.config(k, home))
}
func (c *world) cloudtrail(k keys) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(c.config(k, home))
}

// fails says nil if err is the error of AWS with that code.
func fails(err error, code string) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return fmt.Errorf("the call succeeded, want %s", code)
	case !errors.As(err, &api):
		return fmt.Errorf("want %s: %w", code, err)
	case api.ErrorCode() != code:
		return fmt.Errorf("got %s, want %s: %s", api.ErrorCode(), code, api.ErrorMessage())
	}
	return nil
}

// is says nil if a value is the one wanted.
func is[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

func hasPrefix(what, got, prefix string) error {
	if !strings.HasPrefix(got, prefix) {
		return fmt.Errorf("%s is %q, want it to begin with %q", what, got, prefix)
	}
	return nil
}

// user makes a user with a key and, if doc is not empty, an inline policy.
func (c *world) user(name, doc string) (keys, error) {
	client := c.iam(c.root())
	if _, err := client.CreateUser(c.ctx, &iam.CreateUserInput{UserName: &name}); err != nil {
		return keys{}, err
	}
	if doc != "" {
		_, err := client.PutUserPolicy(c.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("own"), PolicyDocument: &doc})
		if err != nil {
			return keys{}, err
		}
	}
	made, err := client.CreateAccessKey(c.ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		return keys{}, err
	}
	return keys{id: *made.AccessKey.AccessKeyId, secret: *made.AccessKey.SecretAccessKey}, nil
}

// denyAll puts the containment policy on a user.
func (c *world) denyAll(name string) error {
	_, err := c.iam(c.root()).PutUserPolicy(c.ctx, &iam.PutUserPolicyInput{
		UserName: &name, PolicyName: aws.String("contained"), PolicyDocument: aws.String(nothing),
	})
	return err
}

const (
	everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	nothing    = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
)

// trust is a trust policy for one principal, with an optional condition.
func trust(principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + condition + `}]}`
}

// bucket makes a bucket with a signed request of its own: the project has no
// client for S3.
func (c *world) bucket(name string) error {
	request, err := http.NewRequestWithContext(c.ctx, http.MethodPut, "https://s3."+home+".amazonaws.com/"+name, nil)
	if err != nil {
		return err
	}
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	request.Header.Set("X-Amz-Content-Sha256", empty)
	who := aws.Credentials{AccessKeyID: c.id, SecretAccessKey: c.secret}
	if err := v4.NewSigner().SignHTTP(c.ctx, who, request, empty, "s3", home, time.Now()); err != nil {
		return err
	}
	response, err := (&http.Client{Transport: c.transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot make the bucket: %s", response.Status)
	}
	return nil
}
