package letter

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordon/internal/words"
)

// texts is how many letters the gate sees with a secret in them, and without.
const texts = 10_000

// prosaic are sentences as owners and AWS write them, about secrets too.
var prosaic = strings.Split(strings.TrimSpace(`
We rotated the access keys and deleted the old ones on 2026-11-22 at 02:31Z.
The password of every IAM user with console access was changed.
The secret is rotated every 30 days by AWS Secrets Manager.
Our password policy now requires 14 characters.
We deactivated AKIA…7Q2F and AKIA…0Q3P of user deploy2.
The token was revoked on 2026-11-22 and the sessions ended.
Credentials: none are stored in the repository any more.
The key was committed to https://github.com/example/shop/blob/0f3c9be21a0d4c1f8a7e6b5d4c3b2a1908f7e6d5/config/settings.py on Friday.
The account 111122223333 has two administrators.
Account 1111-2222-3333 is ours; 4444-5555-6666 is not.
Instances i-0abcdef0123456789 and i-0fedcba9876543210 in ap-south-1 were terminated.
The role arn:aws:iam::111122223333:role/service-role/AWSLambdaBasicExecutionRole is ours.
We paid 4,532.01 US dollars in October and 128,901.55 in November.
Case 172839405612345 was opened on 22 November 2026.
The trail writes to s3://example-logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/22/ every five minutes.
The secret access key was published by mistake, and is no longer valid.
Passwords: changed. Tokens: revoked. Keys: deleted.
We did not find any other credentials in the code.
The image has digest sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.
Please call us at +49 30 1234567 between 09:00 and 17:00.
The user name is deploy and the login profile was removed.
MFA is enabled for all users, and the seed was never stored.
The secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf was read by the intruder.
The password is required to be changed at the next sign-in.
He called GetSecretValue: denied. Then he called secretsmanager:GetSecretValue once more.
Our API keys are kept in Secrets Manager and were replaced.
Le mot de passe de l’utilisateur racine a été changé.
Les clés d’accès exposées sont désactivées depuis le 22 novembre 2026 à 02:31Z.
Le jeton est expiré ; la clé secrète est remplacée.
Les identifiants étaient dans un dépôt public.
Nous contestons 12 345,67 $ de frais pour la Région ap-northeast-1.
根用户的密码已更改，访问密钥已停用。
密码是由管理员重置的。
我们已删除 3 个访问密钥：AKIA…7Q2F、AKIA…0Q3P。
令牌已撤销，凭证未存储在代码库中。
账户 111122223333 的费用为 12,345.67 美元。
The CloudTrail event 6f1c1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b shows it.
We use the AWS managed policies AWSCompromisedKeyQuarantineV3 and AdministratorAccess.
The credential report was made at 2026-11-22T02:16:31Z.
The bucket example-assets-111122223333 was public for two days.
The password was set anew for deploy2, and the session of svc-build3 ended.
The password is now known to nobody else, and MFA is on.
The pass of the badge is kept apart; the tests pass.
Passwords, keys and tokens of deploy2, svc-build3 and claire.moreau are new.
`), "\n")

const base64Runes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func randomOf(r *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[r.IntN(len(set))])
	}
	return b.String()
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func cardNumber(r *rand.Rand) string {
	begin := pick(r, "4", "51", "55", "34", "37", "6011", "36", "2221")
	n := 16
	switch begin {
	case "34", "37":
		n = 15
	case "36":
		n = 14
	}
	for {
		s := begin + randomOf(r, "0123456789", n-len(begin))
		if luhn(s) {
			return s
		}
	}
}

func spaced(s, by string) string {
	groups := []int{4, 4, 4, 4}
	if len(s) == 15 {
		groups = []int{4, 6, 5}
	} else if len(s) == 14 {
		groups = []int{4, 6, 4}
	}
	var out []string
	for _, n := range groups {
		out, s = append(out, s[:n]), s[n:]
	}
	return strings.Join(out, by)
}

func password(r *rand.Rand) string {
	lower, upper, digit := "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789"
	switch r.IntN(7) {
	case 0:
		return pick(r, "Winter", "Summer", "Berlin", "Dragon", "Shanghai") + randomOf(r, digit, 4) + pick(r, "!", "?", "", "#")
	case 1:
		return pick(r, "hunter", "sunshine", "monkey", "dragon", "iloveyou", "qwerty", "football", "starwars")
	case 2:
		return randomOf(r, digit, 6+r.IntN(6)) + "7"[:r.IntN(2)]
	case 3:
		return pick(r, "correct horse battery staple", "purple monkey dishwasher", "tango-bravo-kilo-seven")
	case 4:
		return pick(r, "Tr0ub4dor&3", "P@ssw0rd!", "s3cr3t-Pa55", "Adm1n#2026", "x7$Kq!zz9")
	case 5:
		return randomOf(r, lower+upper+digit+"!#$%&*+-=?@_", 12) + randomOf(r, digit, 1)
	}
	return randomOf(r, lower, 3) + randomOf(r, upper, 2) + randomOf(r, digit, 3) + randomOf(r, lower+digit, 4)
}

// card writes a number as people do.
func card(r *rand.Rand) string {
	n := cardNumber(r)
	if by := pick(r, "", " ", "-", "\u00a0", ".", "\u2011"); by != "" {
		return spaced(n, by)
	}
	return n
}

// planted is a sentence with a secret in it.
func planted(r *rand.Rand) (sort, text string) {
	jwt := func() string {
		enc := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		return enc(`{"alg":"HS256","typ":"JWT"}`) + "." + enc(fmt.Sprintf(`{"sub":"%d"}`, r.Uint64())) + "." + randomOf(r, base64Runes[:62]+"-_", 43)
	}
	secret := randomOf(r, base64Runes, 40)
	p := password(r)
	switch r.IntN(9) {
	case 0:
		return "secret key", fmt.Sprintf(pick(r, "aws_secret_access_key = %s", "SecretAccessKey: %s", "the secret is %s", "%s", "It was AKIA…7Q2F / %s.", "key=%s;", `"%s"`, "密钥：%s", "https://example.com/?k=%s", "（%s）"), secret)
	case 1:
		return "session token", fmt.Sprintf(pick(r, "aws_session_token=%s", "token %s", "%s"), pick(r, "IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdzE")+randomOf(r, base64Runes, 200))
	case 2:
		return "card", fmt.Sprintf(pick(r, "Card: %s", "please charge %s", "%s", "carte %s exp 11/28", "卡号 %s", "my card number is %s."), card(r))
	case 3:
		return "private key", "-----BEGIN " + pick(r, "RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED ") + "PRIVATE KEY-----\n" + randomOf(r, base64Runes, 64)
	case 4:
		return "token", fmt.Sprintf(pick(r, "Authorization: Bearer %s", "bearer %s", "the token is %s", "%s"), jwt())
	case 5:
		return "token", pick(r, "ghp_", "gho_", "xoxb-", "sk_live_", "glpat-", "npm_") + randomOf(r, base64Runes[:62], 36)
	case 6:
		return "password", fmt.Sprintf(pick(r, "DB_PASSWORD=%s", `{"password": "%s"}`, "export TOKEN='%s'", "secret: %s", "pwd=%s", "api_key: %s"), p)
	}
	return "password", fmt.Sprintf(pick(r, "The password is %s", "password: %s", "Password:\n%s", "my password was %s until Friday", "The password for the user deploy is %s.",
		"the root password is now: %s", "Passwort/password = %s", "mot de passe : %s", "Le mot de passe est %s.", "mdp: %s", "密码是%s", "密码：%s", "新密码为 %s 。", "口令: %s",
		"The passphrase is “%s”", "password -> %s", "its secret is `%s`", "the password of the console was “%s”", "login: li, password: %s"), p)
}

// whole puts a sentence among others, as in a letter.
func whole(r *rand.Rand, sentence string) string {
	var lines []string
	n := 1 + r.IntN(4)
	at := r.IntN(n)
	for i := range n {
		if i == at && sentence != "" {
			lines = append(lines, pick(r, "", "", prosaic[r.IntN(len(prosaic))]+" ")+sentence+pick(r, "", "", " "+prosaic[r.IntN(len(prosaic))]))
			continue
		}
		lines = append(lines, prosaic[r.IntN(len(prosaic))])
	}
	return strings.Join(lines, pick(r, "\n", "\n", "\n\n", "\r\n"))
}

// TestNoSecretPasses: ten thousand letters with a secret, a password or a card
// number in them, of which none passes, and ten thousand without.
func TestNoSecretPasses(t *testing.T) {
	r := rand.New(rand.NewPCG(20261122, 5))
	texts := texts
	if testing.Short() {
		texts /= 10
	}
	through := map[string]int{}
	sorts := map[string]int{}
	for range texts {
		sort, sentence := planted(r)
		sorts[sort]++
		text := whole(r, sentence)
		if _, err := Pass(text); err == nil {
			if through[sort]++; through[sort] <= 5 {
				t.Errorf("a %s got through: %q", sort, sentence)
			}
		}
	}
	refused, lines := 0, map[string]int{}
	for range texts {
		text := whole(r, "")
		var no *Refusal
		if _, err := Pass(text); errors.As(err, &no) {
			refused++
			lines[fmt.Sprint(no.Hits[0].Kind, " ", strings.Split(text, "\n")[no.Hits[0].Line-1])]++
		}
	}
	t.Logf("%d texts with secrets (%v): %d got through; of %d harmless ones %d were refused (%.2f %%)", texts, sorts, sum(through), texts, refused, 100*float64(refused)/float64(texts))
	if refused > texts/200 {
		t.Errorf("too many harmless texts are refused: %v", lines)
	}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

var holes = regexp.MustCompile(`\{[a-z_]+\}`)

// What the letters themselves say, in three languages, is harmless, line by line.
func TestOurOwnSentencesPass(t *testing.T) {
	files, err := filepath.Glob("../words/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	refused, lines := 0, 0
	for _, f := range files {
		own := filepath.Base(f) == "letter.json"
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			_, said, ok := strings.Cut(line, `": `)
			if !ok {
				continue
			}
			lines++
			said = strings.ReplaceAll(said, `\n`, "\n")
			said = holes.ReplaceAllString(said, "AKIA…7Q2F")
			if hits := Check(said); len(hits) > 0 {
				if refused++; testing.Verbose() {
					t.Logf("%s: %v: %s", f, hits, said)
				}
				if own {
					t.Errorf("%s: %v: %s", f, hits, said)
				}
			}
		}
	}
	t.Logf("of %d sentences of the catalogues %d are refused (%.2f %%)", lines, refused, 100*float64(refused)/float64(lines))
	if refused > lines/50 {
		t.Errorf("%d of %d sentences of the catalogues are refused", refused, lines)
	}
}

func TestDisguises(t *testing.T) {
	for _, s := range []string{
		"card 4111 1111 1111 1111", "card ４１１１１１１１１１１１１１１１", "4111\u200b1111\u200b1111\u200b1111", "card 4111-1111-1111-1111.", "3782-822463-10005", "٤١١١١١١١١١١١١١١١",
		"cvv: 123", "postgres://li:Tr0ub4dor@db.example.com/x", "p\u00adassword: Winter2026!", "otpauth://totp/AWS:li?secret=JBSWY3DPEHPK3PXP",
		"https://b.s3.amazonaws.com/x?X-Amz-Signature=abc", "PASSWORD\u00a0:\u00a0Winter2026!", "password:\n\n  Winter2026!",
		"Winter2026! is the password", "log in with li / Tr0ub4dor&3",
		"The password is now Summer2024", "The console password was then set as Summer2024", "Le mot de passe est maintenant Ete2024!", "The password has been changed, it is now again Summer2024.",
		"pass: Hunter2!x", "pw: Hunter2x", "PW=sunshine", `{"pass": "Hunter2!x"}`, "creds: li / Tr0ub4dor", "cred = Winter2026",
		"4111  1111  1111  1111", "4111\t1111\t1111\t1111", "4111 - 1111 - 1111 - 1111", "3782 - 822463 - 10005",
		"User name,Password,Console sign-in URL\nalice,kQ7#mZp2,https://111122223333.signin.aws.amazon.com/console",
		"User name,Password,Console sign-in URL\r\nalice,sunshine,https://111122223333.signin.aws.amazon.com/console\r\n",
		"| user | password |\n|------|----------|\n| claire | changed |\n| alice | Winter2026 |", "user\tpasswd\nalice\tHunter2x", "utilisateur;mot de passe\nalice;Hunter2x",
		"user,password\nalice,\"kQ7,mZp2#xx\"", "用户,密码\nalice,Winter2026",
	} {
		if len(Check(s)) == 0 {
			t.Errorf("got through: %q", s)
		}
	}
	for _, s := range []string{
		"The password was changed for svc-deploy2 and for deploy3.", "The password is now changed. The bucket logs2026x is ours.", "The token was revoked by responder2 today.", "The tests pass: all of them.",
		"| user | password changed | MFA |\n|---|---|---|\n| svc-deploy2 | 2026-11-22 | yes |", "| user | password |\n|---|---|\n| svc-deploy2 | changed |\n| claire.moreau | never used |",
		"user,password_enabled,password_last_changed\nsvc-deploy2,TRUE,2026-11-22T02:31:00+00:00\nclaire.moreau,false,not_supported",
		"We changed every password, and we turned MFA on.\nThen, user svc-deploy2 was deleted, and the role AWSLambdaBasicExecutionRole too.", "Passwords, keys, tokens: all are new.\nTherefore, nothing is left, we think.",
		"1111-2222-3333\t4444-5555-6666",
		"4111 1111 1111 1112", "1440453299248", "111122223333", "card 1234", "2026-11-22 02:16:31Z", "order 4532", "AKIA…7Q2F"} {
		if hits := Check(s); len(hits) > 0 {
			t.Errorf("refused: %q %v", s, hits)
		}
	}
}

// TestLettersPass: what a case may hold, names that somebody chose among it, gives
// letters that pass.
func TestLettersPass(t *testing.T) {
	at := time.Date(2026, 11, 22, 2, 31, 0, 0, time.UTC)
	f := Facts{
		Case: "C-20261122-A", Account: "111122223333", At: at, Looked: at, Regions: 17, FirstSeen: at, LastSeen: at, Keys: []string{"AKIAQ3EGEXAMPLE00001"},
		Notice: &Notice{Kind: "exposed", Sent: at, Keys: []string{"AKIAQ3EGEXAMPLE00001"}, Users: []string{"svc-deploy2"}, Where: []string{"https://github.com/example/shop/blob/0f3c9be21a0d4c1f8a7e6b5d4c3b2a1908f7e6d5/.env"}, AWSCase: "172839405612345"},
		Made:   []Count{{"ec2.instance", 12, []string{"ap-south-1", "sa-east-1"}}}, PerHour: 214.5, Unpriced: 2, PricesOf: "2026-11-01",
	}
	hostile := []string{"claire.moreau", "password: Winter2026!", "4111 1111 1111 1111", "i-0abcdef0123456789", "x\u202esecret is hunter7", "AKIAQ3EGEXAMPLE00002", "svc-reporting"}
	for _, sort := range []string{"keys-off", "keys-gone", "keys-new", "denied", "revoked", "passwords", "mfa", "identities", "stopped", "removed", "closed", "restored", "kept", "other"} {
		f.Done = append(f.Done, Deed{sort, hostile, at})
	}
	f.Bill = &Bill{At: at, Currency: "USD", Bought: []Bought{{"savingsplans:CreateSavingsPlan us-east-1", at}}}
	for i, name := range hostile {
		f.Bill.Lines = append(f.Bill.Lines, Charge{name, i%2 == 0, "2026-11-20", "2026-11-22", 4111.11, 1834.2, 0.5}, Charge{What: "Amazon SageMaker, ap-south-1", First: "2026-11-20", Last: "2026-11-22"})
	}
	for _, sort := range []string{"untriaged", "keys", "keys-unseen", "standing", "unverified", "gaps", "root-keys", "root-mfa", "users-mfa"} {
		f.Open = append(f.Open, Open{sort, 7, hostile})
	}
	for _, lang := range words.Langs() {
		for _, which := range []string{Reply, Dispute} {
			w := words.For(lang)
			subject, body := Compose(w, which, f, "")
			for _, text := range []string{subject, body} {
				if _, err := Pass(text); err != nil {
					var no *Refusal
					errors.As(err, &no)
					t.Errorf("%s %s: %v: %q", lang, which, no.Hits, strings.Split(text, "\n")[no.Hits[0].Line-1])
				}
			}
			if strings.Contains(body, "Winter") || strings.Contains(body, "hunter7") || strings.Contains(body, "4111") || strings.Contains(body, "EXAMPLE00002") || !strings.Contains(body, "claire.moreau") {
				t.Errorf("%s %s: %s", lang, which, body)
			}
			if faults := w.Faults(); len(faults) > 0 {
				t.Errorf("%s: %v", lang, faults)
			}
			if len(body) > 8000 {
				t.Errorf("%s %s: %d characters", lang, which, len(body))
			}
		}
	}
}

func TestKeyIDsAreShortened(t *testing.T) {
	got, err := Pass("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLQ of user ci")
	if err != nil || got != "AKIA…MPLE and ASIA…MPLQ of user ci" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestHitsNameTheLineAndNeverTheSecret(t *testing.T) {
	_, err := Pass("one\ntwo\npassword: Winter2026!")
	var no *Refusal
	if !errors.As(err, &no) || len(no.Hits) != 1 || no.Hits[0] != (Hit{Password, 3}) || strings.Contains(err.Error(), "Winter") {
		t.Errorf("%v", err)
	}
}
