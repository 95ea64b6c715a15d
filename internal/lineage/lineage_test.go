package lineage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

const own, other = "111122223333", "999988887777"

var began = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// A story is one record, short enough to tell an intrusion with.
type story struct {
	at      int    // minutes after began
	who     string // "user ann AKIA1", "role r/s ASIA1", "root AKIA", "account 9999", "service x", "token PROVIDER", "saml", "fed name/ann ASIA"
	call    string // "iam:CreateUser"
	q, r    string // request and response
	more    string // further top-level members
	from    string // address
	invoked string
	id      string
	began   int // of the user's session, as at; 0: not said
}

func (c story) parse(t *testing.T) event.Event {
	t.Helper()
	service, name, _ := strings.Cut(c.call, ":")
	f := strings.Fields(c.who + " - -")
	var who string
	switch f[0] {
	case "user":
		who = fmt.Sprintf(`"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::%s:user/%s","accountId":"%s","userName":"%s"`, strings.ToUpper(f[1]), own, f[1], own, f[1])
	case "role":
		role, session, _ := strings.Cut(f[1], "/")
		who = fmt.Sprintf(`"type":"AssumedRole","principalId":"AROA%s:%s","arn":"arn:aws:sts::%s:assumed-role/%s","accountId":"%s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%s","arn":"arn:aws:iam::%s:role/%s","accountId":"%s","userName":"%s"}}`,
			role, session, own, f[1], own, role, own, role, own, role)
	case "fed":
		name, by, _ := strings.Cut(f[1], "/")
		who = fmt.Sprintf(`"type":"FederatedUser","principalId":"%s:%s","arn":"arn:aws:sts::%s:federated-user/%s","accountId":"%s","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::%s:user/%s","accountId":"%s","userName":"%s"}}`,
			own, name, own, name, own, strings.ToUpper(by), own, by, own, by)
	case "root":
		who = fmt.Sprintf(`"type":"Root","principalId":"%s","arn":"arn:aws:iam::%s:root","accountId":"%s"`, own, own, own)
		f[2] = f[1]
	case "account":
		who = fmt.Sprintf(`"type":"AWSAccount","principalId":"AIDAFOREIGN","accountId":"%s"`, f[1])
	case "token":
		who = fmt.Sprintf(`"type":"WebIdentityUser","principalId":"%s:aud:sub","userName":"sub","identityProvider":"%s"`, f[1], f[1])
	case "saml":
		if f[1] == "-" {
			f[1] = "me"
		}
		who = fmt.Sprintf(`"type":"SAMLUser","principalId":"bdGOnTesti=:%s","userName":"%s","identityProvider":"bdGOnTesti="`, f[1], f[1])
	case "service":
		who = fmt.Sprintf(`"type":"AWSService","invokedBy":"%s"`, f[1])
	}
	if f[2] != "-" {
		who += `,"accessKeyId":"` + f[2] + `"`
	}
	if c.began != 0 {
		who += fmt.Sprintf(`,"sessionContext":{"attributes":{"creationDate":%q}}`, began.Add(time.Duration(c.began)*time.Minute).Format(time.RFC3339))
	}
	if c.invoked != "" {
		who += `,"invokedBy":"` + c.invoked + `"`
	}
	if c.from == "" {
		c.from = "203.0.113.9"
	}
	if c.id == "" {
		c.id = fmt.Sprintf("%s-%d-%s", name, c.at, f[2])
	}
	body := fmt.Sprintf(`{"eventVersion":"1.08","eventID":%q,"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","recipientAccountId":%q,"sourceIPAddress":%q,"userIdentity":{%s}`,
		c.id, began.Add(time.Duration(c.at)*time.Minute).Format(time.RFC3339), service, name, own, c.from, who)
	if c.q != "" {
		body += `,"requestParameters":` + c.q
	}
	if c.r != "" {
		body += `,"responseElements":` + c.r
	}
	if c.more != "" {
		body += "," + c.more
	}
	e, err := event.Parse([]byte(body + "}"))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	e.ID = c.id // as it stands: these are no UUIDs
	return e
}

const failed = `"errorCode":"AccessDenied"`

func TestMinted(t *testing.T) {
	sts := func(id string) string {
		return `{"credentials":{"accessKeyId":"` + id + `","sessionToken":"x"},"assumedRoleUser":{"assumedRoleId":"AROAR:s","arn":"arn:aws:sts::` + own + `:assumed-role/r/s"},"federatedUser":{"arn":"arn:aws:sts::` + own + `:federated-user/f"}}`
	}
	roleArn := `{"roleArn":"arn:aws:iam::` + own + `:role/path/r","roleSessionName":"s"}`
	for name, c := range map[string]struct {
		call story
		want string // kind id principal unique
	}{
		"key for another":      {story{who: "user ann AKIA1", call: "iam:CreateAccessKey", q: `{"userName":"bob"}`, r: `{"accessKey":{"accessKeyId":"AKIA2","userName":"bob","status":"Active"}}`}, "access-key AKIA2 iam.user/bob "},
		"key for oneself":      {story{who: "user ann AKIA1", call: "iam:CreateAccessKey", r: `{"accessKey":{"accessKeyId":"AKIA2"}}`}, "access-key AKIA2 iam.user/ann "},
		"key for root":         {story{who: "root AKIA0", call: "iam:CreateAccessKey", r: `{"accessKey":{"accessKeyId":"AKIA2"}}`}, "access-key AKIA2 iam.root/root "},
		"refused":              {story{who: "user ann AKIA1", call: "iam:CreateAccessKey", q: `{"userName":"bob"}`, more: failed}, ""},
		"role":                 {story{who: "user ann AKIA1", call: "sts:AssumeRole", q: roleArn, r: sts("ASIA2")}, "role-session ASIA2 iam.role/r AROAR"},
		"role by saml":         {story{who: "account " + other, call: "sts:AssumeRoleWithSAML", r: sts("ASIA2")}, "role-session ASIA2 iam.role/r AROAR"},
		"session":              {story{who: "user ann AKIA1", call: "sts:GetSessionToken", r: sts("ASIA2")}, "session ASIA2 iam.user/ann "},
		"federation":           {story{who: "user ann AKIA1", call: "sts:GetFederationToken", q: `{"name":"f"}`, r: sts("ASIA2")}, "federation ASIA2 iam.user/ann "},
		"assume root":          {story{who: "user ann AKIA1", call: "sts:AssumeRoot", q: `{"targetPrincipal":"` + other + `"}`, r: sts("ASIA2")}, "role-session ASIA2 iam.root/root "},
		"signin token":         {story{who: "fed f/ann ASIA1", call: "signin:GetSigninToken", r: `{"credentials":{"accessKeyId":"ASIA3"},"GetSigninToken":"Success"}`}, "console ASIA3 iam.user/ann AIDAANN"},
		"console":              {story{who: "user ann", call: "signin:ConsoleLogin", r: `{"ConsoleLogin":"Success"}`}, "console  iam.user/ann AIDAANN"},
		"console refused":      {story{who: "user ann", call: "signin:ConsoleLogin", r: `{"ConsoleLogin":"Failure"}`}, ""},
		"password":             {story{who: "user ann AKIA1", call: "iam:CreateLoginProfile", q: `{"userName":"bob"}`, r: `{"loginProfile":{"userName":"bob"}}`}, "login-profile bob iam.user/bob "},
		"password again":       {story{who: "user ann AKIA1", call: "iam:UpdateLoginProfile", q: `{"userName":"bob"}`}, "login-profile bob iam.user/bob "},
		"password of oneself":  {story{who: "user ann", call: "iam:ChangePassword"}, "login-profile ann iam.user/ann "},
		"service credential":   {story{who: "user ann AKIA1", call: "iam:CreateServiceSpecificCredential", r: `{"serviceSpecificCredential":{"serviceSpecificCredentialId":"ACCA1","userName":"bob","servicePassword":"x"}}`}, "service-credential ACCA1 iam.user/bob "},
		"ssh key":              {story{who: "user ann AKIA1", call: "iam:UploadSSHPublicKey", q: `{"userName":"ann"}`, r: `{"sSHPublicKey":{"sSHPublicKeyId":"APKA1"}}`}, "ssh-key APKA1 iam.user/ann "},
		"certificate":          {story{who: "user ann AKIA1", call: "iam:UploadSigningCertificate", r: `{"certificate":{"certificateId":"C1","userName":"ann"}}`}, "certificate C1 iam.user/ann "},
		"mfa device":           {story{who: "user ann AKIA1", call: "iam:CreateVirtualMFADevice", r: `{"virtualMFADevice":{"serialNumber":"arn:aws:iam::1:mfa/x"}}`}, "mfa-device arn:aws:iam::1:mfa/x / "},
		"mfa enabled for root": {story{who: "root AKIA0", call: "iam:EnableMFADevice", q: `{"userName":"AWS ROOT USER","serialNumber":"m"}`}, "mfa-device m iam.root/root "},
		"another CreateUser":   {story{who: "user ann AKIA1", call: "identitystore:CreateUser", r: `{"user":{"userName":"x"}}`}, ""},
	} {
		e := c.call.parse(t)
		var got []string
		for _, m := range Minted(e) {
			got = append(got, fmt.Sprintf("%s %s %s/%s %s", m.Kind, m.ID, m.Principal.Kind, m.Principal.ID, m.UniqueID))
			if m.EventID != e.ID || m.By != e.Credential || !m.At.Equal(e.Time) {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMade(t *testing.T) {
	trailARN := "arn:aws:cloudtrail:eu-west-1:" + own + ":trail/t"
	for name, c := range map[string]struct {
		call, q, r, more string
		want             string // change kind region id, and ! where it grants, ~ where loose
	}{
		"user":               {"iam:CreateUser", `{"userName":"bob"}`, `{"user":{"userName":"bob","userId":"AIDABOB"}}`, "", "created iam.user global bob"},
		"user refused":       {"iam:CreateUser", `{"userName":"bob"}`, "", failed, "attempted iam.user global bob"},
		"directory user":     {"identitystore:CreateUser", `{"userName":"bob"}`, `{"userId":"u-1"}`, "", "created identitystore.user us-east-1 u-1"},
		"attach":             {"iam:AttachUserPolicy", `{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`, "", "", "changed iam.user global bob !"},
		"detach":             {"iam:DetachUserPolicy", `{"userName":"bob","policyArn":"x"}`, "", "", "changed iam.user global bob"},
		"detach quarantine":  {"iam:DetachUserPolicy", `{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"}`, "", "", "changed iam.user global bob !"},
		"group":              {"iam:AddUserToGroup", `{"userName":"bob","groupName":"g"}`, "", "", "changed iam.user global bob !|changed iam.group global g"},
		"policy":             {"iam:CreatePolicy", `{"policyName":"p"}`, `{"policy":{"arn":"arn:aws:iam::1:policy/p"}}`, "", "created iam.policy global arn:aws:iam::1:policy/p"},
		"policy version":     {"iam:CreatePolicyVersion", `{"policyArn":"arn:aws:iam::1:policy/p"}`, "", "", "changed iam.policy global arn:aws:iam::1:policy/p !"},
		"trust":              {"iam:UpdateAssumeRolePolicy", `{"roleName":"r"}`, "", "", "changed iam.role global r !"},
		"key":                {"iam:CreateAccessKey", "", `{"accessKey":{"accessKeyId":"AKIA2"}}`, "", "created iam.access-key global AKIA2"},
		"saml":               {"iam:CreateSAMLProvider", "", `{"sAMLProviderArn":"arn:aws:iam::1:saml-provider/x"}`, "", "created iam.saml-provider global arn:aws:iam::1:saml-provider/x"},
		"instances":          {"ec2:RunInstances", `{"instancesSet":{"items":[{"imageId":"ami-1","maxCount":2}]}}`, `{"instancesSet":{"items":[{"instanceId":"i-1","blockDeviceMapping":{}},{"instanceId":"i-2","blockDeviceMapping":{"items":[{"ebs":{"volumeId":"vol-1"}}]}}]}}`, "", "created ec2.instance us-east-1 i-1|created ec2.instance us-east-1 i-2|created ec2.volume us-east-1 vol-1"},
		"dry run":            {"ec2:RunInstances", `{"instanceType":"p3.16xlarge"}`, "", `"errorCode":"Client.DryRunOperation"`, "attempted ec2.instance us-east-1 "},
		"terminate":          {"ec2:TerminateInstances", `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, "", "deleted ec2.instance us-east-1 i-1"},
		"key pair":           {"ec2:CreateKeyPair", `{"keyName":"k"}`, `{"keyName":"k","keyPairId":"key-1"}`, "", "created ec2.key-pair us-east-1 key-1"},
		"old key pair":       {"ec2:CreateKeyPair", `{"keyName":"k"}`, `{"keyName":"k"}`, "", "created ec2.key-pair us-east-1 k ~"},
		"snapshots":          {"ec2:CreateSnapshots", "", `{"CreateSnapshotsResponse":{"snapshotSet":{"item":{"snapshotId":"snap-1"}}}}`, "", "created ec2.snapshot us-east-1 snap-1"},
		"share":              {"ec2:ModifySnapshotAttribute", `{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"userId":"` + other + `"}]}}}`, "", "", "shared ec2.snapshot us-east-1 snap-1"},
		"share refused":      {"ec2:ModifySnapshotAttribute", `{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"group":"all"}]}}}`, "", failed, "attempted ec2.snapshot us-east-1 snap-1"},
		"unshare":            {"ec2:ModifySnapshotAttribute", `{"snapshotId":"snap-1","createVolumePermission":{"remove":{"items":[{"userId":"1"}]}}}`, "", "", "changed ec2.snapshot us-east-1 snap-1"},
		"share image":        {"ec2:ModifyImageAttribute", `{"imageId":"ami-1","launchPermission":{"add":{"items":[{"group":"all"}]}}}`, "", "", "shared ec2.image us-east-1 ami-1"},
		"open group":         {"ec2:AuthorizeSecurityGroupIngress", `{"groupId":"sg-1"}`, "", "", "changed ec2.security-group us-east-1 sg-1"},
		"open group by name": {"ec2:AuthorizeSecurityGroupIngress", `{"groupName":"default"}`, "", "", "changed ec2.security-group us-east-1 default ~"},
		"function":           {"lambda:CreateFunction20150331", `{"functionName":"f"}`, `{"functionName":"f"}`, "", "created lambda.function us-east-1 f"},
		"function's code":    {"lambda:UpdateFunctionCode20150331v2", `{"functionName":"arn:aws:lambda:us-east-1:1:function:f:PROD"}`, "", "", "changed lambda.function us-east-1 f"},
		"permission":         {"lambda:AddPermission20150331v2", `{"functionName":"f"}`, "", "", "shared lambda.function us-east-1 f !"},
		"layer":              {"lambda:PublishLayerVersion20181031", `{"layerName":"l"}`, `{"layerVersionArn":"arn:aws:lambda:us-east-1:1:layer:l:3"}`, "", "created lambda.layer us-east-1 l:3"},
		"layer shared":       {"lambda:AddLayerVersionPermission20181031", `{"layerName":"l","versionNumber":3}`, "", "", "shared lambda.layer us-east-1 l:3 !"},
		"trail by name":      {"cloudtrail:StopLogging", `{"name":"t"}`, "", "", "changed cloudtrail.trail us-east-1 t ~"},
		"trail by arn":       {"cloudtrail:DeleteTrail", `{"name":"` + trailARN + `"}`, "", "", "deleted cloudtrail.trail eu-west-1 " + trailARN},
		"selectors":          {"cloudtrail:PutEventSelectors", `{"trailName":"t"}`, `{"trailARN":"` + trailARN + `"}`, "", "changed cloudtrail.trail eu-west-1 " + trailARN},
		"detector":           {"guardduty:DeleteDetector", `{"detectorId":"d"}`, "", "", "deleted guardduty.detector us-east-1 d"},
		"a reading call":     {"ec2:DescribeInstances", "", "", "", ""},
	} {
		e := story{who: "user ann AKIA1", call: c.call, q: c.q, r: c.r, more: c.more}.parse(t)
		var got []string
		for _, d := range Made(e) {
			s := fmt.Sprintf("%s %s %s %s", d.Change, d.Ref.Kind, d.Ref.Region, d.Ref.ID)
			if d.Grants {
				s += " !"
			}
			if d.Loose {
				s += " ~"
			}
			got = append(got, s)
			if d.EventID != e.ID || d.Credential != "AKIA1" || d.Address == "" || d.Call != e.BaseName() {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s:\n%q, want\n%q", name, strings.Join(got, "|"), c.want)
		}
	}
	if !SameTrail("t", trailARN) || !SameTrail(trailARN, trailARN) || SameTrail("", trailARN) || SameTrail("u", trailARN) || SameTrail("t", "t2") {
		t.Error("SameTrail")
	}
}

func TestTablesAreWellFormed(t *testing.T) {
	for _, r := range rules {
		for way := range strings.SplitSeq(r.where, "|") {
			if !strings.HasPrefix(way, "q:") && !strings.HasPrefix(way, "r:") && way != "self" {
				t.Errorf("%s: %q", r.name, way)
			}
		}
	}
}

func TestByAWS(t *testing.T) {
	for name, c := range map[string]struct {
		story
		want bool
	}{
		"a person":                 {story{who: "user ann AKIA1", call: "iam:CreateUser"}, false},
		"a service":                {story{who: "service config.amazonaws.com", call: "iam:ListUsers"}, true},
		"a service event":          {story{who: "user ann", call: "kms:RotateKey", more: `"eventType":"AwsServiceEvent"`}, true},
		"on behalf":                {story{who: "user ann AKIA1", call: "ec2:RunInstances", invoked: "autoscaling.amazonaws.com", from: "autoscaling.amazonaws.com"}, true},
		"the console":              {story{who: "user ann ASIA1", call: "ec2:RunInstances", invoked: "signin.amazonaws.com"}, false},
		"the old console":          {story{who: "user ann ASIA1", call: "ec2:RunInstances", invoked: "AWS Internal"}, false},
		"an old service":           {story{who: "user ann ASIA1", call: "ec2:RunInstances", invoked: "AWS Internal", from: "AWS Internal"}, true},
		"a service by its address": {story{who: "role r/s ASIA1", call: "kms:Decrypt", from: "logs.amazonaws.com"}, true},
		"the console's address":    {story{who: "user ann ASIA1", call: "iam:ListUsers", from: "signin.amazonaws.com"}, false},
		"an agent that lies":       {story{who: "user ann AKIA1", call: "iam:CreateUser", more: `"userAgent":"aws-internal/3"`}, false},
		"the quarantine":           {story{who: "user ann AKIA1", call: "iam:AttachUserPolicy", q: `{"userName":"ann","policyArn":"arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"}`, more: `"userAgent":"aws-internal/3 aws-sdk-java/1.12"`}, true},
		"the old quarantine":       {story{who: "user ann AKIA1", call: "iam:PutUserPolicy", q: `{"userName":"ann","policyName":"AWSExposedCredentialPolicy_DO_NOT_REMOVE"}`, more: `"userAgent":"AWS Internal"`}, true},
		"a quarantine by a person": {story{who: "user ann AKIA1", call: "iam:AttachUserPolicy", q: `{"policyArn":"arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"}`, more: `"userAgent":"aws-cli/2"`}, false},
		"an impostor's policy":     {story{who: "user ann AKIA1", call: "iam:AttachUserPolicy", q: `{"policyArn":"arn:aws:iam::` + own + `:policy/AWSCompromisedKeyQuarantineV3"}`, more: `"userAgent":"aws-internal/3"`}, false},
	} {
		if got := ByAWS(c.parse(t)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
