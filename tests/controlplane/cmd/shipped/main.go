// Command shipped prints the roles and bindings that an API server of the
// module's version makes by itself, one a line, as JSON: those of its defaults,
// and those that feature gates add. Given a file of such lines, it prints these
// together with what they lack: so the data of several versions are joined,
// each version's module adding its own.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	rbacv1 "k8s.io/api/rbac/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "shipped: %v\n", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	var all collection
	for _, file := range files {
		if err := all.read(file); err != nil {
			return err
		}
	}
	all.addShipped()
	if err := utilfeature.DefaultMutableFeatureGate.Set("AllAlpha=true,AllBeta=true"); err != nil {
		return err
	}
	all.addShipped()
	return all.print()
}

// addShipped adds what the API server makes with the feature gates as they are.
func (c *collection) addShipped() {
	for _, roles := range [][]rbacv1.ClusterRole{bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()} {
		for _, role := range roles {
			c.add(fromClusterRole(role))
		}
	}
	for _, bindings := range [][]rbacv1.ClusterRoleBinding{bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()} {
		for _, binding := range bindings {
			c.add(fromClusterRoleBinding(binding))
		}
	}
	for namespace, roles := range bootstrappolicy.NamespaceRoles() {
		for _, role := range roles {
			c.add(fromRole(namespace, role))
		}
	}
	for namespace, bindings := range bootstrappolicy.NamespaceRoleBindings() {
		for _, binding := range bindings {
			c.add(fromRoleBinding(namespace, binding))
		}
	}
}

func (c *collection) read(file string) error {
	opened, err := os.Open(file)
	if err != nil {
		return err
	}
	defer opened.Close()
	lines := bufio.NewScanner(opened)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var object shipped
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		c.add(object)
	}
	return lines.Err()
}
