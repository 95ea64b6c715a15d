package kinds

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

// An account is the lab's account with hands to change it.
type account struct {
	*iam.Client
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, w kindtest.World) account {
	return account{iam.NewFromConfig(w.Config(fact.Global)), t, t.Context()}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (a account) user(name string) string {
	a.t.Helper()
	must[*iam.CreateUserOutput](a.t)(a.CreateUser(a.ctx, &iam.CreateUserInput{UserName: &name}))
	return name
}

func (a account) group(name string) string {
	a.t.Helper()
	must[*iam.CreateGroupOutput](a.t)(a.CreateGroup(a.ctx, &iam.CreateGroupInput{GroupName: &name}))
	return name
}

func (a account) role(name, trust string) string {
	a.t.Helper()
	must[*iam.CreateRoleOutput](a.t)(a.CreateRole(a.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}))
	return name
}

func (a account) policy(name, document string) (arn string) {
	a.t.Helper()
	out := must[*iam.CreatePolicyOutput](a.t)(a.CreatePolicy(a.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document}))
	return *out.Policy.Arn
}

func (a account) accessKey(owner string) (id string) {
	a.t.Helper()
	out := must[*iam.CreateAccessKeyOutput](a.t)(a.CreateAccessKey(a.ctx, &iam.CreateAccessKeyInput{UserName: &owner}))
	return *out.AccessKey.AccessKeyId
}

func (a account) password(owner string) string {
	a.t.Helper()
	must[*iam.CreateLoginProfileOutput](a.t)(a.CreateLoginProfile(a.ctx, &iam.CreateLoginProfileInput{
		UserName: &owner, Password: aws.String("correct Horse 7 battery!"), PasswordResetRequired: true,
	}))
	return owner
}

// mfa makes a virtual device and, with an owner, assigns it.
func (a account) mfa(name, owner string) (serial string) {
	a.t.Helper()
	made := must[*iam.CreateVirtualMFADeviceOutput](a.t)(a.CreateVirtualMFADevice(a.ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name}))
	if owner != "" {
		seed, now := string(made.VirtualMFADevice.Base32StringSeed), time.Now()
		must[*iam.EnableMFADeviceOutput](a.t)(a.EnableMFADevice(a.ctx, &iam.EnableMFADeviceInput{
			UserName: &owner, SerialNumber: made.VirtualMFADevice.SerialNumber,
			AuthenticationCode1: aws.String(totp(a.t, seed, now.Add(-30*time.Second))), AuthenticationCode2: aws.String(totp(a.t, seed, now)),
		}))
	}
	return *made.VirtualMFADevice.SerialNumber
}

// totp is the code of RFC 6238 that an authenticator shows.
func totp(t *testing.T, seed string, at time.Time) string {
	t.Helper()
	key := must[[]byte](t)(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(seed, "=")))
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, uint64(at.Unix()/30))
	sum := h.Sum(nil)
	code := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", code%1000000)
}

func (a account) serviceCredential(owner string) (id string) {
	a.t.Helper()
	out := must[*iam.CreateServiceSpecificCredentialOutput](a.t)(a.CreateServiceSpecificCredential(a.ctx,
		&iam.CreateServiceSpecificCredentialInput{UserName: &owner, ServiceName: aws.String("codecommit.amazonaws.com")}))
	return *out.ServiceSpecificCredential.ServiceSpecificCredentialId
}

func (a account) sshKey(owner string) (id string) {
	a.t.Helper()
	key := must[*rsa.PrivateKey](a.t)(rsa.GenerateKey(rand.Reader, 2048))
	var wire []byte
	for _, part := range [][]byte{[]byte("ssh-rsa"), big.NewInt(int64(key.E)).Bytes(), append([]byte{0}, key.N.Bytes()...)} {
		wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(part))), part...)
	}
	out := must[*iam.UploadSSHPublicKeyOutput](a.t)(a.UploadSSHPublicKey(a.ctx, &iam.UploadSSHPublicKeyInput{
		UserName: &owner, SSHPublicKeyBody: aws.String("ssh-rsa " + base64.StdEncoding.EncodeToString(wire)),
	}))
	return *out.SSHPublicKey.SSHPublicKeyId
}

func (a account) signingCertificate(owner string) (id string) {
	a.t.Helper()
	certificate, _ := selfSigned(a.t)
	out := must[*iam.UploadSigningCertificateOutput](a.t)(a.UploadSigningCertificate(a.ctx,
		&iam.UploadSigningCertificateInput{UserName: &owner, CertificateBody: &certificate}))
	return *out.Certificate.CertificateId
}

func (a account) serverCertificate(name string) string {
	a.t.Helper()
	certificate, key := selfSigned(a.t)
	must[*iam.UploadServerCertificateOutput](a.t)(a.UploadServerCertificate(a.ctx,
		&iam.UploadServerCertificateInput{ServerCertificateName: &name, CertificateBody: &certificate, PrivateKey: &key}))
	return name
}

func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private))
	pkcs8 := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(private))
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func (a account) samlProvider(name string) (arn string) {
	a.t.Helper()
	certificate, _ := selfSigned(a.t)
	block, _ := pem.Decode([]byte(certificate))
	metadata := `<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/">` +
		`<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">` +
		`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(block.Bytes) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" ` +
		`Location="https://idp.example/sso"/></IDPSSODescriptor><!--` + strings.Repeat("-AWS wants a thousand characters", 20) + ` --></EntityDescriptor>`
	out := must[*iam.CreateSAMLProviderOutput](a.t)(a.CreateSAMLProvider(a.ctx, &iam.CreateSAMLProviderInput{Name: &name, SAMLMetadataDocument: &metadata}))
	return *out.SAMLProviderArn
}

func (a account) oidcProvider(url string) (arn string) {
	a.t.Helper()
	out := must[*iam.CreateOpenIDConnectProviderOutput](a.t)(a.CreateOpenIDConnectProvider(a.ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: &url, ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("0f", 20)},
	}))
	return *out.OpenIDConnectProviderArn
}

// inlineUser puts an inline policy on a user.
func (a account) inlineUser(name, policy, document string) {
	a.t.Helper()
	must[*iam.PutUserPolicyOutput](a.t)(a.PutUserPolicy(a.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: &policy, PolicyDocument: &document}))
}

func (a account) inlineRole(name, policy, document string) {
	a.t.Helper()
	must[*iam.PutRolePolicyOutput](a.t)(a.PutRolePolicy(a.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &policy, PolicyDocument: &document}))
}

func (a account) join(user, group string) {
	a.t.Helper()
	must[*iam.AddUserToGroupOutput](a.t)(a.AddUserToGroup(a.ctx, &iam.AddUserToGroupInput{UserName: &user, GroupName: &group}))
}

// profile makes an instance profile with a role in it.
func (a account) profile(name, role string) string {
	a.t.Helper()
	must[*iam.CreateInstanceProfileOutput](a.t)(a.CreateInstanceProfile(a.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &name}))
	must[*iam.AddRoleToInstanceProfileOutput](a.t)(a.AddRoleToInstanceProfile(a.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &role}))
	return name
}

const (
	admin    = "arn:aws:iam::aws:policy/AdministratorAccess"
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

const allowS3 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::a+b/100%/*"}]}`

func trusting(principals ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":{"AWS":["` + strings.Join(principals, `","`) + `"]},"Action":"sts:AssumeRole"}]}`
}
