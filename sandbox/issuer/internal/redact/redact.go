// Package redact removes secrets from all of the issuer's output.
package redact

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	placeholder = "[redacted]"

	// minLength is the minimum length of a secret. A Secret may also contain a word such as "true" or a file name;
	// redacting those would make the output unreadable without protecting anything.
	minLength = 8

	// minLine is the minimum length of a line of a longer secret that is redacted on its own, because a logger may
	// split a PEM block.
	minLine = 16
)

// Redactor replaces the added secrets. The zero value is ready for use.
type Redactor struct {
	mu    sync.RWMutex
	known []string
}

// Add adds the values, and the forms in which loggers and HTTP clients write them, to the secrets. Of a JSON
// object, the whole text and its private_key are secrets; its other fields, such as client_email, may be shown.
func (r *Redactor) Add(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()

	for _, value := range values {
		for _, form := range forms(value) {
			if len(form) >= minLength && !slices.Contains(r.known, form) {
				r.known = append(r.known, form)
			}
		}
	}
	// The longest first: a line inside a block must not be replaced before the whole block.
	slices.SortStableFunc(r.known, func(a, b string) int { return len(b) - len(a) })
}

// String returns s without any added secret.
func (r *Redactor) String(s string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()

	for _, secret := range r.known {
		s = strings.ReplaceAll(s, secret, placeholder)
	}
	return s
}

// Writer returns a writer that redacts each write to w. Loggers write one record at a time, so a secret is never
// split between two writes.
func (r *Redactor) Writer(w io.Writer) io.Writer {
	return &writer{to: w, redactor: r}
}

type writer struct {
	to       io.Writer
	redactor *Redactor
}

func (w *writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.redactor.String(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func forms(value string) []string {
	value = strings.TrimRight(value, "\r\n")
	var all []string
	for _, text := range []string{value, privateKey(value)} {
		if text == "" {
			continue
		}
		all = append(all, text, quoted(text), jsonQuoted(text), url.QueryEscape(text),
			base64.StdEncoding.EncodeToString([]byte(text)))
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSpace(line); len(line) >= minLine {
				all = append(all, line, jsonQuoted(line))
			}
		}
	}
	return all
}

func privateKey(value string) string {
	var key struct {
		PrivateKey string `json:"private_key"`
	}
	if json.Unmarshal([]byte(value), &key) != nil {
		return ""
	}
	return strings.TrimRight(key.PrivateKey, "\n")
}

func quoted(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

func jsonQuoted(s string) string {
	q, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(q[1 : len(q)-1])
}
