// Package issue emulates the Akash provider's certificate issuer with lego, the library that the provider uses.
package issue

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certcrypto"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/lego"
	"github.com/go-acme/lego/v5/registration"

	"issuer/internal/network"
	"issuer/internal/settings"
	"issuer/internal/storage"
)

// renewBefore is the time before its expiry at which a stored certificate is replaced.
const renewBefore = 24 * time.Hour

// Results.
const (
	Issued  = "issued"
	Renewed = "renewed"
	Reused  = "reused"
)

// Issuer is configured with the container's settings and with the sandbox's replacements for the outside world.
type Issuer struct {
	Settings settings.Settings
	// StorageDir is the path of Settings.StorageDir on this machine.
	StorageDir string
	Seal       *network.Seal
	// HTTPListen is the address to which the CA connects for http-01, and Reachable checks whether the request
	// would reach the pod.
	HTTPListen string
	Reachable  func(ctx context.Context) error
	// DNSResolver is the DNS server for checking records; DNSZones are the existing zones.
	DNSResolver string
	DNSZones    []string
	Log         *slog.Logger
}

// Outcome is a certificate, and how it was obtained.
type Outcome struct {
	Result      string
	Certificate *x509.Certificate
	// Challenge is empty and Credential nil if none was used.
	Challenge  string
	Credential *Credential
}

// Run performs the steps of the provider's start in the same order: account key, directory of the CA, DNS providers
// (including unused ones), registration. Only then does it check for a stored certificate.
//
// The environment of the process must be the container's, because lego's DNS providers read it. The provider makes
// five attempts; Run makes one, so that a failure is reported at once.
func (i *Issuer) Run(ctx context.Context) (*Outcome, error) {
	store, err := storage.Open(i.StorageDir, i.Settings.Directory, i.Settings.Email)
	if err != nil {
		return nil, err
	}
	outcome, err := i.start(ctx, store)
	if isUnknownAccount(err) {
		// Unlike Let's Encrypt, Pebble loses its accounts when it is restarted.
		i.Log.Warn("the CA no longer has the stored account; registering again")
		if err := store.Unregister(); err != nil {
			return nil, err
		}
		return i.start(ctx, store)
	}
	return outcome, err
}

func (i *Issuer) start(ctx context.Context, store *storage.Storage) (*Outcome, error) {
	account, err := store.Account()
	if err != nil {
		return nil, err
	}
	client, err := i.client(account)
	if err != nil {
		return nil, err
	}
	outcome := &Outcome{Result: Issued}
	stop, err := i.solvers(ctx, client, outcome)
	if err != nil {
		return nil, err
	}
	defer stop()

	if account.GetRegistration() == nil {
		if err := register(ctx, client, store, account); err != nil {
			return nil, err
		}
	}

	stored, err := store.Certificate(i.Settings.Host)
	switch {
	case err == nil:
		if outcome.Certificate, err = leaf(stored.Chain); err != nil {
			return nil, fmt.Errorf("the stored certificate of %s: %w", i.Settings.Host, err)
		}
		if time.Now().Add(renewBefore).Before(outcome.Certificate.NotAfter) {
			outcome.Result = Reused
			return outcome, nil
		}
		outcome.Result = Renewed
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}

	if err := i.obtain(ctx, client, store, outcome); err != nil {
		return nil, fmt.Errorf("obtain a certificate for %s: %w", i.Settings.Host, err)
	}
	return outcome, nil
}

// client reads the CA's directory.
func (i *Issuer) client(account *storage.Account) (*lego.Client, error) {
	// lego panics on an unreadable file.
	if files := filepath.SplitList(os.Getenv("LEGO_CA_CERTIFICATES")); len(files) > 0 {
		if _, err := lego.CreateCertPool(files, false); err != nil {
			return nil, fmt.Errorf("LEGO_CA_CERTIFICATES: %w", err)
		}
	}
	config := lego.NewConfig(account)
	config.CADirURL = i.Settings.Directory
	config.HTTPClient.Timeout = 30 * time.Second
	sealed := i.Seal.Transport()
	sealed.TLSClientConfig = config.HTTPClient.Transport.(*http.Transport).TLSClientConfig
	config.HTTPClient.Transport = sealed

	client, err := lego.NewClient(config)
	if err == nil {
		return client, nil
	}
	var outside *network.OutsideError
	if errors.As(err, &outside) {
		return nil, i.outside(outside)
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		err = fmt.Errorf("%w; set LEGO_CA_CERTIFICATES to the file with the root that signed it", err)
	}
	return nil, fmt.Errorf("ACME directory %s: %w", i.Settings.Directory, err)
}

func (i *Issuer) outside(err *network.OutsideError) error {
	if i.Settings.DirectoryDefaulted {
		return fmt.Errorf("AP_CERT_ISSUER_CA_DIR_URL is empty, so the provider uses Let's Encrypt staging (%s), "+
			"which is unreachable from the sandbox; set letsEncrypt.acme.caDirUrl to the directory URL of the sandbox's CA",
			i.Settings.Directory)
	}
	return fmt.Errorf("ACME directory %s: %w", i.Settings.Directory, err)
}

// solvers sets up the challenges. If both are set up, lego uses http-01, and does not fall back to dns-01 when
// http-01 fails.
func (i *Issuer) solvers(ctx context.Context, client *lego.Client, outcome *Outcome) (stop func(), err error) {
	stop = func() {}
	if len(i.Settings.DNSProviders) > 0 {
		if stop, err = useResolver(i.DNSResolver, i.DNSZones); err != nil {
			return nil, err
		}
	}
	for _, name := range i.Settings.DNSProviders {
		provider, err := dnsProvider(name)
		if err != nil {
			stop()
			return nil, err
		}
		dns := dnsSolver{
			solver: solver{Provider: provider, used: func() {
				outcome.Challenge, outcome.Credential = "dns-01", credential(name)
			}},
			timeout: provider.Timeout,
		}
		dns.deadline, _ = ctx.Deadline()
		// Each provider replaces the previous one.
		if err := client.Challenge.SetDNS01Provider(dns, propagation()); err != nil {
			stop()
			return nil, err
		}
	}
	if i.Settings.HTTPPort == 0 {
		return stop, nil
	}
	server := newRoutedServer(i.HTTPListen, i.Reachable)
	return stop, client.Challenge.SetHTTP01Provider(solver{Provider: server, used: func() {
		i.Log.Info("http-01", "pod port", strconv.Itoa(i.Settings.HTTPPort), "emulated at", i.HTTPListen)
		outcome.Challenge = "http-01"
	}})
}

func register(ctx context.Context, client *lego.Client, store *storage.Storage, account *storage.Account) error {
	answer, err := client.Registration.Register(ctx, registration.RegisterOptions{TermsOfServiceAgreed: true})
	if err != nil {
		return fmt.Errorf("register %s with the CA: %w", account.GetEmail(), err)
	}
	return store.Register(account, answer)
}

func (i *Issuer) obtain(ctx context.Context, client *lego.Client, store *storage.Storage, outcome *Outcome) error {
	resource, err := client.Certificate.Obtain(ctx, certificate.ObtainRequest{
		Domains:          []string{i.Settings.Host},
		KeyType:          storage.KeyType,
		Bundle:           true,
		EnableCommonName: true,
	})
	if err != nil {
		return err
	}
	if outcome.Certificate, err = leaf(resource.Certificate); err != nil {
		return err
	}
	return store.Save(&storage.Certificate{
		Domain:     i.Settings.Host,
		Chain:      resource.Certificate,
		Issuer:     resource.IssuerCertificate,
		PrivateKey: resource.PrivateKey,
		URL:        resource.CertURL,
	})
}

func isUnknownAccount(err error) bool {
	var problem *acme.ProblemDetails
	return errors.As(err, &problem) && problem.Type == acme.AccountDoesNotExistErrorType
}

func leaf(chain []byte) (*x509.Certificate, error) {
	return certcrypto.ParsePEMCertificate(chain)
}
