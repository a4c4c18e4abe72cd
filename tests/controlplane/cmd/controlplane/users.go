package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"regexp"
)

// defaultUsers get a kubeconfig with every start. Only admin may do anything;
// the others have no rights of their own, a test gives them roles.
var defaultUsers = []struct {
	name   string
	groups []string
}{
	{adminUser, []string{"system:masters"}},
	{"platform", nil},
	{"alice", nil},
	{"bob", nil},
	{"carol", nil},
}

const adminUser = "admin"

// validUser keeps a name usable as a file name and in YAML without quotes;
// the colon is for names such as system:serviceaccount:….
var validUser = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@-]*$`)

func runUser(arguments []string) error {
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory of the control plane")
	var groups stringList
	flags.Var(&groups, "group", "a group of the user (may be repeated)")
	positional, err := parseInterspersed(flags, arguments)
	if err != nil {
		return err
	}
	if len(positional) != 1 {
		return usageError("`user` wants exactly one NAME")
	}
	name := positional[0]
	if !validUser.MatchString(name) {
		return usageError(fmt.Sprintf("`%s` is no user name: letters, digits and `._:@-` only", name))
	}
	l, err := newLayout(*dir)
	if err != nil {
		return err
	}
	running, err := l.readState()
	if err != nil {
		return err
	}
	a, err := loadAuthority(l)
	if err != nil {
		return err
	}
	path := l.kubeconfig(name)
	if err := writeKubeconfig(path, a, running.Server, name, groups); err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}

// writeKubeconfig writes a kubeconfig that needs no other file.
func writeKubeconfig(path string, a *authority, server, user string, groups []string) error {
	certificatePEM, keyPEM, err := a.issueUser(user, groups)
	if err != nil {
		return err
	}
	encode := base64.StdEncoding.EncodeToString
	return writeFile(path, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: controlplane
contexts:
- name: controlplane
  context:
    cluster: controlplane
    user: "%[1]s"
clusters:
- name: controlplane
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: "%[1]s"
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
`, user, server, encode(a.pem), encode(certificatePEM), encode(keyPEM)))
}
