package question

import (
	"fmt"
	"strings"
	"time"
)

// A Place is where a table's files lie.
type Place struct {
	// URL is the folder: of an export the one that holds "events", of
	// CloudTrail's files the one that holds "AWSLogs".
	URL string
	// Organisation is the id of an organisation trail ("o-…"), whose files lie
	// one folder deeper.
	Organisation string
	// Accounts and Regions that have folders. Over CloudTrail's files both are
	// needed: partition projection lists nothing.
	Accounts, Regions []string
	// Since is the first day that has files.
	Since time.Time
}

// DDL is the statement that makes the table, in the dialect of Athena's DDL
// (Hive's). It reads nothing, and no crawler is needed: partitions are
// projected.
func (t Table) DDL(p Place) (string, error) {
	ddl, err := t.ddl(p)
	if err != nil {
		return "", fmt.Errorf("cannot describe table %s: %w", t.Name, err)
	}
	return ddl, nil
}

func (t Table) ddl(p Place) (string, error) {
	name, err := identifier(t.Name)
	if err != nil {
		return "", err
	}
	name = strings.ReplaceAll(name, `"`, "`")
	url, err := p.folder()
	if err != nil {
		return "", err
	}
	accounts, err := values("account", p.Accounts)
	if err != nil {
		return "", err
	}
	if p.Since.IsZero() {
		return "", fmt.Errorf("the first day is not given")
	}
	switch t.Dialect {
	case Raw:
		regions, err := values("region", p.Regions)
		if err != nil {
			return "", err
		}
		root := url + "AWSLogs/"
		if p.Organisation != "" {
			if !harmless(p.Organisation) {
				return "", fmt.Errorf("%q is no organisation", p.Organisation)
			}
			root += p.Organisation + "/"
		}
		return fmt.Sprintf(rawDDL, name, root, accounts, regions, p.Since.UTC().Format("2006/01/02"), root), nil
	case Parquet:
		root := url + "events/"
		return fmt.Sprintf(parquetDDL, name, columnsDDL(), root, accounts, p.Since.UTC().Format("2006-01-02"), root), nil
	}
	return "", fmt.Errorf("there is no dialect %q", t.Dialect)
}

// folder is the URL with a slash at its end. What could end the quoted string
// or be expanded in it is refused.
func (p Place) folder() (string, error) {
	rest, ok := strings.CutPrefix(p.URL, "s3://")
	bucket, _, _ := strings.Cut(rest, "/")
	if !ok || len(bucket) < 3 || strings.ContainsAny(p.URL, "'\"`\\${}*?#%") || strings.ContainsFunc(p.URL, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", fmt.Errorf("%q is no folder in S3", p.URL)
	}
	return strings.TrimRight(p.URL, "/") + "/", nil
}

func values(what string, list []string) (string, error) {
	if len(list) == 0 {
		return "", fmt.Errorf("no %s is given", what)
	}
	for _, v := range list {
		if !harmless(v) {
			return "", fmt.Errorf("%q is no %s", v, what)
		}
	}
	return strings.Join(list, ","), nil
}

func harmless(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// rawDDL has the columns that questions read, and those that a person looks at
// next. A column costs only where it is selected.
const rawDDL = "CREATE EXTERNAL TABLE IF NOT EXISTS %s (\n" +
	"  `eventversion` string,\n" +
	"  `useridentity` struct<\n" +
	"    type: string, principalid: string, arn: string, accountid: string, invokedby: string, accesskeyid: string,\n" +
	"    username: string, credentialid: string, identityprovider: string,\n" +
	"    sessioncontext: struct<\n" +
	"      attributes: struct<mfaauthenticated: string, creationdate: string>,\n" +
	"      sessionissuer: struct<type: string, principalid: string, arn: string, accountid: string, username: string>,\n" +
	"      sourceidentity: string, credentialid: string>>,\n" +
	"  `eventtime` string,\n" +
	"  `eventsource` string,\n" +
	"  `eventname` string,\n" +
	"  `awsregion` string,\n" +
	"  `sourceipaddress` string,\n" +
	"  `useragent` string,\n" +
	"  `errorcode` string,\n" +
	"  `errormessage` string,\n" +
	"  `requestparameters` string,\n" +
	"  `responseelements` string,\n" +
	"  `additionaleventdata` string,\n" +
	"  `requestid` string,\n" +
	"  `eventid` string,\n" +
	"  `readonly` string,\n" +
	"  `resources` array<struct<arn: string, accountid: string, type: string>>,\n" +
	"  `eventtype` string,\n" +
	"  `managementevent` string,\n" +
	"  `eventcategory` string,\n" +
	"  `recipientaccountid` string,\n" +
	"  `sharedeventid` string,\n" +
	"  `vpcendpointid` string,\n" +
	"  `sessioncredentialfromconsole` string\n" +
	")\n" +
	"PARTITIONED BY (`account` string, `region` string, `timestamp` string)\n" +
	"ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'\n" +
	"STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'\n" +
	"OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n" +
	"LOCATION '%s'\n" +
	"TBLPROPERTIES (\n" +
	"  'projection.enabled' = 'true',\n" +
	"  'projection.account.type' = 'enum',\n" +
	"  'projection.account.values' = '%s',\n" +
	"  'projection.region.type' = 'enum',\n" +
	"  'projection.region.values' = '%s',\n" +
	"  'projection.timestamp.type' = 'date',\n" +
	"  'projection.timestamp.format' = 'yyyy/MM/dd',\n" +
	"  'projection.timestamp.interval' = '1',\n" +
	"  'projection.timestamp.interval.unit' = 'DAYS',\n" +
	"  'projection.timestamp.range' = '%s,NOW',\n" +
	"  'storage.location.template' = '%s${account}/CloudTrail/${region}/${timestamp}'\n" +
	")\n"

const parquetDDL = "CREATE EXTERNAL TABLE IF NOT EXISTS %s (\n" +
	"%s\n" +
	")\n" +
	"PARTITIONED BY (`acct` string, `dt` string)\n" +
	"STORED AS PARQUET\n" +
	"LOCATION '%s'\n" +
	"TBLPROPERTIES (\n" +
	"  'projection.enabled' = 'true',\n" +
	"  'projection.acct.type' = 'enum',\n" +
	"  'projection.acct.values' = '%s',\n" +
	"  'projection.dt.type' = 'date',\n" +
	"  'projection.dt.format' = 'yyyy-MM-dd',\n" +
	"  'projection.dt.interval' = '1',\n" +
	"  'projection.dt.interval.unit' = 'DAYS',\n" +
	"  'projection.dt.range' = '%s,NOW',\n" +
	"  'storage.location.template' = '%sacct=${acct}/dt=${dt}'\n" +
	")\n"

// ExportColumns are the columns of the exported Parquet with their types in
// Athena, in order. package parquet's Athena layout writes them; a test beside
// the SQL engine compares the two.
var ExportColumns = [][2]string{
	{"event_id", "string"}, {"time", "timestamp"}, {"version", "string"}, {"source", "string"}, {"name", "string"},
	{"region", "string"}, {"account", "string"}, {"type", "string"}, {"category", "string"},
	{"principal", "string"}, {"principal_type", "string"}, {"principal_arn", "string"}, {"akid", "string"},
	{"user_name", "string"}, {"session_name", "string"}, {"source_identity", "string"}, {"invoked_by", "string"},
	{"ip", "string"}, {"ua", "string"}, {"err", "string"}, {"err_msg", "string"},
	{"failed", "boolean"}, {"ro", "boolean"}, {"mgmt", "boolean"},
	{"request_id", "string"}, {"shared_id", "string"}, {"vpce", "string"},
	{"req", "string"}, {"resp", "string"}, {"extra", "string"}, {"resources", "string"},
}

func columnsDDL() string {
	var lines []string
	for _, c := range ExportColumns {
		lines = append(lines, "  `"+c[0]+"` "+c[1])
	}
	return strings.Join(lines, ",\n")
}

// Prelude is what DuckDB has to be told before it runs the questions' text: the
// functions that it calls by other names. Times are timestamps in UTC.
var Prelude = []string{
	"SET TimeZone = 'UTC'",
	"CREATE OR REPLACE MACRO from_iso8601_timestamp(s) AS strptime(s, '%Y-%m-%dT%H:%M:%SZ')",
	"CREATE OR REPLACE MACRO regexp_like(s, pattern) AS regexp_matches(s, pattern)",
	"CREATE OR REPLACE MACRO json_extract_scalar(body, path) AS json_extract_string(body, path)",
}
