package shape

import (
	"bytes"
	"encoding/json"
	"slices"
)

// made is a record as CloudTrail would have written it, and what it had to do
// without.
type made struct {
	record []byte
	lost   string
}

// Normalise makes a record of one item, whatever it is wrapped in. The answer
// may be part of raw. A *Skipped says that it is something else that belongs
// there, such as an Insight record.
func Normalise(raw []byte) ([]byte, error) {
	m, err := normalise(raw)
	return m.record, err
}

func normalise(raw []byte) (made, error) {
	m, err := unwrap(raw, 0)
	if err != nil {
		return made{}, err
	}
	if why := unwanted(m.record); why != "" {
		return made{}, &Skipped{why}
	}
	return m, nil
}

const maxWraps = 5

// unwrap looks for a record in an object.
func unwrap(raw []byte, depth int) (made, error) {
	raw = bytes.TrimSpace(raw)
	is := survey(raw)
	switch {
	case is.record:
		return made{record: raw}, nil
	case is.digest:
		return made{}, &Skipped{"a digest: hashes of log files, no events"}
	case is.lower:
		return fromObject(raw)
	case depth == maxWraps:
		return made{}, errAlien
	}
	for _, name := range wrappers {
		inner := is.wrapped[name]
		if len(inner) == 0 {
			continue
		}
		if inner[0] == '"' {
			if inner = quoted(inner); inner == nil {
				continue
			}
		} else if inner[0] != '{' {
			continue
		}
		if m, err := unwrap(inner, depth+1); err == nil || isSkipped(err) {
			m.record = withID(m.record, is.id)
			return m, err
		}
	}
	switch {
	case is.ocsf:
		return fromOCSF(raw)
	case is.ecs:
		return fromECS(raw)
	}
	return made{}, errAlien
}

// quoted is the object that a string holds as text; nil: it holds none.
func quoted(text []byte) []byte {
	inner := bytes.TrimSpace([]byte(textOf(text)))
	if len(inner) == 0 || inner[0] != '{' || !whole(inner) {
		return nil
	}
	return inner
}

func isSkipped(err error) bool {
	_, ok := err.(*Skipped)
	return ok
}

// what an object is, by its members.
type what struct {
	record, digest, lower, ocsf, ecs bool
	wrapped                          map[string][]byte
	id                               string // of the envelope of LookupEvents
}

func survey(raw []byte) (is what) {
	var own, lower int
	var first bool
	members(raw, func(name, value []byte, _ bool) bool {
		switch key := string(name); key {
		case "eventVersion":
			own++
			if !first && len(value) > 0 && value[0] == '"' { // as CloudTrail writes it: look no further
				is.record = true
				return false
			}
		case "eventName", "eventSource", "eventTime", "userIdentity", "eventID", "awsRegion":
			own++
		case "eventname", "eventsource", "eventtime", "useridentity", "eventid", "awsregion":
			lower++
		case "digestStartTime", "digestS3Object":
			is.digest = true
		case "class_uid":
			is.ocsf = true
		case "aws", "aws.cloudtrail", "aws.cloudtrail.event_version", "@timestamp":
			is.ecs = true
		case "EventId":
			is.id = textOf(value)
		}
		if slices.Contains(wrappers, string(name)) {
			if is.wrapped == nil {
				is.wrapped = map[string][]byte{}
			}
			is.wrapped[string(name)] = value
		}
		first = true
		return true
	})
	is.record = is.record || own >= 2
	is.lower = !is.record && lower >= 2
	return is
}

// withID gives a record the id of its envelope where it has none.
func withID(record []byte, id string) []byte {
	if record == nil || id == "" {
		return record
	}
	has := false
	members(record, func(name, value []byte, _ bool) bool {
		has = string(name) == "eventID" && textOf(value) != ""
		return !has
	})
	if has {
		return record
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return record
	}
	last := bytes.LastIndexByte(record, '}') // behind what is there: of two equal names the last one counts
	if last < 0 {
		return record
	}
	out := append([]byte{}, bytes.TrimRight(record[:last], " \t\r\n")...)
	if len(out) > 0 && out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	out = append(out, `"eventID":`...)
	return append(append(out, quoted...), '}')
}

// unwanted says why a record is no event of anybody's.
func unwanted(record []byte) (why string) {
	if !bytes.Contains(record, []byte("Insight")) && !bytes.Contains(record, []byte(`"aws:s3"`)) {
		return ""
	}
	members(record, func(name, value []byte, _ bool) bool {
		switch string(name) {
		case "eventCategory", "eventType":
			if text := textOf(value); text == "Insight" || text == "AwsCloudTrailInsight" {
				why = "an Insight record: statistics, no call"
			}
		case "eventSource":
			if textOf(value) == "aws:s3" {
				why = "a notification of S3, no record of CloudTrail"
			}
		}
		return why == ""
	})
	return why
}
