package parquet

import (
	"strings"

	"cordon/internal/event"
)

// The version of OCSF that the ocsf layout writes.
const ocsfVersion = "1.5.0"

// OCSF is the layout of Amazon Security Lake's custom sources:
// ext/<source>/1.0/region=…/accountId=…/eventDay=YYYYMMDD/. Security Lake wants
// one source for one class, so calls (API Activity, 6003) and sign-ins
// (Authentication, 3002) are two: <source>-api and <source>-signin.
func OCSF(source string) Layout {
	folder := func(kind string) func(*record) string {
		return func(r *record) string {
			return safe(source) + "-" + kind + "/1.0/region=" + safe(r.Region) + "/accountId=" + safe(r.Account) + "/eventDay=" + r.Time.UTC().Format("20060102")
		}
	}
	return Layout{name: "ocsf", root: "ext", tables: []table{
		{rows: signIn, folder: folder("signin"), sorted: "time", fields: append(ocsfCommon(),
			yesno("is_mfa", func(r *record, _ int) (bool, bool) { return r.Principal.MFA, true }),
			group("user", ocsfUser(false)...),
			group("service", constant("name", "signin.amazonaws.com")),
			group("dst_endpoint", text("svc_name", func(r *record, _ int) string { return first(event.Path(r.Additional, "LoginTo")) })),
		)},
		{rows: func(r *record) bool { return !signIn(r) }, folder: folder("api"), sorted: "time", fields: append(ocsfCommon(),
			list("resources", func(r *record) int { return len(r.resources) },
				text("uid", func(r *record, i int) string { return r.resources[i].ARN }),
				text("type", func(r *record, i int) string { return r.resources[i].Type }),
				group("owner", group("account", text("uid", func(r *record, i int) string { return r.resources[i].Account }))),
			),
		)},
	}}
}

// ocsfCommon are the fields that both classes have.
func ocsfCommon() []node {
	return []node{
		required(whole("class_uid", func(r *record, _ int) (int64, bool) { return classOf(r).uid, true })),
		text("class_name", func(r *record, _ int) string { return classOf(r).name }),
		required(whole("category_uid", func(r *record, _ int) (int64, bool) { return classOf(r).category, true })),
		text("category_name", func(r *record, _ int) string { return classOf(r).categoryName }),
		required(whole("activity_id", func(r *record, _ int) (int64, bool) { return activityOf(r).id, true })),
		text("activity_name", func(r *record, _ int) string { return activityOf(r).name }),
		required(long("type_uid", func(r *record, _ int) (int64, bool) { return classOf(r).uid*100 + activityOf(r).id, true })),
		text("type_name", func(r *record, _ int) string { return classOf(r).name + ": " + activityOf(r).name }),
		required(long("time", func(r *record, _ int) (int64, bool) { return r.Time.UnixMilli(), true })),
		instant("time_dt", func(r *record, _ int) (int64, bool) { return r.Time.UnixMilli(), true }),
		required(whole("severity_id", func(*record, int) (int64, bool) { return 1, true })),
		constant("severity", "Informational"),
		whole("status_id", func(r *record, _ int) (int64, bool) {
			if r.failed {
				return 2, true
			}
			return 1, true
		}),
		text("status", func(r *record, _ int) string {
			if r.failed {
				return "Failure"
			}
			return "Success"
		}),
		text("status_code", func(r *record, _ int) string { return r.Error.Code }),
		text("status_detail", func(r *record, _ int) string { return r.Error.Message }),
		group("metadata",
			constant("version", ocsfVersion),
			text("uid", func(r *record, _ int) string { return r.ID }),
			text("event_code", func(r *record, _ int) string { return r.Type }),
			text("correlation_uid", func(r *record, _ int) string { return r.SharedID }),
			group("product",
				constant("name", "CloudTrail"),
				constant("vendor_name", "AWS"),
				text("version", func(r *record, _ int) string { return r.Version }),
				group("feature", text("name", feature)),
			),
			list("profiles", func(*record) int { return len(profiles) }, text("", func(_ *record, i int) string { return profiles[i] })),
		),
		group("cloud",
			constant("provider", "AWS"),
			text("region", func(r *record, _ int) string { return r.Region }),
			group("account", text("uid", func(r *record, _ int) string { return r.Account })),
		),
		group("api",
			text("operation", func(r *record, _ int) string { return r.Name }),
			group("service", text("name", func(r *record, _ int) string { return r.Source })),
			group("request",
				text("uid", func(r *record, _ int) string { return r.request }),
				text("data", func(r *record, _ int) string { return string(r.Request) }),
			),
			group("response",
				text("error", func(r *record, _ int) string { return r.Error.Code }),
				text("error_message", func(r *record, _ int) string { return r.Error.Message }),
				text("data", func(r *record, _ int) string { return string(r.Response) }),
			),
		),
		group("actor",
			text("invoked_by", func(r *record, _ int) string { return r.Principal.InvokedBy }),
			group("user", ocsfUser(true)...),
			group("session",
				text("issuer", func(r *record, _ int) string { return r.Principal.Issuer.ARN }),
				text("uid", func(r *record, _ int) string { return r.session }),
				instant("created_time_dt", func(r *record, _ int) (int64, bool) {
					return r.Principal.SessionCreated.UnixMilli(), !r.Principal.SessionCreated.IsZero()
				}),
				yesno("is_mfa", func(r *record, _ int) (bool, bool) { return r.Principal.MFA, !r.Principal.SessionCreated.IsZero() }),
			),
			group("idp", text("name", func(r *record, _ int) string { return r.Principal.Provider })),
		),
		group("src_endpoint",
			text("ip", func(r *record, _ int) string { return ternary(isAddress(r.Address), r.Address, "") }),
			text("domain", func(r *record, _ int) string { return ternary(isAddress(r.Address), "", r.Address) }),
			text("vpc_uid", func(r *record, _ int) string { return r.VPCEndpoint }),
		),
		group("http_request", text("user_agent", func(r *record, _ int) string { return r.Agent })),
		list("observables", func(r *record) int { return len(observables(r)) },
			text("name", func(r *record, i int) string { return observables(r)[i].name }),
			text("type", func(r *record, i int) string { return observables(r)[i].kind }),
			whole("type_id", func(r *record, i int) (int64, bool) { return observables(r)[i].id, true }),
			text("value", func(r *record, i int) string { return observables(r)[i].value }),
		),
		dictionary("unmapped", func(r *record) int { return len(unmapped(r)) },
			func(r *record, i int) string { return unmapped(r)[i].key }, func(r *record, i int) string { return unmapped(r)[i].value }),
	}
}

// ocsfUser is who called; of sign-ins it is also who signed in.
func ocsfUser(actor bool) []node {
	fields := []node{
		text("uid", func(r *record, _ int) string { return r.Principal.ARN }),
		text("uid_alt", func(r *record, _ int) string { return r.Principal.ID }),
	}
	if !actor {
		return fields
	}
	return append(fields,
		text("type", func(r *record, _ int) string { return r.Principal.Type }),
		text("name", func(r *record, _ int) string { return r.Principal.User }),
		text("credential_uid", func(r *record, _ int) string { return r.Credential }),
		group("account", text("uid", func(r *record, _ int) string { return r.Principal.Account })),
	)
}

var profiles = []string{"cloud", "datetime"}

type class struct {
	uid, category      int64
	name, categoryName string
}

var (
	apiActivity    = class{6003, 6, "API Activity", "Application Activity"}
	authentication = class{3002, 3, "Authentication", "Identity & Access Management"}
)

func signIn(r *record) bool { return r.Source == "signin.amazonaws.com" }

func classOf(r *record) class {
	if signIn(r) {
		return authentication
	}
	return apiActivity
}

type activity struct {
	id   int64
	name string
}

// verbs are how names of calls begin, by what they do; the rest is Update where
// CloudTrail says that it writes.
var verbs = []struct {
	activity
	names []string
}{
	{activity{1, "Create"}, []string{"Create", "Run", "Allocate", "Register", "Import", "Copy", "Generate", "Request", "Upload", "Publish", "Issue"}},
	{activity{2, "Read"}, []string{"Get", "List", "Describe", "Lookup", "Head", "Search", "Scan", "Query", "Select", "View", "Check", "Simulate", "Validate", "BatchGet"}},
	{activity{4, "Delete"}, []string{"Delete", "Remove", "Terminate", "Deregister", "Release", "Purge", "BatchDelete", "Destroy"}},
	{activity{3, "Update"}, []string{"Update", "Modify", "Put", "Set", "Attach", "Detach", "Add", "Associate", "Disassociate", "Change", "Enable", "Disable", "Start", "Stop", "Reboot", "Tag", "Untag", "Revoke", "Authorize"}},
}

func activityOf(r *record) activity {
	if signIn(r) {
		switch r.Name {
		case "ConsoleLogin":
			return activity{1, "Logon"}
		case "Logout", "ExitRole":
			return activity{2, "Logoff"}
		}
		return activity{99, r.Name}
	}
	if r.ReadOnlyKnown && r.ReadOnly {
		return activity{2, "Read"}
	}
	for _, v := range verbs {
		for _, name := range v.names {
			if strings.HasPrefix(r.Name, name) {
				return v.activity
			}
		}
	}
	if r.ReadOnlyKnown && r.Type == "AwsApiCall" {
		return activity{3, "Update"}
	}
	return activity{99, "Other"}
}

// feature is the event's category; before version 1.07 nothing says which.
func feature(r *record, _ int) string {
	if r.category == "" {
		return "Management, Data, and Insights"
	}
	return r.category
}
