package policy

import (
	"strings"
	"testing"
)

// A provider that the intruder made goes; the owner's stays, and so does
// everything else.
func TestCloseTrustTakesANamedProviderOut(t *testing.T) {
	const his, ours = "arn:aws:iam::111122223333:oidc-provider/his.example", "arn:aws:iam::111122223333:oidc-provider/ours.example"
	doc := `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"Federated":["` + his + `","` + ours +
		`"]},"Action":"sts:AssumeRoleWithWebIdentity"},{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if _, changed, err := CloseTrust(doc, "111122223333"); err != nil || changed {
		t.Fatalf("without a name a provider stays: %v, %v", changed, err)
	}
	closed, changed, err := CloseTrustTo(doc, "111122223333", []string{his})
	if err != nil || !changed || strings.Contains(closed, his) || !strings.Contains(closed, ours) || !strings.Contains(closed, "ec2.amazonaws.com") {
		t.Fatalf("%s, %v, %v", closed, changed, err)
	}
	if _, changed, err := CloseTrustTo(closed, "111122223333", []string{his}); err != nil || changed {
		t.Fatalf("closed twice: %v, %v", changed, err)
	}
}
