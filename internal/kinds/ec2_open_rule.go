package kinds

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

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
			if rule.CIDR, rule.Description = aws.ToString(v4.CidrIp), v4.Description; everybody(rule.CIDR) {
				out = append(out, rule)
			}
		}
		for _, v6 := range p.Ipv6Ranges {
			if rule.CIDR, rule.Description = aws.ToString(v6.CidrIpv6), v6.Description; everybody(rule.CIDR) {
				out = append(out, rule)
			}
		}
	}
	slices.SortFunc(out, func(a, b openRule) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(portOr(a.From), portOr(b.From)), cmp.Compare(portOr(a.To), portOr(b.To)), cmp.Compare(a.CIDR, b.CIDR))
	})
	return out
}

// everybody says whether a range is so wide that it is no range of somebody's:
// 0.0.0.0/1 and 128.0.0.0/1 together are the whole internet. No registry gives
// anybody more than an IPv4 /8 or an IPv6 /16; the private addresses of IPv6
// (fc00::/7, RFC 4193) are not the internet.
func everybody(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false
	}
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 16 && !(p.Bits() >= 7 && p.Addr().IsPrivate())
}

// listedIn are the rules that let in what a prefix list holds, which the group
// does not tell: the list's id stands for the range.
func listedIn(all []types.IpPermission) []fact.Opening {
	out := []fact.Opening{}
	for _, p := range all {
		for _, l := range p.PrefixListIds {
			out = append(out, fact.Opening{Protocol: aws.ToString(p.IpProtocol), From: portOr(p.FromPort), To: portOr(p.ToPort), CIDR: aws.ToString(l.PrefixListId)})
		}
	}
	slices.SortFunc(out, func(a, b fact.Opening) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.CIDR, b.CIDR))
	})
	return out
}

func (o openRule) permission() types.IpPermission {
	p := types.IpPermission{IpProtocol: &o.Protocol, FromPort: o.From, ToPort: o.To}
	if strings.Contains(o.CIDR, ":") {
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
