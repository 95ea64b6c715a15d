package kinds

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// An intruder has an administrator's key, a session got with it and a session
// of a role.
type intruder struct {
	w                  world
	key, session, role aws.Config
}

func breakIn(t *testing.T) intruder {
	t.Helper()
	w := kindtest.NewWorld(t)
	a := open(t, w)
	a.inlineUser(a.user("eve"), "all", allowAll)
	made := must[*iam.CreateAccessKeyOutput](t)(a.CreateAccessKey(a.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("eve")}))
	a.inlineRole(a.role("door", trusting("arn:aws:iam::"+kindtest.Account+":root")), "all", allowAll)
	x := intruder{w: w, key: w.Config("us-east-1")}
	x.key.Credentials = credentials.NewStaticCredentialsProvider(*made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey, "")
	token := must[*sts.GetSessionTokenOutput](t)(sts.NewFromConfig(x.key).GetSessionToken(a.ctx, &sts.GetSessionTokenInput{}))
	assumed := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(x.key).AssumeRole(a.ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + kindtest.Account + ":role/door"), RoleSessionName: aws.String("eve"),
	}))
	with := func(c *ststypes.Credentials) aws.Config {
		cfg := w.Config("us-east-1")
		cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
		return cfg
	}
	x.session, x.role = with(token.Credentials), with(assumed.Credentials)
	return x
}

// assumes reports whether the credentials still open the role: the one thing
// that every one of them could do.
func (x intruder) assumes(t *testing.T, by aws.Config) bool {
	_, err := sts.NewFromConfig(by).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + kindtest.Account + ":role/door"), RoleSessionName: aws.String("again"),
	})
	return err == nil
}

func (x intruder) do(t *testing.T, k kind.Kind, id, verb string, at time.Time) {
	t.Helper()
	all := listAll(t, x.w)
	v, _ := k.Verb(verb)
	r, cfg := all[k.Name()][id], x.w.Config(fact.Global)
	was, err := v.Prior(t.Context(), cfg, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Do(t.Context(), cfg, kind.Job{Resource: k.Trim(r), At: at, Case: "C-20260301-A"}, was); err != nil {
		t.Fatal(err)
	}
}

func TestIAMWhatAVerbStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind               kind.Kind
		id, verb           string
		key, session, role bool // what still works afterwards
	}{
		{user, "eve", "deny-all", false, false, true},
		{user, "eve", "revoke-sessions", true, false, true},
		{role, "door", "revoke-sessions", true, true, false},
		{role, "door", "deny-all", true, true, false},
	} {
		x := breakIn(t)
		if !x.assumes(t, x.key) || !x.assumes(t, x.session) || !x.assumes(t, x.role) {
			t.Fatal("the intruder is not in")
		}
		x.do(t, c.kind, c.id, c.verb, time.Now().Add(2*time.Second)) // tokens are dated in whole seconds
		for name, g := range map[string]struct {
			by   aws.Config
			want bool
		}{"key": {x.key, c.key}, "session": {x.session, c.session}, "role": {x.role, c.role}} {
			if got := x.assumes(t, g.by); got != g.want {
				t.Errorf("%s %s: the %s works: %v, want %v", c.verb, c.id, name, got, g.want)
			}
		}
	}
}

// TestIAMRevocationIsNotWeakened: a policy that reaches further stays.
func TestIAMRevocationIsNotWeakened(t *testing.T) {
	t.Parallel()
	x := breakIn(t)
	a, later := open(t, x.w), denyOlder(testTime.AddDate(10, 0, 0))
	a.inlineRole("door", revokeRoleName, later)
	x.do(t, role, "door", "revoke-sessions", testTime)
	for _, p := range fact.Inline.Or(listAll(t, x.w)["iam.role"]["door"], nil) {
		if p.Name == revokeRoleName && p.Body != later {
			t.Errorf("now %s", p.Body)
		}
	}
}
