package shape

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The columns of tables of CloudTrail records: Athena writes their names in
// lower case, CloudTrail Lake as in the record, the console with spaces.

type column struct {
	name string // as in the record
	kind columnKind
}

type columnKind uint8

const (
	words     columnKind = iota // text
	flag                        // true or false
	body                        // an object as JSON, or in Athena's way of writing structures
	structure                   // an object or list of known members, likewise
)

var columns = []column{
	{"eventVersion", words}, {"userIdentity", structure}, {"eventTime", words}, {"eventSource", words}, {"eventName", words},
	{"awsRegion", words}, {"sourceIPAddress", words}, {"userAgent", words}, {"errorCode", words}, {"errorMessage", words},
	{"requestParameters", body}, {"responseElements", body}, {"additionalEventData", body}, {"requestID", words}, {"eventID", words},
	{"readOnly", flag}, {"resources", structure}, {"eventType", words}, {"apiVersion", words}, {"managementEvent", flag},
	{"recipientAccountId", words}, {"sharedEventID", words}, {"vpcEndpointId", words}, {"vpcEndpointAccountId", words},
	{"serviceEventDetails", body}, {"addendum", structure}, {"edgeDeviceDetails", body}, {"insightDetails", body},
	{"eventCategory", words}, {"tlsDetails", structure}, {"sessionCredentialFromConsole", words},
}

// aliases are the console's names.
var aliases = map[string]string{
	"username": "useridentity.username", "awsaccesskey": "useridentity.accesskeyid", "accesskeyid": "useridentity.accesskeyid",
	"requestparameter": "requestparameters", "recipientaccount": "recipientaccountid",
}

// spelled is how members below the columns are written in a record.
var spelled = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{
		"type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy", "identityProvider", "credentialId",
		"sessionContext", "attributes", "creationDate", "mfaAuthenticated", "sessionIssuer", "webIdFederationData", "federatedProvider",
		"sourceIdentity", "ec2RoleDelivery", "onBehalfOf", "userId", "identityStoreArn", "inScopeOf", "issuerType", "credentialsIssuedTo",
		"sourceAccount", "sourceArn", "assumedRoot", "tlsVersion", "cipherSuite", "clientProvidedHostHeader", "keyExchange",
		"reason", "updatedFields", "originalRequestID", "originalEventID", "ARNPrefix",
	} {
		m[strings.ToLower(name)] = name
	}
	for _, c := range columns {
		m[strings.ToLower(c.name)] = c.name
	}
	return m
}()

const (
	// LostBodies is of tables in which columns are missing.
	LostBodies  = "without the caller's full identity, the request and the response"
	lostTypes   = "numbers and booleans of requests and responses are text"
	minColumns  = 2
	maxCellDeep = 32
)

// columnName is a header's name as cells are kept under.
func columnName(s string) string {
	name := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.':
			return c
		}
		return -1
	}, s)
	if alias, ok := aliases[name]; ok {
		return alias
	}
	return name
}

// isHeader says whether a line of comma-separated values names columns of ours.
func isHeader(line []byte) bool {
	known := 0
	for _, field := range splitRow(line) {
		switch columnName(field) {
		case "eventjson":
			return true
		case "eventname", "eventtime", "eventsource", "eventid", "useridentity", "useridentity.arn", "eventversion", "sourceipaddress", "awsregion":
			known++
		}
	}
	return known >= minColumns
}

// fromCells makes a record of a table's row.
func fromCells(cells map[string]string) (made, error) {
	if whole := cells["eventjson"]; strings.HasPrefix(strings.TrimSpace(whole), "{") {
		if m, err := normalise([]byte(whole)); err == nil || isSkipped(err) {
			return m, err
		}
	}
	var m made
	out := []byte{'{'}
	known := 0
	for _, c := range columns {
		key := strings.ToLower(c.name)
		value, textual := cell(c, key, cells)
		if value == nil {
			continue
		}
		known++
		if textual && c.kind == body {
			m.lost = lostTypes
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), c.name...), `":`...), value...)
	}
	if known < minColumns {
		return made{}, errAlien
	}
	_, request := cells["requestparameters"]
	_, identity := cells["useridentity"]
	if !request || !identity {
		m.lost = LostBodies
	}
	m.record = append(out, '}')
	if why := unwanted(m.record); why != "" {
		return made{}, &Skipped{why}
	}
	return m, nil
}

// cell is one member's value as JSON; nil: none. Textual: it came in the way in
// which Athena writes structures, where everything is text.
func cell(c column, key string, cells map[string]string) (value []byte, textual bool) {
	s := strings.TrimSpace(cells[key])
	if c.kind == structure {
		if v := nested(key, cells); v != nil {
			return v, false
		}
	}
	if s == "" || s == "null" || s == "-" && c.kind != words {
		return nil, false
	}
	switch c.kind {
	case flag:
		if low := strings.ToLower(s); low == "true" || low == "false" {
			return []byte(low), false
		}
	case body, structure:
		if (s[0] == '{' || s[0] == '[') && json.Valid([]byte(s)) {
			if c.kind == structure {
				return respell([]byte(s), key), false
			}
			return []byte(s), false
		}
		if v, ok := structText(s, key); ok {
			return v, true
		}
		if c.kind == structure {
			return nil, false
		}
	}
	return quote(s), false
}

// nested gathers columns such as useridentity.sessioncontext.sessionissuer.arn.
func nested(key string, cells map[string]string) []byte {
	tree := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		value := cells[name]
		below, ok := strings.CutPrefix(name, key+".")
		if ok && value != "" && value != "null" && value != "-" {
			plant(tree, strings.Split(below, "."), value)
		}
	}
	if len(tree) == 0 {
		return nil
	}
	return encode(tree)
}

// plant puts a value at a path; what is in its way stays.
func plant(tree map[string]any, path []string, value any) {
	for i, name := range path {
		if right, ok := spelled[strings.ToLower(name)]; ok {
			name = right
		}
		if i == len(path)-1 {
			if _, taken := tree[name]; !taken {
				tree[name] = value
			}
			return
		}
		next, ok := tree[name].(map[string]any)
		if !ok {
			if tree[name] != nil {
				return
			}
			next = map[string]any{}
			tree[name] = next
		}
		tree = next
	}
}

// respell writes the members of a known structure as a record has them.
func respell(raw []byte, key string) []byte {
	v, ok := decode(raw)
	if !ok {
		return raw
	}
	return encode(respelled(v, key, 0))
}

func respelled(v any, key string, depth int) any {
	if depth > maxCellDeep {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[spell(name, key)] = respelled(v[name], key, depth+1)
		}
		return out
	case []any:
		for i := range v {
			v[i] = respelled(v[i], key, depth+1)
		}
	}
	return v
}

func spell(name, key string) string {
	if key == "resources" && strings.EqualFold(name, "arn") {
		return "ARN"
	}
	if right, ok := spelled[strings.ToLower(name)]; ok {
		return right
	}
	return name
}

// fromObject makes a record of an object whose members are columns.
func fromObject(raw []byte) (made, error) {
	cells := map[string]string{}
	members(raw, func(name, value []byte, _ bool) bool {
		putCell(cells, string(name), value)
		return true
	})
	return fromCells(cells)
}

// cells makes a record of a row of cells.
func cells(raw []byte) (made, error) {
	found := map[string]string{}
	var record made
	elements(raw, func(one []byte) bool {
		var field, value string
		members(one, func(name, v []byte, _ bool) bool {
			switch string(name) {
			case "field":
				field = textOf(v)
			case "value":
				value = textOf(v)
			default:
				putCell(found, string(name), v)
			}
			return true
		})
		if field == "@message" {
			if m, err := normalise([]byte(value)); err == nil {
				record = m
			}
		} else if field != "" {
			found[columnName(field)] = value
		}
		return true
	})
	if record.record != nil {
		return record, nil
	}
	return fromCells(found)
}

func putCell(cells map[string]string, name string, value []byte) {
	text := textOf(value)
	if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
		text = string(value)
	}
	cells[columnName(name)] = text
}

func decode(raw []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return v, d.Decode(&v) == nil
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

func quote(s string) []byte { return encode(s) }
