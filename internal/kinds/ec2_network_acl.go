package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type networkACLReader interface {
	DescribeNetworkAcls(context.Context, *ec2.DescribeNetworkAclsInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkAclsOutput, error)
}

type networkACLWriter interface {
	networkACLReader
	CreateNetworkAclEntry(context.Context, *ec2.CreateNetworkAclEntryInput, ...func(*ec2.Options)) (*ec2.CreateNetworkAclEntryOutput, error)
	ReplaceNetworkAclEntry(context.Context, *ec2.ReplaceNetworkAclEntryInput, ...func(*ec2.Options)) (*ec2.ReplaceNetworkAclEntryOutput, error)
	DeleteNetworkAclEntry(context.Context, *ec2.DeleteNetworkAclEntryInput, ...func(*ec2.Options)) (*ec2.DeleteNetworkAclEntryOutput, error)
	ReplaceNetworkAclAssociation(context.Context, *ec2.ReplaceNetworkAclAssociationInput, ...func(*ec2.Options)) (*ec2.ReplaceNetworkAclAssociationOutput, error)
	DeleteNetworkAcl(context.Context, *ec2.DeleteNetworkAclInput, ...func(*ec2.Options)) (*ec2.DeleteNetworkAclOutput, error)
}

var networkACL = kind.Of(networkACLSpec)

var networkACLSpec = kind.Spec[networkACLReader, networkACLWriter]{
	Name:   "ec2.network-acl",
	Reader: func(c aws.Config) networkACLReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) networkACLWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeNetworkAcls"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	List:   networkACLs.list,
	Holds:  holding,
	Keep:   networkACLs.keep,
	Verbs: []kind.Verb[networkACLReader, networkACLWriter]{
		// A call tells one entry of the list, so only a baseline knows the list.
		restore(kind.Verb[networkACLReader, networkACLWriter]{
			Name: "restore-acl-entries", Class: kind.Disruptive, Of: "entries",
			Needs: []string{"ec2:CreateNetworkAclEntry", "ec2:ReplaceNetworkAclEntry", "ec2:DeleteNetworkAclEntry"},
			Mends: []string{"CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"},
		}, func(ctx context.Context, api networkACLReader, r fact.Resource) (string, error) {
			t, err := networkACLs.one(ctx, api, r.ID)
			return aclText(t), err
		}, setACLEntries),
		remove(kind.Verb[networkACLReader, networkACLWriter]{
			Name: "delete", Needs: []string{"ec2:ReplaceNetworkAclAssociation", "ec2:DeleteNetworkAcl"},
		}, networkACLs.look, deleteNetworkACL),
	},
}

var networkACLs = shown[networkACLReader, types.NetworkAcl]{
	what: "network ACLs", file: "network-acl.json",
	ask: func(ctx context.Context, api networkACLReader, ids []string) iter.Seq2[[]types.NetworkAcl, error] {
		return asked(ctx, ec2.NewDescribeNetworkAclsPaginator(api, &ec2.DescribeNetworkAclsInput{NetworkAclIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return o.NetworkAcls })
	},
	of: func(at fact.Place, t types.NetworkAcl) fact.Resource {
		id := aws.ToString(t.NetworkAclId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.network-acl", Place: at, ID: id}, ARN: arn(at, "ec2", "network-acl/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		setAspect(&r, "entries", aclText(t))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		// The default ACL goes with its network, and not before.
		if setDefault(&r, aws.ToBool(t.IsDefault)); aws.ToBool(t.IsDefault) {
			partOf(&r, "ec2.vpc", aws.ToString(t.VpcId))
		}
		return r
	},
}

// An aclEntry is one rule as a baseline keeps it.
type aclEntry struct {
	Egress   bool   `json:"egress,omitempty"`
	Number   int32  `json:"number"`
	Protocol string `json:"protocol"`
	Action   string `json:"action"`
	CIDR     string `json:"cidr,omitempty"`
	CIDR6    string `json:"cidr6,omitempty"`
	From     *int32 `json:"from,omitempty"`
	To       *int32 `json:"to,omitempty"`
	ICMPType *int32 `json:"icmp-type,omitempty"`
	ICMPCode *int32 `json:"icmp-code,omitempty"`
}

// lastNumber and beyond are AWS's own "deny the rest", which nobody can change.
const lastNumber = 32767

func aclEntries(t types.NetworkAcl) []aclEntry {
	out := []aclEntry{}
	for _, e := range t.Entries {
		if aws.ToInt32(e.RuleNumber) >= lastNumber {
			continue
		}
		one := aclEntry{
			Egress: aws.ToBool(e.Egress), Number: aws.ToInt32(e.RuleNumber), Protocol: aws.ToString(e.Protocol), Action: string(e.RuleAction),
			CIDR: aws.ToString(e.CidrBlock), CIDR6: aws.ToString(e.Ipv6CidrBlock),
		}
		if e.PortRange != nil {
			one.From, one.To = e.PortRange.From, e.PortRange.To
		}
		if e.IcmpTypeCode != nil {
			one.ICMPType, one.ICMPCode = e.IcmpTypeCode.Type, e.IcmpTypeCode.Code
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b aclEntry) int {
		if a.Egress != b.Egress {
			return map[bool]int{false: -1, true: 1}[a.Egress]
		}
		return cmp.Compare(a.Number, b.Number)
	})
	return out
}

func aclText(t types.NetworkAcl) string {
	b, err := json.Marshal(aclEntries(t))
	if err != nil {
		panic(err) // of strings and numbers
	}
	return string(b)
}

// setACLEntries adds and changes entries before it takes any away, and takes
// each away by itself: killed in between, it goes on from there.
func setACLEntries(ctx context.Context, api networkACLWriter, j kind.Job, to string) error {
	var want []aclEntry
	if err := json.Unmarshal([]byte(to), &want); err != nil {
		return fmt.Errorf("cannot restore the entries of %s: %w", j.ID, err)
	}
	t, err := networkACLs.one(ctx, api, j.ID)
	if err != nil {
		return err
	}
	is := aclEntries(t)
	at := func(all []aclEntry, e aclEntry) int {
		return slices.IndexFunc(all, func(o aclEntry) bool { return o.Egress == e.Egress && o.Number == e.Number })
	}
	for _, e := range want {
		var ports *types.PortRange
		var icmp *types.IcmpTypeCode
		if e.From != nil || e.To != nil {
			ports = &types.PortRange{From: e.From, To: e.To}
		}
		if e.ICMPType != nil || e.ICMPCode != nil {
			icmp = &types.IcmpTypeCode{Type: e.ICMPType, Code: e.ICMPCode}
		}
		switch i := at(is, e); {
		case i < 0:
			_, err = api.CreateNetworkAclEntry(ctx, &ec2.CreateNetworkAclEntryInput{
				NetworkAclId: &j.ID, Egress: &e.Egress, RuleNumber: &e.Number, Protocol: &e.Protocol, RuleAction: types.RuleAction(e.Action),
				CidrBlock: given(e.CIDR), Ipv6CidrBlock: given(e.CIDR6), PortRange: ports, IcmpTypeCode: icmp,
			})
		case !reflect.DeepEqual(is[i], e):
			_, err = api.ReplaceNetworkAclEntry(ctx, &ec2.ReplaceNetworkAclEntryInput{
				NetworkAclId: &j.ID, Egress: &e.Egress, RuleNumber: &e.Number, Protocol: &e.Protocol, RuleAction: types.RuleAction(e.Action),
				CidrBlock: given(e.CIDR), Ipv6CidrBlock: given(e.CIDR6), PortRange: ports, IcmpTypeCode: icmp,
			})
		}
		if err != nil {
			return err
		}
	}
	for _, e := range is {
		if at(want, e) >= 0 {
			continue
		}
		_, err := api.DeleteNetworkAclEntry(ctx, &ec2.DeleteNetworkAclEntryInput{NetworkAclId: &j.ID, Egress: &e.Egress, RuleNumber: &e.Number})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

// deleteNetworkACL gives its subnets the default ACL of the VPC first.
func deleteNetworkACL(ctx context.Context, api networkACLWriter, j kind.Job) error {
	t, err := networkACLs.one(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if len(t.Associations) > 0 {
		out, err := api.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: []types.Filter{
			{Name: aws.String("vpc-id"), Values: []string{aws.ToString(t.VpcId)}}, {Name: aws.String("default"), Values: []string{"true"}},
		}})
		if err != nil {
			return err
		}
		if len(out.NetworkAcls) != 1 {
			return fmt.Errorf("cannot find the default network ACL of %s", aws.ToString(t.VpcId))
		}
		for _, a := range t.Associations {
			_, err := api.ReplaceNetworkAclAssociation(ctx, &ec2.ReplaceNetworkAclAssociationInput{
				AssociationId: a.NetworkAclAssociationId, NetworkAclId: out.NetworkAcls[0].NetworkAclId,
			})
			if err != nil && !errors.Is(gone(err), kind.ErrGone) {
				return err
			}
		}
	}
	_, err = api.DeleteNetworkAcl(ctx, &ec2.DeleteNetworkAclInput{NetworkAclId: &j.ID})
	return err
}
