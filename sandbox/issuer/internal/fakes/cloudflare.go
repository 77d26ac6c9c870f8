package fakes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Cloudflare emulates the part of Cloudflare's API that lego calls, for one zone and one token.
type Cloudflare struct {
	records
	// URL replaces https://api.cloudflare.com/client/v4.
	URL string

	zone, token string
}

// NewCloudflare starts the fake.
func NewCloudflare(t testing.TB, dns *Challenges, zone, token string) *Cloudflare {
	t.Helper()
	c := &Cloudflare{records: records{mirror: dns, txt: map[string]string{}}, zone: zone, token: token}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /client/v4/zones", c.zones)
	mux.HandleFunc("POST /client/v4/zones/zone-id/dns_records", c.create)
	mux.HandleFunc("DELETE /client/v4/zones/zone-id/dns_records/{id}", c.delete)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bearer(r) != c.token {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}]}`)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.URL = server.URL + "/client/v4"
	return c
}

func (c *Cloudflare) zones(w http.ResponseWriter, r *http.Request) {
	result := "[]"
	if r.URL.Query().Get("name") == c.zone {
		result = fmt.Sprintf(`[{"id":"zone-id","name":%q}]`, c.zone)
	}
	fmt.Fprintf(w, `{"success":true,"errors":[],"result":%s}`, result)
}

func (c *Cloudflare) create(w http.ResponseWriter, r *http.Request) {
	var record struct{ Type, Name, Content string }
	if err := json.NewDecoder(r.Body).Decode(&record); err != nil || record.Type != "TXT" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.set(record.Name, record.Name, record.Content)
	fmt.Fprintf(w, `{"success":true,"errors":[],"result":{"id":%q}}`, record.Name)
}

func (c *Cloudflare) delete(w http.ResponseWriter, r *http.Request) {
	c.clear(r.PathValue("id"), r.PathValue("id"))
	_, _ = io.WriteString(w, `{"success":true,"errors":[],"result":{}}`)
}
