package kinds

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/awsapi"
)

type credentialReporter interface {
	GenerateCredentialReport(context.Context, *iam.GenerateCredentialReportInput, ...func(*iam.Options)) (*iam.GenerateCredentialReportOutput, error)
	GetCredentialReport(context.Context, *iam.GetCredentialReportInput, ...func(*iam.Options)) (*iam.GetCredentialReportOutput, error)
}

// errReportLate reports a credential report that AWS is still making.
var errReportLate = errors.New("the credential report is not ready")

// credentialReport asks for the report until AWS has it, for half a minute.
// The answer may be four hours old: within that time AWS gives the same one
// again (IAM User Guide, "Generate credential reports").
func credentialReport(ctx context.Context, api credentialReporter) (*iam.GetCredentialReportOutput, error) {
	for wait := 500 * time.Millisecond; wait < 32*time.Second; wait *= 2 {
		out, err := api.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return nil, fmt.Errorf("cannot list the credential report: %w", err)
		}
		if out.State == types.ReportStateTypeComplete {
			report, err := api.GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
			if err != nil {
				return nil, fmt.Errorf("cannot list the credential report: %w", err)
			}
			return report, nil
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
	return nil, errReportLate
}

// reportWithheld reports whether there is just no report for this caller now,
// as opposed to a reading that broke.
func reportWithheld(err error) bool {
	if errors.Is(err, errReportLate) || awsapi.Classify(err) == awsapi.Denied {
		return true
	}
	switch awsapi.Code(err) {
	case "LimitExceeded", "ReportNotPresent", "ReportInProgress", "ReportExpired":
		return true
	}
	return false
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// reportRow is the row of one user, by the names in the header: AWS appends
// columns. Nil when there is none.
func reportRow(report []byte, user string) (map[string]string, error) {
	in := csv.NewReader(bytes.NewReader(report))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil || len(rows) == 0 || rows[0][0] != "user" {
		return nil, fmt.Errorf("cannot read the credential report: %w", errors.Join(err, errors.New("it is not the table it should be")))
	}
	for _, row := range rows[1:] {
		if row[0] != user {
			continue
		}
		named := map[string]string{}
		for i, name := range rows[0][:min(len(rows[0]), len(row))] {
			named[name] = row[i]
		}
		return named, nil
	}
	return nil, nil
}

// reportTime reads a date; zero for "N/A", "no_information", "not_supported".
func reportTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
