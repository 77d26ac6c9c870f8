// Package storage stores accounts and certificates under the same paths as the Akash provider:
//
//	accounts/<CA host>/<e-mail>/account.json
//	accounts/<CA host>/<e-mail>/keys/<e-mail>.key
//	certificates/<domain>.{crt,issuer.crt,key,json}
//	archives/
//
// A certificate's path does not contain the CA. So a stored certificate is still used after the directory URL has
// been changed to another CA.
package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/idna"
)

// Storage is one storage directory, for one account at one CA.
type Storage struct {
	root    string
	account string
	email   string
}

// Certificate is a stored certificate, all parts in PEM.
type Certificate struct {
	Domain string
	// Chain is the certificate followed by its issuer, Issuer only the issuer.
	Chain, Issuer, PrivateKey []byte
	// URL is the certificate's URL at the CA.
	URL string
}

// metadata is the content of <domain>.json.
type metadata struct {
	Domain        string `json:"domain"`
	CertURL       string `json:"certUrl"`
	CertStableURL string `json:"certStableUrl"`
}

// Open creates the missing directories below root.
func Open(root, directoryURL, email string) (*Storage, error) {
	directory, err := url.Parse(directoryURL)
	if err != nil {
		return nil, fmt.Errorf("ACME directory URL: %w", err)
	}
	if !filepath.IsLocal(email) || strings.ContainsRune(email, filepath.Separator) {
		return nil, fmt.Errorf("the e-mail address %q cannot be the name of a directory", email)
	}
	s := &Storage{
		root:    root,
		account: filepath.Join(root, "accounts", strings.ReplaceAll(directory.Host, ":", "_"), email),
		email:   email,
	}
	for _, dir := range []string{
		filepath.Join(s.account, "keys"), filepath.Join(root, "certificates"), filepath.Join(root, "archives"),
	} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
	}
	return s, nil
}

// Certificate reads the domain's certificate; the error is os.ErrNotExist if there is none. As in the provider, an
// unreadable stored certificate is an error and is not replaced.
func (s *Storage) Certificate(domain string) (*Certificate, error) {
	raw, err := s.read(domain, ".json")
	if err != nil {
		return nil, err
	}
	var meta metadata
	if err := json.Unmarshal(raw, &meta); err != nil {
		return nil, fmt.Errorf("storage: %s: %w", s.path(domain, ".json"), err)
	}
	c := &Certificate{Domain: domain, URL: meta.CertURL}
	if c.Chain, err = s.read(domain, ".crt"); err != nil {
		return nil, err
	}
	if c.PrivateKey, err = s.read(domain, ".key"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if c.Issuer, err = s.read(domain, ".issuer.crt"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return c, nil
}

// Save writes a certificate. The metadata is written last, because that file determines whether there is a
// certificate.
func (s *Storage) Save(c *Certificate) error {
	meta, err := json.MarshalIndent(metadata{Domain: c.Domain, CertURL: c.URL, CertStableURL: c.URL}, "", "\t")
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, file := range []struct {
		extension string
		content   []byte
	}{{".key", c.PrivateKey}, {".crt", c.Chain}, {".issuer.crt", c.Issuer}, {".json", meta}} {
		if err := writeFile(s.path(c.Domain, file.extension), file.content); err != nil {
			return err
		}
	}
	return nil
}

func (s *Storage) read(domain, extension string) ([]byte, error) {
	content, err := os.ReadFile(s.path(domain, extension))
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return content, nil
}

func (s *Storage) path(domain, extension string) string {
	name := strings.NewReplacer(":", "-", "*", "_", "/", "_").Replace(domain)
	if ascii, err := idna.ToASCII(name); err == nil {
		name = ascii
	}
	return filepath.Join(s.root, "certificates", name+extension)
}

func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}
