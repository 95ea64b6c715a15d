//go:build unix

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"cordon/internal/lab"
)

// A caller is who looks at the account.
type caller struct {
	Caller struct {
		KeyID  string `json:"access_key_id"`
		Secret string `json:"secret_access_key"`
	} `json:"caller"`
}

func seed(ctx context.Context, l *lab.Lab) (caller, error) {
	raw, err := l.Seed(ctx, "calm", time.Now().UTC().Truncate(time.Second))
	var c caller
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err == nil && c.Caller.KeyID == "" {
		err = errNoCaller
	}
	return c, err
}

// sign points the SDK at the caller's key and at nothing else of this machine.
func sign(dir string, c caller) error {
	for _, name := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": c.Caller.KeyID, "AWS_SECRET_ACCESS_KEY": c.Caller.Secret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"), "AWS_CONFIG_FILE": filepath.Join(dir, "none"),
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
