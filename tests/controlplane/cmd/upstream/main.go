// Command upstream is upstream's judgement as a program: whether RBAC allows a
// request, whether a selector matches labels, whether a pod may run on a node,
// and what a network policy isolates. It reads questions and writes answers,
// each a line of JSON; another evaluator is compared with it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage:
  upstream authorize   which requests RBAC allows
  upstream match       what selectors, tolerations, node affinity and network policies mean

stdin: a question a line; stdout: the answer to it, or {"error": "…"}.

authorize:
  {"clusterRoles": […], "roles": […], "clusterRoleBindings": […], "roleBindings": […],
   "requests": [{"user": "…", "groups": ["…"], "verb": "…", "apiGroup": "…", "resource": "…", "subresource": "…",
                 "name": "…", "namespace": "…"}, {"user": "…", "verb": "…", "nonResource": true, "path": "/…"}]}
                                                                                   -> {"allowed": [true, false, …]}
match:
  {"op": "labelSelector", "selector": LabelSelector, "labels": {…}}                -> {"match": true}
  {"op": "tolerates", "taints": […], "tolerations": […], "effects": ["NoSchedule", …]}
                                                                                   -> {"match": true}
  {"op": "nodeAffinity", "pod": PodSpec, "node": {"name": "…", "labels": {…}}}     -> {"match": true}
  {"op": "networkPolicy", "policy": NetworkPolicy}                                 -> {"policyTypes": ["Ingress", …]}
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "authorize":
		err = run(authorize, arguments)
	case "match":
		err = run(match, arguments)
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		fmt.Fprintf(os.Stderr, "upstream: unknown command `%s`\n%s", os.Args[1], usage)
		os.Exit(2)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "upstream: %v\n", err)
		os.Exit(1)
	}
}

// run answers what stdin asks; no command takes any argument.
func run[Q, A any](judge func(*Q) (A, error), arguments []string) error {
	flags := flag.NewFlagSet("upstream", flag.ContinueOnError)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument `%s`", flags.Arg(0))
	}
	return answerLines(os.Stdin, os.Stdout, judge)
}
