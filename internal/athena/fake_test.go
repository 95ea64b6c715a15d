package athena

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/athena"
)

// server speaks Athena's protocol for one query: a POST of JSON whose operation
// stands in X-Amz-Target.
type server struct {
	states []map[string]any // of Status, one for each look; the last one stays
	pages  [][][]string     // of the answer; nil values are written as "\x00"
	repeat bool             // every page has the same token
	deny   string           // the operation that is not allowed

	mu      sync.Mutex
	looks   int
	stopped bool
	started map[string]any
	calls   []string
}

func (s *server) client(t *testing.T) *athena.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		op, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonAthena.")
		body, err := io.ReadAll(r.Body)
		var in map[string]any
		if err != nil || !ours || json.Unmarshal(body, &in) != nil {
			http.Error(w, "not Athena's protocol", http.StatusBadRequest)
			return
		}
		s.calls = append(s.calls, op)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if op == s.deny {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"not authorized to perform `+op+`"}`)
			return
		}
		out, err := s.answer(op, in)
		if err != nil {
			w.Header().Set("X-Amzn-ErrorType", "InvalidRequestException")
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]any{"__type": "InvalidRequestException", "Message": err.Error()}
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	return athena.New(athena.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", ""),
	})
}

func (s *server) answer(op string, in map[string]any) (map[string]any, error) {
	if op == "StartQueryExecution" {
		s.started = in
		return map[string]any{"QueryExecutionId": "q-1"}, nil
	}
	if in["QueryExecutionId"] != "q-1" {
		return nil, fmt.Errorf("QueryExecution %v was not found", in["QueryExecutionId"])
	}
	switch op {
	case "GetQueryExecution":
		at := min(s.looks, len(s.states)-1)
		s.looks++
		return map[string]any{"QueryExecution": map[string]any{
			"QueryExecutionId": "q-1", "Status": s.states[at],
			"Statistics": map[string]any{"DataScannedInBytes": 12345678, "TotalExecutionTimeInMillis": 1500},
		}}, nil
	case "StopQueryExecution":
		s.stopped = true
		return map[string]any{}, nil
	case "GetQueryResults":
		return s.page(in)
	}
	return nil, fmt.Errorf("no operation %s here", op)
}

func (s *server) page(in map[string]any) (map[string]any, error) {
	at := 0
	if token, ok := in["NextToken"].(string); ok && !s.repeat {
		var err error
		if at, err = strconv.Atoi(token); err != nil {
			return nil, err
		}
	}
	var rows []any
	for _, values := range s.pages[at] {
		var data []any
		for _, v := range values {
			if v == "\x00" {
				data = append(data, map[string]any{})
			} else {
				data = append(data, map[string]any{"VarCharValue": v})
			}
		}
		rows = append(rows, map[string]any{"Data": data})
	}
	var info []any
	for _, name := range s.pages[0][0] {
		info = append(info, map[string]any{"Name": name, "Type": "varchar"})
	}
	out := map[string]any{"ResultSet": map[string]any{"Rows": rows, "ResultSetMetadata": map[string]any{"ColumnInfo": info}}}
	switch {
	case s.repeat:
		out["NextToken"] = "again"
	case at+1 < len(s.pages):
		out["NextToken"] = strconv.Itoa(at + 1)
	}
	return out, nil
}
