package fact

import "time"

// Facts that several kinds set and many checks read.
const (
	Active   = Key[bool]("active")   // the credential or feature works now
	Owner    = Key[string]("owner")  // the user a credential belongs to
	Status   = Key[string]("status") // AWS's own word
	LastUsed = Key[time.Time]("last-used")
	// LastUsedWhere is "service region address" as far as AWS tells.
	LastUsedWhere = Key[string]("last-used-where")
	// Admin says whether a principal can administer the account: "full",
	// "escalates" or "no", by evaluating its policies. Absent: a policy's
	// text was not to be had.
	Admin = Key[string]("administrator")

	Public     = Key[bool]("public")          // open to everybody
	SharedWith = Key[[]string]("shared-with") // accounts outside this one
	// Protections name what hinders clean-up: "termination", "stop", "deregistration".
	Protections = Key[[]string]("protections")
	Tags        = Key[map[string]string]("tags")
)

// Facts of IAM principals.
const (
	Path     = Key[string]("path")
	Inline   = Key[[]Document]("inline")   // inline policies
	Attached = Key[[]Document]("attached") // managed policies; Body is empty, ARN is set
	Groups   = Key[[]string]("groups")     // groups of a user, by name
	Members  = Key[[]string]("members")    // users of a group, by name
	Boundary = Key[string]("boundary")     // ARN of the permissions boundary
	Trust    = Key[string]("trust")        // a role's trust policy, JSON
	Distrust = Key[[]string]("distrust")   // providers that a plan takes out of a role's trust
	Profiles = Key[[]string]("profiles")   // instance profiles of a role
	Console  = Key[bool]("console")        // has a password
	MFA      = Key[bool]("mfa")            // has at least one MFA device
	Versions = Key[[]Document]("versions") // versions of a managed policy
	Attaches = Key[int]("attach-count")
	Services = Key[string]("service-name") // service of a service-specific credential
	URL      = Key[string]("url")          // issuer of an OIDC provider
	Clients  = Key[[]string]("clients")    // client ids of an OIDC provider

	PasswordLastUsed    = Key[time.Time]("password-last-used")
	PasswordLastChanged = Key[time.Time]("password-last-changed")
)

// A Document is one policy as the account holds it.
type Document struct {
	Name    string    `json:"name,omitempty"`
	ARN     string    `json:"arn,omitempty"`
	Body    string    `json:"body,omitempty"` // JSON, decoded from AWS's URL encoding
	Default bool      `json:"default,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// Facts of the root user.
const (
	RootKeys     = Key[bool]("root-keys") // access keys exist
	RootKeyUse   = Key[time.Time]("root-key-last-used")
	RootCerts    = Key[bool]("root-certificates")
	RootPassword = Key[time.Time]("root-password-last-used")
	RootChanged  = Key[time.Time]("root-password-last-changed") // AWS tells it of few accounts
	// ReportAge is when the credential report behind these facts was made; AWS
	// makes a new one at most every four hours.
	ReportAge = Key[time.Time]("report-made")
)

// Facts of compute, storage and network.
const (
	RunState       = Key[string]("state")         // EC2 instance state
	InstanceType   = Key[string]("instance-type") // such as "g5.xlarge"
	VPC            = Key[string]("vpc")
	SecurityGroups = Key[[]string]("security-groups")
	Profile        = Key[string]("instance-profile") // ARN
	KeyName        = Key[string]("key-name")
	Volumes        = Key[[]string]("volumes")
	Spot           = Key[bool]("spot")
	InstanceStore  = Key[bool]("instance-store") // stopping loses data
	UserData       = Key[bool]("has-user-data")  // the text itself is evidence only
	Encrypted      = Key[bool]("encrypted")
	AttachedTo     = Key[string]("attached-to")
	Openings       = Key[[]Opening]("openings") // rules that let everybody in
	Name           = Key[string]("name")
	// ManagedBy is the Auto Scaling group or fleet that would replace the
	// instance: "autoscaling:NAME", "fleet:ID"; "" is neither. AWS sets the tags
	// behind it, and nobody else can.
	ManagedBy = Key[string]("managed-by")
)

// An Opening is one security group rule that lets the whole internet in.
type Opening struct {
	Protocol string `json:"protocol"`
	From     int32  `json:"from"`
	To       int32  `json:"to"`
	CIDR     string `json:"cidr"`
}

// Facts of functions, trails and detectors.
const (
	Runtime     = Key[string]("runtime")
	Role        = Key[string]("role") // ARN
	Layers      = Key[[]string]("layers")
	Modified    = Key[time.Time]("modified")
	Concurrency = Key[int]("reserved-concurrency") // absent: not reserved
	URLAuth     = Key[string]("url-auth")          // "NONE" is open to everybody
	Published   = Key[[]string]("published-versions")
	CodeHash    = Key[string]("code-sha256")
	// VersionCodes are the hashes of the code of published versions, and
	// VersionLayers the layers that they run with.
	VersionCodes  = Key[map[string]string]("version-codes")
	VersionLayers = Key[map[string][]string]("version-layers")

	Logging     = Key[bool]("logging")
	MultiRegion = Key[bool]("multi-region")
	Validation  = Key[bool]("log-validation")
	Bucket      = Key[string]("bucket")
	Stopped     = Key[time.Time]("stopped-logging")
)

// Facts that reading the trail adds to a resource.
const (
	// Made is who created it, when that was one of the intruder's credentials.
	Made = Key[Deed]("made-by-suspect")
	// Changed lists what the intruder's credentials did to it.
	Changed = Key[[]Deed]("changed-by-suspect")
	// Sessions lists the suspect sessions issued on a role.
	Sessions = Key[[]Deed]("suspect-sessions")
	// ReadBy lists the calls of the intruder's that showed this secret.
	ReadBy = Key[[]Deed]("read-by-suspect")
	// Suspect says why this credential or principal is held to be the intruder's.
	Suspect = Key[Deed]("suspect")
)

// A Deed is one recorded call.
type Deed struct {
	EventID    string    `json:"event_id,omitempty"`
	Call       string    `json:"call,omitempty"` // such as "RunInstances"
	At         time.Time `json:"at,omitzero"`
	Credential string    `json:"credential,omitempty"`
	Address    string    `json:"address,omitempty"`
	Reason     string    `json:"reason,omitempty"` // a word of lineage: seed, minted, created, opened, marked
	// Session is what aws:userid says of a role's session: "AROAEXAMPLE:name".
	Session string `json:"session,omitempty"`
	// Sure is false when the owner's own use of a leaked key may explain it.
	Sure bool `json:"sure,omitempty"`
	// Found: the call succeeds on what is there already too, and nothing tells
	// whether it made this one.
	Found bool `json:"found,omitempty"`
}

// Facts that one IAM kind alone has.
const (
	MaxSession    = Key[int]("max-session")     // seconds a role's session may last
	PasswordReset = Key[bool]("password-reset") // must be changed at the next sign-in
)

// Facts that one kind of compute or trail alone has.
const (
	Snapshots = Key[[]string]("snapshots") // snapshots behind an image
	// Organization is the account that owns the organisation's trail, where
	// that is another one.
	Organization = Key[string]("organization")
)

// Facts that say what a resource leaves out, or does not tell.
const (
	// Management says whether a trail records management events, at least
	// those that change something.
	Management = Key[bool]("management-events")
	// PrefixLists are the rules of a security group that let in what a prefix
	// list holds; the list's id stands in CIDR.
	PrefixLists = Key[[]Opening]("prefix-lists")
)

// Facts that eradicating and restoring read.
const (
	// PartOf names what made this resource and would make it again, or what it
	// goes away with: the group of an instance, the stack of a queue. AWS tells
	// it (a tag that only AWS sets, an attribute), never a name.
	PartOf = Key[[]Ref]("part-of")
	// Maker is the ARN or id of who AWS says created it, where the listing
	// itself tells.
	Maker = Key[string]("maker")
	// Before is what a restoring verb puts back: aspect → value as the verb's
	// Recall or a baseline gave it, "" for nothing. Written by the engine.
	Before = Key[map[string]string]("before")
	// Vouched lists the accounts outside this one that the owner vouches for, of
	// those a resource's policy lets in: closing it keeps them. Written by the
	// engine.
	Vouched = Key[[]string]("vouched")
	// Aspects is what can be changed about it and put back, as it is now:
	// aspect → the same form as in Before. Never a secret.
	Aspects = Key[map[string]string]("aspects")
	// PerHour is what it costs by the hour while it runs, in US dollars, by the
	// dated price table; absent: not known.
	PerHour = Key[float64]("usd-per-hour")
	// Image is a container image, Count how many of something there are.
	Image = Key[string]("image")
	Count = Key[int]("count")
	// Detail is one more word that a screen may show: a size, a schedule, an
	// endpoint. Never a secret.
	Detail = Key[string]("detail")
)

// Judgement is whose a resource is, with the reasons, written by the engine.
const Judgement = Key[Whose]("judgement")

// A Whose says whose a resource is held to be, and why: Reasons are words of
// the catalogue under "whose.".
type Whose struct {
	Whose   string   `json:"whose"` // owner, intruder, tampered or unknown
	Reasons []string `json:"reasons,omitempty"`
}
