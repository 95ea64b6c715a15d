package parquet

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAddRaw is an export of usual records, everything included. ns/op is
// that of one event.
func BenchmarkAddRaw(b *testing.B) {
	var records [][]byte
	for i := range 5000 {
		records = append(records, []byte(made(fmt.Sprintf("%08x-0000-4000-8000-000000000000", i), time.Date(2026, 10, 13, 0, 0, i, 0, time.UTC).Format(time.RFC3339),
			fmt.Sprintf(`"userAgent":"aws-cli/2.15.0 Python/3.11","requestID":"%08x-1111","readOnly":%v,"eventType":"AwsApiCall","eventCategory":"Management","managementEvent":true,
			"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:eve%d","arn":"arn:aws:sts::111122223333:assumed-role/Admin/eve%d","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%d","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/Admin","userName":"Admin"},"attributes":{"creationDate":"2026-10-13T00:00:00Z","mfaAuthenticated":"false"}}},
			"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-%08x","imageId":"ami-%08x"}]},"filterSet":{},"maxResults":100},
			"responseElements":{"requestId":"%08x-1111","instancesSet":{"items":[{"instanceId":"i-%08x","currentState":{"code":0,"name":"pending"},"previousState":{"code":80,"name":"stopped"}}]}}`, i, i%2 == 0, i%40, i%40, i%200, i, i%50, i, i))))
	}
	for _, layout := range []Layout{Athena, OCSF("cordon")} {
		b.Run(layout.String(), func(b *testing.B) {
			w, err := NewWriter(b.TempDir(), layout, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := w.AddRaw(records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
			}
			r, err := w.Close()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(r.Bytes)/float64(r.Events), "bytes/event")
		})
	}
}
