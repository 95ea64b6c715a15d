package source

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
)

// Keys answers what a digest's signature is checked with, many at a time. An
// error ends the check; what is not to be had is told by why.
type Keys interface {
	// Key is the public key of that fingerprint, of the trail's home region.
	Key(ctx context.Context, region, fingerprint string, at time.Time) (key *rsa.PublicKey, why string, err error)
	// Signature is that of a digest file: S3 keeps it beside the object.
	Signature(ctx context.Context, name string) (signature []byte, why string, err error)
}

// The reasons for which a signature is not checked.
const (
	NoKeys          = "nobody is signed in to ask for the public keys"
	NoKey           = "AWS does not list its public key"
	NoSignature     = "the signature is not beside the file: S3 keeps it with the object, a copy in a folder has none"
	DeniedKeys      = "access to CloudTrail's public keys is denied"
	DeniedSignature = "access to the signature beside the file is denied"
)

func (v *verifier) signatures(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, d := range v.digests {
		g.Go(func() error {
			why := NoKeys
			if v.keys != nil {
				var err error
				if why, err = v.signature(ctx, d); err != nil {
					return fmt.Errorf("cannot check the signature of %s: %w", d.file, err)
				}
			}
			v.signed(d, why)
			return nil
		})
	}
	return g.Wait()
}

func (v *verifier) signed(d *digest, why string) {
	if why == wrongSignature {
		v.against(d, BadDigest, d.file, why)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if why == "" {
		v.out.Signed++
	} else {
		v.out.Unsigned[why]++
	}
}

const wrongSignature = "its signature is wrong"

// signature says why a digest's signature is not good, or "".
func (v *verifier) signature(ctx context.Context, d *digest) (why string, err error) {
	if d.Algorithm != "" && d.Algorithm != "SHA256withRSA" {
		return fmt.Sprintf("signed by %.20q, which cordon does not know", d.Algorithm), nil
	}
	signature, why, err := v.keys.Signature(ctx, d.file)
	if err != nil || why != "" {
		return why, err
	}
	key, why, err := v.keys.Key(ctx, homeRegion(d.Object), d.Fingerprint, d.End)
	if err != nil || why != "" {
		return why, err
	}
	sum := sha256.Sum256(d.signed())
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return wrongSignature, nil
	}
	return "", nil
}

// homeRegion is the last part of a digest's name before its time: the region
// of the trail, whose key signs.
func homeRegion(object string) string {
	s := stem(object)
	return s[strings.LastIndexByte(s, '_')+1:]
}

// KeyAPI is what is called of CloudTrail.
type KeyAPI interface {
	ListPublicKeys(context.Context, *cloudtrail.ListPublicKeysInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error)
}

// HeadAPI is what is called of S3 for a signature.
type HeadAPI interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
}

// LiveKeys asks AWS. What AWS refuses is a reason, not an error: log files can
// be held against a digest whose signature nobody may check.
type LiveKeys struct {
	CloudTrail func(region string) KeyAPI
	S3         func(ctx context.Context, bucket string) (HeadAPI, error)

	mu    sync.Mutex
	asked map[string]*keysOfDay // by region and day
	shut  map[string]string     // why a region is asked no more
}

// keysOfDay are listed once, by the first who asks.
type keysOfDay struct {
	once  sync.Once
	found []listedKey
	why   string
	err   error
}

type listedKey struct {
	fingerprint string
	value       []byte
}

var _ Keys = (*LiveKeys)(nil)

// Key implements Keys.
func (k *LiveKeys) Key(ctx context.Context, region, fingerprint string, at time.Time) (*rsa.PublicKey, string, error) {
	found, why, err := k.listed(ctx, region, at.UTC().Truncate(24*time.Hour))
	if err != nil || why != "" {
		return nil, why, err
	}
	i := slices.IndexFunc(found, func(l listedKey) bool { return l.fingerprint == fingerprint })
	if i < 0 {
		return nil, NoKey, nil
	}
	key, err := x509.ParsePKCS1PublicKey(found[i].value)
	if err != nil {
		return nil, "its public key cannot be read: " + err.Error(), nil
	}
	return key, "", nil
}

// listed is what a region lists for a day. A region that refused is not asked
// for another day: three years of digests would be a thousand refusals.
func (k *LiveKeys) listed(ctx context.Context, region string, day time.Time) ([]listedKey, string, error) {
	id := region + day.Format(" 2006-01-02")
	k.mu.Lock()
	if k.asked == nil {
		k.asked, k.shut = map[string]*keysOfDay{}, map[string]string{}
	}
	why := k.shut[region]
	of := k.asked[id]
	if of == nil {
		of = &keysOfDay{}
		k.asked[id] = of
	}
	k.mu.Unlock()
	if why != "" {
		return nil, why, nil
	}
	of.once.Do(func() {
		found, err := listKeys(ctx, k.CloudTrail(region), day)
		if of.found = found; err == nil {
			return
		}
		if of.why, of.err = refusal(ctx, err, DeniedKeys, "CloudTrail's public keys cannot be listed"); of.why == DeniedKeys {
			k.mu.Lock()
			k.shut[region] = of.why
			k.mu.Unlock()
		}
	})
	return of.found, of.why, of.err
}

// refusal is an answer of AWS as a reason: few reasons for many files, so that
// none names a file. Who gave up waiting gets an error.
func refusal(ctx context.Context, err error, denied, what string) (string, error) {
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case isDenied(err):
		return denied, nil
	case awsapi.Code(err) != "":
		return what + ": " + awsapi.Code(err), nil
	}
	return what, nil
}

func listKeys(ctx context.Context, api KeyAPI, day time.Time) (all []listedKey, err error) {
	in := &cloudtrail.ListPublicKeysInput{StartTime: aws.Time(day), EndTime: aws.Time(day.Add(24 * time.Hour))}
	for {
		out, err := api.ListPublicKeys(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, key := range out.PublicKeyList {
			all = append(all, listedKey{aws.ToString(key.Fingerprint), key.Value})
		}
		token := aws.ToString(out.NextToken)
		if token == "" {
			return all, nil
		}
		if token == aws.ToString(in.NextToken) {
			return nil, fmt.Errorf("AWS says there is more, and not where")
		}
		in.NextToken = out.NextToken
	}
}

// Signature implements Keys.
func (k *LiveKeys) Signature(ctx context.Context, name string) ([]byte, string, error) {
	if !strings.HasPrefix(name, inBucket) {
		return nil, NoSignature, nil
	}
	bucket, key, err := ParseS3(name)
	if err != nil {
		return nil, "", err
	}
	api, err := k.S3(ctx, bucket)
	if err != nil {
		return nil, "", err
	}
	out, err := api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		why, err := refusal(ctx, err, DeniedSignature, "the signature beside the file cannot be read")
		return nil, why, err
	}
	for header, value := range out.Metadata {
		if strings.EqualFold(header, "signature") {
			signature, err := hex.DecodeString(value)
			if err != nil {
				return nil, "the signature beside it cannot be read", nil
			}
			return signature, "", nil
		}
	}
	return nil, NoSignature, nil
}
