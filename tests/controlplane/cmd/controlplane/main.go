// Command controlplane starts a real Kubernetes control plane on 127.0.0.1 for
// tests and demos: etcd, kube-apiserver and, when asked, kube-controller-manager.
//
// There are no nodes and no scheduler: pods are admitted, stored and stay
// Pending. Everything lives in one directory and nothing outlives the launcher.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
)

const usage = `usage:
  controlplane up --dir DIR [flags]              start, print one line of JSON when ready, stay up
  controlplane user --dir DIR NAME [--group G]…  write DIR/NAME.kubeconfig, signed by the authority of DIR
  controlplane down --dir DIR                    stop the control plane that runs in DIR

'controlplane COMMAND --help' lists the flags of a command.
`

// The kernel sends a child its parent-death signal when the *thread* that
// started it ends. The main goroutine starts every child, and holding it to the
// main thread, which lives as long as the process, makes that the launcher's end.
func init() {
	runtime.LockOSThread()
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "up":
		err = runUp(arguments)
	case "user":
		err = runUser(arguments)
	case "down":
		err = runDown(arguments)
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		err = usageError(fmt.Sprintf("unknown command `%s`", os.Args[1]))
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintf(os.Stderr, "controlplane: %v\n", err)
	var wrong usageError
	if errors.As(err, &wrong) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(1)
}

// usageError is a mistake in the command line: exit code 2 instead of 1.
type usageError string

func (e usageError) Error() string { return string(e) }

// parseInterspersed parses flags wherever they stand and returns the other
// arguments; the flag package alone stops at the first argument that isn't a flag.
func parseInterspersed(flags *flag.FlagSet, arguments []string) ([]string, error) {
	var positional []string
	for {
		if err := flags.Parse(arguments); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError(err.Error())
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional = append(positional, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
}

// stringList collects a flag that may be given several times.
type stringList []string

func (l *stringList) String() string { return strings.Join(*l, ",") }

func (l *stringList) Set(value string) error {
	*l = append(*l, value)
	return nil
}
