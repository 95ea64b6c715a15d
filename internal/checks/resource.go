package checks

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// settled is how old a region's oldest resource must be before the region
// counts as one the owner uses, when nobody said when the incident began.
const settled = 30 * 24 * time.Hour

// lonelyRegion finds regions whose every resource is new: intruders like
// regions that nobody looks at. What AWS itself puts into every region does
// not count.
var lonelyRegion = finding.Check{
	ID: "lonely-region", Severity: finding.High, Confidence: finding.Probable,
	Attack: []string{"T1535"}, Needs: resources,
	Find: func(l *finding.Look) {
		line := l.Since
		if line.IsZero() {
			line = l.At.Add(-settled)
		}
		young := map[string][]fact.Resource{}
		old := map[string]bool{}
		for _, k := range resources {
			for r := range l.Of(k) {
				if k == "cloudtrail.trail" || k == "ec2.security-group" && fact.Name.Or(r, "") == "default" {
					continue
				}
				made := r.Created
				if made.IsZero() {
					made, _ = fact.Modified.Get(r)
				}
				switch {
				case made.IsZero() && k != "ec2.security-group":
					old[r.Region] = true // cannot tell: the benefit of the doubt
				case made.Before(line) && !made.IsZero():
					old[r.Region] = true
				default:
					young[r.Region] = append(young[r.Region], r)
				}
			}
		}
		var regions []string
		for region := range young {
			if !old[region] && slices.ContainsFunc(young[region], func(r fact.Resource) bool { return !r.Created.IsZero() }) {
				regions = append(regions, region)
			}
		}
		slices.Sort(regions)
		for _, region := range regions {
			for _, r := range young[region] {
				l.Hit(r, why("region", region))
			}
		}
	},
}

// exposed finds resources by who can read them.
func exposed(id string, severity finding.Severity, kind fact.Kind, public bool) finding.Check {
	return finding.Check{
		ID: id, Severity: severity, Confidence: finding.Ask,
		Attack: []string{"T1537"}, Needs: []fact.Kind{kind},
		Find: func(l *finding.Look) {
			for r := range l.Of(kind) {
				if public {
					if on, known := finding.Known(l, r, fact.Public); known && on {
						l.Hit(r, yes("public"))
					}
					continue
				}
				if with, known := finding.Known(l, r, fact.SharedWith); known && len(with) > 0 {
					l.Hit(r, why("shared-with", strings.Join(with, " ")))
				}
			}
		},
	}
}

var (
	publicSnapshot = exposed("public-snapshot", finding.Critical, "ec2.snapshot", true)
	sharedSnapshot = exposed("shared-snapshot", finding.High, "ec2.snapshot", false)
	publicImage    = exposed("public-image", finding.High, "ec2.image", true)
	sharedImage    = exposed("shared-image", finding.Medium, "ec2.image", false)
	publicLayer    = exposed("public-layer", finding.Medium, "lambda.layer", true)
)

var publicFunction = finding.Check{
	ID: "public-function", Severity: finding.High, Confidence: finding.Ask,
	Attack: []string{"T1648"}, Needs: []fact.Kind{"lambda.function"},
	Find: func(l *finding.Look) {
		for r := range l.Of("lambda.function") {
			open, known := finding.Known(l, r, fact.Public)
			url := fact.URLAuth.Or(r, "")
			switch {
			case known && open:
				l.Hit(r, yes("public"), why("url-auth", url))
			case url == "NONE":
				l.Hit(r, why("url-auth", url))
			}
		}
	},
}

// shown are the kinds whose exposure has a check of its own.
var shown = []fact.Kind{"ec2.snapshot", "ec2.image", "lambda.layer", "lambda.function"}

// outsideAccess finds everything else that lets somebody outside the account in.
var outsideAccess = finding.Check{
	ID: "outside-access", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1537", "T1098"}, Needs: []fact.Kind{"iam.role"}, Wide: true,
	Find: func(l *finding.Look) {
		for _, r := range l.Resources {
			if slices.Contains(shown, r.Kind) {
				continue
			}
			public, with := fact.Public.Or(r, false), fact.SharedWith.Or(r, nil)
			switch {
			case public:
				l.Hit(r, yes("public"))
			case len(with) > 0:
				l.Hit(r, why("shared-with", strings.Join(with, " ")))
			}
		}
	},
}

// otherSince finds what is new among the kinds that no other check dates. What
// AWS gives no date is not among them: only the record tells when it was made.
var otherSince = finding.Check{
	ID: "other-since", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1578"}, Needs: []fact.Kind{"iam.root"}, Wide: true,
	Find: func(l *finding.Look) {
		for _, r := range l.Resources {
			if r.Created.IsZero() || slices.Contains(everything, r.Kind) || fact.Maker.Or(r, "") == "aws" {
				continue
			}
			if begun(l, r) && !r.Created.Before(l.Since) {
				l.Hit(r, at("created", r.Created))
			}
		}
	},
}

// doors are the ports through which machines are administered.
var doors = []int32{22, 3389, 5985, 5986}

var openPorts = finding.Check{
	ID: "open-ports", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1686.001"}, Needs: []fact.Kind{"ec2.security-group"},
	Find: func(l *finding.Look) {
		for r := range l.Of("ec2.security-group") {
			open, known := finding.Known(l, r, fact.Openings)
			if !known {
				continue
			}
			if i := slices.IndexFunc(open, opensDoor); i >= 0 {
				l.Hit(r, why("open-to", open[i].CIDR))
				continue
			}
			lists, _ := finding.Known(l, r, fact.PrefixLists)
			if i := slices.IndexFunc(lists, opensDoor); i >= 0 {
				l.Blind(r, "who is in the prefix list "+lists[i].CIDR)
			}
		}
	},
}

func opensDoor(o fact.Opening) bool {
	return o.Protocol == "-1" || slices.ContainsFunc(doors, func(p int32) bool { return o.From <= p && p <= o.To })
}

var stoppedTrail = finding.Check{
	ID: "stopped-trail", Severity: finding.High, Confidence: finding.Probable, Answer: "start-logging",
	Attack: []string{"T1685.002"}, Needs: []fact.Kind{"cloudtrail.trail"},
	Find: func(l *finding.Look) {
		for r := range l.Of("cloudtrail.trail") {
			on, known := finding.Known(l, r, fact.Logging)
			calls, told := finding.Known(l, r, fact.Management)
			stopped, dated := fact.Stopped.Get(r)
			switch {
			case known && !on && dated:
				l.Hit(r, at("stopped-logging", stopped))
			case known && !on: // it never began
				l.Hit(r, why("logging", "false"))
			case known && told && !calls: // it runs, and leaves out what people do
				l.Hit(r, why("management-events", "false"))
			}
		}
	},
}

// noTrail has one target, the account's root: there is no trail to name.
var noTrail = finding.Check{
	ID: "no-trail", Severity: finding.Medium, Confidence: finding.Sure,
	Attack: []string{"T1685.002"}, Needs: []fact.Kind{"cloudtrail.trail"},
	Find: func(l *finding.Look) {
		unread := len(l.Gaps("cloudtrail.trail")) > 0
		for r := range l.Of("cloudtrail.trail") {
			many, known := finding.Known(l, r, fact.MultiRegion)
			on, also := finding.Known(l, r, fact.Logging)
			calls, told := finding.Known(l, r, fact.Management)
			if known && also && told && many && on && calls {
				return
			}
			unread = unread || !known || !also || !told
		}
		if unread {
			return // one may stand where we could not look
		}
		l.Hit(fact.Resource{Ref: fact.Ref{Kind: "iam.root", Place: fact.Place{Account: l.Account, Region: fact.Global}, ID: "root"}}, why("multi-region-trail", "none"))
	},
}

var stoppedDetector = finding.Check{
	ID: "stopped-detector", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1685"}, Needs: []fact.Kind{"guardduty.detector"},
	Find: func(l *finding.Look) {
		for r := range l.Of("guardduty.detector") {
			if on, known := finding.Known(l, r, fact.Active); known && !on {
				l.Hit(r, why("active", "false"))
			}
		}
	},
}

var protections = finding.Check{
	ID: "protections", Severity: finding.Low, Confidence: finding.Ask,
	Attack: []string{"T1578"}, Needs: []fact.Kind{"ec2.instance", "ec2.image"},
	Find: func(l *finding.Look) {
		for _, k := range []fact.Kind{"ec2.instance", "ec2.image"} {
			for r := range l.Of(k) {
				if fact.RunState.Or(r, "") == "terminated" {
					continue
				}
				if ps, known := finding.Known(l, r, fact.Protections); known && len(ps) > 0 {
					l.Hit(r, why("protections", strings.Join(ps, " ")))
				}
			}
		}
	},
}
