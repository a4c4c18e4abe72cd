package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program writes a shell script that stands in for a server.
func program(t *testing.T, folder, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, script string, timeout time.Duration) error {
	t.Helper()
	folder := t.TempDir()
	program(t, folder, etcd, script)
	program(t, folder, kubeAPIServer, "exit 1")
	_, err := startPlane(context.Background(), options{
		layout:       layout{t.TempDir()},
		assetFolders: []string{folder},
		timeout:      timeout,
	})
	return err
}

func TestFailureShowsTheEndOfTheLog(t *testing.T) {
	err := start(t, `i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "line $i"; done; exit 3`, time.Minute)
	if err == nil || !strings.Contains(err.Error(), "etcd ended: exit status 3") || !strings.HasSuffix(err.Error(), "line 50") {
		t.Errorf("want etcd's exit status and its last lines, got: %v", err)
	}
	if strings.Contains(err.Error(), "line 20\n") {
		t.Errorf("want the last 30 lines only, got: %v", err)
	}
}

func TestServerThatIsNeverReadyFailsInTime(t *testing.T) {
	began := time.Now()
	err := start(t, "echo waiting; exec sleep 100", time.Second)
	if err == nil || !strings.Contains(err.Error(), "not ready after 1s") || !strings.HasSuffix(err.Error(), "waiting") {
		t.Errorf("want the time it took and the log, got: %v", err)
	}
	if time.Since(began) > 10*time.Second {
		t.Errorf("took %s", time.Since(began))
	}
}

func TestLostPortIsTriedAgain(t *testing.T) {
	tries := filepath.Join(t.TempDir(), "tries")
	err := start(t, fmt.Sprintf(`echo "$@" >>%[1]s; [ $(wc -l <%[1]s) -ge 3 ] || echo bind: address already in use; exit 1`, tries), time.Minute)
	text, readError := os.ReadFile(tries)
	if err == nil || readError != nil {
		t.Fatal(err, readError)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3 || lines[0] == lines[1] {
		t.Errorf("want three tries with different ports, got:\n%s", text)
	}
}

func TestStopEndsAChildThatIgnoresSIGTERM(t *testing.T) {
	folder := t.TempDir()
	program(t, folder, "stubborn", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
	c := &child{name: "stubborn", program: filepath.Join(folder, "stubborn"), logPath: filepath.Join(folder, "log"), grace: 200 * time.Millisecond}
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	for log := []byte(nil); len(log) == 0; log, _ = os.ReadFile(c.logPath) {
		time.Sleep(10 * time.Millisecond)
	}
	pid := c.process.Pid
	c.stop()
	if c.running() || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		t.Error("it still runs")
	}
}

func TestUserCertificateCarriesNameAndGroups(t *testing.T) {
	a, err := preparePKI(layout{t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := a.issueUser("dave", []string{"security", "staff"})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	slices.Sort(certificate.Subject.Organization) // a set, in an order of its own
	if certificate.Subject.CommonName != "dave" || !reflect.DeepEqual(certificate.Subject.Organization, []string{"security", "staff"}) {
		t.Errorf("got %s", certificate.Subject)
	}
}

func TestSecondStartKeepsTheAuthority(t *testing.T) {
	l := layout{t.TempDir()}
	one, err := preparePKI(l)
	if err != nil {
		t.Fatal(err)
	}
	two, err := preparePKI(l)
	if err != nil || !one.certificate.Equal(two.certificate) {
		t.Errorf("want the same authority, got another (%v)", err)
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	l := layout{t.TempDir()}
	lock, err := l.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.lock(); err == nil {
		t.Error("two launchers in one directory")
	}
	lock.Close()
	if lock, err = l.lock(); err != nil {
		t.Error(err)
	}
	lock.Close()
}

func TestFlagsMayFollowTheName(t *testing.T) {
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	dir := flags.String("dir", "", "")
	var groups stringList
	flags.Var(&groups, "group", "")
	positional, err := parseInterspersed(flags, []string{"--dir", "d", "dave", "--group", "a", "--group", "b"})
	if err != nil || *dir != "d" || !reflect.DeepEqual(positional, []string{"dave"}) || groups.String() != "a,b" {
		t.Errorf("got %q %q %q %v", *dir, positional, groups, err)
	}
}

func TestProgramIsTakenFromTheFirstFolderThatHasIt(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	program(t, second, kubeControllerManager, "")
	program(t, first, etcd, "")
	program(t, second, etcd, "")
	for name, want := range map[string]string{etcd: first, kubeControllerManager: second} {
		if got, err := findProgram(name, []string{first, second}); err != nil || filepath.Dir(got) != want {
			t.Errorf("%s: got %s (%v)", name, got, err)
		}
	}
	if _, err := findProgram(kubectl, []string{first, second}); err == nil || !strings.Contains(err.Error(), "build.sh") {
		t.Errorf("want a remedy, got: %v", err)
	}
}
