package policy

import (
	"slices"
	"strings"
)

// Grants is everything that decides what one principal may do: documents
// by their bodies, and AWS-managed policies by name where nobody read them.
type Grants struct {
	Account string // of the principal; makes ARNs that name it comparable
	ARN     string // of the principal; empty: rights over itself by name are not seen
	Inline  []string
	// Attached are the bodies of attached managed policies, AWS's or not.
	Attached      []string
	GroupPolicies []string // inline and attached, of every group
	// Managed are the ARNs of attached AWS-managed policies whose bodies
	// are not at hand; a small table judges those.
	Managed []string
	// Boundary is the body of the permissions boundary, or BoundaryARN names
	// one that AWS manages.
	Boundary    string
	BoundaryARN string
	// Missing: some policy of this principal could not be read.
	Missing bool
}

// A Level says how far a principal's rights reach.
type Level string

// The levels. Full may do anything anywhere. Escalates may give itself that.
const (
	Limited   Level = "limited"
	Escalates Level = "escalates"
	Full      Level = "full"
)

// Power is the judgement over one principal.
type Power struct {
	Level Level
	Known bool // nothing that is missing could change the answer
	// Reasons are the calls that give it, such as "iam:PutUserPolicy" or
	// "iam:PassRole+lambda:CreateFunction", in the order of the tables below.
	Reasons []string
}

// Admin says whether the principal can administer the account, at once or
// after giving itself the rights, and whether that is known.
//
// Conditions on an Allow (MFA, an address) do not make it not-admin: they can
// be met. Conditions on a Deny do not take admin away: they can be dodged.
func Admin(p Grants) (admin, known bool) {
	power := Judge(p)
	return power.Level != Limited, power.Known
}

// Judge evaluates the policies against the tables below.
func Judge(p Grants) Power {
	e := p.effective()
	out := Power{Level: Limited, Known: !e.unread}
	if all(fullProbes, e.may) {
		out.Level, out.Reasons = Full, []string{"*"}
	} else {
		for _, path := range escalations {
			if all(path, e.may) {
				out.Level = Escalates
				out.Reasons = append(out.Reasons, strings.Join(path, "+"))
			}
		}
	}
	// A policy of AWS's that the table does not have gives rights; those that
	// only deny are in the table. So it cannot take this answer back.
	if out.Level == Limited && e.unknownManaged {
		out.Known = false
	}
	return out
}

// fullProbes are calls that only somebody who may do everything may make all
// of: services that do not exist, and the ones quarantine policies take away.
var fullProbes = []string{
	"cordon8c1f:Anything", "iam:Cordon8c1f", "ec2:Cordon8c1f", "s3:Cordon8c1f",
	"sts:Cordon8c1f", "kms:Cordon8c1f", "lambda:Cordon8c1f",
	"iam:CreateUser", "iam:CreateAccessKey", "iam:AttachUserPolicy", "iam:PutUserPolicy",
	"iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy",
}

// escalations are the ways to give oneself everything, each a set of calls
// that together suffice when allowed on any resource.
var escalations = [][]string{
	// write a policy onto oneself, one's group, or a role one may assume
	{"iam:PutUserPolicy"},
	{"iam:AttachUserPolicy"},
	{"iam:PutGroupPolicy"},
	{"iam:AttachGroupPolicy"},
	{"iam:AddUserToGroup"},
	{"iam:PutRolePolicy"},
	{"iam:AttachRolePolicy"},
	// change what an attached policy says
	{"iam:CreatePolicyVersion"},
	{"iam:SetDefaultPolicyVersion"},
	// become a role that has the rights
	{"iam:UpdateAssumeRolePolicy"},
	// become a user who has them
	{"iam:CreateAccessKey"},
	{"iam:CreateLoginProfile"},
	{"iam:UpdateLoginProfile"},
	// hand a role that has them to something one controls
	{"iam:PassRole", "ec2:RunInstances"},
	{"iam:PassRole", "lambda:CreateFunction"},
	{"iam:PassRole", "lambda:UpdateFunctionConfiguration"},
	{"iam:PassRole", "cloudformation:CreateStack"},
	{"iam:PassRole", "ecs:RunTask", "ecs:RegisterTaskDefinition"},
	{"iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"},
	{"iam:PassRole", "glue:CreateDevEndpoint"},
	{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"},
	{"iam:PassRole", "sagemaker:CreateNotebookInstance"},
	{"iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"},
	{"iam:PassRole", "states:CreateStateMachine", "states:StartExecution"},
	{"iam:PassRole", "ssm:StartAutomationExecution"},
	{"iam:PassRole", "scheduler:CreateSchedule"},
}

type effective struct {
	self           []string // the ARNs that stand for the principal itself
	allow, deny    []Statement
	limited        bool // a boundary is set
	limit          []Statement
	limitDeny      []Statement
	unread         bool
	unknownManaged bool
}

func (p Grants) effective() effective {
	e := effective{unread: p.Missing}
	if p.ARN != "" {
		e.self = []string{p.ARN}
	}
	for _, body := range slices.Concat(p.Inline, p.Attached, p.GroupPolicies) {
		e.allow, e.deny = e.read(body, e.allow, e.deny)
	}
	for _, arn := range p.Managed {
		if body, ok := managed(arn); ok {
			e.allow, e.deny = e.read(body, e.allow, e.deny)
		} else {
			e.unknownManaged = true
		}
	}
	boundary := p.Boundary
	if boundary == "" && p.BoundaryARN != "" {
		var ok bool
		if boundary, ok = managed(p.BoundaryARN); !ok {
			e.unread = true
		}
	}
	if boundary != "" {
		e.limited = true
		e.limit, e.limitDeny = e.read(boundary, nil, nil)
	}
	return e
}

func (e *effective) read(body string, allow, deny []Statement) ([]Statement, []Statement) {
	d, err := Parse(body)
	if err != nil {
		e.unread = true
		return allow, deny
	}
	for _, s := range d.Statements {
		switch {
		case s.Allow:
			allow = append(allow, s)
		case s.Deny && len(s.Conditions) == 0:
			deny = append(deny, s)
		}
	}
	return allow, deny
}

// may evaluates one call on any resource, or on the principal itself.
func (e *effective) may(action string) bool {
	for _, target := range targets(action, e.self) {
		on := []string{target}
		if applies(e.allow, action, on) && !applies(e.deny, action, on) && !applies(e.limitDeny, action, on) &&
			(!e.limited || applies(e.limit, action, on)) {
			return true
		}
	}
	return false
}

func applies(statements []Statement, action string, on []string) bool {
	return slices.ContainsFunc(statements, func(s Statement) bool {
		resources := on
		for _, p := range slices.Concat(s.Resources, s.NotResources) {
			// "arn:aws:iam::111122223333:user/*" is every user of this account:
			// the stranger lives in the account and partition that are named.
			if f := strings.SplitN(p, ":", 6); len(f) == 6 && f[2] == "iam" && len(f[4]) == 12 {
				resources = rehome(resources, f[1], f[4])
			}
		}
		return s.appliesTo(action, resources)
	})
}

// targets are the resources that a call is tried on. IAM's calls name what
// kind they work on, so that "user/*" is enough for a call on users.
func targets(action string, self []string) []string {
	name, isIAM := strings.CutPrefix(action, "iam:")
	if !isIAM {
		return []string{"cordon:" + stranger}
	}
	kind := "user"
	switch {
	case strings.Contains(name, "Role"):
		kind = "role"
	case strings.Contains(name, "Group"):
		kind = "group"
	case strings.Contains(name, "PolicyVersion"):
		kind = "policy"
	case name == "Cordon8c1f":
		return []string{"cordon:" + stranger}
	}
	all := "arn:aws:iam::" + anyAccount + ":" + kind + "/"
	probes := []string{all + stranger}
	if slices.Contains(onOneself, action) {
		probes = append(probes, all+oneself)
		probes = append(probes, sameKind(self, kind)...)
	}
	return probes
}

// onOneself are the calls that escalate even when they are allowed on oneself
// only. To make one's own access key or password is everybody's right.
var onOneself = []string{"iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy"}

const anyAccount = "000000000000"

func sameKind(arns []string, kind string) []string {
	return slices.DeleteFunc(slices.Clone(arns), func(arn string) bool { return !strings.Contains(arn, ":"+kind+"/") })
}

func rehome(resources []string, partition, account string) []string {
	out := slices.Clone(resources)
	for _, r := range resources {
		if rest, ok := strings.CutPrefix(r, "arn:aws:iam::"+anyAccount+":"); ok {
			out = append(out, "arn:"+partition+":iam::"+account+":"+rest)
		}
	}
	return out
}

func all(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

// Can says whether the policies allow one call on one resource, conditions
// aside. known is false when a policy's text was not to be had and what was
// read does not allow it.
func Can(p Grants, action, resource string) (can, known bool) {
	e := p.effective()
	on := []string{resource}
	if applies(e.deny, action, on) || applies(e.limitDeny, action, on) || e.limited && !applies(e.limit, action, on) {
		return false, true
	}
	if applies(e.allow, action, on) {
		return true, true
	}
	return false, !e.unread && !e.unknownManaged
}
