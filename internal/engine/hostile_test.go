package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cordon/internal/engine"
	"cordon/internal/report"
	"cordon/internal/words"
)

// What an intruder can write where AWS lets it stand: key names of any ASCII,
// tags of any Unicode, and user agents, which are headers.
const (
	formula = `=HYPERLINK("http://evil.example","invoice")`
	agent   = "aws-cli/2.31 \u202e\u009b31m " + formula + " <script>alert(1)</script>"
)

// dirty lists the characters that no output may have as they are: terminal
// controls, and what turns or hides text.
func dirty(b []byte) (found []string) {
	for line := range bytes.Lines(b) {
		if bytes.ContainsFunc(bytes.TrimSuffix(line, []byte("\n")), func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
		}) {
			found = append(found, string(line))
		}
	}
	return found
}

// stainAccount writes hostile text with the intruder's own credentials where
// AWS's rules allow it.
func stainAccount(t *testing.T, w *world) {
	t.Helper()
	leaked := truth.Intruders[0]
	for _, c := range truth.Intruders {
		if c.Name == "pavel.horak" && c.Kind == "access-key" {
			leaked = c
		}
	}
	config := w.rootIn("eu-west-1")
	config.Credentials = credentials.NewStaticCredentialsProvider(leaked.KeyID, leaked.Secret, leaked.Token)
	config.APIOptions = append(config.APIOptions, func(s *middleware.Stack) error {
		return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("agent", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
			middleware.FinalizeOutput, middleware.Metadata, error,
		) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.Header.Set("X-Lab-Token", w.Token())
				r.Header.Set("X-Lab-User-Agent", agent)
			}
			return next.HandleFinalize(ctx, in)
		}), middleware.After)
	})
	api := ec2.NewFromConfig(config)
	group, err := api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web " + formula)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := api.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0d5a7b1e93c46f208"), InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.CreateTags(t.Context(), &ec2.CreateTagsInput{
		Resources: []string{*made.Instances[0].InstanceId, *group.GroupId},
		Tags:      []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("\u202egpj.exe\u200b" + formula)}, {Key: aws.String("a" + formula), Value: aws.String(strings.Repeat("A", 256))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String(formula + strings.Repeat("A", 150))}); err != nil {
		t.Fatal(err)
	}
	users := iam.NewFromConfig(config)
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{
		UserName: aws.String("=cmd@evil"), Tags: []iamtypes.Tag{{Key: aws.String("note"), Value: aws.String("=cmd+1@x")}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(arnOf("role/warehouse-export")), RoleSessionName: aws.String("=cmd@" + strings.Repeat("a", 50)),
	}); err != nil {
		t.Fatal(err)
	}
}

func TestHostileNamesComeOutHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stainAccount(t, w)
	tri := w.look(since())
	p := w.contain()

	outputs := map[string]*bytes.Buffer{}
	tell := func(name string, h func(*bytes.Buffer) report.Handler) {
		var b bytes.Buffer
		out := h(&b)
		err := tri.Tell(w.Case, out)
		if err == nil {
			err = engine.TellPlan(w.Case, p, night, out)
		}
		if err == nil {
			err = out.End()
		}
		if err != nil {
			t.Fatal(name, err)
		}
		outputs[name] = &b
	}
	tell("json", func(b *bytes.Buffer) report.Handler { return report.NewJSON(b) })
	tell("jsonl", func(b *bytes.Buffer) report.Handler { return report.NewJSONL(b, time.Now) })
	for _, view := range []report.View{report.Owner, report.List, report.Show, report.Explain} {
		for _, lang := range []words.Lang{words.EN, words.FR, words.ZH} {
			tell("text "+string(view)+" "+string(lang), func(b *bytes.Buffer) report.Handler {
				out := report.NewText(b, report.Style{Words: words.For(lang), Width: 80, Now: func() time.Time { return night }})
				out.View, out.All = view, true
				return out
			})
		}
	}
	stained := 0
	for name, b := range outputs {
		for _, line := range dirty(b.Bytes()) {
			t.Errorf("%s has a raw control character: %.200q", name, line)
		}
		if strings.Contains(b.String(), "=cmd@evil") {
			stained++
		}
	}
	if stained == 0 {
		t.Error("the hostile names are in no output: this shows nothing")
	}
	var all json.RawMessage
	if err := json.Unmarshal(outputs["json"].Bytes(), &all); err != nil {
		t.Errorf("the JSON is not valid: %v", err)
	}
	for line := range bytes.Lines(outputs["jsonl"].Bytes()) {
		if !json.Valid(line) {
			t.Errorf("the line is not valid JSON: %.200q", line)
		}
	}
	w.files(func(path string, b []byte) {
		switch filepath.Ext(path) {
		case ".json":
			if !json.Valid(b) {
				t.Errorf("%s is not valid JSON", path)
			}
		case ".jsonl":
			for line := range bytes.Lines(b) {
				if !json.Valid(line) {
					t.Errorf("%s has a line that is not valid JSON: %.200q", path, line)
				}
			}
		}
		if bytes.ContainsAny(b, "\x1b\x07\x00") {
			t.Errorf("%s has a raw escape", path)
		}
	})
}

// files hands over every file of the case but the evidence's.
func (w *world) files(see func(path string, b []byte)) {
	w.t.Helper()
	err := filepath.WalkDir(w.Case.Dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == w.Case.Evidence():
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil {
			see(path, b)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// secrets are all strings of the truth that nobody but their holder may have.
func secrets(t *testing.T, w *world) map[string]string {
	t.Helper()
	raw, err := w.Truth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(k, x)
			}
		case []any:
			for _, x := range v {
				walk(name, x)
			}
		case string:
			if strings.Contains(name, "secret") || strings.Contains(name, "token") || strings.Contains(name, "password") || strings.Contains(name, "seed") {
				if len(v) >= 8 {
					found[v] = name
				}
			}
		}
	}
	walk("", all)
	return found
}

// No secret that the scenario minted or planted is outside the evidence, on
// disk or told, after the whole way through.
func TestNoSecretLeavesTheEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	p := w.planOf(engine.PlanOptions{Only: []string{"deactivate", "deny-all", "throttle"}})
	if sum := w.apply(p); sum.Verified == 0 || sum.Failed > 0 {
		t.Fatalf("applied: %+v", sum)
	}
	all := secrets(t, w)
	kinds := map[string]int{}
	for _, name := range all {
		kinds[name]++
	}
	if len(all) < 20 || kinds["secret_access_key"] == 0 || kinds["session_token"] == 0 || kinds["password"] == 0 {
		t.Fatalf("the truth has only %v", kinds)
	}
	files := 0
	w.files(func(path string, b []byte) {
		files++
		for s, name := range all {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s has a %s", path, name)
			}
		}
	})
	told, err := json.Marshal(w.Told.told)
	if err != nil {
		t.Fatal(err)
	}
	for s, name := range all {
		if bytes.Contains(told, []byte(s)) {
			t.Errorf("a message has a %s", name)
		}
	}
	if files < 5 {
		t.Errorf("only %d files were searched", files)
	}
	t.Logf("%d secrets (%v) in none of %d files", len(all), kinds, files)
}
