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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
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
	kindtest.Run(t, functionCase(makeFunction))
}

func TestReservedFunction(t *testing.T) {
	kindtest.Run(t, functionCase(makeReservedFunction))
}

// exposedFunction lets strangers in by its own policy, by an alias's, and by a URL.
func exposedFunction(t *testing.T, w kindtest.World) string {
	t.Helper()
	name, api := makeFunction(t, w), lambda.NewFromConfig(w.Config(here))
	must[*lambda.PublishVersionOutput](t)(api.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name}))
	must[*lambda.CreateAliasOutput](t)(api.CreateAlias(t.Context(), &lambda.CreateAliasInput{
		FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1"),
	}))
	for _, in := range []*lambda.AddPermissionInput{
		{StatementId: aws.String("theirs"), Principal: aws.String(stranger), Action: aws.String("lambda:InvokeFunction")},
		{StatementId: aws.String("theirs"), Principal: aws.String(stranger), Action: aws.String("lambda:UpdateFunctionCode"), Qualifier: aws.String("live")},
		{
			StatementId: aws.String("url"), Principal: aws.String("*"), Action: aws.String("lambda:InvokeFunctionUrl"),
			FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
		},
		{
			StatementId: aws.String("bucket"), Principal: aws.String("s3.amazonaws.com"), Action: aws.String("lambda:InvokeFunction"),
			SourceAccount: aws.String(kindtest.Account), SourceArn: aws.String("arn:aws:s3:::uploads"),
		},
	} {
		in.FunctionName = &name
		must[*lambda.AddPermissionOutput](t)(api.AddPermission(t.Context(), in))
	}
	must[*lambda.CreateFunctionUrlConfigOutput](t)(api.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{
		FunctionName: &name, AuthType: types.FunctionUrlAuthTypeNone,
	}))
	return name
}

func layeredFunction(t *testing.T, w kindtest.World) string {
	t.Helper()
	name, api := makeFunction(t, w), lambda.NewFromConfig(w.Config(here))
	v := must[*lambda.PublishLayerVersionOutput](t)(api.PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
		LayerName: aws.String("hook"), Content: &types.LayerVersionContentInput{ZipFile: archive(t)},
	}))
	must[*lambda.UpdateFunctionConfigurationOutput](t)(api.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &name, Layers: []string{*v.LayerVersionArn},
	}))
	return name
}

// replacedFunction runs other code than it was published with.
func replacedFunction(t *testing.T, w kindtest.World) string {
	t.Helper()
	name, api := makeFunction(t, w), lambda.NewFromConfig(w.Config(here))
	must[*lambda.PublishVersionOutput](t)(api.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name}))
	must[*lambda.UpdateFunctionCodeOutput](t)(api.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{
		FunctionName: &name, ZipFile: append(archive(t), 0),
	}))
	return name
}

func functionCase(setup func(*testing.T, kindtest.World) string) kindtest.Case[functionReader, functionWriter] {
	return kindtest.Case[functionReader, functionWriter]{
		Spec: functionSpec, Region: here, Setup: setup,
		Verbs: map[string]func(*testing.T, kindtest.World) string{
			"close-policy": exposedFunction, "close-url": exposedFunction, "restore-layers": layeredFunction, "restore-code": replacedFunction,
		},
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-layers": func(*testing.T, kindtest.World, string) string { return "" },
			"restore-code": func(t *testing.T, w kindtest.World, name string) string {
				return fact.VersionCodes.Or(listed(t, w, function, name), nil)["1"]
			},
		},
	}
}

func TestFunctionHoldsItsLayers(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, function, layeredFunction(t, w))
	held := function.Holds(r)
	if len(held) != 1 || held[0].ID != "hook:1" || fact.Aspects.Or(r, nil)["layers"] == "" {
		t.Fatalf("%v; %s", held, r.Facts)
	}
	if got := listed(t, w, layer, held[0].ID); got.Ref != held[0] {
		t.Errorf("%v is listed as %v", held[0], got.Ref)
	}
}

func TestFunctionGrants(t *testing.T) {
	const own = `{"Sid":"own","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"lambda:InvokeFunction","Resource":"r"}`
	const service = `{"Sid":"s","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"r"}`
	const url = `{"Sid":"u","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"r",` +
		`"Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"},"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}`
	const theirs = `{"Sid":"t","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"lambda:InvokeFunction","Resource":"r",` +
		`"Condition":{"StringEquals":{"AWS:SourceAccount":"444455556666"}}}`
	doc := `{"Version":"2012-10-17","Statement":[` + strings.Join([]string{own, service, url, theirs}, ",") + `]}`
	got, err := parseFunctionPolicy(doc, "live", kindtest.Account, nil)
	want := []functionGrant{
		{Qualifier: "live", Sid: "u", Action: "lambda:InvokeFunctionUrl", Principal: "*", URLAuth: "NONE", ViaURL: aws.Bool(true)},
		{Qualifier: "live", Sid: "t", Action: "lambda:InvokeFunction", Principal: "arn:aws:iam::444455556666:root", Account: "444455556666"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := parseFunctionPolicy(doc, "", kindtest.Account, []string{"444455556666"}); err != nil || len(got) != 1 || got[0].Sid != "u" {
		t.Errorf("a vouched account: %+v, %v", got, err)
	}
	odd := strings.ReplaceAll(doc, "AWS:SourceAccount", "aws:SourceIp")
	if got, err := parseFunctionPolicy(odd, "", kindtest.Account, nil); err == nil {
		t.Errorf("a condition that cannot be written again is taken: %+v", got)
	}
}

func TestRecallLayers(t *testing.T) {
	for _, c := range []struct {
		call, request, want string
		ok                  bool
	}{
		{"UpdateFunctionConfiguration", `{"functionName":"f","layers":["a:1"]}`, `["a:1"]`, true},
		{"UpdateFunctionConfiguration", `{"functionName":"f","layers":[]}`, "", true},
		{"UpdateFunctionConfiguration", `{"functionName":"f","timeout":3}`, "", false},
		{"CreateFunction", `{"functionName":"f"}`, "", true},
		{"CreateFunction", `{"functionName":"f","layers":["a:1","b:2"]}`, `["a:1","b:2"]`, true},
		{"UpdateFunctionCode", `{"functionName":"f"}`, "", false},
		{"UpdateFunctionConfiguration", `null`, "", false},
	} {
		if got, ok := recallLayers(c.call, []byte(c.request), nil); got != c.want || ok != c.ok {
			t.Errorf("%s %s: %q, %v", c.call, c.request, got, ok)
		}
	}
}

func TestReplicatedFunctionIsAskedForAgain(t *testing.T) {
	w := kindtest.NewWorld(t)
	name := makeFunction(t, w)
	if err := w.Lab.AddFault(t.Context(), lab.Fault{
		Match: map[string]string{"service": "lambda", "op": "DeleteFunction"}, Code: "InvalidParameterValueException", Status: 400,
		Message: "Lambda was unable to delete arn:aws:lambda:us-east-1:111122223333:function:edge:1 because it is a replicated function.",
	}); err != nil {
		t.Fatal(err)
	}
	v, _ := function.Verb("delete")
	job := kind.Job{Resource: listed(t, w, function, name)}
	if err := v.Do(t.Context(), w.Config(here), job, nil); err != nil {
		t.Errorf("waiting is taken for failing: %v", err)
	}
	if done, err := v.Done(t.Context(), w.Config(here), job); done || err != nil || v.Takes == 0 {
		t.Errorf("done %v, %v, takes %v", done, err, v.Takes)
	}
}

func makeEventSource(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeFunction(t, w)
	table := must[*dynamodb.CreateTableOutput](t)(dynamodb.NewFromConfig(w.Config(here)).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamodbtypes.KeyTypeHash}},
		StreamSpecification:  &dynamodbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dynamodbtypes.StreamViewTypeNewImage},
	}))
	return *must[*lambda.CreateEventSourceMappingOutput](t)(lambda.NewFromConfig(w.Config(here)).CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: &name, EventSourceArn: table.TableDescription.LatestStreamArn, StartingPosition: types.EventSourcePositionLatest,
	})).UUID
}

func TestEventSource(t *testing.T) {
	kindtest.Run(t, kindtest.Case[eventSourceReader, eventSourceWriter]{Spec: eventSourceSpec, Region: here, Setup: makeEventSource})
}

func TestEventSourceFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, eventSource, makeEventSource(t, w))
	f := listed(t, w, function, "worker")
	if held := eventSource.Holds(r); len(held) != 1 || held[0] != f.Ref {
		t.Errorf("it holds %v, not %v", held, f.Ref)
	}
	if source := fact.Detail.Or(r, ""); !strings.Contains(source, ":table/orders/stream/") || !fact.Active.Or(r, false) {
		t.Errorf("%s", r.Facts)
	}
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

// What a function ran before is what its owner's last release answered, and
// only where a version still has it.
func TestWhatAFunctionWas(t *testing.T) {
	var r fact.Resource
	fact.VersionCodes.Set(&r, map[string]string{"1": "one", "2": "two"})
	fact.VersionLayers.Set(&r, map[string][]string{"1": {"arn:layer:1"}, "2": {}})
	for _, c := range []struct {
		name, call, request, response string
		want                          map[string]string
	}{
		{"published as it ran", "PublishVersion", `{}`, `{"version":"1","codeSha256":"one"}`, map[string]string{"code": "one", "layers": `["arn:layer:1"]`}},
		{"published without layers", "PublishVersion", `{}`, `{"version":"2","codeSha256":"two"}`, map[string]string{"code": "two", "layers": ""}},
		{"the version is gone", "PublishVersion", `{}`, `{"version":"3","codeSha256":"three"}`, map[string]string{}},
		{"code that was never published", "UpdateFunctionCode", `{}`, `{"version":"$LATEST","codeSha256":"four"}`, map[string]string{}},
		{"an answer that tells nothing", "UpdateFunctionCode", `{}`, `null`, map[string]string{}},
	} {
		before := map[string]string{}
		for _, v := range function.Verbs() {
			if v.Recall == nil || !slices.Contains(v.Mends, c.call) {
				continue
			}
			if value, told := v.Recall(c.call, []byte(c.request), []byte(c.response)); told {
				before[v.Of] = value
			}
		}
		function.Recollect(r, before)
		if !reflect.DeepEqual(before, c.want) {
			t.Errorf("%s: %v, not %v", c.name, before, c.want)
		}
	}
}
