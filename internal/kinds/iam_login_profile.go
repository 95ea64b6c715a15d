package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type loginProfileReader interface {
	iam.ListUsersAPIClient
	loginProfileGetter
}

type loginProfileWriter interface {
	UpdateLoginProfile(context.Context, *iam.UpdateLoginProfileInput, ...func(*iam.Options)) (*iam.UpdateLoginProfileOutput, error)
	DeleteLoginProfile(context.Context, *iam.DeleteLoginProfileInput, ...func(*iam.Options)) (*iam.DeleteLoginProfileOutput, error)
}

type loginProfileGetter interface {
	GetLoginProfile(context.Context, *iam.GetLoginProfileInput, ...func(*iam.Options)) (*iam.GetLoginProfileOutput, error)
}

var loginProfile = kind.Of(loginProfileSpec)

// A login profile is a user's console password. It has no off switch: it can
// only be deleted, which loses the password, so the user is denied everything
// first. Deleting it ends no session that it opened.
var loginProfileSpec = kind.Spec[loginProfileReader, loginProfileWriter]{
	Name:   "iam.login-profile",
	Global: true,
	Reader: func(c aws.Config) loginProfileReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) loginProfileWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListUsers", "iam:GetLoginProfile"},
	Cost:   kind.Cost{Fixed: 2, Page: 1000, Each: 2},
	Covers: []string{"A3"},
	Named:  true,
	Carry:  []string{string(fact.Owner)},
	List:   listLoginProfiles,
	Holds:  holdsOwner,
	Keep: func(ctx context.Context, api loginProfileReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := findLoginProfile(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, p)
	},
	Verbs: []kind.Verb[loginProfileReader, loginProfileWriter]{
		removeOwned("iam:DeleteLoginProfile", findLoginProfile, func(p types.LoginProfile) *time.Time { return p.CreateDate },
			func(ctx context.Context, api loginProfileWriter, owner, _ string) error {
				_, err := api.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &owner})
				return err
			}),
		setPassword,
	},
}

func findLoginProfile(ctx context.Context, api loginProfileReader, r fact.Resource) (types.LoginProfile, error) {
	p, err := readLoginProfile(ctx, api, r.ID)
	if err == nil && len(p) == 0 {
		err = fmt.Errorf("cannot read the password's profile of %s: %w", r.ID, kind.ErrGone)
	}
	if err != nil {
		return types.LoginProfile{}, err
	}
	return p[0], nil
}

func listLoginProfiles(ctx context.Context, api loginProfileReader, at fact.Place, put func(fact.Resource)) error {
	users, err := iamUsers(ctx, api, at)
	if err != nil {
		return err
	}
	profiles, err := loginProfiles(ctx, api, at)
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, u := range users {
		name := aws.ToString(u.UserName)
		for _, p := range profiles[name] {
			r := iamCredential("iam.login-profile", at, name, name)
			r.Created = aws.ToTime(p.CreateDate)
			fact.PasswordReset.Set(&r, p.PasswordResetRequired)
			if u.PasswordLastUsed != nil {
				fact.PasswordLastUsed.Set(&r, *u.PasswordLastUsed)
			}
			all = append(all, r)
		}
	}
	putSorted(all, put)
	return nil
}

type loginProfilesOf struct{ fact.Place }

// loginProfiles reads every user's password profile, by user, once for the
// kinds that ask. A user without a password has none; a user that is not in
// the answer was not read.
func loginProfiles(ctx context.Context, api loginProfileReader, at fact.Place) (map[string][]types.LoginProfile, error) {
	return kind.Shared(ctx, loginProfilesOf{at}, func() (map[string][]types.LoginProfile, error) {
		users, err := iamUsers(ctx, api, at)
		if err != nil {
			return nil, err
		}
		return perUser(ctx, users, func(ctx context.Context, name string) ([]types.LoginProfile, error) {
			return readLoginProfile(ctx, api, name)
		})
	})
}

// readLoginProfile reads one user's. NoSuchEntity is IAM's answer for a user
// without a console password.
func readLoginProfile(ctx context.Context, api loginProfileGetter, name string) ([]types.LoginProfile, error) {
	out, err := api.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &name})
	if notThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the password of %s: %w", name, err)
	}
	if out.LoginProfile == nil {
		return nil, fmt.Errorf("cannot list the password of %s: the answer holds no login profile", name)
	}
	return []types.LoginProfile{*out.LoginProfile}, nil
}
