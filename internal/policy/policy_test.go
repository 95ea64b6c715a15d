package policy

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

const own, other = "111122223333", "999988887777"

func TestAdmin(t *testing.T) {
	allow := func(actions, resource string) string {
		return `{"Statement":{"Effect":"Allow","Action":` + actions + `,"Resource":` + resource + `}}`
	}
	star := allow(`"*"`, `"*"`)
	for name, c := range map[string]struct {
		Grants
		level Level
		known bool
	}{
		"nothing":                      {Grants{}, Limited, true},
		"star":                         {Grants{Inline: []string{star}}, Full, true},
		"star from a group":            {Grants{GroupPolicies: []string{star}}, Full, true},
		"service star":                 {Grants{Attached: []string{allow(`["*:*"]`, `["*"]`)}}, Full, true},
		"url-encoded":                  {Grants{Attached: []string{url.PathEscape(star)}}, Full, true},
		"url-encoded from the brace":   {Grants{Attached: []string{url.QueryEscape(star)}}, Full, true},
		"mfa asked":                    {Grants{Inline: []string{`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":true}}}]}`}}, Full, true},
		"odd case":                     {Grants{Inline: []string{`{"statement":{"EFFECT":"allow","action":"IAM:*","resource":"*"}}`}}, Escalates, true},
		"NotAction billing":            {Grants{Inline: []string{`{"Statement":{"Effect":"Allow","NotAction":"aws-portal:*","Resource":"*"}}`}}, Full, true},
		"NotAction iam is a poweruser": {Grants{Inline: []string{`{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}}`}}, Limited, true},
		"NotResource one bucket":       {Grants{Inline: []string{`{"Statement":{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::x"}}`}}, Full, true},
		"deny all":                     {Grants{Inline: []string{star, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`}}, Limited, true},
		"deny in the same document":    {Grants{Inline: []string{`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`}}, Limited, true},
		"revoked sessions are no deny": {Grants{Inline: []string{star, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-01-01T00:00:00Z"}}}}`}}, Full, true},
		"deny of something small":      {Grants{Inline: []string{star, `{"Statement":{"Effect":"Deny","Action":"ec2:Purchase*","Resource":"*"}}`}}, Full, true},
		"deny iam":                     {Grants{Inline: []string{star, `{"Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}`}}, Limited, true},
		"iam star":                     {Grants{Inline: []string{allow(`"iam:*"`, `"*"`)}}, Escalates, true},
		"iam star by arn":              {Grants{Inline: []string{allow(`"iam:*"`, `"arn:aws:iam::`+own+`:*"`)}}, Escalates, true},
		"put policy on all users":      {Grants{Inline: []string{allow(`"iam:PutUserPolicy"`, `"arn:aws:iam::`+own+`:user/*"`)}}, Escalates, true},
		"put policy in aws-cn":         {Grants{Inline: []string{allow(`"iam:Put*"`, `"arn:aws-cn:iam::`+own+`:user/*"`)}}, Escalates, true},
		"put policy on oneself":        {Grants{Inline: []string{allow(`"iam:PutUserPolicy"`, `"arn:aws:iam::*:user/${aws:username}"`)}}, Escalates, true},
		"put policy on oneself, named": {Grants{ARN: "arn:aws:iam::" + own + ":user/ann", Inline: []string{allow(`"iam:AttachUserPolicy"`, `"arn:aws:iam::`+own+`:user/ann"`)}}, Escalates, true},
		"put policy on somebody":       {Grants{ARN: "arn:aws:iam::" + own + ":user/ann", Inline: []string{allow(`"iam:AttachUserPolicy"`, `"arn:aws:iam::`+own+`:user/bob"`)}}, Limited, true},
		"own keys are no escalation":   {Grants{Inline: []string{allow(`["iam:CreateAccessKey","iam:UpdateLoginProfile"]`, `"arn:aws:iam::*:user/${aws:username}"`)}}, Limited, true},
		"keys of everybody":            {Grants{Inline: []string{allow(`"iam:CreateAccessKey"`, `"*"`)}}, Escalates, true},
		"pass role and lambda":         {Grants{Inline: []string{allow(`["iam:PassRole","lambda:*"]`, `"*"`)}}, Escalates, true},
		"pass role alone":              {Grants{Inline: []string{allow(`"iam:PassRole"`, `"*"`)}}, Limited, true},
		"pass one role":                {Grants{Inline: []string{allow(`"iam:PassRole"`, `"arn:aws:iam::`+own+`:role/app"`), allow(`"ec2:*"`, `"*"`)}}, Limited, true},
		"assembled from two policies":  {Grants{Inline: []string{allow(`"iam:PassRole"`, `"*"`)}, GroupPolicies: []string{allow(`"ec2:Run*"`, `"*"`)}}, Escalates, true},
		"boundary limits":              {Grants{Inline: []string{star}, Boundary: allow(`"s3:*"`, `"*"`)}, Limited, true},
		"boundary of everything":       {Grants{Inline: []string{star}, Boundary: star}, Full, true},
		"boundary denies":              {Grants{Inline: []string{star}, Boundary: `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`}, Limited, true},
		"boundary by name":             {Grants{Inline: []string{star}, BoundaryARN: "arn:aws:iam::aws:policy/PowerUserAccess"}, Limited, true},
		"boundary unknown":             {Grants{Inline: []string{star}, BoundaryARN: "arn:aws:iam::" + own + ":policy/x"}, Full, false},
		"managed administrator":        {Grants{Managed: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}}, Full, true},
		"managed, in china":            {Grants{Managed: []string{"arn:aws-cn:iam::aws:policy/IAMFullAccess"}}, Escalates, true},
		"power user":                   {Grants{Managed: []string{"arn:aws:iam::aws:policy/PowerUserAccess"}}, Limited, true},
		"power user and iam":           {Grants{Managed: []string{"arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/IAMFullAccess"}}, Full, true},
		"quarantined administrator":    {Grants{Inline: []string{star}, Managed: []string{"arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV4"}}, Limited, true},
		"unknown managed":              {Grants{Managed: []string{"arn:aws:iam::aws:policy/SomethingNew"}}, Limited, false},
		"unknown managed and star":     {Grants{Inline: []string{star}, Managed: []string{"arn:aws:iam::aws:policy/SomethingNew"}}, Full, true},
		"an impostor's name":           {Grants{Managed: []string{"arn:aws:iam::" + own + ":policy/AdministratorAccess"}}, Limited, false},
		"missing":                      {Grants{Missing: true}, Limited, false},
		"missing and star":             {Grants{Missing: true, Inline: []string{star}}, Full, false},
		"broken":                       {Grants{Inline: []string{"{"}}, Limited, false},
		"name says admin":              {Grants{Inline: []string{`{"Id":"AdministratorAccess","Statement":[]}`}}, Limited, true},
	} {
		got := Judge(c.Grants)
		if got.Level != c.level || got.Known != c.known {
			t.Errorf("%s: %+v, want %s known=%v", name, got, c.level, c.known)
		}
		admin, known := Admin(c.Grants)
		if admin != (c.level != Limited) || known != c.known || (got.Level == Limited) != (got.Reasons == nil) {
			t.Errorf("%s: admin %v known %v reasons %v", name, admin, known, got.Reasons)
		}
	}
	got := Judge(Grants{Inline: []string{allow(`["iam:PutUserPolicy","iam:PassRole","ec2:RunInstances"]`, `"*"`)}})
	if want := []string{"iam:PutUserPolicy", "iam:PassRole+ec2:RunInstances"}; !slices.Equal(got.Reasons, want) {
		t.Errorf("reasons %v, want %v", got.Reasons, want)
	}
}

// trust writes a one-statement trust policy.
func trust(principal, condition string) string {
	doc := `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"`
	if condition != "" {
		doc += `,"Condition":` + condition
	}
	return doc + `}]}`
}

func TestForeignAndPublic(t *testing.T) {
	for name, c := range map[string]struct {
		doc     string
		foreign string // joined by commas
		public  bool
	}{
		"own root":               {trust(`{"AWS":"arn:aws:iam::`+own+`:root"}`, ""), "", false},
		"own number":             {trust(`{"AWS":"`+own+`"}`, ""), "", false},
		"another number":         {trust(`{"AWS":["`+own+`","`+other+`"]}`, ""), other, false},
		"another's user":         {trust(`{"aws":"arn:aws:iam::`+other+`:user/x/y"}`, ""), "arn:aws:iam::" + other + ":user/x/y", false},
		"another's session":      {trust(`{"AWS":"arn:aws:sts::`+other+`:assumed-role/r/s"}`, ""), "arn:aws:sts::" + other + ":assumed-role/r/s", false},
		"everybody":              {trust(`"*"`, ""), "*", true},
		"everybody in AWS":       {trust(`{"AWS":"*"}`, ""), "*", true},
		"everybody in a list":    {trust(`{"AWS":["*"]}`, ""), "*", true},
		"external id is a word":  {trust(`{"AWS":"*"}`, `{"StringEquals":{"sts:ExternalId":"s"}}`), "*", true},
		"own account only":       {trust(`"*"`, `{"StringEquals":{"aws:PrincipalAccount":"`+own+`"}}`), "", false},
		"odd case":               {trust(`"*"`, `{"stringequals":{"AWS:principalaccount":["`+own+`"]}}`), "", false},
		"if exists lets in":      {trust(`"*"`, `{"StringEqualsIfExists":{"aws:PrincipalAccount":"`+own+`"}}`), "*", true},
		"for all values lets in": {trust(`"*"`, `{"ForAllValues:StringEquals":{"aws:PrincipalAccount":"`+own+`"}}`), "*", true},
		"one of two accounts":    {trust(`"*"`, `{"StringEquals":{"aws:PrincipalAccount":["`+own+`","`+other+`"]}}`), "*", false},
		"not equals lets in":     {trust(`"*"`, `{"StringNotEquals":{"aws:PrincipalAccount":"`+own+`"}}`), "*", true},
		"any account":            {trust(`"*"`, `{"StringLike":{"aws:PrincipalAccount":"*"}}`), "*", true},
		"own source arn":         {trust(`"*"`, `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:`+own+`:*"}}`), "", false},
		"any source arn":         {trust(`"*"`, `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}`), "*", true},
		"own organisation":       {trust(`"*"`, `{"StringEquals":{"aws:PrincipalOrgID":"o-own"}}`), "", false},
		"organisation path":      {trust(`"*"`, `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-own/r-ab/*"}}`), "", false},
		"another organisation":   {trust(`"*"`, `{"StringEquals":{"aws:PrincipalOrgID":"o-theirs"}}`), "*", false},
		"an endpoint":            {trust(`"*"`, `{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`), "*", false},
		"the whole internet":     {trust(`"*"`, `{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), "*", true},
		"an office":              {trust(`"*"`, `{"IpAddress":{"aws:SourceIp":["192.0.2.0/24"]}}`), "*", false},
		"a deny":                 {`{"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}`, "", false},
		"not principal":          {`{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"` + own + `"},"Action":"*"}}`, "*", true},
		"canonical":              {trust(`{"CanonicalUser":"79a5"}`, ""), "79a5", false},
		"service":                {trust(`{"Service":["ec2.amazonaws.com"]}`, ""), "", false},
		"federated":              {trust(`{"Federated":"arn:aws:iam::`+own+`:saml-provider/x"}`, ""), "", false},
		"federated everybody":    {trust(`{"Federated":"*"}`, ""), "*", true},
		"gone":                   {trust(`{"AWS":"AROA1234567890ABCDEF"}`, ""), "", false},
		"a type of the future":   {trust(`{"Org":"o-1"}`, ""), "o-1", false},
		"a number unquoted":      {trust(`{"AWS":999988887777}`, ""), other, false},
		"null principal":         {trust(`null`, ""), "", false},
	} {
		d, err := Parse(c.doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(Foreign(d, own, "o-own"), ","); got != c.foreign {
			t.Errorf("%s: foreign %q, want %q", name, got, c.foreign)
		}
		if got := Public(d, own, "o-own"); got != c.public {
			t.Errorf("%s: public %v, want %v", name, got, c.public)
		}
	}
}

func TestTrustOfSaysWhatIsAsked(t *testing.T) {
	d, err := Parse(`{"Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + other + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"word"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
		{"Sid":"gh","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + own + `:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		 "Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:a/b:*"},"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}},
		{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Trust{
		{Principal: other, Kind: KindAWS, Foreign: true, ExternalID: "word", MFA: true},
		{Principal: "arn:aws:iam::" + own + ":oidc-provider/token.actions.githubusercontent.com", Kind: KindFederated, Sid: "gh", Sub: "repo:a/b:*", Aud: "sts.amazonaws.com"},
		{Principal: own, Kind: KindAWS},
	}
	if got := TrustOf(d, own); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := Federated(d); len(got) != 1 {
		t.Errorf("federated %v", got)
	}
}

const nobody = `{"Version":"2012-10-17","Statement":[{"Sid":"CordonTrustsNobody","Effect":"Deny","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole"}]}`

func TestCloseTrust(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"nothing to do":      {trust(`{"Service":"ec2.amazonaws.com"}`, ""), ""},
		"gone alone stays":   {trust(`{"AWS":"AROA1234567890ABCDEF"}`, ""), ""},
		"only strangers":     {trust(`{"AWS":"`+other+`"}`, ""), nobody},
		"everybody":          {trust(`"*"`, ""), nobody},
		"federated star":     {trust(`{"Federated":"*"}`, ""), nobody},
		"not principal":      {`{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"1"},"Action":"sts:AssumeRole"}}`, nobody},
		"one of two":         {trust(`{"AWS":["`+other+`","arn:aws:iam::`+own+`:root"],"Service":["a","b"]}`, ""), trust(`{"AWS":"arn:aws:iam::`+own+`:root","Service":["a","b"]}`, "")},
		"the service stays":  {trust(`{"Service":"lambda.amazonaws.com","AWS":"*"}`, `{"Bool":{"x":"<&>"}}`), trust(`{"Service":"lambda.amazonaws.com"}`, `{"Bool":{"x":"<&>"}}`)},
		"gone goes along":    {trust(`{"AWS":["`+own+`","`+other+`","AIDA1234567890ABCDEF"]}`, ""), trust(`{"AWS":"`+own+`"}`, "")},
		"own account stays":  {trust(`"*"`, `{"StringEquals":{"aws:PrincipalAccount":"`+own+`"}}`), ""},
		"deny is not opened": {`{"Statement":[{"Effect":"Deny","Principal":{"AWS":"` + other + `"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}],"Id":"x"}`, `{"Statement":[{"Effect":"Deny","Principal":{"AWS":"` + other + `"},"Action":"sts:AssumeRole"}],"Id":"x"}`},
	} {
		got, changed, err := CloseTrust(c.doc, own)
		want := c.want
		if want == "" {
			want = c.doc
		}
		if err != nil || got != want || changed != (c.want != "") {
			t.Errorf("%s: %v %v\ngot  %s\nwant %s", name, changed, err, got, want)
		}
		if again, changed, err := CloseTrust(got, own); again != got || changed || err != nil {
			t.Errorf("%s: closing twice: %s %v %v", name, again, changed, err)
		}
	}
	if _, _, err := CloseTrust(nobody, ""); err == nil {
		t.Error("closed without an account")
	}
}

func TestCloseTrustExcept(t *testing.T) {
	role := "arn:aws:iam::" + other + ":role/partner"
	doc := trust(`{"AWS":["`+role+`","arn:aws:iam::`+other+`:root","*","444455556666"]}`, "")
	for keep, want := range map[string]string{
		role:                              trust(`{"AWS":"`+role+`"}`, ""),
		other:                             trust(`{"AWS":["`+role+`","arn:aws:iam::`+other+`:root"]}`, ""),
		"arn:aws:iam::" + other + ":root": trust(`{"AWS":["`+role+`","arn:aws:iam::`+other+`:root"]}`, ""),
		"*":                               nobody,
	} {
		got, changed, err := CloseTrustExcept(doc, own, []string{keep})
		if got != want || !changed || err != nil {
			t.Errorf("keep %s: %v\ngot  %s\nwant %s", keep, err, got, want)
		}
	}
}

func TestParseSaysWhere(t *testing.T) {
	for body, want := range map[string]string{
		"":                            "empty",
		"[]":                          "object",
		"%7":                          "escape",
		`{"Statement":[{},"x"]}`:      "statement 2",
		`{"Statement":{"Action":{}}}`: "statement 1: Action",
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":{}}}}`: "Principal: AWS",
		`{} {}`: "follows",
	} {
		if _, err := Parse(body); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", body, err, want)
		}
	}
}

func TestQuarantineAsPublished(t *testing.T) {
	star := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	for _, name := range []string{"V2", "V3"} {
		body, err := os.ReadFile("../../../shared/data/policies/AWSCompromisedKeyQuarantine" + name + ".json")
		if err != nil {
			t.Skip("the shared data is not here")
		}
		if got := Judge(Grants{Inline: []string{star}, Attached: []string{published(body)}}); got.Level != Limited {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// published finds the document in whatever it was published inside.
func published(body []byte) string {
	var wrap struct {
		PolicyVersion struct{ Document json.RawMessage }
		Document      json.RawMessage
	}
	_ = json.Unmarshal(body, &wrap)
	for _, doc := range []json.RawMessage{wrap.PolicyVersion.Document, wrap.Document} {
		if len(doc) > 0 {
			return string(doc)
		}
	}
	return string(body)
}

func FuzzPolicy(f *testing.F) {
	for _, s := range []string{nobody, trust(`"*"`, `{"StringLike":{"aws:PrincipalAccount":"*"}}`), `{"Statement":{"NotPrincipal":"*","Effect":"Allow"}}`,
		`%7B%7D`, `{"Statement":[{"Effect":"Allow","Action":"${*}${","Resource":"${aws:username"}]}`, `{"Statement":{"Effect":"Allow","Principal":"*","Principal":{"AWS":["*",1]}}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		Judge(Grants{Inline: []string{body}, Boundary: body})
		closed, changed, err := CloseTrust(body, own)
		if err != nil {
			return
		}
		d, err := Parse(closed)
		if err != nil {
			t.Fatalf("closed %q into what cannot be read, %q: %v", body, closed, err)
		}
		if left := Foreign(d, own); len(left) > 0 || Public(d, own) {
			t.Fatalf("%q still lets in %v: %q", body, left, closed)
		}
		if again, more, _ := CloseTrust(closed, own); changed && (more || again != closed) {
			t.Fatalf("closing %q twice: %q", body, again)
		}
	})
}
