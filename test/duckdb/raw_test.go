package duckdb

import (
	"path/filepath"
	"strings"
)

// rawTable stands for the table that RawDDL makes in Athena: CloudTrail's own
// files, bodies as their JSON text, and three partitions that come from a file's
// path. Names of columns are the same in any case.
func rawTable(logs string) string {
	const scalars = "eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage requestID eventID readOnly eventType recipientAccountId sharedEventID vpcEndpointId"
	const bodies = "requestParameters responseElements additionalEventData"
	var members, columns []string
	for name := range strings.FieldsSeq(scalars) {
		members = append(members, name+" VARCHAR")
		columns = append(columns, "r."+name+" AS "+strings.ToLower(name))
	}
	for name := range strings.FieldsSeq(bodies) {
		members = append(members, name+" JSON")
		columns = append(columns, "nullif(CAST(r."+name+" AS VARCHAR), 'null') AS "+strings.ToLower(name))
	}
	members = append(members, "userIdentity STRUCT(type VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, invokedBy VARCHAR, accessKeyId VARCHAR, userName VARCHAR, credentialId VARCHAR, "+
		"sessionContext STRUCT(sessionIssuer STRUCT(type VARCHAR, arn VARCHAR), credentialId VARCHAR))")
	return "CREATE TABLE logs AS WITH files AS (SELECT filename, unnest(Records) AS r FROM read_json('" + filepath.Join(logs, "**", "*.json*") +
		"', filename = true, maximum_object_size = 100000000, columns = {Records: 'STRUCT(" + strings.Join(members, ", ") + ")[]'})) " +
		"SELECT " + strings.Join(columns, ", ") + ", r.userIdentity AS useridentity, " +
		"regexp_extract(filename, 'AWSLogs/([^/]+)/', 1) AS account, regexp_extract(filename, '/CloudTrail/([^/]+)/', 1) AS region, " +
		"regexp_extract(filename, '/CloudTrail/[^/]+/([0-9]+/[0-9]+/[0-9]+)/', 1) AS \"timestamp\" FROM files"
}
