package article

import "slices"

// A Section is a heading of the article. FR and ZH are the numbers of the
// heading's paragraph in the two texts, counting those that are not empty from
// 1; 0: the text has no such section.
type Section struct {
	ID     string
	FR, ZH int
}

// A Line is one thing that the article asks for.
type Line struct {
	ID      string
	Section string
	// FR and ZH are the paragraphs that ask for it, as in Section.
	FR, ZH []int
	// Commands carry it; the first is what to type next.
	Commands []string
	Checks   []string // of a triage
	Verbs    []string // of plans: "kind verb", or the plan's name alone
	// Story is the script in testdata/script that shows it.
	Story string

	judge func(Record) Item
}

// Lengths of the two texts, in paragraphs, and those that are neither a line nor
// the heading of a section: titles, dates, "in short" and "what to do".
var (
	paragraphs = map[string]int{"fr": 58, "zh": 66}
	frames     = map[string][]int{"fr": {1, 2, 6, 8}, "zh": {1, 2, 6, 9}}
)

// Sections are the headings in the order of the checklist.
func Sections() []Section { return slices.Clone(sections) }

var sections = []Section{
	{"begin", 0, 0},
	{"passwords", 9, 0},
	{"keys", 14, 10},
	{"credentials", 24, 19},
	{"bill", 0, 25},
	{"resources", 30, 31},
	{"mfa", 41, 44},
	{"account", 0, 47},
	{"support", 44, 52},
	{"projects", 49, 57},
	{"root", 53, 61},
	{"practices", 57, 65},
}

// Lines are the lines in the order of the checklist: that of the French text,
// with what only the Chinese one has at its place there.
func Lines() []Line { return slices.Clone(lines) }

var lines = []Line{
	{
		ID: "noticed", Section: "begin", FR: []int{3, 4, 5, 7}, ZH: []int{3, 4, 5, 8},
		Commands: []string{"triage", "notice FILE", "finding explain N", "plan contain", "apply PLAN"},
		Checks:   []string{"suspect-credential", "suspect-principal", "suspect-session", "suspect-made", "suspect-changed", "resource-since", "other-since"},
		Verbs:    []string{"contain"}, Story: "article-noticed", judge: noticed,
	},
	{
		ID: "lockout", Section: "begin", FR: []int{46}, ZH: []int{7, 54},
		Commands: []string{"lockout", "doctor"}, Story: "article-lockout", judge: lockout,
	},
	{
		ID: "root-password", Section: "passwords", FR: []int{10, 11},
		Commands: []string{"plan recover"}, Checks: []string{"root-used-since"}, Verbs: []string{"iam.root change-root-password"},
		Story: "article-root-password", judge: rootPassword,
	},
	{
		ID: "user-passwords", Section: "passwords", FR: []int{10, 12, 29}, ZH: []int{24},
		Commands: []string{"plan recover --to file:/PATH"}, Checks: []string{"suspect-password"}, Verbs: []string{"iam.login-profile set-password"},
		Story: "article-user-passwords", judge: userPasswords,
	},
	{
		ID: "key-uses", Section: "keys", FR: []int{15, 16}, ZH: []int{11},
		Commands: []string{"investigate key KEY", "investigate impact KEY", "rotate status"}, Checks: []string{"key-used-since"},
		Story: "article-key-uses", judge: keyUses,
	},
	{
		ID: "key-second", Section: "keys", FR: []int{16, 17}, ZH: []int{11, 12},
		Commands: []string{"rotate all --to file:/PATH/{user}.csv", "rotate key KEY --update-profile NAME", "rotate user USER"}, Verbs: []string{"iam.access-key add-key"},
		Story: "article-key-second", judge: keySecond,
	},
	{
		ID: "key-off", Section: "keys", FR: []int{18}, ZH: []int{13},
		Commands: []string{"rotate continue", "plan contain"}, Verbs: []string{"iam.access-key deactivate"}, Story: "article-key-off", judge: keyOff,
	},
	{
		ID: "key-back", Section: "keys", FR: []int{19}, ZH: []int{14},
		Commands: []string{"rotate back R1"}, Verbs: []string{"iam.access-key deactivate"}, Story: "article-key-back", judge: keyBack,
	},
	{
		ID: "key-delete", Section: "keys", FR: []int{19}, ZH: []int{14},
		Commands: []string{"rotate continue", "plan eradicate"}, Verbs: []string{"iam.access-key delete-inactive"}, Story: "article-key-delete", judge: keyDelete,
	},
	{
		ID: "users-foreign", Section: "keys", FR: []int{20, 28}, ZH: []int{15, 23},
		Commands: []string{"plan eradicate", "finding mark RESOURCE not-mine", "inventory"}, Checks: []string{"suspect-principal", "identity-since"},
		Verbs: []string{"iam.user delete", "iam.role delete", "iam.access-key delete", "iam.login-profile delete"}, Story: "article-users-foreign", judge: usersForeign,
	},
	{
		ID: "keys-unused", Section: "keys", FR: []int{21}, ZH: []int{16},
		Commands: []string{"rotate user USER --retire", "plan recover"}, Checks: []string{"unused-key", "second-key"},
		Verbs: []string{"iam.access-key deactivate", "iam.access-key delete-inactive"}, Story: "article-keys-unused", judge: keysUnused,
	},
	{
		ID: "keys-care", Section: "keys", FR: []int{22}, ZH: []int{17},
		Commands: []string{"scan PATH", "rotate all --to file:/PATH/{user}.csv"}, Story: "article-keys-care", judge: habit,
	},
	{
		ID: "creator", Section: "keys", FR: []int{23}, ZH: []int{18},
		Commands: []string{"investigate resource RESOURCE", "inventory", "plan contain"}, Checks: []string{"suspect-made"},
		Verbs: []string{"contain"}, Story: "article-creator", judge: creator,
	},
	{
		ID: "quarantine", Section: "credentials", FR: []int{25, 26, 27}, ZH: []int{20, 21, 22},
		Commands: []string{"rotate user USER --to file:/PATH", "triage", "plan contain"}, Checks: []string{"quarantine-marker"},
		Verbs: []string{"iam.access-key add-key", "iam.access-key deactivate", "iam.access-key delete-inactive"}, Story: "article-quarantine", judge: quarantine,
	},
	{
		ID: "bill", Section: "bill", ZH: []int{26, 27, 28, 29, 30},
		Commands: []string{"bill compare", "bill show", "investigate cost", "plan contain --stop-spend"}, Checks: []string{"lonely-region"},
		Story: "article-bill", judge: looked(LookBill, "bill"),
	},
	{
		ID: "regions", Section: "resources", FR: []int{31}, ZH: []int{32},
		Commands: []string{"triage", "inventory", "policy triage"}, Checks: []string{"lonely-region"}, Story: "article-regions", judge: regions,
	},
	{
		ID: "whose", Section: "resources", FR: []int{31}, ZH: []int{32, 34},
		Commands: []string{"inventory", "finding mark RESOURCE mine", "baseline diff"}, Checks: []string{"resource-since", "other-since", "identity-since"},
		Story: "article-whose", judge: whose,
	},
	{
		ID: "snapshot", Section: "resources", ZH: []int{33},
		Commands: []string{"preserve run", "preserve plan", "evidence verify", "evidence show RESOURCE"},
		Verbs:    []string{"ec2.instance snapshot", "ec2.volume snapshot", "rds.instance snapshot"}, Story: "article-snapshot", judge: snapshot,
	},
	{
		ID: "foreign", Section: "resources", FR: []int{31, 40}, ZH: []int{30, 32, 43},
		Commands: []string{"plan eradicate", "apply PLAN"}, Checks: []string{"suspect-made", "protections"},
		Verbs: []string{"ec2.instance terminate", "ec2.image deregister", "ec2.volume delete", "ec2.snapshot delete"}, Story: "article-foreign", judge: foreign,
	},
	{
		ID: "lambda", Section: "resources", FR: []int{32, 33, 34, 35, 36, 37, 38, 39}, ZH: []int{35, 36, 37, 38, 39, 40, 41, 42},
		Commands: []string{"plan eradicate", "inventory --kind lambda.function"}, Checks: []string{"public-function", "public-layer"},
		Verbs: []string{"lambda.function delete", "lambda.layer delete"}, Story: "article-lambda", judge: functions,
	},
	{
		ID: "mfa-root", Section: "mfa", FR: []int{42}, ZH: []int{45},
		Commands: []string{"mfa enrol root", "mfa list", "plan recover"}, Checks: []string{"root-without-mfa"}, Verbs: []string{"iam.root enable-root-mfa"},
		Story: "article-mfa-root", judge: mfaRoot,
	},
	{
		ID: "mfa-users", Section: "mfa", FR: []int{42, 43}, ZH: []int{45, 46},
		Commands: []string{"mfa enrol USER", "mfa list"}, Checks: []string{"user-without-mfa"}, Verbs: []string{"iam.mfa-device enrol-mfa"},
		Story: "article-mfa-users", judge: mfaUsers,
	},
	{
		ID: "account", Section: "account", ZH: []int{48, 49, 50, 51},
		Commands: []string{"account check", "account check --save", "account contacts set SORT", "account contacts restore"},
		Verbs:    []string{"account.alternate-contact set-contact"}, Story: "article-account", judge: looked(LookAccount, "account"),
	},
	{
		ID: "support-answer", Section: "support", FR: []int{45}, ZH: []int{53},
		Commands: []string{"support draft", "notice FILE", "notice --answered", "support open"}, Verbs: []string{"support.case open-case"},
		Story: "article-support-answer", judge: supportAnswer,
	},
	{
		ID: "support-new", Section: "support", FR: []int{47}, ZH: []int{55},
		Commands: []string{"support dispute", "support open", "support list"}, Verbs: []string{"support.case open-case"},
		Story: "article-support-new", judge: supportNew,
	},
	{
		ID: "support-secrets", Section: "support", FR: []int{48}, ZH: []int{56},
		Commands: []string{"support check FILE"}, Story: "article-support-secrets", judge: supportSecrets,
	},
	{
		ID: "git-secrets", Section: "projects", FR: []int{50, 51}, ZH: []int{58, 59},
		Commands: []string{"scan REPO", "scan hook install", "secrets install-link"}, Story: "article-git-secrets", judge: looked(LookSecrets, "secrets"),
	},
	{
		ID: "automation", Section: "projects", FR: []int{50, 52}, ZH: []int{58, 60},
		Commands: []string{"notice FILE"}, Story: "article-automation", judge: automation,
	},
	{
		ID: "root-daily", Section: "root", FR: []int{54}, ZH: []int{62},
		Commands: []string{"investigate user root", "plan recover"}, Checks: []string{"root-used-since"}, Story: "article-root-daily", judge: rootDaily,
	},
	{
		ID: "root-keys", Section: "root", FR: []int{54, 55, 56}, ZH: []int{62, 63, 64},
		Commands: []string{"plan recover", "rotate key KEY"}, Checks: []string{"root-keys"}, Verbs: []string{"iam.root delete-root-keys"},
		Story: "article-root-keys", judge: rootKeys,
	},
	{
		ID: "administrator", Section: "root", FR: []int{55}, ZH: []int{63},
		Commands: []string{"finding explain administrators", "policy breakglass"}, Checks: []string{"administrators"}, Story: "article-administrator", judge: administrator,
	},
	{
		ID: "practices", Section: "practices", FR: []int{13, 58}, ZH: []int{66},
		Commands: []string{"plan harden", "finding list", "help blind-spots", "report"}, Checks: slices.Clone(posture), Verbs: []string{"harden"}, Story: "article-practices", judge: practices,
	},
}

// posture are the checks that say how well an account is kept, whoever was in it.
var posture = []string{"user-without-mfa", "root-without-mfa", "root-keys", "unused-key", "no-trail", "stopped-detector", "open-ports", "outside-access"}
