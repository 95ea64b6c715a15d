package shape

import "bytes"

// recordNames are the members of CloudTrail's records.
var recordNames = set("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
	"userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData", "requestID",
	"eventID", "readOnly", "resources", "eventType", "apiVersion", "managementEvent", "recipientAccountId", "sharedEventID",
	"vpcEndpointId", "vpcEndpointAccountId", "serviceEventDetails", "addendum", "edgeDeviceDetails", "insightDetails", "eventCategory",
	"tlsDetails", "sessionCredentialFromConsole", "eventContext")

// wrappers are the members that hold a record, or something that does, as an
// object or as text: of LookupEvents, EventBridge, CloudWatch Logs, Elastic,
// OCSF, Splunk, and of whoever keeps records with a label.
var wrappers = []string{"CloudTrailEvent", "detail", "event", "_source", "original", "message", "@message", "eventJson", "eventjson",
	"_raw", "raw_data", "result", "raw", "record", "log", "body"}

// itemNames are the members by which an object is known to be one item.
var itemNames = func() map[string]bool {
	all := set("EventId", "EventName", "detail-type", "class_uid", "metadata", "@timestamp", "aws", "Data", "digestStartTime", "field",
		"useridentity", "eventname", "eventtime", "eventsource", "eventversion", "eventid")
	for name := range recordNames {
		all[name] = true
	}
	for _, name := range wrappers {
		all[name] = true
	}
	return all
}()

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

type looks uint8

const (
	undecided looks = iota // cut before it could be told
	isItem
	isContainer
)

// look says whether the object at the beginning of b is one item or holds a
// list of them.
func look(b []byte) (l looks) {
	all := members(b, func(name, value []byte, whole bool) bool {
		if into, ok := containers[string(name)]; ok && len(value) > 0 &&
			(into.opens == value[0] || into.opens == 0 && (value[0] == '{' || value[0] == '[')) {
			l = isContainer
		} else if itemNames[string(name)] {
			l = isItem
		}
		return l == undecided
	})
	if l == undecided && all {
		return isItem
	}
	return l
}

// plausible says whether an object begins as an item or a document would.
func plausible(b []byte) bool {
	i := skipSpace(b, min(1, len(b)))
	if i >= len(b) || b[i] != '"' {
		return false
	}
	name, _, ok := one(b[i:])
	if !ok {
		return false
	}
	key := unquoted(name)
	_, container := containers[string(key)]
	return container || itemNames[string(key)]
}

// isRow says whether a list is a row of cells, {"name":"value"} each or
// {"field":…,"value":…}.
func isRow(b []byte) (row bool) {
	elements(b, func(cell []byte) bool {
		n := 0
		var names [2]string
		if members(cell, func(name, _ []byte, _ bool) bool {
			if n < 2 {
				names[n] = string(name)
			}
			n++
			return n <= 2
		}) {
			row = n == 1 && !wraps(names[0]) || n == 2 && names == [2]string{"field", "value"}
		}
		return false
	})
	return row
}

func wraps(name string) bool {
	for _, w := range wrappers {
		if w == name && w != "eventJson" && w != "eventjson" {
			return true
		}
	}
	return false
}

// stamp is the length of the time that exports of CloudWatch Logs put before
// each record; 0: none.
func stamp(b []byte) int {
	const layout = "0000-00-00T00:00:00"
	if len(b) < len(layout) {
		return 0
	}
	for i := range len(layout) {
		if digit := b[i] >= '0' && b[i] <= '9'; digit != (layout[i] == '0') || !digit && b[i] != layout[i] {
			return 0
		}
	}
	n := bytes.IndexByte(b, '{')
	if n < 0 || n > len(layout)+10 || bytes.IndexByte(b[:n], '\n') >= 0 {
		return 0
	}
	return n
}
