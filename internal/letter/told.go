package letter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cordon/internal/pattern"
)

var (
	// secretWords are what a secret is called where somebody writes it down.
	secretWords = pattern.New(`(?i)pass[ _-]?(?:word|wort|wd|phrase|code)s?|\bpwd|secret(?:s)?(?:[ _-]?access)?(?:[ _-]?keys?)?|tokens?|api[ _-]?keys?|credentials?|\bseed\b|\bpin\b|\botp\b|mots? de passe|\bmdp\b|cl(?:é|ef)s? (?:d’accès )?secrètes?|phrases? secrètes?|jetons?|codes? secrets?|identifiants?|密码|口令|密钥|私钥|令牌|凭证`)
	// shortWords are such too where a sign follows them; elsewhere they are prose.
	shortWords = pattern.New(`(?i)\b(?:pass|pw|creds?)\b["'` + "`" + `]?\s*[:=]`)
	keyName    = pattern.New(`(?:^|[^有密])访问密钥$`)
	// signWords are followed by names: only what no name looks like counts there.
	signWords = pattern.New(`(?i)\blog[ -]?in\b|\bsign[ -]?in\b|\bconnexion\b|登录`)
	// connectors stand between the word and the secret.
	connectors = pattern.New(`(?i)[:=]+>?|->|→|\b(?:is|was|are|were|being|became|(?:set|changed|reset) to|est|était|sont|devient)\b|[是为]`)
	arns       = pattern.New(`arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:\S*`)
	// closed ends a statement that a colon explains; a new value may follow "changed".
	closed = pattern.New(`(?i)\s(?:accepted|refused|used|lost|rotated|deleted|disabled|exposed|stolen|revoked|deactivated|accepté|refusé|utilisé|perdu|supprimé|désactivé|révoqué)e?s?\s*$`)
	links  = pattern.New(`https?://[^\s"'?]+`)
	apart  = pattern.New(`\S+`)
)

const (
	reachAfter  = 70 // how far behind the word a secret is looked for
	reachBefore = 30
)

// told finds values beside words such as password.
func told(text string) (at []int) {
	for _, m := range secretWords.FindAllStringIndex(text, -1) {
		if next, _ := utf8.DecodeRuneInString(text[m[1]:]); unicode.IsLower(next) && next < 0x2000 && isASCIILetter(text[m[1]-1]) {
			continue // secretary, secretsmanager
		}
		if inARN(text[:m[0]]) || keyName.MatchString(text[:m[1]]) {
			continue // a secret's name; 访问密钥 is an access key, whose id is told
		}
		after := sentence(text[m[1]:min(len(text), m[1]+reachAfter)])
		if valueAfter(after) || complexIn(text[max(0, m[0]-reachBefore):m[0]]) {
			at = append(at, m[0])
		}
	}
	for _, m := range shortWords.FindAllStringIndex(text, -1) {
		if valueAfter(sentence(text[m[1]-1 : min(len(text), m[1]+reachAfter)])) {
			at = append(at, m[0])
		}
	}
	for _, m := range signWords.FindAllStringIndex(text, -1) {
		if complexAfter(sentence(text[m[1]:min(len(text), m[1]+reachAfter)])) {
			at = append(at, m[0])
		}
	}
	return at
}

// inARN says whether a word that begins here is a part of an ARN.
func inARN(before string) bool {
	return strings.HasPrefix(before[strings.LastIndexAny(before, " \n\t\"'(")+1:], "arn:")
}

func isASCIILetter(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' }

// sentence cuts at the end of a sentence or a paragraph. A line may end after a
// colon and the secret stand on the next.
func sentence(s string) string {
	s = strings.ToValidUTF8(s, "")
	for _, stop := range []string{". ", ".\n", "。", "; "} {
		if i := strings.Index(s, stop); i >= 0 {
			s = s[:i+1]
		}
	}
	if line, rest, ok := strings.Cut(s, "\n"); ok {
		if end := strings.TrimRight(line, " \t\"'"); !strings.HasSuffix(end, ":") && !strings.HasSuffix(end, "=") {
			return line
		}
		next, _, _ := strings.Cut(strings.TrimLeft(rest, " \t\n"), "\n")
		return line + " " + next
	}
	return s
}

// valueAfter looks behind each connector, and at what stands right after the
// word.
func valueAfter(s string) bool {
	s = links.ReplaceAllString(arns.ReplaceAllString(s, "arn"), "url")
	for _, c := range connectors.FindAllStringIndex(s, -1) {
		token, last := first(s[c[1]:])
		if s[c[0]] == ':' && !last && plain(token) && closed.MatchString(s[:c[0]]) {
			continue // "the password was accepted: somebody may know it"
		}
		if isValue(token) || plain(token) && complexBehind(s[c[1]:]) {
			return true
		}
	}
	if token, _ := first(s); complexToken(token, 2) {
		return true
	}
	return complexAfter(s)
}

// others begin the naming of somebody or of some time: what follows is no password.
var others = pattern.New(`(?i)^(?:for|of|by|on|in|at|from|with|users?|since|after|before|until|pour|de|du|des|d’|par|depuis|le|utilisateurs?)$`)

// complexBehind looks behind a word of prose, at up to three more: "the password is
// now Summer2024".
func complexBehind(s string) bool {
	tokens := apart.FindAllString(s, 5)
	for i, token := range tokens {
		switch token = bare(token); {
		case i == 0 || token == "":
		case i > 3 || others.MatchString(token):
			return false
		case complexToken(token, 2):
			return true
		}
	}
	return false
}

// complexAfter looks for what no word or name looks like.
func complexAfter(s string) bool {
	for _, token := range apart.FindAllString(s, -1) {
		if token = bare(token); len(token) >= 12 && complexToken(token, 3) || len(token) >= 8 && complexToken(token, 4) {
			return true
		}
	}
	return false
}

// complexIn looks before the word, in the same sentence.
func complexIn(s string) bool {
	cut := len(s) >= reachBefore // its first word may be
	for _, stop := range []string{". ", "\n", "。"} {
		if i := strings.LastIndex(s, stop); i >= 0 {
			s, cut = s[i+len(stop):], false
		}
	}
	for i, token := range apart.FindAllString(strings.ToValidUTF8(s, ""), -1) {
		if i == 0 && cut {
			continue
		}
		if complexToken(bare(token), 3) {
			return true
		}
	}
	return false
}

// first is the first word of s that is more than a sign, and whether it is the
// last. Han begin another word without a space.
func first(s string) (token string, last bool) {
	tokens := apart.FindAllString(s, -1)
	for i, t := range tokens {
		if r, _ := utf8.DecodeRuneInString(bare(t)); !unicode.Is(unicode.Han, r) {
			if han := strings.IndexFunc(t, func(r rune) bool { return unicode.Is(unicode.Han, r) }); han > 0 {
				t = t[:han]
			}
		}
		if t = bare(t); t != "" {
			return t, i == len(tokens)-1
		}
	}
	return "", true
}

// plain is a word of letters only.
func plain(token string) bool {
	return strings.IndexFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && r != '’' && r != '\'' && r != '-' }) < 0
}

func bare(token string) string {
	return strings.Trim(token, "\"'`“”‘’«»()<>[]{}.,;:!?。，；：！？、*_|=-")
}

// isValue says whether what stands after "password is" is a password and not
// the next word of the sentence.
func isValue(token string) bool {
	if isDigitsOnly(token) {
		return len(token) >= 4 && !(len(token) == 4 && (token[:2] == "19" || token[:2] == "20"))
	}
	if n := utf8.RuneCountInString(token); n < 4 || harmless(token) {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(token); unicode.Is(unicode.Han, r) {
		return false
	}
	lower := strings.ToLower(token)
	if plain(token) {
		return !prose(lower)
	}
	if strings.ContainsRune(lower, '/') && strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz/-") == "" {
		return false // and/or
	}
	return true
}

// complexToken is a word of letters with digits or signs among them: want sorts
// of lower case, upper case, digits and signs.
func complexToken(token string, want int) bool {
	if len(token) < 6 || harmless(token) {
		return false
	}
	var lower, upper, digit, sign bool
	for _, r := range token {
		switch {
		case unicode.Is(unicode.Han, r):
			return false
		case unicode.IsLower(r):
			lower = true
		case unicode.IsUpper(r):
			upper = true
		case unicode.IsDigit(r):
			digit = true
		case strings.ContainsRune("!@#$%^&*?~+=", r):
			sign = true
		}
	}
	n := 0
	for _, has := range []bool{lower || upper && want == 2, upper && want > 2, digit, sign} {
		if has {
			n++
		}
	}
	return n >= want && (digit || sign)
}

// known are the forms of what letters name and nobody keeps secret.
var known = pattern.New(`^(?:(?:AKIA|ASIA|ABIA|ACCA)(?:….*)?|arn:.*|https?://.*|[\w.+-]+@[\w.-]+\.[a-z]+|\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?|[\d:.]+(?:Z|UTC|h)?|\d{4}-\d{4}-\d{4}|[a-z]{1,8}-[0-9a-f]{8,17}|[a-z]{2}(?:-[a-z]+)+-\d|C-\d{8}-[A-Z]+|T\d{4}(?:\.\d{3})?|[A-Z][\w-]*2\.0|(?:[A-Z]+[a-z]+){2,}(?:V\d)?(?:20\d{6}(?:v\d)?)?|[a-z0-9-]+:[A-Z][A-Za-z]+|--?[a-z-]+)$`)

func harmless(token string) bool { return known.MatchString(token) }

func isDigitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

// prose reports a word that goes on with the sentence after "the password is".
func prose(w string) bool {
	for _, end := range []string{"ed", "ing", "able", "ible", "ful", "less", "ly", "é", "ée", "és", "ées", "ment", "ant", "if", "ive", "ous"} {
		if strings.HasSuffix(w, end) && len(w) > len(end)+2 {
			return true
		}
	}
	return proseWords[w]
}

var proseWords = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`
		about above account accounts after again alive all also always another any anybody anyone anymore anywhere available away
		back bad been before began being below best better between both broken but came cannot case cases clear code codes common
		console could credential credentials customer date dead default different does done down each earlier either email emails empty enough
		every everybody everyone everything evidence exposed false fine five found following four free fresh from full gone good have hers here
		hidden him himself his http https human ignored immediately inside into invalid investigation it its itself jointly just keep kept
		known later least left less letter long longer lost made many maybe mean means missing mine month months more most much must mutual
		names necessary need needed needs neither never next nobody none noone normal nothing notified now null offline often once one ones
		only open other others ours out outside over own owner part past pending people perhaps person plain possible present private
		public quite rather ready really recent reply same secret secrets secure sent seven several shared short should shown similar since
		single six soon sound spent still stolen strong such sure taken ten that the their theirs them themselves then there these they thing things
		this those three through time times today told tomorrow too true two under understood unique unknown unread unsafe unset until
		unusual upon user users using valid very void was weak week weeks well were what when where whether which while who whom whose why
		will with within without would written wrong years yes yesterday your yours yourself again abroad access amiss afoot
		aucun aucune aussi autre autres avant avec bien celle celles celui ceux chez cinq comme compris connu connue connus dans depuis
		des deux donc encore entre elle elles faible faux fort inconnu inconnue jamais leur leurs lors lui mais mieux mise mises même mêmes
		moins notre non nous nouveau nouvelle nouveaux oui par parce pas perdu perdue plus pour pourtant près propre propres quand quatre
		que qui quoi remis remise remises requis requise sans selon ses seul seule seuls soit son sont sous sur toujours tous tout toute toutes trois trop
		unique une valide vide votre vos vrai vue déjà été ainsi hors
		read used elsewhere somebody going treat dates tell demandez quelqu’un
		password passwords token tokens keys policy policies root admin iam aws amazon github secretsmanager manager`) {
		m[w] = true
	}
	return m
}()
