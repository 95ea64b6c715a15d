package event

import (
	"fmt"
	"slices"
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
		{`"eventCategory":"Management"`, `"eventCategory":"Management","eventType":"Later"`}, {`"eventCategory":"Management"`, `"eventCategory":"Management","readOnly":null`},
		{`"eventCategory":"Management"`, `"eventCategory":"Management","eventID":"x","readOnly":true,"eventType":"AwsServiceEvent"`},
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
	tags, origins, kinds := map[uint32]string{}, map[uint32]string{}, map[uint32]string{}
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
			kind := fmt.Sprintf("%q %q %q %q %q", old.ReadOnly, old.Type, old.Management, old.Account, old.Category)
			if before := kinds[old.KindTag]; old.KindTag != 0 && before != "" && before != kind {
				t.Fatalf("kind %d is %s and %s", old.KindTag, before, kind)
			}
			kinds[old.KindTag] = kind
		}
	}
	old.Scan([]byte(usual))
	tag, origin, kind := old.IdentityTag, old.OriginTag, old.KindTag
	if old.Scan([]byte(usual)); tag == 0 || old.IdentityTag != tag || origin == 0 || old.OriginTag != origin || kind == 0 || old.KindTag != kind {
		t.Error("the same identity, origin or kind again has another tag")
	}
}

// TestManyTexts: what is beyond the room for strings is not listed, and said so.
func TestManyTexts(t *testing.T) {
	var v View
	for range memoAfter + 1 {
		v.Scan([]byte(usual))
	}
	many := "[" + strings.Repeat(`"a",{"b":"c"},`, maxTexts/3-1)
	record := fmt.Sprintf(`{"requestParameters":%s"d"],"responseElements":["e","f","g","h"],"resources":["i"]}`, many)
	if _, err := v.Scan([]byte(record)); err != nil {
		t.Fatal(err)
	}
	listed(t, &v)
	if len(v.RequestTexts.List) != maxTexts-3 || len(v.ResponseTexts.List) != 3 || v.ResponseTexts.Rest != len(`["e","f","g"`) || v.ResourcesTexts.Rest != 0 {
		t.Errorf("%d and %d, up to %d", len(v.RequestTexts.List), len(v.ResponseTexts.List), v.ResponseTexts.Rest)
	}
}

// likeNew compares what a View with a past reads with what a new one does.
func likeNew(t *testing.T, old *View, raw []byte) {
	t.Helper()
	var fresh View
	n, err := old.Scan(raw)
	wantN, wantErr := fresh.Scan(raw)
	a, b := *old, fresh
	listed(t, &a)
	for _, v := range []*View{&a, &b} {
		v.memo, v.scans, v.scratch, v.IdentityTag, v.OriginTag, v.KindTag, v.texts, v.listed = nil, 0, nil, 0, 0, 0, nil, 0
		v.RequestTexts, v.ResponseTexts, v.ResourcesTexts, v.AdditionalTexts = Texts{}, Texts{}, Texts{}, Texts{}
	}
	if n != wantN || fmt.Sprint(err) != fmt.Sprint(wantErr) || fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
		t.Fatalf("%.300q: %d, %v, want %d, %v\n%+v\n%+v", raw, n, err, wantN, wantErr, a, b)
	}
}

// listed says that the strings of all values are where they are, and that none
// before Rest is left out.
func listed(t *testing.T, v *View) {
	t.Helper()
	room := len(v.texts) - v.listed
	for _, f := range []struct {
		value []byte
		texts Texts
	}{{v.Request, v.RequestTexts}, {v.Response, v.ResponseTexts}, {v.Resources, v.ResourcesTexts}, {v.Additional, v.AdditionalTexts}} {
		var want []Text
		for i := 0; i < f.texts.Rest; i++ {
			if f.value[i] == '"' {
				from := i + 1
				for i++; f.value[i] != '"'; i++ {
					if f.value[i] == '\\' {
						i++
					}
				}
				want = append(want, Text{uint32(from), uint32(i)})
			}
		}
		if !slices.Equal(f.texts.List, want) {
			t.Fatalf("%.300q: listed are %v, want %v", f.value, f.texts.List, want)
		}
		if isObject := len(f.value) > 0 && (f.value[0] == '{' || f.value[0] == '['); isObject && v.texts != nil && room > 0 && f.texts.Rest != len(f.value) {
			t.Fatalf("%.300q: listed up to %d only", f.value, f.texts.Rest)
		}
	}
}
