package storage

import (
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-acme/lego/v5/acme"
)

const (
	staging    = "https://staging.ca.test:14000/dir"
	production = "https://production.ca.test/dir"
	email      = "ops@example.com"
	host       = "provider.example.com"
)

func open(t *testing.T, root, directory string) *Storage {
	t.Helper()
	s, err := Open(root, directory, email)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestACertificateOutlivesAChangeOfTheCA(t *testing.T) {
	root := t.TempDir()
	saved := &Certificate{
		Domain: host, Chain: []byte("chain"), Issuer: []byte("issuer"), PrivateKey: []byte("key"), URL: "https://ca.test/cert/1",
	}
	if err := open(t, root, staging).Save(saved); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, root, production).Certificate(host)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Chain) != "chain" || string(got.PrivateKey) != "key" || got.URL != saved.URL {
		t.Errorf("got %+v", got)
	}
}

func TestNoCertificate(t *testing.T) {
	if _, err := open(t, t.TempDir(), staging).Certificate(host); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want os.ErrNotExist", err)
	}
}

func TestABrokenCertificateIsNotTakenForNone(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, staging)
	if err := os.WriteFile(filepath.Join(root, "certificates", host+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Certificate(host); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAnAccountBelongsToOneCA(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, staging)
	account, err := s.Account()
	if err != nil {
		t.Fatal(err)
	}
	if account.GetRegistration() != nil {
		t.Error("a new account is registered already")
	}
	answer := &acme.ExtendedAccount{Account: acme.Account{Status: "valid"}, Location: "https://staging.ca.test/acct/1"}
	if err := s.Register(account, answer); err != nil {
		t.Fatal(err)
	}

	again, err := open(t, root, staging).Account()
	if err != nil {
		t.Fatal(err)
	}
	if again.GetRegistration() == nil || again.GetRegistration().Location != answer.Location {
		t.Errorf("the registration is lost: %+v", again.GetRegistration())
	}
	if !again.key.Public().(*ecdsa.PublicKey).Equal(account.key.Public()) {
		t.Error("the key is another one")
	}

	other, err := open(t, root, production).Account()
	if err != nil {
		t.Fatal(err)
	}
	if other.GetRegistration() != nil {
		t.Error("the account of one CA is used at another")
	}
}

func TestLayout(t *testing.T) {
	root := t.TempDir()
	s := open(t, root, staging)
	if _, err := s.Account(); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(&Certificate{Domain: host, Chain: []byte("c"), Issuer: []byte("i"), PrivateKey: []byte("k")}); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
		got = append(got, strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(root)+"/"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"accounts/staging.ca.test_14000/ops@example.com/keys/ops@example.com.key",
		"certificates/provider.example.com.crt",
		"certificates/provider.example.com.issuer.crt",
		"certificates/provider.example.com.json",
		"certificates/provider.example.com.key",
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRefusesAnEmailThatLeadsElsewhere(t *testing.T) {
	for _, email := range []string{"../x", "a/b", ".."} {
		if _, err := Open(t.TempDir(), staging, email); err == nil {
			t.Errorf("%q is accepted", email)
		}
	}
}
