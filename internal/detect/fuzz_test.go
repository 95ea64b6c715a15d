package detect

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
)

// FuzzRun: whatever stands in a record, nothing panics and every hit cites the
// event. Calls that detections look at are tried with the same bodies.
func FuzzRun(f *testing.F) {
	f.Add(uint16(0), "eve", "aws-cli/2", "198.51.100.7", "", []byte(`{"userName":"eve","policyDocument":"{\"Statement\":[]}"}`), []byte(`{"accessKey":{"accessKeyId":"AKIAEXAMPLE"}}`))
	f.Add(uint16(100), "", "", "", "AccessDenied", []byte(`{"ipPermissions":{"items":[{"fromPort":[],"ipRanges":{"items":{"cidrIp":"0.0.0.0/0"}}}]}}`), []byte(`[]`))
	f.Add(uint16(300), "i-0abcdef1234567890", "Mozilla", "::1%zone", "x", []byte(`{"policy":{"Statement":{"Effect":"Allow","Principal":{"AWS":[1,null]}}}}`), []byte(`"x"`))
	whole, columns := Calls()
	calls := slices.Concat(whole, columns)
	f.Fuzz(func(t *testing.T, first uint16, user, agent, address, code string, request, response []byte) {
		if !json.Valid(request) {
			request = nil
		}
		if !json.Valid(response) {
			response = nil
		}
		var all []event.Event
		for i := range 20 { // what follows each other bears on each other
			call := calls[(int(first)+i)%len(calls)]
			service, name := cut(call)
			all = append(all, event.Event{
				ID: fmt.Sprint(i), Time: began.Add(time.Duration(i) * time.Second), Source: service + ".amazonaws.com", Name: name, Account: home, Region: "eu-west-1",
				Principal: event.Principal{Type: "AssumedRole", ARN: "arn:aws:sts::" + home + ":assumed-role/r/" + user, User: user}, Agent: agent, Address: address,
				Error: event.Error{Code: code}, Request: request, Response: response, Additional: response,
			})
		}
		for _, h := range Run(slices.Values(all), fakePast("new")) {
			if len(h.EventIDs) == 0 || h.Detection == "" || len(h.Attack) == 0 {
				t.Fatalf("%+v", h)
			}
		}
	})
}

func cut(call string) (service, name string) {
	for i := range call {
		if call[i] == ':' {
			return call[:i], call[i+1:]
		}
	}
	return call, ""
}
