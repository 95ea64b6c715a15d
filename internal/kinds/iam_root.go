package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type rootReader interface {
	GetAccountSummary(context.Context, *iam.GetAccountSummaryInput, ...func(*iam.Options)) (*iam.GetAccountSummaryOutput, error)
	credentialReporter
}

var root = kind.Of(rootSpec)

// The root user is no IAM user: no listing shows it, no policy binds it and no
// other principal can turn its keys off. What can be known of it is in the
// account's summary, live, and in the credential report, up to four hours old
// (IAM User Guide, "AWS account root user", "Generate credential reports").
var rootSpec = kind.Spec[rootReader, noWriter]{
	Name:   "iam.root",
	Global: true,
	Reader: func(c aws.Config) rootReader { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:GetAccountSummary", "iam:GenerateCredentialReport", "iam:GetCredentialReport"},
	Cost:   kind.Cost{Fixed: 3},
	Covers: []string{"A20"},
	List:   listRoot,
	Keep:   keepRoot,
}

func listRoot(ctx context.Context, api rootReader, at fact.Place, put func(fact.Resource)) error {
	summary, err := api.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return fmt.Errorf("cannot list the account's summary: %w", err)
	}
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.root", Place: at, ID: "root"}}
	for key, name := range map[fact.Key[bool]]types.SummaryKeyType{
		fact.RootKeys:  types.SummaryKeyTypeAccountAccessKeysPresent,
		fact.RootCerts: types.SummaryKeyTypeAccountSigningCertificatesPresent,
		fact.MFA:       types.SummaryKeyTypeAccountMFAEnabled,
		fact.Console:   types.SummaryKeyTypeAccountPasswordPresent,
	} {
		if n, told := summary.SummaryMap[string(name)]; told {
			key.Set(&r, n > 0)
		}
	}
	report, err := credentialReport(ctx, api)
	if err == nil {
		err = setRootRow(&r, report)
	}
	if err != nil && !reportWithheld(err) {
		return err
	}
	put(r) // without a report: what the summary told is known, the rest is not
	return nil
}

// setRootRow sets what only the report tells: when root's password and keys
// were last used. Dates it does not have are left unknown.
func setRootRow(r *fact.Resource, report *iam.GetCredentialReportOutput) error {
	row, err := reportRow(report.Content, rootOwner)
	if err != nil || row == nil {
		return err
	}
	r.ARN = row["arn"]
	r.Created = reportTime(row["user_creation_time"])
	fact.ReportAge.Set(r, aws.ToTime(report.GeneratedTime))
	if t := reportTime(row["password_last_used"]); !t.IsZero() {
		fact.RootPassword.Set(r, t)
	}
	if t := reportTime(row["password_last_changed"]); !t.IsZero() {
		fact.RootChanged.Set(r, t)
	}
	one, two := reportTime(row["access_key_1_last_used_date"]), reportTime(row["access_key_2_last_used_date"])
	if two.After(one) {
		one = two
	}
	if !one.IsZero() {
		fact.RootKeyUse.Set(r, one)
	}
	return nil
}

func keepRoot(ctx context.Context, api rootReader, _ fact.Resource, put func(string, []byte) error) error {
	summary, err := api.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return err
	}
	if err := putJSON(put, "account-summary.json", summary.SummaryMap); err != nil {
		return err
	}
	report, err := credentialReport(ctx, api)
	if err != nil {
		return err
	}
	return put("credential-report.csv", report.Content)
}
