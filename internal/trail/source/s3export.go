package source

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A Part is one file of an export: …/acct=<account>/dt=<day>/….parquet.
type Part struct {
	Account string
	Day     time.Time
	Size    int64
}

// Exported finds the files of an export below the prefix. Files that lie in no
// partition are not of it.
func (s *S3) Exported(ctx context.Context) (parts []Part, err error) {
	l := lister{s3: s}
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &s.prefix}
	err = l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			if p, ok := partOf(aws.ToString(o.Key)); ok {
				p.Size = aws.ToInt64(o.Size)
				parts = append(parts, p)
			}
		}
		return true
	})
	return parts, err
}

// partOf reads the partition in a file's key.
func partOf(key string) (p Part, ok bool) {
	if path.Ext(key) != ".parquet" {
		return p, false
	}
	dated := false
	for folder := range strings.SplitSeq(path.Dir(key), "/") {
		name, value, _ := strings.Cut(folder, "=")
		switch name {
		case "acct":
			p.Account = value
		case "dt":
			day, err := time.Parse(time.DateOnly, value)
			p.Day, dated = day, err == nil
		}
	}
	return p, dated && p.Account != ""
}
