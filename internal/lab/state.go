package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNoLab says that no lab was noted as running.
var ErrNoLab = errors.New("no lab is running; start one with: cordon lab start")

const stateFile = "lab.json"

type savedLab struct {
	URL        string `json:"url"`
	Token      string `json:"token"`
	PID        int    `json:"pid"`
	Account    string `json:"account"`
	RootID     string `json:"root_key_id"`
	RootSecret string `json:"root_key_secret"`
}

// SaveState notes a running lab in a directory, for LoadState. The file can be
// read by its owner only: the token runs code.
func SaveState(dir string, l *Lab) error {
	if err := privateDir(dir); err != nil {
		return fmt.Errorf("cannot note the running lab: %w", err)
	}
	raw, err := json.MarshalIndent(savedLab{l.url, l.token, l.pid, l.account, l.rootID, l.rootSecret}, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot note the running lab: %w", err)
	}
	if err := writeFile(filepath.Join(dir, stateFile), append(raw, '\n')); err != nil {
		return fmt.Errorf("cannot note the running lab: %w", err)
	}
	return nil
}

// LoadState returns the lab noted in a directory, or ErrNoLab. Whether it still
// runs is for Health to say.
func LoadState(dir string) (*Lab, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoLab
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find the running lab: %w", err)
	}
	var s savedLab
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("cannot find the running lab: %s is damaged: %w", filepath.Join(dir, stateFile), err)
	}
	l := Attach(s.URL, s.Token)
	l.pid, l.account, l.rootID, l.rootSecret = s.PID, s.Account, s.RootID, s.RootSecret
	return l, nil
}

// RemoveState forgets the lab noted in a directory.
func RemoveState(dir string) error {
	err := os.Remove(filepath.Join(dir, stateFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot forget the lab: %w", err)
	}
	return nil
}
