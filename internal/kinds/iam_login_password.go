package kinds

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A passwordPrior shows that a password was set again by what it asks for.
type passwordPrior struct {
	lastingFacts
	Reset bool `json:"reset"` // it must be changed at the next sign-in
}

// setPassword gives a user a new console password, to be changed at the next
// sign-in. Nobody can put the old one back: AWS does not tell it. Sessions that
// are open go on (revoke-sessions ends them).
var setPassword = kind.Verb[loginProfileReader, loginProfileWriter]{
	Name: "set-password", Class: kind.Permanent, Settle: iamSettle, Secret: true,
	Needs: []string{"iam:UpdateLoginProfile"},
	Prior: func(ctx context.Context, api loginProfileReader, r fact.Resource) (json.RawMessage, error) {
		p, err := findLoginProfile(ctx, api, r)
		return prior(passwordPrior{lasting(&r.ID, p.CreateDate), p.PasswordResetRequired}, err)
	},
	// One that was set and not stored is set anew: nobody has it.
	Do: func(ctx context.Context, api loginProfileWriter, j kind.Job, _ json.RawMessage) error {
		owner, err := ownerOf(j.Resource)
		if err != nil {
			return err
		}
		if j.Sink == nil {
			return fmt.Errorf("cannot set a password of %s: there is no place for it", owner)
		}
		if has, err := j.Sink.Has(ctx, owner); err != nil || has {
			return err
		}
		password, err := newPassword(ctx, api, owner)
		if err != nil {
			return err
		}
		secret, err := json.Marshal(map[string]string{"UserName": owner, "Password": password})
		if err == nil {
			err = j.Sink.Put(ctx, owner, secret)
		}
		if err != nil {
			return fmt.Errorf("cannot store the password of %s, which nobody knows now: %w", owner, err)
		}
		return nil
	},
	Done: func(ctx context.Context, api loginProfileReader, j kind.Job) (bool, error) {
		_, err := findLoginProfile(ctx, api, j.Resource)
		if errors.Is(err, kind.ErrGone) {
			return true, nil // there is no password any more
		}
		if err != nil || j.Sink == nil {
			return false, err
		}
		return j.Sink.Has(ctx, fact.Owner.Or(j.Resource, ""))
	},
}

// newPassword sets one that the account's policy accepts: where it asks for more
// than usual, the longest that AWS takes.
func newPassword(ctx context.Context, api loginProfileWriter, owner string) (password string, err error) {
	for _, n := range []int{24, 128} {
		if password, err = randomPassword(n); err != nil {
			return "", err
		}
		_, err = api.UpdateLoginProfile(ctx, &iam.UpdateLoginProfileInput{
			UserName: &owner, Password: &password, PasswordResetRequired: aws.Bool(true),
		})
		var weak *types.PasswordPolicyViolationException
		if !errors.As(err, &weak) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("cannot set a password of %s: %w", owner, err)
	}
	return password, nil
}

// passwordSets are the characters of each sort that a policy can ask for, without
// those that are mistaken for others. A letter comes first, so that no table
// program takes it for a formula.
var passwordSets = []string{"abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%+-=_@"}

// randomPassword draws n characters, of every sort at least one.
func randomPassword(n int) (string, error) {
	draw := func(set string) (byte, error) {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(set))))
		if err != nil {
			return 0, fmt.Errorf("cannot draw a password: %w", err)
		}
		return set[i.Int64()], nil
	}
	all := strings.Join(passwordSets, "")
	for {
		var b strings.Builder
		for i := range n {
			set := all
			if i == 0 {
				set = passwordSets[0] + passwordSets[1]
			}
			c, err := draw(set)
			if err != nil {
				return "", err
			}
			b.WriteByte(c)
		}
		if ofEverySort(b.String()) {
			return b.String(), nil
		}
	}
}

func ofEverySort(password string) bool {
	for _, set := range passwordSets {
		if !strings.ContainsAny(password, set) {
			return false
		}
	}
	return true
}
