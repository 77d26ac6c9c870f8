package fakes

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const accessToken = "ya29.access-token-of-the-test"

// Google emulates the part of Google's OAuth and Cloud DNS that lego calls, for one project, zone and service account.
type Google struct {
	records
	// URL is the emulator's, Key the service account's key file and PrivateKey the secret in that file.
	URL, Key, PrivateKey string
	// ListDenied limits the service account's role to the zone.
	ListDenied bool

	key *rsa.PrivateKey
}

// The identity of the fake.
const (
	GoogleProject      = "test-project"
	GoogleZone         = "test-zone"
	GoogleEmail        = "issuer@test-project.iam.gserviceaccount.com"
	GooglePrivateKeyID = "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334"
)

// NewGoogle starts the fake; dnsName is the zone's, with a final dot.
func NewGoogle(t testing.TB, dns *Challenges, dnsName string) *Google {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	g := &Google{
		records: records{mirror: dns, txt: map[string]string{}}, key: key, PrivateKey: string(encode("PRIVATE KEY", der)),
	}
	const zones = "/dns/v1/projects/" + GoogleProject + "/managedZones"
	zone := fmt.Sprintf(`{"name":%q,"dnsName":%q,"visibility":"public"}`, GoogleZone, dnsName)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", g.exchange)
	mux.HandleFunc("GET "+zones, func(w http.ResponseWriter, r *http.Request) {
		if g.ListDenied {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error":{"code":403,"message":"dns.managedZones.list denied"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"managedZones":[`+zone+`]}`)
	})
	mux.HandleFunc("GET "+zones+"/"+GoogleZone, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, zone) })
	mux.HandleFunc("GET "+zones+"/"+GoogleZone+"/rrsets", g.list)
	mux.HandleFunc("POST "+zones+"/"+GoogleZone+"/changes", g.change)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" && bearer(r) != accessToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.URL = server.URL

	file, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": GoogleProject, "client_email": GoogleEmail,
		"private_key_id": GooglePrivateKeyID, "private_key": g.PrivateKey, "token_uri": g.URL + "/token",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	g.Key = string(file)
	return g
}

// exchange verifies the signature of the JWT, as Google does.
func (g *Google) exchange(w http.ResponseWriter, r *http.Request) {
	assertion := r.FormValue("assertion")
	signed, signature, _ := cutLast(assertion, ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	digest := sha256.Sum256([]byte(signed))
	if err != nil || rsa.VerifyPKCS1v15(&g.key.PublicKey, crypto.SHA256, digest[:], raw) != nil {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, accessToken)
}

func (g *Google) list(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	g.mu.Lock()
	value, ok := g.txt[name]
	g.mu.Unlock()
	if !ok {
		_, _ = io.WriteString(w, `{"rrsets":[]}`)
		return
	}
	fmt.Fprintf(w, `{"rrsets":[{"name":%q,"type":"TXT","ttl":120,"rrdatas":[%q]}]}`, name, value)
}

func (g *Google) change(w http.ResponseWriter, r *http.Request) {
	type set struct {
		Name    string
		Rrdatas []string
	}
	var change struct{ Additions, Deletions []set }
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, deletion := range change.Deletions {
		g.clear(deletion.Name, deletion.Name)
	}
	for _, addition := range change.Additions {
		g.set(addition.Name, addition.Name, strings.Join(addition.Rrdatas, ""))
	}
	_, _ = io.WriteString(w, `{"id":"1","status":"done"}`)
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
