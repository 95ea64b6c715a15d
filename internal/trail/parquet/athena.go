package parquet

import "strings"

// Athena is the layout events/acct=<id>/dt=<YYYY-MM-DD>/part-N.parquet, which
// Athena, Trino and DuckDB read as a table partitioned by acct and dt: the
// columns of CloudTrail under short names. Package question describes the table
// and asks it.
var Athena = Layout{name: "athena", root: "events", tables: []table{{
	rows: func(*record) bool { return true },
	folder: func(r *record) string {
		return "acct=" + safe(r.Account) + "/dt=" + r.Time.UTC().Format("2006-01-02")
	},
	fields: []node{
		required(text("event_id", func(r *record, _ int) string { return r.ID })),
		required(instant("time", func(r *record, _ int) (int64, bool) { return r.Time.UnixMilli(), true })),
		text("version", func(r *record, _ int) string { return r.Version }),
		text("source", func(r *record, _ int) string { return r.Source }),
		text("name", func(r *record, _ int) string { return r.Name }),
		text("region", func(r *record, _ int) string { return r.Region }),
		text("account", func(r *record, _ int) string { return r.Account }),
		text("type", func(r *record, _ int) string { return r.Type }),
		text("category", func(r *record, _ int) string { return r.category }),

		text("principal", func(r *record, _ int) string { return r.principal }),
		text("principal_type", func(r *record, _ int) string { return r.Principal.Type }),
		text("principal_arn", func(r *record, _ int) string { return r.Principal.ARN }),
		text("akid", func(r *record, _ int) string { return r.Credential }),
		text("user_name", func(r *record, _ int) string { return r.Principal.User }),
		text("session_name", func(r *record, _ int) string { return r.session }),
		text("source_identity", func(r *record, _ int) string { return r.Principal.SourceIdentity }),
		text("invoked_by", func(r *record, _ int) string { return r.Principal.InvokedBy }),

		text("ip", func(r *record, _ int) string { return r.Address }),
		text("ua", func(r *record, _ int) string { return r.Agent }),
		text("err", func(r *record, _ int) string { return r.Error.Code }),
		text("err_msg", func(r *record, _ int) string { return r.Error.Message }),
		// failed is err or err_msg, or a sign-in whose response says Failure.
		required(yesno("failed", func(r *record, _ int) (bool, bool) { return r.failed, true })),
		yesno("ro", func(r *record, _ int) (bool, bool) { return r.ReadOnly, r.ReadOnlyKnown }),
		yesno("mgmt", func(r *record, _ int) (bool, bool) { return r.management == "true", r.management != "" }),
		text("request_id", func(r *record, _ int) string { return r.request }),
		text("shared_id", func(r *record, _ int) string { return r.SharedID }),
		text("vpce", func(r *record, _ int) string { return r.VPCEndpoint }),

		text("req", func(r *record, _ int) string { return string(r.Request) }),
		text("resp", func(r *record, _ int) string { return string(r.Response) }),
		text("extra", func(r *record, _ int) string { return string(r.Additional) }),
		text("resources", func(r *record, _ int) string { return r.named }),
	},
	sorted: "time",
}}}

// Named gives the layout that goes by a name on the command line; source is the
// custom source's in Security Lake, of the ocsf layout only.
func Named(name, source string) (Layout, bool) {
	switch name {
	case "athena":
		return Athena, true
	case "ocsf":
		return OCSF(source), true
	}
	return Layout{}, false
}

// safe is what of a record may become part of a path: account numbers and
// names of regions, and nothing that an intruder could put there instead.
func safe(s string) string {
	if s == "" || len(s) > 40 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "unknown"
	}
	return s
}
