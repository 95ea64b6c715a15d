package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var initialised = regexp.MustCompile(`(?m)^init (\S+) @`)

// testEarly calls the program by git's name for it and looks at what was
// initialised before it answered: no service of AWS, nor what the network needs. A
// few of the SDK's packages that need nothing but the clock come before everything.
func testEarly(t *testing.T, bin string) {
	link := filepath.Join(t.TempDir(), "git-secrets")
	if err := os.Symlink(bin, link); err != nil {
		t.Fatal(err)
	}
	trace := func(program string) (all []string) {
		cmd := exec.Command(program, "--list")
		cmd.Dir = t.TempDir()
		cmd.Env = []string{"GODEBUG=inittrace=1", "HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH")}
		out, _ := cmd.CombinedOutput() // without settings the answer is 1
		for _, m := range initialised.FindAllStringSubmatch(string(out), -1) {
			all = append(all, m[1])
		}
		return all
	}
	late := regexp.MustCompile(`^(github\.com/aws/aws-sdk-go-v2/service/|net$|net/http|crypto/tls|os/exec$|regexp$|cordon/internal/(kinds|engine|words)$)`)
	before, whole, early := trace(link), trace(bin), 0
	for _, pkg := range whole {
		if late.MatchString(pkg) {
			early++
		}
	}
	if early < 20 || len(before) == 0 {
		t.Fatalf("the trace was not read: %d packages of %d, %d as git-secrets", early, len(whole), len(before))
	}
	for _, pkg := range before {
		if late.MatchString(pkg) {
			t.Errorf("%s was initialised before git-secrets answered", pkg)
		}
	}
	t.Logf("%d of %d packages are initialised before git-secrets answers", len(before), len(whole))
}
