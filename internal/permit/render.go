package permit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Formats are the forms that Render writes.
var Formats = []string{"json", "cloudformation", "terraform"}

// Render writes policies as text in one of the Formats. JSON is an object of
// documents by name; each is what "aws iam create-policy" takes.
func Render(name, format string, policies []Policy) ([]byte, error) {
	switch {
	case format == "json" || format == "":
		return asJSON(policies)
	case format == "cloudformation" && name == "breakglass":
		return BreakGlassYAML(policies)
	case format == "cloudformation":
		return cloudFormation(name, policies)
	case format == "terraform" && name == "breakglass":
		return BreakGlassTF(policies)
	case format == "terraform":
		return terraform(policies)
	}
	return nil, fmt.Errorf("cannot write policies as %q: it is one of %s", format, strings.Join(Formats, ", "))
}

func asJSON(policies []Policy) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{")
	for i, p := range policies {
		if i > 0 {
			b.WriteString(",")
		}
		text, err := pretty(p.Document, "  ")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n  %s: %s", quoted(p.Name), text)
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

// JSON is one document as a file of its own.
func (d Document) JSON() ([]byte, error) {
	text, err := pretty(d, "")
	return append(text, '\n'), err
}

func pretty(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(indent, "  ")
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// quoted is a string of JSON, which YAML and, but for its templates, HCL read
// alike. ARNs are plain ASCII: On lets no other through.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("internal error: permit: " + err.Error()) // strings always encode
	}
	return string(text)
}

// pascal makes of "cordon-triage-1" what CloudFormation and Terraform call it.
func pascal(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

const made = "Made by cordon policy from what its kinds and verbs declare."

func cloudFormation(name string, policies []Policy) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: %s\nResources:\n", quoted(made+" "+name))
	for _, p := range policies {
		managedPolicyYAML(&b, p)
	}
	b.WriteString("Outputs:\n  PolicyArns:\n    Description: \"Attach all of them to the same user or role.\"\n    Value: !Join\n      - \",\"\n      - [")
	for i, p := range policies {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("!Ref " + pascal(p.Name))
	}
	b.WriteString("]\n")
	return b.Bytes(), nil
}

func managedPolicyYAML(b *bytes.Buffer, p Policy) {
	fmt.Fprintf(b, "  %s:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      ManagedPolicyName: %s\n      Description: %s\n", pascal(p.Name), p.Name, quoted(made))
	fmt.Fprintf(b, "      PolicyDocument:\n        Version: %s\n        Statement:\n", quoted(p.Document.Version))
	for _, s := range p.Document.Statement {
		fmt.Fprintf(b, "          - Sid: %s\n            Effect: %s\n", s.Sid, s.Effect)
		flow(b, "            Action", s.Action)
		flow(b, "            Resource", s.Resource)
	}
}

// flow writes a list in few lines: CloudFormation takes 51,200 bytes of a
// template as an argument.
func flow(b *bytes.Buffer, key string, items []string) {
	fmt.Fprintf(b, "%s: [", key)
	line := 0
	for i, item := range items {
		text := quoted(item)
		if i > 0 {
			b.WriteString(",")
		}
		if line += len(text) + 1; line > 110 {
			b.WriteString("\n              ")
			line = len(text)
		}
		b.WriteString(text)
	}
	b.WriteString("]\n")
}

func terraform(policies []Policy) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", made)
	for _, p := range policies {
		b.WriteString("\n")
		managedPolicyTF(&b, p)
	}
	b.WriteString("\noutput \"policy_arns\" {\n  description = \"Attach all of them to the same user or role.\"\n  value = [\n")
	for _, p := range policies {
		fmt.Fprintf(&b, "    aws_iam_policy.%s.arn,\n", snake(p.Name))
	}
	b.WriteString("  ]\n}\n")
	return b.Bytes(), nil
}

func snake(name string) string { return strings.ReplaceAll(name, "-", "_") }

func managedPolicyTF(b *bytes.Buffer, p Policy) {
	fmt.Fprintf(b, "resource \"aws_iam_policy\" %s {\n  name        = %s\n  description = %s\n", quoted(snake(p.Name)), quoted(p.Name), quoted(made))
	fmt.Fprintf(b, "  policy = jsonencode({\n    Version = %s\n    Statement = [\n", quoted(p.Document.Version))
	for _, s := range p.Document.Statement {
		fmt.Fprintf(b, "      {\n        Sid    = %s\n        Effect = %s\n", quoted(s.Sid), quoted(s.Effect))
		hcl(b, "        Action", s.Action)
		hcl(b, "        Resource", s.Resource)
		b.WriteString("      },\n")
	}
	b.WriteString("    ]\n  })\n}\n")
}

// template keeps Terraform from reading ${ and %{ in a string as its own.
var template = strings.NewReplacer("${", "$${", "%{", "%%{")

func hcl(b *bytes.Buffer, key string, items []string) {
	fmt.Fprintf(b, "%s = [\n", key)
	for _, item := range items {
		fmt.Fprintf(b, "          %s,\n", template.Replace(quoted(item)))
	}
	b.WriteString("        ]\n")
}
