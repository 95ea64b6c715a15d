package cli

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// shells are those that there is a completion for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(a *app) *cobra.Command {
	c := a.leaf("completion bash|zsh|fish|powershell", "completion", between(1, 1), func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(shells, args[0]) {
			return usage("usage.shell", "name", safe(args[0]))
		}
		return complete(cmd.Root(), args[0], a.sys.Out)
	})
	c.ValidArgs = shells
	return c
}

// complete writes the completion of one of the shells. cobra writes it without
// a template.
func complete(root *cobra.Command, shell string, out io.Writer) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(out, false)
	case "zsh":
		return root.GenZshCompletionNoDesc(out)
	case "fish":
		return root.GenFishCompletion(out, false)
	}
	return root.GenPowerShellCompletion(out)
}

func newVersion(a *app) *cobra.Command {
	return a.leaf("version", "version", between(0, 0), func(*cobra.Command, []string) error {
		return a.record("version", map[string]any{"version": a.sys.Version}, func() { a.print("", "cordon "+a.sys.Version) })
	})
}
