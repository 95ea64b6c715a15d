package awsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Global is the region of the global services: IAM, Route 53, CloudFront.
const Global = "global"

// A RegionStatus says whether an account may use a region. A region that is
// disabled may still hold, and bill, what was made in it before.
type RegionStatus string

const (
	EnabledByDefault RegionStatus = "enabled-by-default" // cannot be turned off
	OptedIn          RegionStatus = "opted-in"
	Disabled         RegionStatus = "disabled"
	Enabling         RegionStatus = "enabling"
	Disabling        RegionStatus = "disabling"
	Unknown          RegionStatus = "unknown" // AWS would not say
)

// A Region is one region of the account's partition.
type Region struct {
	Name   string
	Status RegionStatus
	Chosen bool // this run looks at it: --regions names it, or there is no --regions

	// Source says who told the status: "account" (account:ListRegions), "ec2"
	// (ec2:DescribeRegions, which does not tell enabling and disabling apart
	// from enabled and disabled) or "builtin" (nobody: the list is the tool's
	// own and may be older than AWS).
	Source string
	// Missing are the permissions that would have told more, and Why is what
	// AWS answered instead.
	Missing []string
	Why     string
}

// Usable says whether calls to the region can succeed: it is enabled, or
// nobody knows.
func (r Region) Usable() bool { return r.Status != Disabled && r.Status != Enabling }

// RegionNeeds are the calls of Account.Regions.
func RegionNeeds() []Need { return []Need{"account:ListRegions", "ec2:DescribeRegions"} }

// Regions answers all regions of the account's partition, sorted by name, with
// the chosen ones marked; it asks AWS once. It fails when the context ends,
// when the credentials are refused, and when --regions names a region that AWS
// does not have; when AWS does not tell the regions it falls back, and each
// Region says so.
func (a *Account) Regions(ctx context.Context) ([]Region, error) {
	a.regionMu.Lock()
	defer a.regionMu.Unlock()
	if a.regions == nil {
		rs, err := a.askRegions(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot list the regions: %w", err)
		}
		slices.SortFunc(rs, func(x, y Region) int { return cmp.Compare(x.Name, y.Name) })
		if rs, err = choose(rs, a.only); err != nil {
			return nil, err
		}
		a.regions = rs
	}
	return slices.Clone(a.regions), nil
}

func (a *Account) askRegions(ctx context.Context) ([]Region, error) {
	cfg := a.Read(Global, RegionNeeds())
	var missing, why []string
	for _, source := range []struct {
		name, permission string
		ask              func(context.Context, aws.Config) ([]Region, error)
	}{
		{"account", "account:ListRegions", regionsOfAccount},
		{"ec2", "ec2:DescribeRegions", regionsOfEC2},
	} {
		rs, err := source.ask(ctx, cfg)
		if err == nil && len(rs) == 0 {
			err = errors.New("the answer was empty")
		}
		if err == nil {
			for i := range rs {
				rs[i].Source, rs[i].Missing, rs[i].Why = source.name, missing, strings.Join(why, "; ")
			}
			return rs, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if Classify(err) == Unauthenticated {
			return nil, err
		}
		if p := Permission(err); p != "" {
			missing = append(missing, p)
		}
		why = append(why, source.permission+": "+Why(err))
	}
	var rs []Region
	for _, name := range partitionOf(a.Caller.Partition).regions {
		rs = append(rs, Region{Name: name, Status: Unknown, Source: "builtin", Missing: missing, Why: strings.Join(why, "; ")})
	}
	return rs, nil
}

func regionsOfAccount(ctx context.Context, cfg aws.Config) ([]Region, error) {
	status := map[accounttypes.RegionOptStatus]RegionStatus{
		accounttypes.RegionOptStatusEnabledByDefault: EnabledByDefault,
		accounttypes.RegionOptStatusEnabled:          OptedIn,
		accounttypes.RegionOptStatusDisabled:         Disabled,
		accounttypes.RegionOptStatusEnabling:         Enabling,
		accounttypes.RegionOptStatusDisabling:        Disabling,
	}
	var rs []Region
	pages := account.NewListRegionsPaginator(account.NewFromConfig(cfg), &account.ListRegionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Regions {
			rs = append(rs, Region{Name: aws.ToString(r.RegionName), Status: cmp.Or(status[r.RegionOptStatus], Unknown)})
		}
	}
	return rs, nil
}

func regionsOfEC2(ctx context.Context, cfg aws.Config) ([]Region, error) {
	status := map[string]RegionStatus{
		"opt-in-not-required": EnabledByDefault,
		"opted-in":            OptedIn,
		"not-opted-in":        Disabled,
	}
	out, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	var rs []Region
	for _, r := range out.Regions {
		rs = append(rs, Region{Name: aws.ToString(r.RegionName), Status: cmp.Or(status[aws.ToString(r.OptInStatus)], Unknown)})
	}
	return rs, nil
}

// choose marks the regions of a run. AWS's word on which regions exist is
// final; the built-in list's is not, so there a name it lacks is taken on trust.
func choose(rs []Region, only []string) ([]Region, error) {
	for i := range rs {
		rs[i].Chosen = len(only) == 0 || slices.Contains(only, rs[i].Name)
	}
	for _, name := range only {
		if slices.ContainsFunc(rs, func(r Region) bool { return r.Name == name }) {
			continue
		}
		if len(rs) > 0 && rs[0].Source != "builtin" {
			return nil, fmt.Errorf("cannot narrow to region %q: AWS does not list it for this account", name)
		}
		rs = append(rs, Region{Name: name, Status: Unknown, Chosen: true, Source: "builtin"})
	}
	slices.SortFunc(rs, func(x, y Region) int { return cmp.Compare(x.Name, y.Name) })
	return rs, nil
}
