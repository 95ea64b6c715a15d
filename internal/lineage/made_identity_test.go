package lineage

import (
	"fmt"
	"strings"
	"testing"
)

func TestMadeIdentity(t *testing.T) {
	set := "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
	assign := `{"instanceArn":"arn:aws:sso:::instance/ssoins-1","permissionSetArn":"` + set + `","principalId":"u-1","principalType":"USER","targetType":"AWS_ACCOUNT","targetId":"`
	for name, c := range map[string]struct{ call, q, r, want string }{
		"profile of a role":     {"iam:AddRoleToInstanceProfile", `{"roleName":"r","instanceProfileName":"p"}`, "", "changed iam.role global r !|changed iam.instance-profile global p !"},
		"rules for passwords":   {"iam:UpdateAccountPasswordPolicy", `{"minimumPasswordLength":6}`, "", "changed iam.account-password-policy global account"},
		"no rules":              {"iam:DeleteAccountPasswordPolicy", "", "", "changed iam.account-password-policy global account"},
		"anchor":                {"rolesanywhere:CreateTrustAnchor", `{"name":"a"}`, `{"trustAnchor":{"trustAnchorId":"a-1"}}`, "created rolesanywhere.trust-anchor us-east-1 a-1 !"},
		"anchor off":            {"rolesanywhere:DisableTrustAnchor", `{"trustAnchorId":"a-1"}`, "", "changed rolesanywhere.trust-anchor us-east-1 a-1"},
		"certificates' profile": {"rolesanywhere:CreateProfile", `{"name":"a"}`, `{"profile":{"profileId":"p-1"}}`, "created rolesanywhere.profile us-east-1 p-1 !"},
		"assigned":              {"sso:CreateAccountAssignment", assign + own + `"}`, "", "created sso.assignment us-east-1 " + set + "|USER|u-1 !"},
		"assigned elsewhere":    {"sso:CreateAccountAssignment", assign + other + `"}`, "", "created sso.assignment us-east-1  !"},
		"user by the console":   {"sso-directory:CreateUser", `{}`, `{"user":{"userId":"u-1"}}`, "created identitystore.user us-east-1 u-1"},
		"member":                {"identitystore:CreateGroupMembership", `{"groupId":"g-1","memberId":{"userId":"u-1"}}`, `{"membershipId":"m-1"}`, "changed identitystore.group us-east-1 g-1 !"},
		"policy off":            {"organizations:DetachPolicy", `{"policyId":"p-1","targetId":"r-1"}`, "", "changed organizations.policy global p-1 !"},
		"invitation":            {"organizations:InviteAccountToOrganization", `{}`, `{"handshake":{"id":"h-1"}}`, "created organizations.handshake global h-1"},
		"account begun":         {"organizations:CreateAccount", `{}`, `{"createAccountStatus":{"id":"car-1","state":"IN_PROGRESS"}}`, "created organizations.account global "},
	} {
		var got []string
		for _, d := range Made(story{who: "user ann AKIA1", call: c.call, q: c.q, r: c.r}.parse(t)) {
			s := fmt.Sprintf("%s %s %s %s", d.Change, d.Ref.Kind, d.Ref.Region, d.Ref.ID)
			if d.Grants {
				s += " !"
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s:\n%q, want\n%q", name, strings.Join(got, "|"), c.want)
		}
	}
}
