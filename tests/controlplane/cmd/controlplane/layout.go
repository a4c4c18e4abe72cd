package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// layout names every file of a control plane's directory, in one place.
type layout struct{ dir string }

func newLayout(dir string) (layout, error) {
	if dir == "" {
		return layout{}, usageError("--dir is required")
	}
	absolute, err := filepath.Abs(dir)
	return layout{absolute}, err
}

func (l layout) path(name string) string         { return filepath.Join(l.dir, name) }
func (l layout) kubeconfig(user string) string   { return l.path(user + ".kubeconfig") }
func (l layout) log(program string) string       { return l.path(program + ".log") }
func (l layout) authorityCertificate() string    { return l.path("pki/ca.crt") }
func (l layout) authorityKey() string            { return l.path("pki/ca.key") }
func (l layout) servingCertificate() string      { return l.path("pki/apiserver.crt") }
func (l layout) servingKey() string              { return l.path("pki/apiserver.key") }
func (l layout) serviceAccountKey() string       { return l.path("pki/service-account.key") }
func (l layout) serviceAccountPublicKey() string { return l.path("pki/service-account.pub") }
func (l layout) controllerManagerKubeconfig() string {
	return l.path("pki/kube-controller-manager.kubeconfig")
}
func (l layout) auditPolicy() string { return l.path("audit-policy.json") }
func (l layout) auditLog() string    { return l.path("audit.log") }
func (l layout) etcdData() string    { return l.path("etcd") }

// state is what `up` prints when it is ready and what the other commands read.
type state struct {
	Ready      bool           `json:"ready"`
	Kubeconfig string         `json:"kubeconfig"`
	Server     string         `json:"server"`
	Dir        string         `json:"dir"`
	Version    string         `json:"version"`
	Kubectl    string         `json:"kubectl,omitempty"`
	Pids       map[string]int `json:"pids"`
}

func (l layout) statePath() string { return l.path("controlplane.json") }

func (l layout) readState() (state, error) {
	var s state
	text, err := os.ReadFile(l.statePath())
	if err != nil {
		return s, fmt.Errorf("no control plane was started in `%s`: %w", l.dir, err)
	}
	return s, json.Unmarshal(text, &s)
}

// lock makes a second launcher in the same directory fail instead of sharing
// its data. The kernel releases it with the process, however that ends.
func (l layout) lock() (*os.File, error) {
	file, err := os.OpenFile(l.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("a control plane is running in `%s`: use another --dir or `controlplane down` (%w)", l.dir, err)
	}
	return file, nil
}

// findProgram looks a program up in the given folders, in their order.
func findProgram(name string, folders []string) (string, error) {
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no `%s` in %q: build it with tests/controlplane/build.sh or name its folder with --assets", name, folders)
}

// assetFolders is where programs are looked for. The launcher's own folder comes
// last because a KUBEBUILDER_ASSETS bundle has no kube-controller-manager.
func assetFolders(assets string) ([]string, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if assets == "" {
		assets = os.Getenv("KUBEBUILDER_ASSETS")
	}
	if assets == "" {
		return []string{filepath.Dir(own)}, nil
	}
	absolute, err := filepath.Abs(assets)
	return []string{absolute, filepath.Dir(own)}, err
}

// Ports below the kernel's range for outgoing connections: no connection of
// another program can take one while a server restarts.
const (
	lowestPort = 20000
	portCount  = 10000
)

// freePort finds a port nobody listens on. Another process can still take it
// before the server does; the caller then starts again with other ports.
func freePort() (int, error) {
	for range 200 {
		offset, err := rand.Int(rand.Reader, big.NewInt(portCount))
		if err != nil {
			return 0, err
		}
		port := lowestPort + int(offset.Int64())
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("no free port on 127.0.0.1")
}
