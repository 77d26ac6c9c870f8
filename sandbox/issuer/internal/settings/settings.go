// Package settings reads the settings of the Akash provider's certificate issuer, and refuses the settings that the
// provider refuses.
package settings

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// LetsEncryptStaging is the provider's default directory URL.
const LetsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"

// ErrConfig begins each error with which the provider refuses its configuration; the provider then exits.
var ErrConfig = errors.New("cert issuer: invalid config")

// Settings is the certificate issuer's configuration.
type Settings struct {
	// Host is the only name in the certificate.
	Host string
	// Email of the ACME account.
	Email string
	// Directory is the directory URL of the CA, and DirectoryDefaulted reports that it is the default.
	Directory          string
	DirectoryDefaulted bool
	// StorageDir is the folder of accounts and certificates, as a path of the container.
	StorageDir string
	// HTTPPort of the http-01 challenge; 0 turns it off.
	HTTPPort int
	// DNSProviders in the given order; the provider's library uses the last one.
	DNSProviders []string
}

// Read reads the settings from the container's environment.
func Read(env map[string]string) (Settings, error) {
	// run.sh compares with "true"; the provider itself also accepts other values for true, from the same variable.
	enabled, err := strconv.ParseBool(env["AP_CERT_ISSUER_ENABLED"])
	if err != nil || !enabled {
		return Settings{}, fmt.Errorf("the certificate issuer is off: AP_CERT_ISSUER_ENABLED is %q in the container; "+
			"set letsEncrypt.enabled in the chart's values", env["AP_CERT_ISSUER_ENABLED"])
	}

	s := Settings{
		Host:       env["AKASH_CLUSTER_PUBLIC_HOSTNAME"],
		Email:      env["AP_CERT_ISSUER_EMAIL"],
		Directory:  env["AP_CERT_ISSUER_CA_DIR_URL"],
		StorageDir: env["AP_CERT_ISSUER_STORAGE_DIR"],
	}
	if s.Directory == "" {
		s.Directory, s.DirectoryDefaulted = LetsEncryptStaging, true
	}
	if s.StorageDir == "" && env["AKASH_HOME"] != "" {
		s.StorageDir = path.Join(env["AKASH_HOME"], ".certissuer")
	}
	if providers := env["AP_CERT_ISSUER_DNS_PROVIDERS"]; providers != "" {
		s.DNSProviders = strings.Split(providers, ",")
	}
	if s.HTTPPort, err = port(env, "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT"); err != nil {
		return Settings{}, err
	}
	return s, s.validate(env)
}

// validate checks in the provider's order and with its messages, then checks for settings that the sandbox does not
// support.
func (s Settings) validate(env map[string]string) error {
	if s.Email == "" {
		return fmt.Errorf("%w: invalid email (AP_CERT_ISSUER_EMAIL is empty; set email or letsEncrypt.acme.email "+
			"in the chart's values)", ErrConfig)
	}
	for _, provider := range s.DNSProviders {
		if provider != "cf" && provider != "gcloud" {
			return fmt.Errorf("%w: invalid dns provider %s (AP_CERT_ISSUER_DNS_PROVIDERS may name cf and gcloud)",
				ErrConfig, provider)
		}
	}
	if s.StorageDir == "" {
		return fmt.Errorf("%w: invalid path to storage dir (neither AP_CERT_ISSUER_STORAGE_DIR nor AKASH_HOME is set)",
			ErrConfig)
	}
	if s.HTTPPort < 0 || s.HTTPPort > math.MaxUint16 {
		return fmt.Errorf("%w: invalid port value \"%d\" for http-01 challenge. allowed range 1..65535",
			ErrConfig, s.HTTPPort)
	}
	tls, err := port(env, "AP_CERT_ISSUER_TLS_CHALLENGE_PORT")
	if err != nil {
		return err
	}
	if tls != 0 {
		return errors.New("AP_CERT_ISSUER_TLS_CHALLENGE_PORT is set, but the sandbox does not support tls-alpn-01; unset it")
	}
	if s.Host == "" {
		return errors.New("AKASH_CLUSTER_PUBLIC_HOSTNAME is empty in the container, so there is no name to certify; " +
			"set domain in the chart's values")
	}
	return nil
}

func port(env map[string]string, name string) (int, error) {
	if env[name] == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(env[name])
	if err != nil {
		return 0, fmt.Errorf("%w: %s is %q, which is not a port number", ErrConfig, name, env[name])
	}
	return number, nil
}
