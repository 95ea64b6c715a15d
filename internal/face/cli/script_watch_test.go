package cli

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

// A moving clock is ahead of this machine's: it begins so much ahead, and who waits
// moves it instead. The lab answers as at its time.
type moving struct {
	mu    sync.Mutex
	ahead time.Duration
	token string
	to    http.RoundTripper
}

// moveClock gives the program a moving clock where a story asks for one, and somebody
// who presses Ctrl-C at the so-manieth wait.
func moveClock(s *System, to http.RoundTripper) http.RoundTripper {
	ahead, err := time.ParseDuration(os.Getenv("CORDON_TEST_CLOCK"))
	if err != nil {
		return to
	}
	m := &moving{ahead: ahead, token: os.Getenv("CORDON_TEST_TOKEN"), to: to}
	s.Now = m.now
	ctrlC := make(chan os.Signal, 1)
	waits, stop := 0, os.Getenv("CORDON_TEST_CTRL_C")
	s.Wait = func(ctx context.Context, d time.Duration) error {
		m.mu.Lock()
		m.ahead += d
		waits++
		pressed := strconv.Itoa(waits) == stop
		m.mu.Unlock()
		if pressed {
			ctrlC <- os.Interrupt
			<-ctx.Done()
		}
		return ctx.Err()
	}
	if stop != "" {
		s.Interrupts = ctrlC
	}
	return m
}

func (m *moving) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.ahead)
}

func (m *moving) RoundTrip(r *http.Request) (*http.Response, error) {
	now := m.now()
	resp, err := at(r, m.token, now, m.to)
	if err == nil {
		resp.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	return resp, err
}

// at sends a request as at another time; the lab believes its token.
func at(r *http.Request, token string, when time.Time, to http.RoundTripper) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Token", token)
	r.Header.Set("X-Lab-Time", when.UTC().Format(time.RFC3339))
	return to.RoundTrip(r)
}

// intrude runs "intrude CREDENTIAL AFTER CALL RESULT": one of the intruder's
// credentials calls, so long after now by the lab's clock; RESULT is "ok" or the code
// that AWS answers.
func intrude(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: intrude CREDENTIAL AFTER list-users|create-user|whoami ok|CODE")
	}
	who := ts.Value("truth").(truth)
	i := slices.IndexFunc(who.Intruder, func(c credential) bool { return c.Name == args[0] && c.ID != "" })
	if i < 0 {
		ts.Fatalf("the intruder has no credential %s", args[0])
	}
	after, err := time.ParseDuration(args[1])
	ts.Check(err)
	l, c := ts.Value("lab").(*lab.Lab), who.Intruder[i]
	cfg := aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(c.ID, c.Secret, c.Token), RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: later{l.Token(), time.Now().Add(after), lab.Transport(l.URL())}},
	}
	switch ctx := context.Background(); args[2] {
	case "list-users":
		_, err = iam.NewFromConfig(cfg).ListUsers(ctx, &iam.ListUsersInput{})
	case "create-user":
		_, err = iam.NewFromConfig(cfg).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("again")})
	case "whoami":
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	default:
		ts.Fatalf("there is no call %s", args[2])
	}
	if got := codeOf(err); got != args[3] {
		ts.Fatalf("%s by %s: %s (%v), want %s", args[2], args[0], got, err, args[3])
	}
}

func codeOf(err error) string {
	var api interface{ ErrorCode() string }
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return "broken"
}

// later sends every request as at one other time.
type later struct {
	token string
	when  time.Time
	to    http.RoundTripper
}

func (l later) RoundTrip(r *http.Request) (*http.Response, error) {
	return at(r, l.token, l.when, l.to)
}

// become runs "become NAME": from then on the program has that credential of the
// intruder's, which is the owner's too.
func become(ts *testscript.TestScript, _ bool, args []string) {
	for _, c := range ts.Value("truth").(truth).Intruder {
		if len(args) == 1 && c.Name == args[0] && c.ID != "" {
			ts.Setenv("AWS_ACCESS_KEY_ID", c.ID)
			ts.Setenv("AWS_SECRET_ACCESS_KEY", c.Secret)
			ts.Setenv("AWS_SESSION_TOKEN", c.Token)
			return
		}
	}
	ts.Fatalf("usage: become CREDENTIAL")
}
