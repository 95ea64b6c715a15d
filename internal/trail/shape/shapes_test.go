package shape

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"cordon/internal/event"
)

// ours are records of our own, one of each kind of identity and body that the
// shapes treat differently.
var ours = []string{
	`{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:dep,loy=a@b","arn":"arn:aws:sts::111122223333:assumed-role/deploy/dep,loy=a@b","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE1","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/deploy","accountId":"111122223333","userName":"deploy"},"attributes":{"creationDate":"2026-01-02T03:00:00Z","mfaAuthenticated":"true"}}},"eventTime":"2026-01-02T03:04:05Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.1, \"x\"","requestParameters":{"userName":"eve","tags":[{"key":"a","value":"b"}],"n":3,"on":true},"responseElements":{"user":{"userName":"eve","arn":"arn:aws:iam::111122223333:user/eve","path":"/"}},"requestID":"r-1","eventID":"11111111-2222-3333-4444-555555555501","readOnly":false,"resources":[{"ARN":"arn:aws:iam::111122223333:user/eve","accountId":"111122223333","type":"AWS::IAM::User"}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"sh-1","vpcEndpointId":"vpce-1","eventCategory":"Management","sessionCredentialFromConsole":"true"}`,
	`{"eventVersion":"1.05","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE2","userName":"ann"},"eventTime":"2026-01-02T03:05:05Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketAcl","awsRegion":"eu-west-1","sourceIPAddress":"075.050.255.67","userAgent":"Grüße\n\t\\ 中文","errorCode":"AccessDenied","errorMessage":"no \"way\"","requestParameters":{"bucketName":"b"},"responseElements":null,"requestID":"r-2","eventID":"11111111-2222-3333-4444-555555555502","readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"111122223333"}`,
	`{"eventVersion":"1.05","userIdentity":{"type":"AWSService","invokedBy":"lambda.amazonaws.com"},"eventTime":"2026-01-02T03:06:05Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"eu-west-1","sourceIPAddress":"lambda.amazonaws.com","userAgent":"lambda.amazonaws.com","requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/f"},"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE3"}},"eventID":"11111111-2222-3333-4444-555555555503","eventType":"AwsApiCall","recipientAccountId":"111122223333"}`,
	`{"eventVersion":"1.08","userIdentity":{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""},"eventTime":"2026-01-02T03:07:05Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"2001:db8::1","userAgent":"Mozilla","requestParameters":null,"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"Yes","LoginTo":"https://example.com/?a=b, c=d"},"eventID":"11111111-2222-3333-4444-555555555504","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"recipientAccountId":"111122223333"}`,
}

func events(t *testing.T, records ...string) (all []event.Event) {
	t.Helper()
	for _, r := range records {
		e, err := event.Parse([]byte(r))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func js(v any) string { return string(encode(v)) }

// each makes one text of all records.
func each(sep string, make func(string) string) string {
	var parts []string
	for _, r := range ours {
		parts = append(parts, make(r))
	}
	return strings.Join(parts, sep)
}

func indented(r string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(r), "", "    ") != nil {
		panic(r)
	}
	return b.String()
}

// columnsOf are a record's members as a table's cells; bodies and identity are
// written by the given functions.
func columnsOf(record string, name func(string) string, structured func(string, any) string) (names, cells []string) {
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(record))
	d.UseNumber()
	if d.Decode(&m) != nil {
		panic(record)
	}
	for _, c := range columns {
		names = append(names, name(c.name))
		switch v := m[c.name].(type) {
		case nil:
			cells = append(cells, "")
		case string:
			cells = append(cells, v)
		case bool:
			cells = append(cells, fmt.Sprint(v))
		default:
			cells = append(cells, structured(c.name, v))
		}
	}
	return names, cells
}

// athena writes a value as Athena writes structures.
func athena(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		var parts []string
		for _, name := range []string{"type", "principalId", "arn", "ARN", "accountId", "invokedBy", "accessKeyId", "userName", "sessionContext", "attributes", "mfaAuthenticated", "creationDate", "sessionIssuer"} {
			if value, ok := v[name]; ok {
				parts = append(parts, strings.ToLower(name)+"="+athena(value))
			}
		}
		return "{" + strings.Join(append(parts, "ec2roledelivery=null", "webidfederationdata={federatedprovider=null, attributes={}}"), ", ") + "}"
	case []any:
		var parts []string
		for _, value := range v {
			parts = append(parts, athena(value))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

func athenaCell(name string, v any) string {
	if name == "userIdentity" || name == "resources" {
		return athena(v)
	}
	return js(v)
}

func lowerJSON(name string, v any) string {
	if name == "userIdentity" {
		return js(lowered(v))
	}
	return js(v)
}

func lowered(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, value := range m {
		out[strings.ToLower(name)] = lowered(value)
	}
	return out
}

func table(name func(string) string, structured func(string, any) string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	for i, r := range ours {
		names, cells := columnsOf(r, name, structured)
		if i == 0 {
			_ = w.Write(names)
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return b.String()
}

func asIs(s string) string { return s }

func lookupEvent(r, time string) string {
	return fmt.Sprintf(`{"EventId":"x","EventName":"n","ReadOnly":"false","EventTime":%s,"Resources":[{"ResourceName":"{"}],"CloudTrailEvent":%s}`, time, js(r))
}

func lakeRow(r string) string {
	names, cells := columnsOf(r, asIs, athenaCell)
	var parts []string
	for i := range names {
		if cells[i] != "" {
			parts = append(parts, js(map[string]string{names[i]: cells[i]}))
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func athenaPage() string {
	rows := ""
	row := func(cells []string) {
		var parts []string
		for _, c := range cells {
			if c == "" {
				parts = append(parts, "{}")
			} else {
				parts = append(parts, js(map[string]string{"VarCharValue": c}))
			}
		}
		rows += `,{"Data":[` + strings.Join(parts, ",") + `]}`
	}
	for i, r := range ours {
		names, cells := columnsOf(r, strings.ToLower, athenaCell)
		if i == 0 {
			row(names)
		}
		row(cells)
	}
	return `{"UpdateCount":0,"ResultSet":{"ResultSetMetadata":{"ColumnInfo":[{"Name":"x"}]},"Rows":[` + rows[1:] + `]},"NextToken":"t"}`
}

func files() map[string]struct {
	shape Shape
	text  string
} {
	type f = struct {
		shape Shape
		text  string
	}
	page := func(time string) string {
		return `{"Events":[` + each(",", func(r string) string { return lookupEvent(r, time) }) + `],"NextToken":"abc"}`
	}
	message := func(r string) string {
		return `{"logStreamName":"s","timestamp":1,"message":` + js(r) + `,"eventId":"9"}`
	}
	return map[string]f{
		"log":                      {Log, `{"Records":[` + each(",", asIs) + `]}`},
		"log, pretty":              {Log, "\n " + indented(`{"Records":[`+each(",", asIs)+`]}`)},
		"log, other members":       {Log, `{"x":{"Records":[{}]},"y":[1,"]"],"Records":[` + each(" ,\n", asIs) + `],"z":{"a":[]}}`},
		"log, BOM":                 {Log, "\ufeff" + `{"Records":[` + each(",", asIs) + `]}`},
		"logs one after another":   {Log, each("\n", func(r string) string { return `{"Records":[` + r + `]}` })},
		"array":                    {Array, `[` + each(",\r\n", asIs) + `]`},
		"array of logs":            {Wrapped, `[` + each(",", func(r string) string { return `{"Records":[` + r + `]}` }) + `]`},
		"array of arrays":          {Wrapped, `[` + each(",", func(r string) string { return `[` + r + `]` }) + `]`},
		"lines":                    {Lines, each("\n", asIs)},
		"lines, CRLF, empty ones":  {Lines, each("\r\n\r\n", asIs) + "\r\n"},
		"lines, commas":            {Lines, each(",\n", asIs) + ","},
		"pretty values":            {Lines, each("\n", indented)},
		"no space at all":          {Lines, each("", asIs)},
		"lookup, CLI 1":            {Lookup, indented(page("1767323045.0"))},
		"lookup, CLI 2":            {Lookup, indented(page(`"2026-01-02T04:04:05+01:00"`))},
		"lookup, pages":            {Lookup, `{"NextToken":"x","Events":[]}` + each("\n", func(r string) string { return `{"Events":[` + lookupEvent(r, "1") + `]}` })},
		"lookup, lines":            {Lookup, each("\n", func(r string) string { return lookupEvent(r, "1") })},
		"lookup, list":             {Lookup, "[" + each(",", func(r string) string { return lookupEvent(r, "1") }) + "]"},
		"lake":                     {LakeJSON, `{"QueryStatus":"FINISHED","QueryStatistics":{"ResultsCount":4},"QueryResultRows":[` + each(",", lakeRow) + `]}`},
		"lake, eventJson":          {LakeJSON, `{"QueryResultRows":[` + each(",", func(r string) string { return `[{"eventJson":` + js(r) + `}]` }) + `]}`},
		"lake, rows alone":         {LakeJSON, `[` + each(",", lakeRow) + `]`},
		"lake, csv":                {CSV, table(asIs, athenaCell)},
		"athena":                   {AthenaJSON, athenaPage()},
		"athena, csv":              {CSV, table(strings.ToLower, athenaCell)},
		"athena, csv, BOM, twice":  {CSV, "\ufeff" + table(strings.ToLower, athenaCell) + "\n"},
		"athena, identity as JSON": {CSV, table(strings.ToLower, lowerJSON)},
		"athena, rows as objects": {Wrapped, each("\n", func(r string) string {
			names, cells := columnsOf(r, strings.ToLower, lowerJSON)
			m := map[string]string{}
			for i := range names {
				m[names[i]] = cells[i]
			}
			return js(m)
		})},
		"eventbridge": {EventBridge, each("\n", func(r string) string {
			return `{"version":"0","id":"e","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","time":"2026-01-01T00:00:00Z","detail":` + r + `}`
		})},
		"cloudwatch":         {CloudWatch, `{"events":[` + each(",", message) + `],"searchedLogStreams":[]}`},
		"cloudwatch, export": {CloudWatch, each("\n", func(r string) string { return "2026-01-02T03:10:00.123Z " + r })},
		"cloudwatch, forwarded": {CloudWatch, each("", func(r string) string {
			return `{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[` + message(r) + `]}`
		})},
		"logs insights": {LakeJSON, `{"results":[` + each(",", func(r string) string {
			return `[{"field":"@timestamp","value":"t"},{"field":"@message","value":` + js(r) + `},{"field":"@ptr","value":"p"}]`
		}) + `],"status":"Complete"}`},
		"texts, list":         {Wrapped, indented("[" + each(",", func(r string) string { return js(r) }) + "]")},
		"texts, lists":        {Wrapped, "[" + each(",", func(r string) string { return "[" + js(r) + "]" }) + "]"},
		"texts, lines":        {Wrapped, each("\n", func(r string) string { return js(r) })},
		"texts, of documents": {Wrapped, each("\n", func(r string) string { return js(lookupEvent(r, "1")) })},
		"labelled":            {Wrapped, each("\n", func(r string) string { return `{"label":"owner","event":` + r + `}` })},
		"labelled, nested":    {Wrapped, each("\n", func(r string) string { return `{"label":"owner","result":{"_raw":` + js(r) + `}}` })},
		"elastic": {ECS, each("\n", func(r string) string {
			return `{"@timestamp":"2026-01-01T00:00:00Z","aws":{"cloudtrail":{}},"event":{"id":"x","original":` + js(r) + `}}`
		})},
		"elastic, search": {ECS, `{"took":1,"hits":{"total":4,"hits":[` + each(",", func(r string) string {
			return `{"_index":"i","_source":{"@timestamp":"t","event":{"original":` + js(r) + `}}}`
		}) + `]}}`},
	}
}

// read gives all records, and fails on damage.
func read(t *testing.T, s Shape, text string) (records []string, offsets []int64) {
	t.Helper()
	r := NewReader(strings.NewReader(text), s)
	for {
		item, err := r.Next()
		if err == io.EOF {
			return records, offsets
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.Damage != nil {
			t.Fatalf("damage at %d: %v", item.Offset, item.Damage)
		}
		records = append(records, string(item.Record))
		offsets = append(offsets, item.Offset)
	}
}

func TestEveryShapeGivesTheSameEvents(t *testing.T) {
	want := events(t, ours...)
	for name, f := range files() {
		t.Run(name, func(t *testing.T) {
			s, err := Sniff("x.json", []byte(f.text)[:min(len(f.text), HeadSize)])
			if err != nil || s != f.shape {
				t.Fatalf("sniffed %q, %v; want %q", s, err, f.shape)
			}
			records, offsets := read(t, s, f.text)
			got := events(t, records...)
			if len(got) != len(want) {
				t.Fatalf("%d events", len(got))
			}
			for i := range got {
				if a, b := canonical(got[i]), canonical(want[i]); !reflect.DeepEqual(a, b) {
					t.Errorf("event %d:\n got %+v\nwant %+v", i, a, b)
				}
				scanned(t, records[i], want[i])
				again, err := At(strings.NewReader(f.text), s, offsets[i])
				if err != nil || string(again) != records[i] {
					t.Errorf("read again at %d: %s, %v", offsets[i], again, err)
				}
				again, err = At(io.MultiReader(strings.NewReader(f.text)), s, offsets[i])
				if err != nil || string(again) != records[i] {
					t.Errorf("read again at %d without seeking: %s, %v", offsets[i], again, err)
				}
			}
		})
	}
}

// scanned: names are spelled as CloudTrail spells them, which View goes by.
func scanned(t *testing.T, record string, want event.Event) {
	t.Helper()
	var v event.View
	if _, err := v.Scan([]byte(record)); err != nil {
		t.Fatal(err)
	}
	p, credential, err := event.ReadPrincipal(v.Identity)
	if err != nil || credential != want.Credential || p.Issuer != want.Principal.Issuer || p.ARN != want.Principal.ARN || string(v.ID) != want.ID {
		t.Errorf("scanned: %+v %q %q, %v", p, credential, v.ID, err)
	}
}

// canonical has bodies as values: their spacing and order say nothing.
func canonical(e event.Event) any {
	var bodies [3]any
	for i, raw := range []json.RawMessage{e.Request, e.Response, e.Additional} {
		if raw != nil {
			bodies[i], _ = decode(raw)
		}
	}
	e.Request, e.Response, e.Additional = nil, nil, nil
	return [2]any{e, bodies}
}

func TestGzipIsKnownByItsMagic(t *testing.T) {
	var b bytes.Buffer
	for _, r := range ours { // member after member
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(r + "\n"))
		_ = w.Close()
	}
	for _, name := range []string{"x.json.gz", "x.json", "-"} {
		s, err := Sniff(name, b.Bytes())
		if s != Lines || err != nil {
			t.Errorf("%s: %s, %v", name, s, err)
		}
	}
	if s, err := Sniff("x", b.Bytes()[:300]); s == "" || err != nil {
		t.Errorf("of a part: %s, %v", s, err)
	}
	plain, gz, err := Open(&b)
	if err != nil || !gz {
		t.Fatal(gz, err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	if records, _ := read(t, Lines, string(text)); len(records) != len(ours) {
		t.Errorf("%d records", len(records))
	}
	plain, gz, err = Open(strings.NewReader("x"))
	if text, _ := io.ReadAll(plain); gz || err != nil || string(text) != "x" {
		t.Errorf("%q, %v, %v", text, gz, err)
	}
}

func TestIDsComeFromTheEnvelope(t *testing.T) {
	for _, inner := range []string{`{"eventVersion":"1.0","eventName":"A"}`, ` {"eventVersion":"1.0","eventName":"A","eventID":null }`, `{"eventName":"A","eventSource":"x"}`} {
		got, err := Normalise([]byte(`{"EventId":"id \"1\"","CloudTrailEvent":` + js(inner) + `}`))
		var r struct{ EventID, EventName string }
		if err != nil || json.Unmarshal(got, &r) != nil || r.EventID != `id "1"` || r.EventName != "A" {
			t.Errorf("%s: %s, %v", inner, got, err)
		}
	}
	got, err := Normalise([]byte(`{"EventId":"other","CloudTrailEvent":` + js(ours[0]) + `}`))
	if err != nil || string(got) != ours[0] {
		t.Errorf("%s, %v", got, err)
	}
}

func TestWhatIsNoEventIsSkippedAndSaysSo(t *testing.T) {
	digest := `{"awsAccountId":"111122223333","digestStartTime":"2026-01-02T03:00:00Z","digestEndTime":"2026-01-02T04:00:00Z","logFiles":[]}`
	insight := `{"eventVersion":"1.07","eventTime":"2026-01-02T03:00:00Z","awsRegion":"us-east-1","eventID":"i","eventType":"AwsCloudTrailInsight","insightDetails":{},"eventCategory":"Insight"}`
	notice := `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}`
	for text, want := range map[string]string{digest: "digest", `{"Records":[` + insight + `]}`: "Insight", notice: "notification", lookupEvent(insight, "1"): "Insight"} {
		s, err := Sniff("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		item, err := NewReader(strings.NewReader(text), s).Next()
		if skipped, ok := item.Damage.(*Skipped); err != nil || !ok || !strings.Contains(skipped.Why, want) {
			t.Errorf("%s: %+v, %v", text, item, err)
		}
	}
	if s, _ := Sniff("AWSLogs/1/CloudTrail-Digest/us-east-1/2026/01/02/x.json.gz", []byte("{}")); s != Digest {
		t.Error(s)
	}
}

func TestOutputForPeopleIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"Events:\n- AccessKeyId: A\n":     "--output json",
		"EVENTS\tAKIA\t{\"eventVersion\"": "--output json",
		"------\n|  LookupEvents |\n":     "--output json",
		"PK\x03\x04":                      "zip",
		"PAR1":                            "Parquet",
		"\xff\xfe{\x00":                   "UTF-16",
		"hello":                           "nothing in it",
		"a,b,c\n1,2,3\n":                  "nothing in it",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xff0": "corrupt",
	} {
		if s, err := Sniff("dir/x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cannot read x") {
			t.Errorf("%q: %s, %v", text, s, err)
		}
	}
	if s, err := Sniff("x", []byte(" \n")); s != Empty || err != nil {
		t.Error(s, err)
	}
}
