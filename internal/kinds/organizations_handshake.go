package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type handshakeReader interface {
	organizations.ListHandshakesForAccountAPIClient
	organizations.ListHandshakesForOrganizationAPIClient
	DescribeHandshake(context.Context, *organizations.DescribeHandshakeInput, ...func(*organizations.Options)) (*organizations.DescribeHandshakeOutput, error)
}

type handshakeWriter interface {
	handshakeReader
	CancelHandshake(context.Context, *organizations.CancelHandshakeInput, ...func(*organizations.Options)) (*organizations.CancelHandshakeOutput, error)
	DeclineHandshake(context.Context, *organizations.DeclineHandshakeInput, ...func(*organizations.Options)) (*organizations.DeclineHandshakeOutput, error)
}

var handshake = kind.Of(handshakeSpec)

// A handshake is an invitation between accounts: into this account's
// organisation, or of this account into another's, whose management account
// then rules over it. AWS shows one for 30 days after it is settled.
var handshakeSpec = kind.Spec[handshakeReader, handshakeWriter]{
	Name:   "organizations.handshake",
	Global: true,
	Reader: func(c aws.Config) handshakeReader { return organizations.NewFromConfig(c) },
	Writer: func(c aws.Config) handshakeWriter { return organizations.NewFromConfig(c) },
	Needs:  []string{"organizations:ListHandshakesForAccount", "organizations:ListHandshakesForOrganization", "organizations:DescribeHandshake"},
	Cost:   kind.Cost{Fixed: 2, Page: 10},
	Covers: []string{"C9"},
	List:   listHandshakes,
	Keep: func(ctx context.Context, api handshakeReader, r fact.Resource, put func(string, []byte) error) error {
		h, err := readHandshake(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, h)
	},
	Verbs: []kind.Verb[handshakeReader, handshakeWriter]{
		// Who sent it cancels it, who got it declines it.
		remove(kind.Verb[handshakeReader, handshakeWriter]{Name: "delete", Needs: []string{"organizations:CancelHandshake", "organizations:DeclineHandshake"}},
			func(ctx context.Context, api handshakeReader, r fact.Resource) (any, error) {
				h, err := openHandshake(ctx, api, r.ID)
				return lasting(h.Id, h.RequestedTimestamp), err
			},
			func(ctx context.Context, api handshakeWriter, j kind.Job) error {
				h, err := openHandshake(ctx, api, j.ID)
				if err != nil {
					return err
				}
				if sentTo(h, j.Account) {
					_, err = api.DeclineHandshake(ctx, &organizations.DeclineHandshakeInput{HandshakeId: &j.ID})
				} else {
					_, err = api.CancelHandshake(ctx, &organizations.CancelHandshakeInput{HandshakeId: &j.ID})
				}
				return err
			}),
	},
}

// listHandshakes asks for both sides. Only a management account sends
// invitations: a member of an organisation is refused that question, and has
// none of its own.
func listHandshakes(ctx context.Context, api handshakeReader, at fact.Place, put func(fact.Resource)) error {
	found := map[string]types.Handshake{}
	for page, err := range pages(ctx, organizations.NewListHandshakesForAccountPaginator(api, &organizations.ListHandshakesForAccountInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list the account's invitations: %w", err)
		}
		for _, h := range page.Handshakes {
			found[aws.ToString(h.Id)] = h
		}
	}
	for page, err := range pages(ctx, organizations.NewListHandshakesForOrganizationPaginator(api, &organizations.ListHandshakesForOrganizationInput{})) {
		if noOrganization(err) {
			break
		}
		if err != nil {
			return fmt.Errorf("cannot list the organisation's invitations: %w", err)
		}
		for _, h := range page.Handshakes {
			found[aws.ToString(h.Id)] = h
		}
	}
	for _, id := range keysInOrder(found) {
		h := found[id]
		r := fact.Resource{
			Ref: fact.Ref{Kind: "organizations.handshake", Place: at, ID: id},
			ARN: aws.ToString(h.Arn), Created: aws.ToTime(h.RequestedTimestamp),
		}
		fact.Status.Set(&r, string(h.State))
		fact.Detail.Set(&r, string(h.Action))
		put(r)
	}
	return nil
}

func readHandshake(ctx context.Context, api handshakeReader, id string) (types.Handshake, error) {
	out, err := api.DescribeHandshake(ctx, &organizations.DescribeHandshakeInput{HandshakeId: &id})
	if err != nil {
		return types.Handshake{}, gone(err)
	}
	return told(out.Handshake, "invitation "+id)
}

var openStates = []types.HandshakeState{types.HandshakeStateOpen, types.HandshakeStateRequested}

// openHandshake is one that can still be accepted; a settled one counts as
// gone, as there is nothing left to take back.
func openHandshake(ctx context.Context, api handshakeReader, id string) (types.Handshake, error) {
	h, err := readHandshake(ctx, api, id)
	if err == nil && !slices.Contains(openStates, h.State) {
		err = fmt.Errorf("cannot take back invitation %s, which is %s: %w", id, h.State, kind.ErrGone)
	}
	return h, err
}

// sentTo reports whether the account is the one invited: the parties are it
// and the organisation that invites.
func sentTo(h types.Handshake, account string) bool {
	return slices.ContainsFunc(h.Parties, func(p types.HandshakeParty) bool {
		return p.Type == types.HandshakePartyTypeAccount && aws.ToString(p.Id) == account
	})
}
