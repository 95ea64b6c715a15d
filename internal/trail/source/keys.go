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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Keys answers what a digest's signature is checked with. An error ends the
// check; what is not to be had is ok=false with the reason.
type Keys interface {
	// Key is the public key of that fingerprint, of the trail's home region.
	Key(ctx context.Context, region, fingerprint string, at time.Time) (key *rsa.PublicKey, why string, err error)
	// Signature is that of a digest file: S3 keeps it beside the object.
	Signature(ctx context.Context, name string) (signature []byte, why string, err error)
}

// The reasons for which a signature is not checked.
const (
	NoKeys      = "nobody is signed in to ask for the public keys"
	NoKey       = "AWS does not list its public key"
	NoSignature = "the signature is not beside the file: S3 keeps it with the object, a copy in a folder has none"
)

func (v *verifier) signatures(ctx context.Context) error {
	for _, d := range v.digests {
		why := NoKeys
		if v.keys != nil {
			var err error
			if why, err = v.signature(ctx, d); err != nil {
				return fmt.Errorf("cannot check the signature of %s: %w", d.file, err)
			}
		}
		switch why {
		case "":
			v.out.Signed++
		case wrongSignature:
			v.tell(BadDigest, d.file, why)
		default:
			v.out.Unsigned[why]++
		}
	}
	return nil
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

// LiveKeys asks AWS. It is for one goroutine.
type LiveKeys struct {
	CloudTrail func(region string) KeyAPI
	S3         func(ctx context.Context, bucket string) (HeadAPI, error)

	asked map[string][]listedKey // by region and day
}

type listedKey struct {
	fingerprint string
	value       []byte
}

var _ Keys = (*LiveKeys)(nil)

// Key implements Keys.
func (k *LiveKeys) Key(ctx context.Context, region, fingerprint string, at time.Time) (*rsa.PublicKey, string, error) {
	day := at.UTC().Truncate(24 * time.Hour)
	id := region + day.Format(" 2006-01-02")
	found, ok := k.asked[id]
	if !ok {
		var err error
		if found, err = listKeys(ctx, k.CloudTrail(region), day); err != nil {
			return nil, "", fmt.Errorf("cannot list CloudTrail's public keys in %s: %w", region, err)
		}
		if k.asked == nil {
			k.asked = map[string][]listedKey{}
		}
		k.asked[id] = found
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
		return nil, "", explain("read", bucket, key, err)
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
