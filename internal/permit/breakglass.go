package permit

import (
	"bytes"
	"fmt"
)

// The break-glass role: somebody assumes it when nobody else gets in, with MFA,
// for an hour. cordon takes what a case protects out of every plan, so that it
// stays standing. Its rights are the responder's, not an administrator's.
const (
	roleName    = "cordon-breakglass"
	roleWhat    = "For the day when nobody else gets in: what cordon needs to look, contain, preserve and eradicate. Tell it: cordon case open --protect ARN"
	roleSeconds = 3600
)

// BreakGlassYAML is the role as a CloudFormation template.
func BreakGlassYAML(policies []Policy) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: %s\n", quoted(roleWhat+". "+made))
	b.WriteString("Parameters:\n  Principals:\n    Type: CommaDelimitedList\n")
	b.WriteString("    Description: \"ARNs of the people who may assume the role: users, roles, or another account's\"\n")
	b.WriteString("Resources:\n")
	fmt.Fprintf(&b, "  BreakGlass:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: %s\n      Description: %s\n      MaxSessionDuration: %d\n", roleName, quoted(roleWhat), roleSeconds)
	b.WriteString("      AssumeRolePolicyDocument:\n        Version: \"2012-10-17\"\n        Statement:\n")
	b.WriteString("          - Sid: PeopleWithMfa\n            Effect: Allow\n            Principal: {AWS: !Ref Principals}\n            Action: sts:AssumeRole\n")
	b.WriteString("            Condition: {Bool: {\"aws:MultiFactorAuthPresent\": \"true\"}}\n")
	for _, p := range policies {
		managedPolicyYAML(&b, p)
		b.WriteString("      Roles: [!Ref BreakGlass]\n")
	}
	b.WriteString("Outputs:\n  RoleArn:\n    Value: !GetAtt BreakGlass.Arn\n")
	return b.Bytes(), nil
}

// BreakGlassTF is the role for Terraform.
func BreakGlassTF(policies []Policy) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s.\n# %s\n\n", roleWhat, made)
	b.WriteString("variable \"principals\" {\n  description = \"ARNs of the people who may assume the role: users, roles, or another account's\"\n  type        = list(string)\n}\n\n")
	fmt.Fprintf(&b, "resource \"aws_iam_role\" \"breakglass\" {\n  name                 = %s\n  description          = %s\n  max_session_duration = %d\n", quoted(roleName), quoted(roleWhat), roleSeconds)
	b.WriteString("  assume_role_policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{\n")
	b.WriteString("      Sid       = \"PeopleWithMfa\"\n      Effect    = \"Allow\"\n      Principal = { AWS = var.principals }\n      Action    = \"sts:AssumeRole\"\n")
	b.WriteString("      Condition = { Bool = { \"aws:MultiFactorAuthPresent\" = \"true\" } }\n    }]\n  })\n}\n")
	for _, p := range policies {
		b.WriteString("\n")
		managedPolicyTF(&b, p)
		fmt.Fprintf(&b, "\nresource \"aws_iam_role_policy_attachment\" %s {\n  role       = aws_iam_role.breakglass.name\n  policy_arn = aws_iam_policy.%s.arn\n}\n", quoted(snake(p.Name)), snake(p.Name))
	}
	b.WriteString("\noutput \"role_arn\" {\n  value = aws_iam_role.breakglass.arn\n}\n")
	return b.Bytes(), nil
}
