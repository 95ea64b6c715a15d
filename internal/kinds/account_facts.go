package kinds

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"cordon/internal/awsapi"
)

// The calls of the functions below.
var (
	AccountNameNeeds = []string{"account:GetAccountInformation"}
	MemberEmailNeeds = []string{"organizations:DescribeAccount"}
	ManagementNeeds  = []string{"organizations:DescribeOrganization"}
)

// ErrNoEmail says that AWS has no call that tells the e-mail address of this
// account to who asks.
var ErrNoEmail = errors.New("AWS tells the primary e-mail address of a member account to its organization's management account, and of no other account")

// AccountName asks for the account's name, when it was opened, and its state.
func AccountName(ctx context.Context, cfg aws.Config) (name, state string, created time.Time, err error) {
	out, err := accounts.NewFromConfig(cfg).GetAccountInformation(ctx, &accounts.GetAccountInformationInput{})
	if err != nil {
		return "", "", time.Time{}, err
	}
	return aws.ToString(out.AccountName), string(out.AccountState), aws.ToTime(out.AccountCreatedDate), nil
}

// ManagementEmail asks the organisation for the e-mail address of its
// management account. The error is ErrNoEmail where the account is not that
// one, or in no organisation.
func ManagementEmail(ctx context.Context, cfg aws.Config, id string) (string, error) {
	out, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	switch {
	case awsapi.Classify(err) == awsapi.NotSubscribed:
		return "", ErrNoEmail
	case err != nil:
		return "", err
	case out.Organization == nil || aws.ToString(out.Organization.MasterAccountId) != id || aws.ToString(out.Organization.MasterAccountEmail) == "":
		return "", ErrNoEmail
	}
	return aws.ToString(out.Organization.MasterAccountEmail), nil
}

// ManagementAccount asks for the organisation's management account, which every
// account of it may.
func ManagementAccount(ctx context.Context, cfg aws.Config) (string, error) {
	out, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil || out.Organization == nil {
		return "", err
	}
	return aws.ToString(out.Organization.MasterAccountId), nil
}

// MemberEmail asks, with the management account's credentials, for the e-mail
// address of a member.
func MemberEmail(ctx context.Context, cfg aws.Config, id string) (string, error) {
	out, err := organizations.NewFromConfig(cfg).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &id})
	if err != nil {
		return "", err
	}
	if out.Account == nil || aws.ToString(out.Account.Email) == "" {
		return "", ErrNoEmail
	}
	return aws.ToString(out.Account.Email), nil
}
