package trail

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// memory is Files without a disk.
type memory map[string][]byte

func (m memory) Load(_ context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	b, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("cannot open %s: %w", name, fs.ErrNotExist)
	}
	if int64(len(b)) > limit {
		return nil, ErrLarge
	}
	return append(buf, b...), nil
}

func (m memory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	b, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("cannot open %s: %w", name, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m memory) files() (all []File) {
	for name, b := range m {
		all = append(all, File{Name: name, Size: int64(len(b)), Version: fmt.Sprintf("%x", len(b)*31+int(b[len(b)/2]))})
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func logFile(records ...string) []byte {
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// A call is what made needs to know of a record.
type call struct {
	n                                          int // makes the id
	at                                         time.Time
	source, name, region, address, agent, user string
	key, err, request, response, more          string
	readOnly                                   bool
}

func id(n int) string { return fmt.Sprintf("%08x-1111-4222-8333-%012x", uint32(n)*2654435761, n) }

// record writes a call as CloudTrail does.
func (c call) record() string {
	def := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	def(&c.source, "ec2.amazonaws.com")
	def(&c.name, "DescribeInstances")
	def(&c.region, "eu-west-1")
	def(&c.address, "198.51.100.7")
	def(&c.agent, "aws-cli/2.15")
	def(&c.user, "ada")
	def(&c.key, "AKIAEXAMPLE000000001")
	def(&c.request, "null")
	def(&c.response, "null")
	if c.at.IsZero() {
		c.at = day.Add(time.Duration(c.n) * time.Minute)
	}
	failed := ""
	if c.err != "" {
		failed = fmt.Sprintf(`"errorCode":%q,"errorMessage":"no",`, c.err)
	}
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/%s","accountId":"111122223333","accessKeyId":"%s","userName":"%s"},"eventTime":"%s","eventSource":"%s","eventName":"%s","awsRegion":"%s","sourceIPAddress":"%s","userAgent":"%s",%s"requestParameters":%s,"responseElements":%s,"requestID":"r","eventID":"%s","readOnly":%v,%s"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
		c.user, c.key, c.user, c.at.UTC().Format("2006-01-02T15:04:05Z"), c.source, c.name, c.region, c.address, c.agent, failed, c.request, c.response, id(c.n), c.readOnly, c.more)
}

// world makes n records of some users over some days, the same for one seed.
func world(n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	apis := [][2]string{{"ec2.amazonaws.com", "DescribeInstances"}, {"iam.amazonaws.com", "CreateUser"}, {"s3.amazonaws.com", "GetBucketAcl"}, {"lambda.amazonaws.com", "CreateFunction20150331"}, {"sts.amazonaws.com", "GetCallerIdentity"}}
	regions := []string{"eu-west-1", "us-east-1", "ap-south-1"}
	all := make([]string, n)
	for i := range all {
		api, user := apis[r.IntN(len(apis))], r.IntN(20)
		c := call{n: i, at: day.Add(time.Duration(i) * 7 * time.Second), source: api[0], name: api[1], region: regions[r.IntN(3)],
			address: fmt.Sprintf("198.51.100.%d", r.IntN(50)), user: fmt.Sprintf("user%d", user), key: fmt.Sprintf("AKIAEXAMPLE%09d", user), readOnly: i%3 == 0}
		if i%11 == 0 {
			c.err = "AccessDenied"
		}
		if i%5 == 0 {
			c.request, c.response = fmt.Sprintf(`{"userName":"new%d"}`, i), fmt.Sprintf(`{"user":{"userName":"new%d","arn":"arn:aws:iam::111122223333:user/new%d"}}`, i, i)
		}
		all[i] = c.record()
	}
	return all
}

// spread puts records into files of up to per records.
func spread(records []string, per int) memory {
	m := memory{}
	for i := 0; i*per < len(records); i++ {
		m[fmt.Sprintf("logs/%05d.json.gz", i)] = gz(logFile(records[i*per : min(len(records), (i+1)*per)]...))
	}
	return m
}

func imported(t testing.TB, dir string, m memory, opt Options) (*Store, Receipt) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := s.Import(context.Background(), m.files(), m, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// everything is all that columns say of all events, in their order.
func everything(t testing.TB, s *Store) []string {
	t.Helper()
	rows, err := s.Rows(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(rows))
	for i, r := range rows {
		e, err := s.Light(r)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = fmt.Sprintf("%+v", e)
	}
	return all
}

// light is what Light should say of a record.
func light(t testing.TB, raw string) string {
	t.Helper()
	e, err := event.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	e.Request, e.Response, e.Additional, e.SharedID, e.VPCEndpoint = nil, nil, nil, "", ""
	if e.Error.Code != "" {
		e.Error.Message = ""
	}
	return fmt.Sprintf("%+v", e)
}
