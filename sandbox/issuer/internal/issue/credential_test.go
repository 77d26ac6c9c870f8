package issue

import (
	"strings"
	"testing"

	"issuer/internal/fakes"
)

func TestCredential(t *testing.T) {
	// The first twelve digits of `printf %s token | sha256sum`.
	const digestOfToken = "3c469e9d6c58"
	key := fakes.WriteFile(t, "key.json", `{"client_email":"a@p.test","private_key_id":"1234","project_id":"p","private_key":"secret"}`)

	tests := map[string]struct {
		provider string
		env      map[string]string
		want     Credential
		words    string
	}{
		"Cloudflare token": {
			"cf", map[string]string{"CF_DNS_API_TOKEN": "token"},
			Credential{Provider: "cf", Digest: digestOfToken}, "Cloudflare API token, SHA-256 3c469e9d6c58…",
		},
		"Cloudflare token by lego's first name": {
			"cf", map[string]string{"CF_DNS_API_TOKEN": "other", "CLOUDFLARE_DNS_API_TOKEN": "token"},
			Credential{Provider: "cf", Digest: digestOfToken}, "Cloudflare API token",
		},
		"Cloudflare token in a file": {
			"cf", map[string]string{"CF_DNS_API_TOKEN_FILE": fakes.WriteFile(t, "token", "token\n")},
			Credential{Provider: "cf", Digest: digestOfToken}, "Cloudflare API token",
		},
		"Cloudflare global key, which takes precedence over a token": {
			"cf", map[string]string{"CF_API_EMAIL": "a@b.test", "CF_API_KEY": "token", "CF_DNS_API_TOKEN": "other"},
			Credential{Provider: "cf", Digest: digestOfToken}, "Cloudflare API token",
		},
		"Google key": {
			"gcloud", map[string]string{"GCE_SERVICE_ACCOUNT_FILE": key},
			Credential{Provider: "gcloud", ClientEmail: "a@p.test", PrivateKeyID: "1234", Project: "p"},
			"Google service account a@p.test, key 1234, project p",
		},
		"Google key for another project's zone": {
			"gcloud", map[string]string{"GCE_SERVICE_ACCOUNT_FILE": key, "GCE_PROJECT": "q", "GCE_ZONE_ID": "z"},
			Credential{Provider: "gcloud", ClientEmail: "a@p.test", PrivateKeyID: "1234", Project: "q", Zone: "z"},
			"project q, zone z",
		},
		"Google access token": {
			"gcloud", map[string]string{"GCE_ACCESS_TOKEN": "token", "GCE_PROJECT": "q"},
			Credential{Provider: "gcloud", Project: "q", Digest: digestOfToken}, "Google access token, SHA-256 3c469e9d6c58…",
		},
		"Google without any": {
			"gcloud", map[string]string{"GCE_PROJECT": "q"},
			Credential{Provider: "gcloud", Project: "q"}, "Google's default credentials of the pod, project q",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			got := credential(test.provider)
			if *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
			if !strings.Contains(got.String(), test.words) {
				t.Errorf("got %q, want %q", got, test.words)
			}
		})
	}
}
