package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// launcher is this program's own name among the process ids.
const launcher = "controlplane"

// plane is a control plane that runs.
type plane struct {
	options  options
	ports    ports
	children []*child // in the order they start
	admin    *http.Client
	state    state
}

// startPlane starts the servers one after the other, each when the one before
// it is ready, and returns when the last one is.
func startPlane(ctx context.Context, o options) (*plane, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not ready after %s", o.timeout))
	defer cancel()
	a, err := preparePKI(o.layout)
	if err != nil {
		return nil, err
	}
	for {
		p, err := tryStart(ctx, o, a)
		if err == nil {
			return p, nil
		}
		p.stop()
		var failure *childError
		if ctx.Err() != nil || !errors.As(err, &failure) || !failure.lostRace {
			return nil, err
		}
		fmt.Fprintln(os.Stderr, "controlplane: another process took a port, trying others")
	}
}

// tryStart returns the plane with a failure too, so that the caller can stop it.
func tryStart(ctx context.Context, o options, a *authority) (*plane, error) {
	p := &plane{options: o}
	if err := p.prepare(a); err != nil {
		return p, err
	}
	for _, c := range p.children {
		if err := c.start(); err != nil {
			return p, err
		}
		if err := p.await(ctx, c); err != nil {
			return p, err
		}
	}
	return p, p.describe(ctx)
}

// prepare chooses ports, writes the kubeconfigs and lists the children.
func (p *plane) prepare(a *authority) error {
	o, l := p.options, p.options.layout
	var err error
	if p.ports, err = choosePorts(); err != nil {
		return err
	}
	server := p.ports.serverURL()
	for _, user := range defaultUsers {
		if err := writeKubeconfig(l.kubeconfig(user.name), a, server, user.name, user.groups); err != nil {
			return err
		}
	}
	if err := p.adminClient(a); err != nil {
		return err
	}
	if err := p.add(etcd, etcdArguments(l, p.ports)); err != nil {
		return err
	}
	if o.auditLog {
		if err := writeFile(l.auditPolicy(), []byte(auditEveryRequest)); err != nil {
			return err
		}
	}
	if err := p.add(kubeAPIServer, apiServerArguments(l, p.ports, o)); err != nil {
		return err
	}
	if !o.controllerManager {
		return nil
	}
	if err := writeKubeconfig(l.controllerManagerKubeconfig(), a, server, "system:kube-controller-manager", nil); err != nil {
		return err
	}
	return p.add(kubeControllerManager, controllerManagerArguments(l))
}

func (p *plane) add(name string, arguments []string) error {
	program, err := findProgram(name, p.options.assetFolders)
	if err != nil {
		return err
	}
	p.children = append(p.children, &child{
		name:      name,
		program:   program,
		arguments: arguments,
		logPath:   p.options.layout.log(name),
		grace:     gracePeriod(name),
	})
	return nil
}

func (p *plane) child(name string) (*child, error) {
	for _, c := range p.children {
		if c.name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no server `%s` here", name)
}

// adminClient prepares the launcher's own way to ask the API server.
func (p *plane) adminClient(a *authority) error {
	certificatePEM, keyPEM, err := a.issueUser(adminUser, []string{"system:masters"})
	if err != nil {
		return err
	}
	certificate, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	p.admin = &http.Client{
		Timeout: 5 * time.Second, // one probe; a paused server answers none
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}},
			DisableKeepAlives: true, // a connection to a server that was restarted is dead
		},
	}
	return nil
}

// readyURL answers 200 when the server is ready.
func (p *plane) readyURL(name string) string {
	switch name {
	case etcd:
		return p.ports.etcdURL() + "/health"
	case kubeAPIServer:
		return p.ports.serverURL() + "/readyz"
	default:
		// The controller manager's last needed deed: from here on pods are admitted.
		return p.ports.serverURL() + "/api/v1/namespaces/default/serviceaccounts/default"
	}
}

// await returns when the child is ready, has ended, or time is up.
func (p *plane) await(ctx context.Context, c *child) error {
	for {
		if _, err := p.get(ctx, p.readyURL(c.name)); err == nil {
			return nil
		}
		select {
		case <-c.exited:
			return c.exitedEarly()
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errAskedToStop) {
				return context.Cause(ctx)
			}
			return c.failed(fmt.Sprintf("%s: %v", c.name, context.Cause(ctx)))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *plane) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := p.admin.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, response.Status)
	}
	return body, err
}

// describe fills in the state that `up` prints.
func (p *plane) describe(ctx context.Context) error {
	body, err := p.get(ctx, p.ports.serverURL()+"/version")
	if err != nil {
		return err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(body, &version); err != nil {
		return err
	}
	// A missing kubectl is no failure: not every test needs one.
	kubectlPath, _ := findProgram(kubectl, p.options.assetFolders)
	p.state = state{
		Ready:      true,
		Kubeconfig: p.options.layout.kubeconfig(adminUser),
		Server:     p.ports.serverURL(),
		Dir:        p.options.layout.dir,
		Version:    version.GitVersion,
		Kubectl:    kubectlPath,
		Pids:       map[string]int{launcher: os.Getpid()},
	}
	for _, c := range p.children {
		p.state.Pids[c.name] = c.process.Pid
	}
	return nil
}

// stop ends the children, the last one first.
func (p *plane) stop() {
	for _, c := range slices.Backward(p.children) {
		c.stop()
	}
}

// serve carries out commands until the launcher has to stop or a child ends by itself.
func (p *plane) serve(ctx context.Context, commands <-chan string) error {
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case command := <-commands:
			p.answer(ctx, command)
		case <-look.C:
			for _, c := range p.children {
				if !c.running() {
					return c.exitedEarly()
				}
			}
		}
	}
}

// answer carries out one command and prints one line.
func (p *plane) answer(ctx context.Context, line string) {
	type answer struct {
		Command string `json:"command"`
		OK      bool   `json:"ok"`
		Pid     int    `json:"pid,omitempty"`
		Error   string `json:"error,omitempty"`
	}
	a := answer{Command: line}
	c, err := p.carryOut(ctx, line)
	if err != nil {
		a.Error = err.Error()
	} else {
		a.OK, a.Pid = true, c.process.Pid
	}
	text, err := json.Marshal(a)
	if err != nil {
		text = []byte(`{"ok":false}`)
	}
	fmt.Println(string(text))
}

func (p *plane) carryOut(ctx context.Context, line string) (*child, error) {
	words := strings.Fields(line)
	if len(words) != 2 {
		return nil, errors.New("a command is: restart, pause, resume or compact, and the name of a server")
	}
	c, err := p.child(words[1])
	if err != nil {
		return nil, err
	}
	switch words[0] {
	case "restart":
		return c, p.restart(ctx, c)
	case "pause":
		return c, c.pause()
	case "resume":
		return c, p.resume(ctx, c)
	case "compact":
		return c, p.compact(ctx, c)
	default:
		return nil, fmt.Errorf("unknown command `%s`: restart, pause, resume or compact", words[0])
	}
}

// resume thaws a server and waits until it answers again.
func (p *plane) resume(ctx context.Context, c *child) error {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	if err := c.resume(); err != nil {
		return err
	}
	return p.await(ctx, c)
}

// bounded limits how long a start or a command may take.
func (p *plane) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := p.options.timeout
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not ready after %s", timeout))
}

// restart stops a server, starts it on the same port, and waits until it and
// what depends on it are ready.
func (p *plane) restart(ctx context.Context, c *child) error {
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	c.stop()
	if err := c.start(); err != nil {
		return err
	}
	if err := p.await(ctx, c); err != nil {
		return err
	}
	server, err := p.child(kubeAPIServer)
	if err != nil || server.paused {
		return err
	}
	if err := p.await(ctx, server); err != nil {
		return err
	}
	return p.updateState(c)
}

// updateState keeps the process ids in the state file true after a restart.
func (p *plane) updateState(c *child) error {
	p.state.Pids[c.name] = c.process.Pid
	text, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	return writeFile(p.options.layout.statePath(), text)
}
