package kinds

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

type world = kindtest.World

func TestIAMUser(t *testing.T) {
	t.Parallel()
	full := func(t *testing.T, w world) string { // the inline quota is full: AWSDenyAll is attached
		a := open(t, w)
		name := a.user("full")
		a.inlineUser(name, "big", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`+strings.Repeat("x", 1920)+`"}]}`)
		return name
	}
	setup := func(t *testing.T, w world) string {
		a := open(t, w)
		a.user("bob")
		name := a.password(a.user("ann"))
		a.mfa("ann", name)
		a.inlineUser(name, "mine", allowS3)
		a.accessKey(name)
		a.sshKey(name)
		a.signingCertificate(name)
		a.serviceCredential(name)
		a.join(name, a.group("old"))
		must[*iam.AttachUserPolicyOutput](t)(a.AttachUserPolicy(a.ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: aws.String(readOnly)}))
		must[*iam.PutUserPermissionsBoundaryOutput](t)(a.PutUserPermissionsBoundary(a.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: aws.String(a.policy("bound", allowS3))}))
		return name
	}
	kindtest.Run(t, kindtest.Case[userReader, userWriter]{
		Spec: withGranted(userSpec, "inline:mine", "group:old", "attached:"+readOnly, "inline:not-there"), Region: fact.Global, Setup: setup,
		Before: map[string]func(*testing.T, world, string) string{"restore-policies": func(t *testing.T, w world, _ string) string {
			open(t, w).group("new")
			return `{"inline":{"other":` + quoted(allowS3) + `},"attached":["` + admin + `"],"groups":["new"]}`
		}},
	})
	t.Run("full", func(t *testing.T) {
		kindtest.Run(t, kindtest.Case[userReader, userWriter]{Spec: verbsOnly(userSpec, "deny-all"), Region: fact.Global, Setup: full})
	})
	t.Run("over an old denial", func(t *testing.T) {
		kindtest.Run(t, kindtest.Case[userReader, userWriter]{Spec: verbsOnly(userSpec, "deny-all", "deny-sessions", "revoke-sessions", "delete"), Region: fact.Global, Setup: func(t *testing.T, w world) string {
			a := open(t, w)
			name := a.user("ann")
			a.inlineUser(name, denyAllName, allowS3)
			a.inlineUser(name, revokeUserName, `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}}]}`)
			return name
		}})
	})
}

func TestIAMGroup(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[groupReader, groupWriter]{Spec: withGranted(groupSpec, "attached:"+admin), Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		name := a.group("admins")
		must[*iam.AttachGroupPolicyOutput](t)(a.AttachGroupPolicy(a.ctx, &iam.AttachGroupPolicyInput{GroupName: &name, PolicyArn: aws.String(admin)}))
		must[*iam.PutGroupPolicyOutput](t)(a.PutGroupPolicy(a.ctx, &iam.PutGroupPolicyInput{GroupName: &name, PolicyName: aws.String("mine"), PolicyDocument: aws.String(allowS3)}))
		a.join(a.user("ann"), name)
		return name
	}, Before: wasBefore("restore-policies", "")})
}

func TestIAMRole(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[roleReader, roleWriter]{Spec: withGranted(roleSpec, "inline:mine"), Region: fact.Global, Before: map[string]func(*testing.T, world, string) string{
		"restore-trust": func(*testing.T, world, string) string { return trusting("arn:aws:iam::" + kindtest.Account + ":root") },
		"restore-policies": func(t *testing.T, w world, _ string) string {
			return `{"attached":["` + readOnly + `"],"boundary":"` + open(t, w).policy("bound", allowS3) + `"}`
		},
	}, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		name := a.role("deploy", trusting("arn:aws:iam::"+kindtest.Account+":root", "arn:aws:iam::999988887777:root"))
		a.profile("web", name)
		a.inlineRole(name, "mine", allowS3)
		a.inlineRole(name, revokeRoleName, strings.Replace(denyOlder(testTime), "2026", "2020", 1))
		return name
	}})
}

func TestIAMPolicy(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[policyReader, policyWriter]{Spec: managedPolicySpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		arn := a.policy("mine", allowS3)
		must[*iam.CreatePolicyVersionOutput](t)(a.CreatePolicyVersion(a.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(denyEverything("C-1"))}))
		return arn
	}, Before: wasBefore("restore-version", "v2")})
}

func TestIAMAccessKey(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[accessKeyReader, accessKeyWriter]{Spec: accessKeySpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		a.accessKey(a.user("bob"))
		a.accessKey(a.user("ann"))
		return a.accessKey("ann")
	}, Verbs: map[string]func(*testing.T, world) string{
		"add-key": func(t *testing.T, w world) string { a := open(t, w); return a.accessKey(a.user("ann")) },
		"delete-inactive": func(t *testing.T, w world) string {
			a := open(t, w)
			id := a.accessKey(a.user("ann"))
			must[*iam.UpdateAccessKeyOutput](t)(a.UpdateAccessKey(a.ctx, &iam.UpdateAccessKeyInput{
				UserName: aws.String("ann"), AccessKeyId: &id, Status: types.StatusTypeInactive,
			}))
			return id
		},
	}})
}

func TestIAMLoginProfile(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[loginProfileReader, loginProfileWriter]{Spec: loginProfileSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		a.user("bob")
		return a.password(a.user("ann"))
	}, Verbs: map[string]func(*testing.T, world) string{"set-password": func(t *testing.T, w world) string {
		a := open(t, w)
		must[*iam.CreateLoginProfileOutput](t)(a.CreateLoginProfile(a.ctx, &iam.CreateLoginProfileInput{
			UserName: aws.String(a.user("ann")), Password: aws.String("correct Horse 7 battery!"),
		}))
		return "ann"
	}}})
}

func TestIAMMFADevice(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{"", "ann"} {
		spec := mfaDeviceSpec
		spec.Verbs = []kind.Verb[mfaDeviceReader, mfaDeviceWriter]{removeMFADevice} // enrolling needs a person: TestEnrol
		kindtest.Run(t, kindtest.Case[mfaDeviceReader, mfaDeviceWriter]{Spec: spec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
			a := open(t, w)
			a.user("ann")
			return a.mfa("phone", owner)
		}})
	}
}

func TestIAMServiceCredential(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[serviceCredentialReader, serviceCredentialWriter]{Spec: serviceCredentialSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		a.serviceCredential(a.user("bob"))
		return a.serviceCredential(a.user("ann"))
	}})
}

func TestIAMSSHKey(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[sshKeyReader, sshKeyWriter]{Spec: sshKeySpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		return a.sshKey(a.user("ann"))
	}})
}

func TestIAMSigningCertificate(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[signingCertificateReader, signingCertificateWriter]{Spec: signingCertificateSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		return a.signingCertificate(a.user("ann"))
	}})
}

func TestIAMServerCertificate(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[serverCertificateReader, serverCertificateWriter]{Spec: serverCertificateSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		return open(t, w).serverCertificate("site")
	}})
}

func TestIAMSAMLProvider(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[samlProviderReader, samlProviderWriter]{Spec: samlProviderSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		return open(t, w).samlProvider("corp")
	}})
}

func TestIAMOIDCProvider(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[oidcProviderReader, oidcProviderWriter]{Spec: oidcProviderSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		a.oidcProvider("https://gitlab.example")
		return a.oidcProvider("https://token.actions.githubusercontent.com")
	}})
}

func TestIAMRoot(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[rootReader, noWriter]{Spec: rootSpec, Region: fact.Global, Setup: func(*testing.T, world) string { return "root" }})
}

func TestIAMInstanceProfile(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[instanceProfileReader, instanceProfileWriter]{Spec: instanceProfileSpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
		a := open(t, w)
		return a.profile("web", a.role("deploy", trusting("arn:aws:iam::"+kindtest.Account+":root")))
	}})
}

func TestIAMPasswordPolicy(t *testing.T) {
	t.Parallel()
	for _, was := range []string{"", `{"minimumPasswordLength":14,"requireSymbols":true,"requireNumbers":true,"requireUppercaseCharacters":true,` +
		`"requireLowercaseCharacters":true,"allowUsersToChangePassword":true,"maxPasswordAge":90,"passwordReusePrevention":5,"hardExpiry":false}`} {
		kindtest.Run(t, kindtest.Case[passwordPolicyReader, passwordPolicyWriter]{Spec: passwordPolicySpec, Region: fact.Global, Setup: func(t *testing.T, w world) string {
			a := open(t, w)
			must[*iam.UpdateAccountPasswordPolicyOutput](t)(a.UpdateAccountPasswordPolicy(a.ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(6)}))
			return "account"
		}, Before: wasBefore("restore-password-policy", was)})
	}
}
