package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
)

func newPolicy(a *app) *cobra.Command {
	c := a.leaf("policy triage|contain|responder", "policy", between(1, 1), func(_ *cobra.Command, args []string) error {
		doc, err := engine.Policy(args[0])
		if err != nil {
			return &problem{reason: "usage.policy", args: []any{"name", safe(args[0])}, exit: exitUsage, err: err}
		}
		data := map[string]any{"name": args[0], "document": json.RawMessage(doc)}
		return a.record("policy", data, func() { _, _ = a.sys.Out.Write(append(doc, '\n')) })
	})
	c.ValidArgs = []string{"triage", "contain", "responder"}
	return c
}

func newCompletion(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	c := a.leaf("completion bash|zsh|fish|powershell", "completion", between(1, 1), func(cmd *cobra.Command, args []string) error {
		root, out := cmd.Root(), a.sys.Out
		switch args[0] {
		case "bash":
			return root.GenBashCompletionV2(out, false)
		case "zsh":
			return root.GenZshCompletionNoDesc(out)
		case "fish":
			return root.GenFishCompletion(out, false)
		case "powershell":
			return root.GenPowerShellCompletion(out)
		}
		return usage("usage.shell", "name", safe(args[0]))
	})
	c.ValidArgs = shells
	return c
}

func newVersion(a *app) *cobra.Command {
	return a.leaf("version", "version", between(0, 0), func(*cobra.Command, []string) error {
		return a.record("version", map[string]any{"version": a.sys.Version}, func() { a.print("", "cordon "+a.sys.Version) })
	})
}
