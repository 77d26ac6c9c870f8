package kube_test

import (
	"fmt"
	"strings"
	"testing"

	"issuer/internal/fakes"
	"issuer/internal/kube"
)

func client(t *testing.T, kubeconfig string) *kube.Client {
	t.Helper()
	c, err := kube.FromKubeconfig(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReadsWithAClientCertificate(t *testing.T) {
	server := fakes.NewKubernetes(t)
	server.Put("/api/v1/namespaces/ns/secrets/s", `{"metadata":{"name":"s"},"data":{"k":"dmFsdWU="}}`)
	server.Put("/apis/networking.k8s.io/v1/namespaces/ns/ingresses", `{"items":[{"metadata":{"name":"i"}}]}`)
	c := client(t, server.Kubeconfig(t))

	secret, err := c.Secret(t.Context(), "ns", "s")
	if err != nil || string(secret.Data["k"]) != "value" {
		t.Errorf("got %v, %v", secret, err)
	}
	ingresses, err := c.Ingresses(t.Context(), "ns")
	if err != nil || len(ingresses) != 1 {
		t.Errorf("got %v, %v", ingresses, err)
	}
	if routes, err := c.HTTPRoutes(t.Context(), "ns"); err != nil || len(routes) != 0 {
		t.Errorf("without the Gateway API: %v, %v", routes, err)
	}
}

func TestErrorsNameTheObject(t *testing.T) {
	server := fakes.NewKubernetes(t)
	server.Put("/api/v1/namespaces/ns/secrets/forbidden", "forbidden")
	server.Put("/api/v1/namespaces/ns/secrets/broken", `{"data":{"k":"c2VudGluZWw`)
	c := client(t, server.Kubeconfig(t))

	_, err := c.Secret(t.Context(), "ns", "none")
	if !kube.IsNotFound(err) || err.Error() != `secret "none" not found in namespace ns` {
		t.Errorf("got %v", err)
	}
	_, err = c.Secret(t.Context(), "ns", "forbidden")
	if kube.IsNotFound(err) || err.Error() != "read secret ns/forbidden: the API server responds with 403 Forbidden: user cannot get it" {
		t.Errorf("got %v", err)
	}
	_, err = c.Secret(t.Context(), "ns", "broken")
	if err == nil || strings.Contains(err.Error(), "c2VudGluZWw") {
		t.Errorf("got %v", err)
	}
}

func TestKubeconfigWithFiles(t *testing.T) {
	server := fakes.NewKubernetes(t)
	server.Put("/api/v1/namespaces/ns/pods/p", `{"metadata":{"name":"p"}}`)
	certificate, key := server.PKI.Issue(t)
	config := fmt.Sprintf(`
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "%s/", certificate-authority: %s}}]
users: [{name: u, user: {client-certificate: %s, client-key: %s}}]
`, server.URL, fakes.WriteFile(t, "ca.crt", string(server.PKI.PEM)),
		fakes.WriteFile(t, "tls.crt", string(certificate)), fakes.WriteFile(t, "tls.key", string(key)))

	if pod, err := client(t, fakes.WriteFile(t, "config", config)).Pod(t.Context(), "ns", "p"); err != nil || pod.Metadata.Name != "p" {
		t.Errorf("got %v, %v", pod, err)
	}
}

func TestKubeconfigRefuses(t *testing.T) {
	const head = "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
	const cluster = `clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]` + "\n"
	tests := map[string]struct{ config, want string }{
		"no YAML":              {"a: [", "not a kubeconfig"},
		"no current context":   {"contexts: []", "current-context is not set"},
		"an unknown context":   {"current-context: c", `there is no context "c"`},
		"an unknown cluster":   {head, `there is no cluster "k"`},
		"a cluster without":    {head + "clusters: [{name: k, cluster: {}}]", `cluster "k" has no server`},
		"an unknown user":      {head + cluster, `there is no user "u"`},
		"a plug-in":            {head + cluster + "users: [{name: u, user: {exec: {command: gke}}}]", "from a plug-in"},
		"data that is not":     {head + cluster + "users: [{name: u, user: {client-certificate-data: '*'}}]", "client-certificate-data is not base64"},
		"a missing file":       {head + cluster + "users: [{name: u, user: {client-key: none.key}}]", "client-key: open "},
		"a certificate alone":  {head + cluster + "users: [{name: u, user: {client-certificate-data: YQ==}}]", "client-certificate and client-key"},
		"a CA that is not PEM": {head + `clusters: [{name: k, cluster: {server: "https://x", certificate-authority-data: YQ==}}]` + "\nusers: [{name: u, user: {}}]", "holds no PEM certificate"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := kube.FromKubeconfig(fakes.WriteFile(t, "config", test.config))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := kube.FromKubeconfig("none"); err == nil {
		t.Error("a file that is not there is accepted")
	}
}
