package kinds

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// An openRule is one ingress rule that lets everybody in, as AWS can be told to
// make it again.
type openRule struct {
	Protocol    string  `json:"protocol"`
	From        *int32  `json:"from,omitempty"`
	To          *int32  `json:"to,omitempty"`
	CIDR        string  `json:"cidr"`
	Description *string `json:"description,omitempty"`
}

// openIn picks the rules for everybody, in a fixed order.
func openIn(all []types.IpPermission) (out []openRule) {
	for _, p := range all {
		rule := openRule{Protocol: aws.ToString(p.IpProtocol), From: p.FromPort, To: p.ToPort}
		for _, v4 := range p.IpRanges {
			if rule.CIDR, rule.Description = aws.ToString(v4.CidrIp), v4.Description; rule.CIDR == "0.0.0.0/0" {
				out = append(out, rule)
			}
		}
		for _, v6 := range p.Ipv6Ranges {
			if rule.CIDR, rule.Description = aws.ToString(v6.CidrIpv6), v6.Description; rule.CIDR == "::/0" {
				out = append(out, rule)
			}
		}
	}
	slices.SortFunc(out, func(a, b openRule) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(portOr(a.From), portOr(b.From)), cmp.Compare(portOr(a.To), portOr(b.To)), cmp.Compare(a.CIDR, b.CIDR))
	})
	return out
}

func (o openRule) permission() types.IpPermission {
	p := types.IpPermission{IpProtocol: &o.Protocol, FromPort: o.From, ToPort: o.To}
	if o.CIDR == "::/0" {
		p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: &o.CIDR, Description: o.Description}}
	} else {
		p.IpRanges = []types.IpRange{{CidrIp: &o.CIDR, Description: o.Description}}
	}
	return p
}

func openRules(ctx context.Context, api securityGroupReader, r fact.Resource) ([]openRule, error) {
	g, err := findSecurityGroup(ctx, api, r.ID)
	return openIn(g.IpPermissions), err
}

// revokeRules and authorizeRules take one rule a call: AWS refuses all rules
// of a call for one that is gone, or there, already.
func revokeRules(ctx context.Context, api securityGroupWriter, j kind.Job, rules []openRule) error {
	for _, rule := range rules {
		_, err := api.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &j.ID, IpPermissions: []types.IpPermission{rule.permission()}})
		if err != nil && !noSuchRule(err) {
			return err
		}
	}
	return nil
}

func authorizeRules(ctx context.Context, api securityGroupWriter, j kind.Job, rules []openRule) error {
	for _, rule := range rules {
		_, err := api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &j.ID, IpPermissions: []types.IpPermission{rule.permission()}})
		if err != nil && awsapi.Code(err) != "InvalidPermission.Duplicate" {
			return err
		}
	}
	return nil
}

// portOr writes AWS's "all ports" as AWS does for ICMP.
func portOr(p *int32) int32 {
	if p == nil {
		return -1
	}
	return *p
}
