package storage

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certcrypto"
)

// KeyType is the type of every key that the provider creates.
const KeyType = certcrypto.EC384

// Account is an ACME account, the user in lego's terms.
type Account struct {
	email        string
	key          crypto.Signer
	registration *acme.ExtendedAccount
}

// GetEmail returns the account's e-mail address.
func (a *Account) GetEmail() string { return a.email }

// GetPrivateKey returns the account's key.
func (a *Account) GetPrivateKey() crypto.Signer { return a.key }

// GetRegistration returns the CA's response to the registration; nil before it.
func (a *Account) GetRegistration() *acme.ExtendedAccount { return a.registration }

// accountFile is the content of account.json.
type accountFile struct {
	Email        string        `json:"email"`
	Registration *registration `json:"registration"`
}

type registration struct {
	Body acme.Account `json:"body"`
	URI  string       `json:"uri"`
}

// Account reads the account, and creates its key if there is none yet.
func (s *Storage) Account() (*Account, error) {
	key, err := s.accountKey()
	if err != nil {
		return nil, err
	}
	account := &Account{email: s.email, key: key}

	path := filepath.Join(s.account, "account.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return account, nil
	}
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	var file accountFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("storage: %s: %w", path, err)
	}
	if file.Registration != nil {
		account.registration = &acme.ExtendedAccount{Account: file.Registration.Body, Location: file.Registration.URI}
	}
	return account, nil
}

// Register stores the CA's response to the registration.
func (s *Storage) Register(account *Account, answer *acme.ExtendedAccount) error {
	account.registration = answer
	raw, err := json.MarshalIndent(accountFile{
		Email:        account.email,
		Registration: &registration{Body: answer.Account, URI: answer.Location},
	}, "", "\t")
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return writeFile(filepath.Join(s.account, "account.json"), raw)
}

// Unregister removes the CA's response, and keeps the key.
func (s *Storage) Unregister() error {
	if err := os.Remove(filepath.Join(s.account, "account.json")); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

func (s *Storage) accountKey() (crypto.Signer, error) {
	path := filepath.Join(s.account, "keys", s.email+".key")
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err := certcrypto.GeneratePrivateKey(KeyType)
		if err != nil {
			return nil, fmt.Errorf("storage: account key: %w", err)
		}
		return key, writeFile(path, certcrypto.PEMEncode(key))
	}
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	key, err := certcrypto.ParsePEMPrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("storage: %s holds no private key: %w", path, err)
	}
	return key, nil
}
