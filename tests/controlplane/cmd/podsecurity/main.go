// Command podsecurity is upstream's Pod Security evaluator as a program: it
// judges pods by every check of the Pod Security Standards alone, prints
// upstream's own fixtures, and generates random pods. Another evaluator is
// compared with it check by check.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage:
  podsecurity checks                           the checks, as JSON
  podsecurity evaluate [--defaults] [--stats]  stdin: a pod a line; stdout: the result of every check, a line a pod
  podsecurity fixtures [--testdata DIR]        upstream's test pods, a line each
  podsecurity generate [--count N] [--seed S] [--stats]
                                               random pods, a line each

A pod is {"id": "…", "metadata": {…}, "spec": {…}}.
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "checks":
		err = runChecks(arguments)
	case "evaluate":
		err = runEvaluate(arguments)
	case "fixtures":
		err = runFixtures(arguments)
	case "generate":
		err = runGenerate(arguments)
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		fmt.Fprintf(os.Stderr, "podsecurity: unknown command `%s`\n%s", os.Args[1], usage)
		os.Exit(2)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "podsecurity: %v\n", err)
		os.Exit(1)
	}
}

// parse refuses arguments that are no flags: no command takes any.
func parse(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument `%s`", flags.Arg(0))
	}
	return nil
}
