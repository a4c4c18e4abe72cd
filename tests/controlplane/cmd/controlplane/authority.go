package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime of every certificate: longer than any test, no renewal needed.
const lifetime = 10 * 365 * 24 * time.Hour

// serviceAddress is the first address of the service range, where pods would
// reach the API server.
const (
	serviceRange   = "10.96.0.0/16"
	serviceAddress = "10.96.0.1"
)

// authority is the certificate authority of one control plane: it signs the
// API server's certificate and those by which users are known to it.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
}

// loadAuthority reads the authority of a directory.
func loadAuthority(l layout) (*authority, error) {
	certificatePEM, err := os.ReadFile(l.authorityCertificate())
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(l.authorityKey())
	if err != nil {
		return nil, err
	}
	certificateBlock, _ := pem.Decode(certificatePEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certificateBlock == nil || keyBlock == nil {
		return nil, fmt.Errorf("`%s` or its key is not PEM", l.authorityCertificate())
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key, certificatePEM}, nil
}

// createAuthority makes a new authority and writes it into the directory.
func createAuthority(l layout) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "controlplane test authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	certificatePEM, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	if err := writeFile(l.authorityKey(), keyPEM); err != nil {
		return nil, err
	}
	if err := writeFile(l.authorityCertificate(), certificatePEM); err != nil {
		return nil, err
	}
	return loadAuthority(l)
}

// issue makes a key and a certificate for it; the caller says what it is good for.
func (a *authority) issue(template *x509.Certificate) (certificatePEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	certificatePEM, err = sign(template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = encodeKey(key)
	return certificatePEM, keyPEM, err
}

// issueUser makes the client certificate of a user: the API server reads the
// name from CommonName and the groups from Organization.
func (a *authority) issueUser(name string, groups []string) (certificatePEM, keyPEM []byte, err error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// writeServing makes the API server's own certificate.
func (a *authority) writeServing(l layout) error {
	certificatePEM, keyPEM, err := a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(serviceAddress)},
	})
	if err != nil {
		return err
	}
	if err := writeFile(l.servingKey(), keyPEM); err != nil {
		return err
	}
	return writeFile(l.servingCertificate(), certificatePEM)
}

// writeServiceAccountKeys makes the RSA pair that signs service account tokens.
func writeServiceAccountKeys(l layout) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writeFile(l.serviceAccountPublicKey(), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})); err != nil {
		return err
	}
	private := x509.MarshalPKCS1PrivateKey(key)
	return writeFile(l.serviceAccountKey(), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: private}))
}

// preparePKI makes what the directory lacks, so that a second `up` in the same
// directory keeps its users' kubeconfigs and its service accounts' tokens valid.
func preparePKI(l layout) (*authority, error) {
	if exists(l.authorityCertificate()) && exists(l.servingCertificate()) && exists(l.serviceAccountKey()) {
		return loadAuthority(l)
	}
	a, err := createAuthority(l)
	if err != nil {
		return nil, err
	}
	if err := a.writeServing(l); err != nil {
		return nil, err
	}
	return a, writeServiceAccountKeys(l)
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // clocks in tests may be set back
	template.NotAfter = template.NotBefore.Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// writeFile writes by way of a second name, so that no reader sees half a file.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
