package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ssmSessionReader interface {
	DescribeSessions(context.Context, *ssm.DescribeSessionsInput, ...func(*ssm.Options)) (*ssm.DescribeSessionsOutput, error)
}

type ssmSessionWriter interface {
	TerminateSession(context.Context, *ssm.TerminateSessionInput, ...func(*ssm.Options)) (*ssm.TerminateSessionOutput, error)
}

var ssmSession = kind.Of(ssmSessionSpec)

// ssmSessionSpec is about shells that are open on instances now. They go on
// when the credential that opened them is cut off.
var ssmSessionSpec = kind.Spec[ssmSessionReader, ssmSessionWriter]{
	Name:   "ssm.session",
	Reader: func(c aws.Config) ssmSessionReader { return ssm.NewFromConfig(c) },
	Writer: func(c aws.Config) ssmSessionWriter { return ssm.NewFromConfig(c) },
	Needs:  []string{"ssm:DescribeSessions"},
	Cost:   kind.Cost{Fixed: 1, Page: 200},
	Covers: []string{"A16"},
	List: func(ctx context.Context, api ssmSessionReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, ssm.NewDescribeSessionsPaginator(api, &ssm.DescribeSessionsInput{
			State: types.SessionStateActive, MaxResults: aws.Int32(200),
		})) {
			if err != nil {
				return fmt.Errorf("cannot list sessions: %w", err)
			}
			for _, s := range page.Sessions {
				put(ssmSessionOf(at, s))
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api ssmSessionReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findSSMSession(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "session.json", s)
	},
	Verbs: []kind.Verb[ssmSessionReader, ssmSessionWriter]{
		remove(kind.Verb[ssmSessionReader, ssmSessionWriter]{Name: "end-session", Needs: []string{"ssm:TerminateSession"}},
			func(ctx context.Context, api ssmSessionReader, r fact.Resource) (any, error) {
				s, err := findSSMSession(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return onlyMade(r.ARN, s.StartDate), nil
			},
			func(ctx context.Context, api ssmSessionWriter, j kind.Job) error {
				_, err := api.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: &j.ID})
				return err
			}),
	},
}

func ssmSessionOf(at fact.Place, s types.Session) fact.Resource {
	id := aws.ToString(s.SessionId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ssm.session", Place: at, ID: id}, ARN: arn(at, "ssm", "session/"+id), Created: aws.ToTime(s.StartDate).UTC(),
	}
	fact.Status.Set(&r, string(s.Status))
	fact.Maker.Set(&r, aws.ToString(s.Owner))
	fact.AttachedTo.Set(&r, aws.ToString(s.Target))
	fact.Detail.Set(&r, aws.ToString(s.DocumentName))
	return r
}

// findSSMSession finds a session that is still open.
func findSSMSession(ctx context.Context, api ssmSessionReader, r fact.Resource) (types.Session, error) {
	return only(whole(ctx, ssm.NewDescribeSessionsPaginator(api, &ssm.DescribeSessionsInput{
		State: types.SessionStateActive, Filters: []types.SessionFilter{{Key: types.SessionFilterKeySessionId, Value: &r.ID}},
	}), func(page *ssm.DescribeSessionsOutput) []types.Session { return page.Sessions }))
}
