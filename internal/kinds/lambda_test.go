package kinds

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

func archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("main.py")
	if err == nil {
		_, err = f.Write([]byte("def handler(event, context): pass\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeFunction(t *testing.T, w kindtest.World) string {
	t.Helper()
	role := must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(w.Config(here)).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("worker"), AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	}))
	must[*lambda.CreateFunctionOutput](t)(lambda.NewFromConfig(w.Config(here)).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("worker"), Runtime: types.RuntimePython312, Handler: aws.String("main.handler"), Role: role.Role.Arn,
		Code: &types.FunctionCode{ZipFile: archive(t)},
	}))
	return "worker"
}

func makeReservedFunction(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeFunction(t, w)
	must[*lambda.PutFunctionConcurrencyOutput](t)(lambda.NewFromConfig(w.Config(here)).PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{
		FunctionName: &name, ReservedConcurrentExecutions: aws.Int32(7),
	}))
	return name
}

func TestFunction(t *testing.T) {
	kindtest.Run(t, kindtest.Case[functionReader, functionWriter]{Spec: functionSpec, Region: here, Setup: makeFunction})
}

func TestReservedFunction(t *testing.T) {
	kindtest.Run(t, kindtest.Case[functionReader, functionWriter]{Spec: functionSpec, Region: here, Setup: makeReservedFunction})
}

func TestFunctionFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	api, name := lambda.NewFromConfig(w.Config(here)), makeReservedFunction(t, w)
	r := listed(t, w, function, name)
	wantSharing(t, r, false)
	if auth, known := fact.URLAuth.Get(r); !known || auth != "" || fact.Concurrency.Or(r, -1) != 7 || fact.Modified.Or(r, r.Created).IsZero() {
		t.Errorf("%s", r.Facts)
	}
	must[*lambda.PublishVersionOutput](t)(api.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name}))
	must[*lambda.AddPermissionOutput](t)(api.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: aws.String("theirs"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String(stranger),
	}))
	must[*lambda.AddPermissionOutput](t)(api.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: aws.String("url"), Action: aws.String("lambda:InvokeFunctionUrl"), Principal: aws.String("*"),
		FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
	}))
	must[*lambda.CreateFunctionUrlConfigOutput](t)(api.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{
		FunctionName: &name, AuthType: types.FunctionUrlAuthTypeNone,
	}))
	r = listed(t, w, function, name)
	if public := fact.Public.Or(r, false); !public {
		t.Error("a policy for everybody is not seen")
	}
	if with := fact.SharedWith.Or(r, nil); !slices.ContainsFunc(with, func(s string) bool { return strings.Contains(s, stranger) }) {
		t.Errorf("shared with %v", with)
	}
	if auth, published := fact.URLAuth.Or(r, ""), fact.Published.Or(r, nil); auth != "NONE" || !slices.Equal(published, []string{"1"}) {
		t.Errorf("URL %q, published %v", auth, published)
	}
}

func TestFunctionCodeIsKept(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, function, makeFunction(t, w))
	kept := map[string][]byte{}
	err := function.Keep(t.Context(), w.Config(here), r, func(name string, b []byte) error { kept[name] = b; return nil })
	if err != nil || !bytes.Equal(kept["code.zip"], archive(t)) {
		t.Errorf("%v; code is %d bytes; %s", err, len(kept["code.zip"]), kept["code-not-kept.txt"])
	}
}

func makeLayer(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := lambda.NewFromConfig(w.Config(here))
	for range 2 {
		must[*lambda.PublishLayerVersionOutput](t)(api.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
			LayerName: aws.String("tools"), Content: &types.LayerVersionContentInput{ZipFile: archive(t)},
		}))
	}
	for sid, who := range map[string]string{"theirs": stranger, "all": "*"} {
		must[*lambda.AddLayerVersionPermissionOutput](t)(api.AddLayerVersionPermission(t.Context(), &lambda.AddLayerVersionPermissionInput{
			LayerName: aws.String("tools"), VersionNumber: aws.Int64(1), StatementId: &sid, Action: aws.String("lambda:GetLayerVersion"), Principal: &who,
		}))
	}
	return "tools:1"
}

func TestLayer(t *testing.T) {
	kindtest.Run(t, kindtest.Case[layerReader, layerWriter]{Spec: layerSpec, Region: here, Setup: makeLayer})
}

func TestLayerFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, layer, makeLayer(t, w))
	if !fact.Public.Or(r, false) || len(fact.SharedWith.Or(r, nil)) == 0 || r.ARN == "" || r.Created.IsZero() {
		t.Errorf("%s made %v, %s", r.ARN, r.Created, r.Facts)
	}
	wantSharing(t, listed(t, w, layer, "tools:2"), false)
}

func TestParseLayerPolicy(t *testing.T) {
	got, err := parseLayerPolicy(`{"Version":"2012-10-17","Statement":[
		{"Sid":"z","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"r","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}},
		{"Sid":"own","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111:root"},"Action":"lambda:GetLayerVersion","Resource":"r"},
		{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222:root"},"Action":"lambda:GetLayerVersion","Resource":"r"}]}`, "111")
	want := []layerGrant{
		{Sid: "a", Action: "lambda:GetLayerVersion", Principal: "arn:aws:iam::222:root"},
		{Sid: "z", Action: "lambda:GetLayerVersion", Principal: "*", Org: "o-1"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{`[]`, `{"Statement":[{"Principal":{"AWS":["a","b"]}}]}`, `{"Statement":[{"Principal":{"Federated":"x"}}]}`} {
		if got, err := parseLayerPolicy(bad, "111"); err == nil {
			t.Errorf("%s reads as %+v", bad, got)
		}
	}
}

func TestTrusted(t *testing.T) {
	const own, drill, private = "", "http://127.0.0.1:4566", "https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com"
	for _, c := range []struct {
		link, endpoint string
		want           bool
	}{
		{"https://prod-04-2014-tasks.s3.eu-west-1.amazonaws.com/snapshots/x?X-Amz-Signature=1", own, true},
		{"https://b.s3.cn-north-1.amazonaws.com.cn/x", own, true},
		{"https://b.s3.eu-west-1.amazonaws.com/x", private, true},
		{"http://127.0.0.1:4566/x", drill, true},
		{"https://b.s3.eu-west-1.amazonaws.com/x", drill, false}, // a drill stays in the lab
		{"https://127.0.0.1:4566/x", drill, false},
		{"http://user@127.0.0.1:4566/x", drill, false},
		{"http://127.0.0.1:4566/x", own, false},
		{"http://b.s3.eu-west-1.amazonaws.com/x", own, false},
		{"https://user@b.s3.eu-west-1.amazonaws.com/x", own, false},
		{"https://b.s3.eu-west-1.amazonaws.com:8443/x", own, false},
		{"https://amazonaws.com.evil.example/x", own, false},
		{"https://evil-amazonaws.com/x", own, false},
		{"https://evil.example/.amazonaws.com", own, false},
		{"https://evil.example#.s3.eu-west-1.amazonaws.com", own, false},
		{"http://169.254.169.254/latest/meta-data/iam", own, false},
	} {
		u, err := url.Parse(c.link)
		if err != nil {
			t.Fatal(err)
		}
		if got := trusted(u, c.endpoint); got != c.want {
			t.Errorf("%s with endpoint %q: %v", c.link, c.endpoint, got)
		}
	}
}

func TestArchiveFollowsNoRedirect(t *testing.T) {
	led := false
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led = true }))
	defer foreign.Close()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, foreign.URL+"/code.zip", http.StatusTemporaryRedirect)
	}))
	defer endpoint.Close()
	client := lambdaClient{lambda.NewFromConfig(aws.Config{Region: here, BaseEndpoint: &endpoint.URL, HTTPClient: endpoint.Client()})}
	b, err := client.GetArchive(t.Context(), endpoint.URL+"/x?signature=secret")
	if err == nil || led || strings.Contains(err.Error(), "secret") {
		t.Errorf("%d bytes, %v, led away: %v", len(b), err, led)
	}
}

func TestWhatIsNotReadIsNotNobody(t *testing.T) {
	nobody := `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"*","Resource":"*"}]}`
	everybody := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	for _, c := range []struct {
		policies      map[string]string
		whole         bool
		public, known bool
	}{
		{nil, true, false, true},
		{nil, false, false, false},
		{map[string]string{"": nobody}, true, false, true},
		{map[string]string{"": "{"}, true, false, false},
		{map[string]string{"": "{", "1": everybody}, true, true, true},
		{map[string]string{"1": everybody}, false, true, true},
	} {
		r := fact.Resource{Ref: fact.Ref{Place: fact.Place{Account: "111"}}}
		setPolicySharing(&r, c.policies, c.whole)
		if public, known := fact.Public.Get(r); public != c.public || known != c.known {
			t.Errorf("%v, whole %v: public = %v, %v", c.policies, c.whole, public, known)
		}
	}
}
