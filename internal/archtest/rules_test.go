package archtest

// The names of what is forbidden. A path ending in / stands for the tree.
const (
	ours = "cordon/internal/"
	sdk  = "github.com/aws/"
)

// pure packages judge and plan; they see values, not the world.
var pure = []string{"finding", "checks", "detect", "lineage", "playbook", "plan", "rotate", "notice", "letter", "bill", "article"}

// imports says what a package, and what lies below it, may not import
// directly, and why. Names without a dot or slash before them are ours.
var imports = []struct {
	from []string
	to   []string
	why  string
}{
	{[]string{"fact", "event"}, []string{ours, sdk}, "the vocabulary knows nobody"},
	{pure, []string{sdk, "kind", "kinds", "gate", "journal", "engine", "os", "net/http"}, "judging and planning are pure"},
	{[]string{"kind", "kinds"}, []string{"finding", "checks", "plan", "gate", "journal", "report", "words"}, "reading comes before judging; a kind offers verbs and does not use them"},
	{[]string{"journal"}, []string{ours}, "the record outlives the program"},
	{[]string{"gate"}, []string{"finding", "report", "words", "face"}, "it applies what was approved and says what happened"},
	{[]string{"report"}, []string{sdk, "gate", "engine"}, "it renders and decides nothing"},
	{[]string{"engine"}, []string{"words", "face", "github.com/spf13/cobra", "net/http"}, "faces translate"},
	{[]string{"face/gitsecrets", "secrets/gitsecrets", "secrets/ere"}, []string{"os/exec", "path/filepath", "encoding/json", "net/http", sdk}, "a commit hook is answered before these are initialised"},
	{[]string{"face"}, []string{"kinds", "gate", "journal", sdk}, "a face parses, calls the engine and prints"},
	{[]string{"secrets"}, []string{sdk, "engine", "report", "words", "face", "kinds", "gate"}, "what is found knows nobody who asks"},
	{[]string{"face/cli"}, []string{"face/web", "face/responder"}, "no face knows another"},
	{[]string{"face/web"}, []string{"face/cli", "face/responder"}, "no face knows another"},
	{[]string{"face/responder"}, []string{"face/cli", "face/web"}, "no face knows another"},
	{[]string{"clean", "durable"}, []string{ours, sdk}, "everybody leans on it"},
	{[]string{"words"}, []string{sdk, "engine", "finding", "plan", "report", "face"}, "words know keys, not things"},
	{[]string{"trail", "athena"}, []string{"engine", "report", "words", "face", "finding", "checks", "plan", "gate", "journal", "kinds"}, "the record knows nobody who asks"},
	{[]string{"inflate", "trail/shape", "trail/parquet", "trail/question", "trail/corpus"}, []string{sdk}, "bytes are read, not services"},
	{[]string{"inflate"}, []string{ours}, "everybody leans on it"},
	{[]string{"evidence", "incident", "signet"}, []string{sdk, "engine", "words", "report", "face", "gate"}, "what is kept outlives the program"},
}

// everywhere forbids an import in all code that is not a test.
var everywhere = map[string]string{
	"text/template": "it makes the linker keep every operation of the SDK: 32 MB",
	"html/template": "it links text/template",
}

// names forbids names of other packages: everywhere but in the packages that
// may, or only in those of in.
var names = []struct {
	path, name string // a name ending in * is a beginning
	in, but    []string
	why        string
}{
	{path: "time", name: "Now", in: pure, why: "the clock is a parameter"},
	{path: "fmt", name: "Print*", but: printers, why: "the Lambda and the console are the same engine"},
	{path: "os", name: "Exit", but: printers, why: "only main ends the program"},
	{path: "os", name: "Stdout", but: printers, why: "streams are parameters"},
	{path: "log", name: "Fatal*", but: printers, why: "only main ends the program"},
	{path: ours + "awsapi", name: "Writer", but: writers, why: "one narrow gate"},
}

var (
	printers = []string{"cmd", "face/cli", "face/gitsecrets"}
	writers  = []string{"awsapi", "gate", "cmd", "face/cli"}
)

// methods forbids calls, without arguments, of a method by its name, whatever it
// belongs to.
var methods = []struct {
	name string
	but  []string
	why  string
}{
	{"Writer", writers, "one narrow gate"},
}

// names of packages that say nothing.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "types", "misc", "base"}

// coming lists the packages that a rule names and that are not written yet.
// One that has come must leave this list, so that a rule cannot outlive its
// package unseen.
var coming = []string{"face/web", "face/responder"}

// maxLines is what one file may have; 400 is when to split it.
const maxLines = 450
