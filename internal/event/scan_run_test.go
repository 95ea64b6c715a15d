package event

import (
	"fmt"
	"strings"
	"testing"
)

// TestScanRemembers: a View that has read many records reads each as one that
// has read none, whatever came before.
func TestScanRemembers(t *testing.T) {
	var old View
	other := strings.NewReplacer("AROAEXAMPLE:worker", "AROAEXAMPLF:worker", "exe/x86_64", "exe/arm_64", "TLSv1.3", "TLSv1.2")
	records := []string{usual, other.Replace(usual), strings.Replace(usual, `"sourceIdentity":"ana"}}`, `"sourceIdentity":"ana"},"x":1}`, 1),
		strings.Replace(usual, "off command", `off \"command`, 1), usual[:300], strings.ReplaceAll(usual, "}", " }")}
	for _, change := range [][2]string{
		{`"awsRegion":"eu-west-1"`, `"awsRegion":"eu-west-2"`}, {`"awsRegion":"eu-west-1",`, ""}, {`"awsRegion":"eu-west-1"`, `"awsRegion":""`}, {`"awsRegion":"eu-west-1"`, `"awsRegion":null`},
		{`"sourceIPAddress":"198.51.100.7"`, `"sourceIPAddress":"198.51.100.8"`}, {`"sourceIPAddress":"198.51.100.7"`, `"sourceIPAddress":"198\u002e51.100.7"`},
		{`"readOnly":false`, `"readOnly":true`}, {`"readOnly":false`, `"readOnly":null`}, {`"readOnly":false`, `"readOnly":"false"`}, {`"readOnly":false`, `"readOnly":falsehood`},
		{`"managementEvent":true`, `"managementEvent":"true"`}, {`"managementEvent":true`, `"managementEvent":"true","eventCategory":"x"`}, {`"managementEvent":true`, `"managementEvent":null`},
		{`,"eventCategory":"Management"`, ""}, {`,"eventCategory":"Management"`, `,"sharedEventID":"x","eventCategory":"Data"`}, {`"eventType":`, `"resources":[],"eventType":`},
		{`"eventCategory":"Management"`, `"eventCategory":"Management","awsRegion":"us-east-1"`}, {`"eventCategory":"Management"`, `"eventCategory":"Management","userAgent":"another, later"`},
		{`"eventCategory":"Management"`, `"eventCategory":"Management","eventName":"Other","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.1","userAgent":"x"`},
	} {
		changed := strings.Replace(usual, change[0], change[1], 1)
		if changed == usual {
			t.Fatalf("%s is not there", change[0])
		}
		records = append(records, usual, changed, changed[:len(changed)-40], changed[:strings.Index(changed, `"userAgent"`)+20])
	}
	for _, odd := range handwritten() {
		if len(odd) < 5000 {
			records = append(records, usual, odd)
		}
	}
	tags, origins := map[uint32]string{}, map[uint32]string{}
	for range 5 {
		for _, s := range records {
			likeNew(t, &old, []byte(s))
			if id, before := string(old.Identity), tags[old.IdentityTag]; old.IdentityTag != 0 && before != "" && before != id {
				t.Fatalf("tag %d is %s and %s", old.IdentityTag, before, id)
			} else {
				tags[old.IdentityTag] = id
			}
			origin := fmt.Sprintf("%q %q %q", old.Region, old.Address, old.Agent)
			if before := origins[old.OriginTag]; old.OriginTag != 0 && before != "" && before != origin {
				t.Fatalf("origin %d is %s and %s", old.OriginTag, before, origin)
			}
			origins[old.OriginTag] = origin
		}
	}
	old.Scan([]byte(usual))
	tag, origin := old.IdentityTag, old.OriginTag
	if old.Scan([]byte(usual)); tag == 0 || old.IdentityTag != tag || origin == 0 || old.OriginTag != origin {
		t.Error("the same identity or origin again has another tag")
	}
}

// likeNew compares what a View with a past reads with what a new one does.
func likeNew(t *testing.T, old *View, raw []byte) {
	t.Helper()
	var fresh View
	n, err := old.Scan(raw)
	wantN, wantErr := fresh.Scan(raw)
	a, b := *old, fresh
	a.memo, a.scans, a.scratch, a.IdentityTag, a.OriginTag = nil, 0, nil, 0, 0
	b.memo, b.scans, b.scratch, b.IdentityTag, b.OriginTag = nil, 0, nil, 0, 0
	if n != wantN || fmt.Sprint(err) != fmt.Sprint(wantErr) || fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
		t.Fatalf("%.300q: %d, %v, want %d, %v\n%+v\n%+v", raw, n, err, wantN, wantErr, a, b)
	}
}
