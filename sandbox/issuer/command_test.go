package main

import "testing"

func TestFinalCommand(t *testing.T) {
	env := map[string]string{
		"AP_CERT_ISSUER_ENABLED":             "true",
		"AP_CERT_ISSUER_CA_DIR_URL":          "https://ca.test/dir",
		"AP_CERT_ISSUER_DNS_PROVIDERS":       "",
		"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002",
	}
	const command = "Final command: /usr/bin/provider-services run"
	want := command + " --cert-issuer-enabled=true --cert-issuer-ca-dir-url=https://ca.test/dir --cert-issuer-http-challenge-port=5002"
	if got := finalCommand(env); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	env["AP_CERT_ISSUER_ENABLED"] = "false"
	if got := finalCommand(env); got != command {
		t.Errorf("with the issuer off: got %q, want %q", got, command)
	}
}
