package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"issuer/internal/fakes"
	"issuer/internal/storage"
)

const (
	host = "provider.example.com"
	zone = "example.com"

	// sentinel is a Cloudflare token that must appear in no output.
	sentinel = "sentinel-cloudflare-token-0123456789abcdef"
	// foreign is a token in the environment of this machine, which must not be used.
	foreign = "foreign-cloudflare-token-0123456789abcdef"
)

// TestMain runs the program itself if a test starts this binary as the program: the issuer replaces the environment
// and the default transport of its process.
func TestMain(m *testing.M) {
	if os.Getenv("ISSUER_TEST_AS_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// world is a cluster with a deployed release, a CA and a DNS server.
type world struct {
	cluster *fakes.Kubernetes
	dns     *fakes.Challenges
	pki     *fakes.PKI
	ca      *fakes.Pebble
	home    string
	flags   []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{cluster: fakes.NewKubernetes(t), dns: fakes.StartChallenges(t), pki: fakes.NewPKI(t), home: t.TempDir()}
	w.ca = fakes.StartPebble(t, w.pki, w.dns, "pebble.acme.svc")
	w.flags = []string{
		"--kubeconfig", w.cluster.Kubeconfig(t), "--namespace", "akash-services", "--statefulset", "akash-provider",
		"--home", w.home, "--dns-resolver", w.dns.DNS, "--http-listen", w.ca.HTTPAddress, "--timeout", "1m", "--json",
	}
	return w
}

// release is the part of the chart's release that the issuer reads.
type release struct {
	letsEncrypt map[string]string
	env         map[string]string
	cloudflare  string
	google      string
	targetPort  int
}

// deploy creates the release's objects in the cluster.
func (w *world) deploy(r release) {
	const core, namespace = "/api/v1/namespaces/", "akash-services"
	settings := map[string]string{
		"AP_CERT_ISSUER_ENABLED": "true", "AP_CERT_ISSUER_EMAIL": "ops@example.com", "AP_CERT_ISSUER_CA_DIR_URL": w.ca.Directory,
	}
	maps.Copy(settings, r.letsEncrypt)
	if r.targetPort == 0 {
		r.targetPort = 5002
	}

	env := []any{
		map[string]any{"name": "AKASH_HOME", "value": "/root/.akash"},
		map[string]any{"name": "AKASH_CLUSTER_PUBLIC_HOSTNAME", "value": host},
		// A shorter interval than the providers' own.
		map[string]any{"name": "GCE_POLLING_INTERVAL", "value": "1"},
		map[string]any{"name": "CF_POLLING_INTERVAL", "value": "1"},
	}
	mounts := []any{map[string]any{"name": "home", "mountPath": "/root/.akash"}}
	volumes := []any{map[string]any{"name": "home", "persistentVolumeClaim": map[string]any{"claimName": "home-akash-provider-0"}}}
	secret := func(name, key, value string) {
		w.cluster.Put(core+namespace+"/secrets/"+name, object(map[string]any{
			"metadata": map[string]any{"name": name},
			"data":     map[string]any{key: base64.StdEncoding.EncodeToString([]byte(value))},
		}))
	}
	if r.cloudflare != "" {
		secret("akash-provider-cloudflare-dns", "CF_DNS_API_TOKEN", r.cloudflare)
		env = append(env, map[string]any{"name": "CF_DNS_API_TOKEN", "valueFrom": map[string]any{
			"secretKeyRef": map[string]any{"name": "akash-provider-cloudflare-dns", "key": "CF_DNS_API_TOKEN"},
		}})
	}
	if r.google != "" {
		secret("akash-provider-gcp-dns", "service-account.json", r.google)
		env = append(env, map[string]any{"name": "GCE_SERVICE_ACCOUNT_FILE", "value": "/etc/gcp/service-account.json"})
		mounts = append(mounts, map[string]any{"name": "gcp-service-account", "mountPath": "/etc/gcp", "readOnly": true})
		volumes = append(volumes, map[string]any{"name": "gcp-service-account", "secret": map[string]any{
			"secretName": "akash-provider-gcp-dns",
			"items":      []any{map[string]any{"key": "service-account.json", "path": "service-account.json"}},
		}})
	}
	for name, value := range r.env {
		env = append(env, map[string]any{"name": name, "value": value})
	}

	labels := map[string]any{"app": "akash-provider"}
	w.cluster.Put(core+namespace+"/configmaps/akash-provider-letsencrypt", object(map[string]any{"data": settings}))
	w.cluster.Put("/apis/apps/v1/namespaces/"+namespace+"/statefulsets/akash-provider", object(map[string]any{
		"metadata": map[string]any{"name": "akash-provider"},
		"spec":     map[string]any{"replicas": 1, "serviceName": "akash-provider"},
	}))
	w.cluster.Put(core+namespace+"/pods/akash-provider-0", object(map[string]any{
		"metadata": map[string]any{"name": "akash-provider-0", "labels": labels},
		"spec": map[string]any{
			"containers": []any{map[string]any{
				"name": "provider", "env": env, "volumeMounts": mounts,
				"envFrom": []any{map[string]any{"configMapRef": map[string]any{"name": "akash-provider-letsencrypt"}}},
			}},
			"volumes": volumes,
		},
		"status": map[string]any{"phase": "Running"},
	}))
	w.cluster.Put(core+namespace+"/services/akash-provider", object(map[string]any{
		"metadata": map[string]any{"name": "akash-provider"},
		"spec": map[string]any{"selector": labels, "ports": []any{
			map[string]any{"name": "http-challenge", "port": 80, "targetPort": r.targetPort},
		}},
	}))
	w.cluster.Put("/apis/networking.k8s.io/v1/namespaces/"+namespace+"/ingresses", object(map[string]any{"items": []any{
		map[string]any{"spec": map[string]any{"rules": []any{map[string]any{"host": host, "http": map[string]any{
			"paths": []any{map[string]any{"path": "/", "backend": map[string]any{"service": map[string]any{
				"name": "akash-provider", "port": map[string]any{"number": 80},
			}}}},
		}}}}},
	}}))
}

func object(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// answer is the issuer's report or failure.
type answer struct {
	report
	failure
	code   int
	stderr string
}

// issue runs the program and checks that its output contains none of the secrets.
func (w *world) issue(t *testing.T, secrets []string, flags ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], append(append([]string{}, w.flags...), flags...)...)
	temporary := t.TempDir()
	command.Env = []string{
		"ISSUER_TEST_AS_PROGRAM=1", "LEGO_CA_CERTIFICATES=" + w.ca.CAFile, "TMPDIR=" + temporary,
		"CLOUDFLARE_DNS_API_TOKEN=" + foreign, "HTTPS_PROXY=http://127.0.0.1:1",
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	got := answer{code: command.ProcessState.ExitCode(), stderr: stderr.String()}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("stdout is not JSON: %v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	for _, secret := range append(secrets, foreign) {
		for line := range strings.SplitSeq(strings.TrimSpace(secret), "\n") {
			if !strings.HasPrefix(line, "-----") && strings.Contains(stdout.String()+stderr.String(), line) {
				t.Errorf("a secret is in the output:\n%s\n%s", stdout.String(), stderr.String())
			}
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("files of the container are left behind: %v, %v", left, err)
	}
	return got
}

// want fails the test unless the certificate was obtained in the given way.
func (a answer) want(t *testing.T, result, challenge string) {
	t.Helper()
	if a.code != 0 || a.Result != result || a.Challenge != challenge {
		t.Fatalf("exit code %d, %q by %q; want %q by %q\n%s\n%s", a.code, a.Result, a.Challenge, result, challenge, a.Error, a.stderr)
	}
	if a.Subject != "DNS:"+host || !strings.HasPrefix(a.Issuer, "CN=Pebble Intermediate CA") {
		t.Errorf("subject %q, issuer %q", a.Subject, a.Issuer)
	}
	if days := a.NotAfter.Sub(a.NotBefore).Hours() / 24; days < 89 || days > 91 {
		t.Errorf("valid for %v days", days)
	}
}

// refused fails the test unless the issuer failed with this message.
func (a answer) refused(t *testing.T, words string) {
	t.Helper()
	if a.code != exitFailed || !strings.Contains(a.Error, words) {
		t.Errorf("exit code %d, %q, want %q\n%s", a.code, a.Error, words, a.stderr)
	}
	if !strings.Contains(a.stderr, a.Error) {
		t.Errorf("the error is not on stderr:\n%s", a.stderr)
	}
}

func with(name, value string) map[string]string { return map[string]string{name: value} }

func TestHTTP01(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002")})

	first := w.issue(t, nil)
	first.want(t, "issued", "http-01")
	if first.Credential != nil || first.Storage != "/root/.akash/.certissuer" || first.StorageDir != w.home+"/.certissuer" {
		t.Errorf("got %+v", first.report)
	}

	t.Run("a restart reuses the certificate", func(t *testing.T) {
		again := w.issue(t, nil)
		again.want(t, "reused", "")
		if again.Serial != first.Serial {
			t.Error("it is another certificate")
		}
	})
	t.Run("a certificate in its last day is renewed", func(t *testing.T) {
		w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002")})
		home := t.TempDir()
		store, err := storage.Open(filepath.Join(home, ".certissuer"), w.ca.Directory, "ops@example.com")
		if err != nil {
			t.Fatal(err)
		}
		certificate, key := w.pki.Issue(t, host)
		if err := store.Save(&storage.Certificate{Domain: host, Chain: certificate, PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
		w.issue(t, nil, "--home", home).want(t, "renewed", "http-01")
		w.issue(t, nil, "--home", home).want(t, "reused", "")
	})
	t.Run("a change of the CA reuses it too", func(t *testing.T) {
		production := fakes.StartPebble(t, w.pki, w.dns)
		w.deploy(release{letsEncrypt: map[string]string{
			"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002", "AP_CERT_ISSUER_CA_DIR_URL": production.Directory,
		}})
		again := w.issue(t, nil, "--http-listen", production.HTTPAddress)
		again.want(t, "reused", "")
		if again.Serial != first.Serial || again.Directory != production.Directory {
			t.Errorf("got %+v", again.report)
		}

		w.deploy(release{letsEncrypt: map[string]string{
			"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002", "AP_CERT_ISSUER_CA_DIR_URL": production.Directory,
			"AP_CERT_ISSUER_STORAGE_DIR": "/root/.akash/.certissuer-production",
		}})
		other := w.issue(t, nil, "--http-listen", production.HTTPAddress)
		other.want(t, "issued", "http-01")
		if other.Issuer == first.Issuer || other.StorageDir != w.home+"/.certissuer-production" {
			t.Errorf("got %+v", other.report)
		}
	})
	t.Run("a CA that has lost the account", func(t *testing.T) {
		w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002")})
		w.ca.Restart()
		if err := os.RemoveAll(w.home + "/.certissuer/certificates"); err != nil {
			t.Fatal(err)
		}
		w.issue(t, nil).want(t, "issued", "http-01")
	})
	t.Run("a host name of the cluster in the directory URL", func(t *testing.T) {
		w.deploy(release{letsEncrypt: map[string]string{
			"AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002", "AP_CERT_ISSUER_CA_DIR_URL": "https://pebble.acme.svc/dir",
		}})
		w.issue(t, nil, "--home", t.TempDir(), "--resolve", "pebble.acme.svc="+w.ca.Address()).want(t, "issued", "http-01")
		w.issue(t, nil, "--home", t.TempDir()).refused(t, "pebble.acme.svc:443 is outside the sandbox")
	})
	t.Run("a Service with another target port", func(t *testing.T) {
		w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002"), targetPort: 8443})
		w.issue(t, nil, "--home", t.TempDir()).refused(t, "port 80 targets container port 8443, but the issuer listens on 5002")
	})
}

func TestCloudflare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cloudflare := fakes.NewCloudflare(t, w.dns, zone, sentinel)
	endpoint := []string{"--cloudflare-endpoint", cloudflare.URL}
	dns := with("AP_CERT_ISSUER_DNS_PROVIDERS", "cf")
	secrets := []string{sentinel}

	w.deploy(release{letsEncrypt: dns, cloudflare: sentinel})
	got := w.issue(t, secrets, endpoint...)
	got.want(t, "issued", "dns-01")
	sum := sha256.Sum256([]byte(sentinel))
	if got.Credential == nil || got.Credential.Provider != "cf" || got.Credential.Digest != hex.EncodeToString(sum[:])[:12] {
		t.Errorf("credential %+v", got.Credential)
	}
	if now, ever := cloudflare.Count(); now != 0 || ever != 1 {
		t.Errorf("%d records of %d are left", now, ever)
	}

	t.Run("http-01 is used if both are set up", func(t *testing.T) {
		w.deploy(release{cloudflare: sentinel, letsEncrypt: map[string]string{
			"AP_CERT_ISSUER_DNS_PROVIDERS": "cf", "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT": "5002",
		}})
		got := w.issue(t, secrets, append(endpoint, "--home", t.TempDir())...)
		got.want(t, "issued", "http-01")
		if got.Credential != nil {
			t.Errorf("credential %+v", got.Credential)
		}
	})
	t.Run("a token that Cloudflare refuses", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns, cloudflare: "other-" + sentinel})
		w.issue(t, secrets, append(endpoint, "--home", t.TempDir())...).refused(t, "Invalid access token")
	})
	t.Run("a zone that the account does not have", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns, cloudflare: sentinel})
		w.issue(t, secrets, append(endpoint, "--home", t.TempDir(), "--dns-zone", "com")...).refused(t, "failed to find zone com.")
	})
	t.Run("a missing token that is not needed", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns})
		w.issue(t, nil, endpoint...).refused(t, "some credentials information are missing")
	})
	t.Run("no emulator", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns, cloudflare: sentinel})
		w.issue(t, secrets, "--home", t.TempDir()).refused(t, "api.cloudflare.com:443 is outside the sandbox")
	})
	t.Run("a record that never appears is removed in time", func(t *testing.T) {
		cloudflare.Lose()
		w.issue(t, secrets, append(endpoint, "--home", t.TempDir(), "--timeout", "20s")...).refused(t, "time limit exceeded")
		if now, ever := cloudflare.Count(); now != 0 || ever < 2 {
			t.Errorf("%d records of %d are left", now, ever)
		}
	})
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	google := fakes.NewGoogle(t, w.dns, zone+".")
	endpoint := []string{"--google-endpoint", google.URL}
	dns := with("AP_CERT_ISSUER_DNS_PROVIDERS", "gcloud")
	secrets := []string{google.PrivateKey}

	w.deploy(release{letsEncrypt: dns, google: google.Key})
	got := w.issue(t, secrets, endpoint...)
	got.want(t, "issued", "dns-01")
	if c := got.Credential; c == nil || c.ClientEmail != fakes.GoogleEmail || c.PrivateKeyID != fakes.GooglePrivateKeyID {
		t.Errorf("credential %+v", got.Credential)
	}
	if now, ever := google.Count(); now != 0 || ever != 1 {
		t.Errorf("%d records of %d are left", now, ever)
	}

	t.Run("a role on the zone requires the zone's id", func(t *testing.T) {
		google.ListDenied = true
		w.deploy(release{letsEncrypt: dns, google: google.Key})
		w.issue(t, secrets, append(endpoint, "--home", t.TempDir())...).refused(t, "dns.managedZones.list denied")

		w.deploy(release{letsEncrypt: dns, google: google.Key, env: with("GCE_ZONE_ID", fakes.GoogleZone)})
		got := w.issue(t, secrets, append(endpoint, "--home", t.TempDir())...)
		got.want(t, "issued", "dns-01")
		if got.Credential.Zone != fakes.GoogleZone {
			t.Errorf("credential %+v", got.Credential)
		}
	})
	t.Run("a key that has been deleted", func(t *testing.T) {
		other := fakes.NewGoogle(t, w.dns, zone+".")
		key := strings.ReplaceAll(other.Key, other.URL, google.URL)
		w.deploy(release{letsEncrypt: dns, google: key, env: with("GCE_ZONE_ID", fakes.GoogleZone)})
		w.issue(t, []string{other.PrivateKey}, append(endpoint, "--home", t.TempDir())...).refused(t, "invalid_grant")
	})
	t.Run("an empty key", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns, google: "\n"})
		w.issue(t, nil, append(endpoint, "--home", t.TempDir())...).refused(t, "googlecloud: project name missing")
	})
	t.Run("no emulator", func(t *testing.T) {
		w.deploy(release{letsEncrypt: dns, google: google.Key, env: with("GCE_ZONE_ID", fakes.GoogleZone)})
		w.issue(t, secrets, "--home", t.TempDir()).refused(t, "dns.googleapis.com:443 is outside the sandbox")
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]struct {
		release release
		want    string
	}{
		"the chart's name for Google":     {release{letsEncrypt: with("AP_CERT_ISSUER_DNS_PROVIDERS", "googleCloud")}, "cert issuer: invalid config: invalid dns provider googleCloud"},
		"the chart's name for Cloudflare": {release{letsEncrypt: with("AP_CERT_ISSUER_DNS_PROVIDERS", "cloudflare")}, "cert issuer: invalid config: invalid dns provider cloudflare"},
		"no e-mail":                       {release{letsEncrypt: with("AP_CERT_ISSUER_EMAIL", "")}, "cert issuer: invalid config: invalid email"},
		"an e-mail that the CA refuses":   {release{letsEncrypt: with("AP_CERT_ISSUER_EMAIL", "ops")}, "register ops with the CA"},
		"no directory":                    {release{letsEncrypt: with("AP_CERT_ISSUER_CA_DIR_URL", "")}, "the provider uses Let's Encrypt staging (https://acme-staging-v02.api.letsencrypt.org/directory), which is unreachable from the sandbox"},
		"another directory":               {release{letsEncrypt: with("AP_CERT_ISSUER_CA_DIR_URL", "https://acme-v02.api.letsencrypt.org/directory")}, "acme-v02.api.letsencrypt.org:443 is outside the sandbox"},
		"no challenge":                    {release{}, "could not determine solvers"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.deploy(test.release)
			w.issue(t, nil, "--home", t.TempDir()).refused(t, test.want)
		})
	}
	t.Run("no Secret", func(t *testing.T) {
		w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_DNS_PROVIDERS", "cf"), cloudflare: sentinel})
		w.cluster.Delete("/api/v1/namespaces/akash-services/secrets/akash-provider-cloudflare-dns")
		w.issue(t, nil).refused(t, `CreateContainerConfigError: container provider: variable CF_DNS_API_TOKEN: secret "akash-provider-cloudflare-dns" not found`)
	})
	t.Run("no pod", func(t *testing.T) {
		w.deploy(release{})
		w.cluster.Delete("/api/v1/namespaces/akash-services/pods/akash-provider-0")
		w.issue(t, nil).refused(t, `pod "akash-provider-0" not found in namespace akash-services although the StatefulSet exists`)
	})
	t.Run("a CA that is not trusted", func(t *testing.T) {
		w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002")})
		w.ca.CAFile = fakes.WriteFile(t, "other.pem", string(fakes.NewPKI(t).PEM))
		w.issue(t, nil).refused(t, "set LEGO_CA_CERTIFICATES")
	})
}

func TestUsage(t *testing.T) {
	const needed = "--kubeconfig file --namespace name"
	tests := map[string]string{
		"":                                        "--kubeconfig is missing",
		"--kubeconfig file":                       "--namespace is missing",
		needed + " extra":                         `unexpected argument "extra"`,
		needed + " --timeout 0s":                  "--timeout must be greater than zero",
		needed + " --resolve host":                `"host" is not of the form host=address`,
		needed + " --dns-resolver host":           `"host" is not of the form address:port`,
		needed + " --google-endpoint host":        `"host" is not a URL`,
		needed + " --google-endpoint http://x/v1": "has a path",
		needed + " --unknown":                     "flag provided but not defined",
	}
	for args, want := range tests {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(args), &stdout, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, %q, want %q", args, code, stderr.String(), want)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "-kubeconfig") {
		t.Errorf("--help: exit code %d, %s", code, stdout.String())
	}
}

func TestReportForPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(release{letsEncrypt: with("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT", "5002")})
	command := exec.CommandContext(t.Context(), os.Args[0], append(w.flags, "--json=false")...)
	command.Env = []string{"ISSUER_TEST_AS_PROGRAM=1", "LEGO_CA_CERTIFICATES=" + w.ca.CAFile}
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("Certificate for %s: issued\n", host), "subject", "DNS:" + host, "http-01", "none used", "(in 89 days)",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
