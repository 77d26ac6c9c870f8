package fakes

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Kubernetes is an API server that serves JSON documents and requires a client certificate.
type Kubernetes struct {
	URL string
	PKI *PKI

	mu      sync.Mutex
	objects map[string]string
}

// NewKubernetes starts an empty API server.
func NewKubernetes(t testing.TB) *Kubernetes {
	t.Helper()
	k := &Kubernetes{PKI: NewPKI(t), objects: map[string]string{}}
	server := httptest.NewUnstartedServer(k)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{k.PKI.Pair(t)},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    k.PKI.Pool(),
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	k.URL = server.URL
	return k
}

// Put stores the JSON of an object, or of a list, at its path.
func (k *Kubernetes) Put(path, json string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.objects[path] = json
}

// Delete removes an object.
func (k *Kubernetes) Delete(path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.objects, path)
}

// ServeHTTP responds as an API server does.
func (k *Kubernetes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	object, ok := k.objects[r.URL.Path]
	k.mu.Unlock()

	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		object = `{"kind":"Status","status":"Failure","reason":"NotFound","message":"not found"}`
	}
	if object == "forbidden" {
		w.WriteHeader(http.StatusForbidden)
		object = `{"kind":"Status","status":"Failure","reason":"Forbidden","message":"user cannot get it"}`
	}
	_, _ = io.WriteString(w, object)
}

// Kubeconfig writes a self-contained kubeconfig file.
func (k *Kubernetes) Kubeconfig(t testing.TB) string {
	t.Helper()
	certificate, key := k.PKI.Issue(t)
	b64 := base64.StdEncoding.EncodeToString
	config := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: sandbox
contexts: [{name: other, context: {cluster: none, user: none}}, {name: sandbox, context: {cluster: local, user: admin}}]
clusters: [{name: local, cluster: {server: "%s", certificate-authority-data: %s}}]
users: [{name: admin, user: {client-certificate-data: %s, client-key-data: %s}}]
`, k.URL, b64(k.PKI.PEM), b64(certificate), b64(key))
	return WriteFile(t, "kubeconfig", config)
}

// WriteFile writes a file in a directory of the test.
func WriteFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
