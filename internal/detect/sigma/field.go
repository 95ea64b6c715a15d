package sigma

import (
	"strings"

	"cordon/internal/event"
)

// A class says what decides a leaf, in the order of what deciding costs.
type class uint8

const (
	byAPI      class = iota // source and name
	byError                 // error code
	byMessage               // whether there is an error message
	byOrigin                // region, address, agent
	byIdentity              // userIdentity
	byScalar                // another member that the View has as text
	byBody                  // JSON of the record
	byRecord                // the record as a whole
)

// A field is a path that rules ask for.
type field struct {
	name  string
	class class
	scalar,
	object func(*event.View) []byte // one of them, or neither: it is dug out of Raw
	path []string // below object, or below the record
}

// tops are the members of a record that a View has. Other members are looked
// for in the record itself.
var tops = []struct {
	name           string
	class          class
	scalar, object func(*event.View) []byte
}{
	{"eventName", byAPI, func(v *event.View) []byte { return v.Name }, nil},
	{"eventSource", byAPI, func(v *event.View) []byte { return v.Source }, nil},
	{"errorCode", byError, func(v *event.View) []byte { return v.ErrorCode }, nil},
	{"awsRegion", byOrigin, func(v *event.View) []byte { return v.Region }, nil},
	{"sourceIPAddress", byOrigin, func(v *event.View) []byte { return v.Address }, nil},
	{"userAgent", byOrigin, func(v *event.View) []byte { return v.Agent }, nil},
	{"userIdentity", byIdentity, nil, func(v *event.View) []byte { return v.Identity }},
	{"errorMessage", byScalar, func(v *event.View) []byte { return v.ErrorMessage }, nil},
	{"eventVersion", byScalar, func(v *event.View) []byte { return v.Version }, nil},
	{"eventID", byScalar, func(v *event.View) []byte { return v.ID }, nil},
	{"eventTime", byScalar, func(v *event.View) []byte { return v.Time }, nil},
	{"eventType", byScalar, func(v *event.View) []byte { return v.Type }, nil},
	{"recipientAccountId", byScalar, func(v *event.View) []byte { return v.Account }, nil},
	{"readOnly", byScalar, func(v *event.View) []byte { return v.ReadOnly }, nil},
	{"sharedEventID", byScalar, func(v *event.View) []byte { return v.SharedID }, nil},
	{"managementEvent", byScalar, func(v *event.View) []byte { return v.Management }, nil},
	{"eventCategory", byScalar, func(v *event.View) []byte { return v.Category }, nil},
	{"vpcEndpointId", byScalar, func(v *event.View) []byte { return v.VPCEndpoint }, nil},
	{"sessionCredentialFromConsole", byScalar, func(v *event.View) []byte { return v.FromConsole }, nil},
	{"requestParameters", byBody, nil, func(v *event.View) []byte { return v.Request }},
	{"responseElements", byBody, nil, func(v *event.View) []byte { return v.Response }},
	{"additionalEventData", byBody, nil, func(v *event.View) []byte { return v.Additional }},
	{"serviceEventDetails", byBody, nil, func(v *event.View) []byte { return v.Details }},
	{"resources", byBody, nil, func(v *event.View) []byte { return v.Resources }},
}

// everything is the field that keywords look at.
const everything = ""

func fieldOf(name string) field {
	if name == everything {
		return field{class: byRecord, object: func(v *event.View) []byte { return v.Raw }}
	}
	path := strings.Split(name, ".")
	for _, fold := range []bool{false, true} {
		for _, t := range tops {
			if t.name == path[0] || fold && strings.EqualFold(t.name, path[0]) {
				return field{name: name, class: t.class, scalar: t.scalar, object: t.object, path: path[1:]}
			}
		}
	}
	return field{name: name, class: byBody, object: func(v *event.View) []byte { return v.Raw }, path: path}
}

// values are what a record has at a field.
type values struct {
	at      uint32 // the event they belong to
	present bool   // something that is not null
	lowered bool
	text    [][]byte
	low     [][]byte
	bytes   []byte // what had to be rewritten lies here
	lows    []byte
}

// keep is how much a field may hold on to between records, in bytes.
const keep = 1 << 20

// fill reads a field of a record. What it holds lasts as long as the View.
func (x *values) fill(f *field, v *event.View) {
	if cap(x.bytes)+cap(x.lows)+24*cap(x.text) > keep {
		*x = values{at: x.at}
	}
	x.present, x.lowered, x.text, x.bytes = false, false, x.text[:0], x.bytes[:0]
	if f.scalar != nil {
		if s := f.scalar(v); s != nil && len(f.path) == 0 {
			x.present, x.text = true, append(x.text, s)
		}
		return
	}
	raw := f.object(v)
	if raw = body(raw); raw == nil {
		return
	}
	dig(raw, f.path, 0, x)
}

// body unpacks an object that was delivered as JSON inside a string.
func body(raw []byte) []byte {
	i := space(raw, 0)
	if i == len(raw) || raw[i] == 'n' {
		return nil
	}
	if raw[i] == '"' && i+1 < len(raw) && (raw[i+1] == '{' || raw[i+1] == '[' || raw[i+1] == ' ') {
		end := skipString(raw, i)
		inner := unescape(nil, raw[i+1:max(i+1, end-1)])
		if j := space(inner, 0); j < len(inner) && (inner[j] == '{' || inner[j] == '[') {
			return inner[j:]
		}
	}
	return raw[i:]
}

// folded are the values in lower case.
func (x *values) folded() [][]byte {
	if x.lowered {
		return x.low
	}
	x.lowered, x.low, x.lows = true, x.low[:0], x.lows[:0]
	for _, s := range x.text {
		if isLower(s) {
			x.low = append(x.low, s)
			continue
		}
		from := len(x.lows)
		x.lows = lower(x.lows, s)
		x.low = append(x.low, x.lows[from:len(x.lows):len(x.lows)])
	}
	return x.low
}
