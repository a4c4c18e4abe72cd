package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options of the command `up`.
type options struct {
	layout            layout
	assetFolders      []string
	controllerManager bool
	auditLog          bool
	detachStdin       bool
	kubeconfigOut     string
	timeout           time.Duration
}

func parseUp(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory for certificates, data and logs; a second start in it finds the data of the first")
	assets := flags.String("assets", "", "folder of the programs (default: $KUBEBUILDER_ASSETS, then the launcher's own folder)")
	flags.BoolVar(&o.controllerManager, "controller-manager", false, "start kube-controller-manager too: Deployments make pods, service accounts have tokens")
	flags.BoolVar(&o.auditLog, "audit-log", false, "log every request at level Metadata to DIR/audit.log")
	flags.BoolVar(&o.detachStdin, "detach-stdin", false, "stay up when stdin ends; stop by signal or `controlplane down`")
	flags.StringVar(&o.kubeconfigOut, "kubeconfig-out", "", "also write admin's kubeconfig to this file")
	flags.DurationVar(&o.timeout, "timeout", 60*time.Second, "give up when not ready after this time")
	positional, err := parseInterspersed(flags, arguments)
	if err != nil {
		return o, err
	}
	if len(positional) > 0 {
		return o, usageError(fmt.Sprintf("unexpected argument `%s`", positional[0]))
	}
	if o.layout, err = newLayout(*dir); err != nil {
		return o, err
	}
	o.assetFolders, err = assetFolders(*assets)
	return o, err
}

// errAskedToStop ends a start or a command that is under way when the launcher
// has to stop; after the start it is no failure.
var (
	errAskedToStop = errors.New("asked to stop")
	errStdinEnded  = fmt.Errorf("%w: stdin ended; keep it open for as long as the control plane is needed, or use --detach-stdin", errAskedToStop)
)

func runUp(arguments []string) error {
	o, err := parseUp(arguments)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.layout.dir, 0o700); err != nil {
		return err
	}
	lock, err := o.layout.lock()
	if err != nil {
		return err
	}
	defer lock.Close()

	ctx, commands := listen(o.detachStdin)
	p, err := startPlane(ctx, o)
	if err != nil {
		return err
	}
	defer p.stop()
	defer os.Remove(o.layout.statePath())
	if err := p.publish(); err != nil {
		return err
	}
	return p.serve(ctx, commands)
}

// listen gives a context that ends when the launcher has to stop (a signal, or
// the end of stdin, which comes whatever way the parent died) and the lines of stdin.
func listen(detachStdin bool) (context.Context, <-chan string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// A parent that closed our stdout mustn't kill us by SIGPIPE before the children are stopped.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if detachStdin {
		signal.Ignore(syscall.SIGHUP)
	} else {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel(errAskedToStop)
	}()

	commands := make(chan string, 1024) // so that the end of stdin is seen while a command runs
	if !detachStdin {
		go func() {
			lines := bufio.NewScanner(os.Stdin)
			for lines.Scan() {
				commands <- lines.Text()
			}
			cancel(errStdinEnded)
		}()
	}
	return ctx, commands
}

// publish tells the world that the control plane is ready.
func (p *plane) publish() error {
	line, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	if err := writeFile(p.options.layout.statePath(), line); err != nil {
		return err
	}
	if out := p.options.kubeconfigOut; out != "" {
		kubeconfig, err := os.ReadFile(p.state.Kubeconfig)
		if err != nil {
			return err
		}
		if err := writeFile(out, kubeconfig); err != nil {
			return err
		}
	}
	fmt.Println(string(line))
	return nil
}

// runDown stops the launcher of a directory and waits until it has ended.
func runDown(arguments []string) error {
	flags := flag.NewFlagSet("down", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory of the control plane")
	if _, err := parseInterspersed(flags, arguments); err != nil {
		return err
	}
	l, err := newLayout(*dir)
	if err != nil {
		return err
	}
	// Whoever gets the lock knows that nothing runs: a process id in an old state
	// file may belong to another program by now.
	if lock, err := l.lock(); err == nil || errors.Is(err, os.ErrNotExist) {
		lock.Close()
		return fmt.Errorf("no control plane runs in `%s`", l.dir)
	}
	running, err := l.readState()
	if err != nil {
		return err
	}
	if err := syscall.Kill(running.Pids[launcher], syscall.SIGTERM); err != nil {
		return err
	}
	for deadline := time.Now().Add(4 * longestGrace); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if lock, err := l.lock(); err == nil {
			return lock.Close()
		}
	}
	return fmt.Errorf("the control plane in `%s` did not stop", l.dir)
}
