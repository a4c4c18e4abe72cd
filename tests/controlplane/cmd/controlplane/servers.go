package main

import (
	"fmt"
	"strconv"
	"time"
)

const (
	etcd                  = "etcd"
	kubeAPIServer         = "kube-apiserver"
	kubeControllerManager = "kube-controller-manager"
	kubectl               = "kubectl"
)

// serviceAccountIssuer is the issuer in every token: stable, because a token
// outlives a restart on another port.
const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local"

// auditEveryRequest logs who did what to which object, without the objects.
const auditEveryRequest = `{
  "apiVersion": "audit.k8s.io/v1",
  "kind": "Policy",
  "omitStages": ["RequestReceived"],
  "rules": [{"level": "Metadata"}]
}
`

// longestGrace is how long any server may take to end when asked to.
const longestGrace = 5 * time.Second

// gracePeriod is how long a server may take to end when asked to.
func gracePeriod(name string) time.Duration {
	if name == etcd {
		return time.Second // it would wait for the watches of its clients to end
	}
	return longestGrace
}

// ports of one try to start.
type ports struct{ etcd, etcdPeer, server int }

func choosePorts() (ports, error) {
	var chosen [3]int
	for i := range chosen {
		port, err := freePort()
		if err != nil {
			return ports{}, err
		}
		chosen[i] = port
	}
	return ports{chosen[0], chosen[1], chosen[2]}, nil
}

func (p ports) etcdURL() string   { return fmt.Sprintf("http://127.0.0.1:%d", p.etcd) }
func (p ports) serverURL() string { return fmt.Sprintf("https://127.0.0.1:%d", p.server) }

func etcdArguments(l layout, p ports) []string {
	peer := fmt.Sprintf("http://127.0.0.1:%d", p.etcdPeer)
	return []string{
		"--name=controlplane",
		"--data-dir=" + l.etcdData(),
		"--listen-client-urls=" + p.etcdURL(),
		"--advertise-client-urls=" + p.etcdURL(),
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=controlplane=" + peer,
		"--unsafe-no-fsync", // a test's data needn't survive a power cut
		"--log-level=warn",
	}
}

func apiServerArguments(l layout, p ports, o options) []string {
	arguments := []string{
		"--etcd-servers=" + p.etcdURL(),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(p.server),
		// Without it the server looks for a default route, which a sandbox may lack.
		"--advertise-address=127.0.0.1",
		// A loopback address is no valid endpoint of the `kubernetes` Service.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceRange,
		"--tls-cert-file=" + l.servingCertificate(),
		"--tls-private-key-file=" + l.servingKey(),
		"--client-ca-file=" + l.authorityCertificate(),
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + l.serviceAccountPublicKey(),
		"--service-account-signing-key-file=" + l.serviceAccountKey(),
		// Privileged pods are judged by what is under test, not refused beforehand.
		"--allow-privileged=true",
	}
	if !o.controllerManager {
		// It refuses pods until the controller manager has made their account.
		arguments = append(arguments, "--disable-admission-plugins=ServiceAccount")
	}
	if o.auditLog {
		arguments = append(arguments,
			"--audit-policy-file="+l.auditPolicy(),
			"--audit-log-path="+l.auditLog(),
		)
	}
	return arguments
}

func controllerManagerArguments(l layout) []string {
	return []string{
		"--kubeconfig=" + l.controllerManagerKubeconfig(),
		"--secure-port=0", // nobody asks it anything, and a port saved can't clash
		"--leader-elect=false",
		// As in a real cluster: a Deployment's pods come from replicaset-controller.
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + l.serviceAccountKey(),
		"--root-ca-file=" + l.authorityCertificate(),
		"--cluster-signing-cert-file=" + l.authorityCertificate(),
		"--cluster-signing-key-file=" + l.authorityKey(),
	}
}
