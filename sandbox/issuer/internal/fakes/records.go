package fakes

import (
	"net/http"
	"strings"
	"sync"
)

// records are the TXT records of one zone at a DNS provider, mirrored to pebble-challtestsrv.
type records struct {
	mirror *Challenges

	mu   sync.Mutex
	txt  map[string]string
	seen int
	lost bool
}

// set adds a record; id is the DNS provider's name for it.
func (r *records) set(id, name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.txt[id] = value
	r.seen++
	if !r.lost {
		r.mirror.SetTXT(name, strings.Trim(value, `"`))
	}
}

func (r *records) clear(id, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.txt, id)
	r.mirror.ClearTXT(name)
}

// Lose keeps records that are set from now on out of the DNS.
func (r *records) Lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = true
}

// Count returns the current and the total number of records.
func (r *records) Count() (now, ever int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.txt), r.seen
}

// bearer returns the request's bearer token.
func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}
