package settings

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
)

func with(changes map[string]string) map[string]string {
	env := map[string]string{
		"AKASH_HOME":                    "/root/.akash",
		"AKASH_CLUSTER_PUBLIC_HOSTNAME": "provider.example.com",
		"AP_CERT_ISSUER_ENABLED":        "true",
		"AP_CERT_ISSUER_EMAIL":          "ops@example.com",
		"AP_CERT_ISSUER_CA_DIR_URL":     "https://ca.test/dir",
	}
	maps.Copy(env, changes)
	return env
}

func TestRead(t *testing.T) {
	got, err := Read(with(map[string]string{
		"AP_CERT_ISSUER_DNS_PROVIDERS":       "cf,gcloud",
		"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Host: "provider.example.com", Email: "ops@example.com", Directory: "https://ca.test/dir",
		StorageDir: "/root/.akash/.certissuer", HTTPPort: 5002, DNSProviders: []string{"cf", "gcloud"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadDefaults(t *testing.T) {
	got, err := Read(with(map[string]string{"AP_CERT_ISSUER_CA_DIR_URL": "", "AP_CERT_ISSUER_STORAGE_DIR": "/data/staging"}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Directory != LetsEncryptStaging || !got.DirectoryDefaulted {
		t.Errorf("an empty directory gives %q, want Let's Encrypt staging", got.Directory)
	}
	if got.StorageDir != "/data/staging" {
		t.Errorf("storage is %q", got.StorageDir)
	}
	if got.HTTPPort != 0 || got.DNSProviders != nil {
		t.Errorf("challenges without being asked: %+v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]struct {
		changes   map[string]string
		want      string
		providers bool
	}{
		"no e-mail":           {map[string]string{"AP_CERT_ISSUER_EMAIL": ""}, "cert issuer: invalid config: invalid email", true},
		"the chart's gcloud":  {map[string]string{"AP_CERT_ISSUER_DNS_PROVIDERS": "googleCloud"}, "cert issuer: invalid config: invalid dns provider googleCloud", true},
		"the chart's cf":      {map[string]string{"AP_CERT_ISSUER_DNS_PROVIDERS": "cf,cloudflare"}, "invalid dns provider cloudflare", true},
		"a blank in the list": {map[string]string{"AP_CERT_ISSUER_DNS_PROVIDERS": "cf, gcloud"}, "invalid dns provider  gcloud", true},
		"no home":             {map[string]string{"AKASH_HOME": ""}, "invalid path to storage dir", true},
		"a port too high":     {map[string]string{"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "65536"}, `invalid port value "65536" for http-01 challenge. allowed range 1..65535`, true},
		"a port in letters":   {map[string]string{"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "http"}, "not a port number", true},
		"turned off":          {map[string]string{"AP_CERT_ISSUER_ENABLED": "false"}, "the certificate issuer is off", false},
		"not turned on":       {map[string]string{"AP_CERT_ISSUER_ENABLED": ""}, "the certificate issuer is off", false},
		"no host":             {map[string]string{"AKASH_CLUSTER_PUBLIC_HOSTNAME": ""}, "no name to certify", false},
		"tls-alpn-01":         {map[string]string{"AP_CERT_ISSUER_TLS_CHALLENGE_PORT": "443"}, "does not support tls-alpn-01", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(with(test.changes))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if errors.Is(err, ErrConfig) != test.providers {
				t.Errorf("%v: is it the provider's refusal?", err)
			}
		})
	}
}
