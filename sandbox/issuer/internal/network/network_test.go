package network

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestSeal(t *testing.T) {
	var seal Seal
	for _, entry := range []string{"pebble.acme.svc=127.0.0.1:14000", "Other.test=127.0.0.2", "six.test=[::1]"} {
		if err := seal.Resolve(entry); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ host, port, want string }{
		{"127.0.0.1", "80", "127.0.0.1:80"},
		{"localhost", "80", "127.0.0.1:80"},
		{"::1", "80", "[::1]:80"},
		{"pebble.acme.svc", "443", "127.0.0.1:14000"},
		{"OTHER.test", "443", "127.0.0.2:443"},
		{"six.test", "443", "[::1]:443"},
		{"acme-v02.api.letsencrypt.org", "443", ""},
		{"dns.googleapis.com", "443", ""},
		{"192.0.2.1", "443", ""},
	}
	for _, test := range tests {
		got, err := seal.Address(test.host, test.port)
		var outside *OutsideError
		if got != test.want || errors.As(err, &outside) != (test.want == "") {
			t.Errorf("Address(%s) is %q, %v; want %q", test.host, got, err, test.want)
		}
	}
	for _, entry := range []string{"", "host", "=address", "host="} {
		if seal.Resolve(entry) == nil {
			t.Errorf("Resolve(%q) is accepted", entry)
		}
	}
}

func TestTheTransportDoesNotLeaveTheSandbox(t *testing.T) {
	client := http.Client{Transport: new(Seal).Transport()}
	_, err := client.Get("https://www.cloudflare.com/")
	if err == nil || !strings.Contains(err.Error(), "www.cloudflare.com:443 is outside the sandbox") {
		t.Errorf("got %v", err)
	}
}

func TestGoogleTransport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+r.URL.RequestURI())
	}))
	defer server.Close()
	emulator, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := new(Seal).GoogleTransport(emulator)

	tests := map[string]string{
		"https://dns.googleapis.com/dns/v1/projects/p?alt=json": "dns.googleapis.com/dns/v1/projects/p?alt=json",
		"https://iamcredentials.googleapis.com/v1":              "iamcredentials.googleapis.com/v1",
		server.URL + "/token":                                   emulator.Host + "/token",
	}
	for name, transport := range map[string]*http.Transport{"itself": transport, "a copy": transport.Clone()} {
		client := http.Client{Transport: transport}
		for call, want := range tests {
			response, err := client.Get(call)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if string(got) != want {
				t.Errorf("%s: %s arrives as %s, want %s", name, call, got, want)
			}
		}
		if _, err := client.Get("https://notgoogleapis.com/"); err == nil {
			t.Errorf("%s reaches another host", name)
		}
	}
}

func TestZones(t *testing.T) {
	upstream, err := ServeZones("127.0.0.1:1", []string{"upstream.test"})
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	zones, err := ServeZones(upstream.Address(), []string{"Example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer zones.Close()

	ask := func(name string, kind uint16) *dns.Msg {
		t.Helper()
		question := new(dns.Msg)
		question.SetQuestion(name, kind)
		answer, err := dns.Exchange(question, zones.Address())
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := ask("example.com.", dns.TypeSOA); len(answer.Answer) != 1 || answer.Answer[0].Header().Name != "example.com." {
		t.Errorf("apex: %v", answer)
	}
	if answer := ask("provider.example.com.", dns.TypeSOA); len(answer.Answer) != 0 || answer.Rcode != dns.RcodeSuccess {
		t.Errorf("below the apex: %v", answer)
	}
	// The upstream's own upstream does not exist, so the failure shows that the query was forwarded.
	if answer := ask("example.com.", dns.TypeTXT); answer.Rcode != dns.RcodeServerFailure {
		t.Errorf("TXT: %v", answer)
	}
}
