package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type passwordPolicyReader interface {
	GetAccountPasswordPolicy(context.Context, *iam.GetAccountPasswordPolicyInput, ...func(*iam.Options)) (*iam.GetAccountPasswordPolicyOutput, error)
}

type passwordPolicyWriter interface {
	UpdateAccountPasswordPolicy(context.Context, *iam.UpdateAccountPasswordPolicyInput, ...func(*iam.Options)) (*iam.UpdateAccountPasswordPolicyOutput, error)
	DeleteAccountPasswordPolicy(context.Context, *iam.DeleteAccountPasswordPolicyInput, ...func(*iam.Options)) (*iam.DeleteAccountPasswordPolicyOutput, error)
}

var passwordPolicy = kind.Of(passwordPolicySpec)

// The account's password policy is there in every account: one that nobody set
// is AWS's own, and shows as "default".
var passwordPolicySpec = kind.Spec[passwordPolicyReader, passwordPolicyWriter]{
	Name:   "iam.account-password-policy",
	Global: true,
	Reader: func(c aws.Config) passwordPolicyReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) passwordPolicyWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:GetAccountPasswordPolicy"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"A6"},
	List: func(ctx context.Context, api passwordPolicyReader, at fact.Place, put func(fact.Resource)) error {
		r := fact.Resource{Ref: fact.Ref{Kind: "iam.account-password-policy", Place: at, ID: "account"}}
		text, err := readPasswordPolicy(ctx, api, r)
		if err != nil {
			return fmt.Errorf("cannot list the password policy: %w", err)
		}
		setAspect(&r, "password-policy", text)
		fact.Status.Set(&r, map[bool]string{true: "default", false: "custom"}[text == ""])
		put(r)
		return nil
	},
	Keep: func(ctx context.Context, api passwordPolicyReader, r fact.Resource, put func(string, []byte) error) error {
		text, err := readPasswordPolicy(ctx, api, r)
		if err != nil {
			return err
		}
		return put("password-policy.json", []byte(cmp.Or(text, "{}")))
	},
	Verbs: []kind.Verb[passwordPolicyReader, passwordPolicyWriter]{
		restore(kind.Verb[passwordPolicyReader, passwordPolicyWriter]{
			Name: "restore-password-policy", Class: kind.Reversible, Of: "password-policy",
			Needs:  []string{"iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy"},
			Mends:  []string{"UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"},
			Recall: recallPasswordPolicy,
		}, readPasswordPolicy, setPasswordPolicy),
		strengthen(kind.Verb[passwordPolicyReader, passwordPolicyWriter]{
			Name: "strengthen-passwords", Class: kind.Reversible, Settle: iamSettle,
			Needs: []string{"iam:UpdateAccountPasswordPolicy", "iam:DeleteAccountPasswordPolicy"},
		}, betterPasswords, readPasswordPolicy, setPasswordPolicy),
	},
}

// A passwordRules is what can be set, by the names that records have. What a
// call leaves out takes its default: IAM replaces the whole (IAM API reference,
// UpdateAccountPasswordPolicy).
type passwordRules struct {
	Length  int32  `json:"minimumPasswordLength"`
	Symbols bool   `json:"requireSymbols"`
	Numbers bool   `json:"requireNumbers"`
	Upper   bool   `json:"requireUppercaseCharacters"`
	Lower   bool   `json:"requireLowercaseCharacters"`
	Own     bool   `json:"allowUsersToChangePassword"`
	Age     *int32 `json:"maxPasswordAge,omitempty"`
	Reuse   *int32 `json:"passwordReusePrevention,omitempty"`
	Hard    bool   `json:"hardExpiry"`
}

// What CIS's AWS Foundations Benchmark asks for (1.8 and 1.9): 14 characters, and
// none of the last 24 passwords. Expiry is left as it is: it makes people choose
// worse ones (NIST SP 800-63B, 5.1.1.2).
const (
	passwordLength = 14
	passwordReuse  = 24
)

// betterPasswords is the policy with what is laxer than recommended made stricter.
// Where nobody set one, users may change their own passwords: what they were
// given by an administrator should not stay.
func betterPasswords(is string) (string, error) {
	p := passwordRules{Own: true}
	if is != "" {
		if err := json.Unmarshal([]byte(is), &p); err != nil {
			return "", fmt.Errorf("cannot read the password policy: %w", err)
		}
	}
	p.Length = max(p.Length, passwordLength)
	p.Symbols, p.Numbers, p.Upper, p.Lower = true, true, true, true
	if p.Reuse == nil || *p.Reuse < passwordReuse {
		p.Reuse = aws.Int32(passwordReuse)
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// readPasswordPolicy is "" where nobody set one.
func readPasswordPolicy(ctx context.Context, api passwordPolicyReader, _ fact.Resource) (string, error) {
	out, err := api.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if notThere(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	p, err := told(out.PasswordPolicy, "the password policy")
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(passwordRules{
		Length: aws.ToInt32(p.MinimumPasswordLength), Symbols: p.RequireSymbols, Numbers: p.RequireNumbers,
		Upper: p.RequireUppercaseCharacters, Lower: p.RequireLowercaseCharacters, Own: p.AllowUsersToChangePassword,
		Age: positive(p.MaxPasswordAge), Reuse: positive(p.PasswordReusePrevention), Hard: aws.ToBool(p.HardExpiry),
	})
	return string(b), err
}

// positive takes the 0 that some answers have for "no limit" for what it says.
func positive(n *int32) *int32 {
	if n == nil || *n <= 0 {
		return nil
	}
	return n
}

func setPasswordPolicy(ctx context.Context, api passwordPolicyWriter, _ kind.Job, text string) error {
	if text == "" {
		_, err := api.DeleteAccountPasswordPolicy(ctx, &iam.DeleteAccountPasswordPolicyInput{})
		return unlessGone(err)
	}
	var p passwordRules
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return fmt.Errorf("cannot read what the password policy was: %w", err)
	}
	_, err := api.UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: &p.Length, RequireSymbols: p.Symbols, RequireNumbers: p.Numbers,
		RequireUppercaseCharacters: p.Upper, RequireLowercaseCharacters: p.Lower, AllowUsersToChangePassword: p.Own,
		MaxPasswordAge: p.Age, PasswordReusePrevention: p.Reuse, HardExpiry: &p.Hard,
	})
	return err
}

func recallPasswordPolicy(call string, request, _ json.RawMessage) (string, bool) {
	if call == "DeleteAccountPasswordPolicy" {
		return "", true
	}
	p := passwordRules{Length: 6}
	if call != "UpdateAccountPasswordPolicy" || json.Unmarshal(request, &p) != nil {
		return "", false
	}
	p.Age, p.Reuse = positive(p.Age), positive(p.Reuse)
	b, err := json.Marshal(p)
	return string(b), err == nil
}
