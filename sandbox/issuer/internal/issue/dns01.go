package issue

import (
	"context"
	"fmt"
	"time"

	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/challenge/dns01"
	"github.com/go-acme/lego/v5/providers/dns/cloudflare"
	"github.com/go-acme/lego/v5/providers/dns/gcloud"

	"issuer/internal/network"
)

// dnsProvider creates a provider from the environment, as the Akash provider does at its start.
func dnsProvider(name string) (challenge.ProviderTimeout, error) {
	if name == "gcloud" {
		return gcloud.NewDNSProvider()
	}
	return cloudflare.NewDNSProvider()
}

// useResolver makes lego query the sandbox's DNS server instead of those in resolv.conf, until stop is called.
func useResolver(resolver string, zones []string) (stop func(), err error) {
	if resolver == "" {
		return nil, fmt.Errorf("dns-01 requires a DNS server of the sandbox; set its address with --dns-resolver")
	}
	server, err := network.ServeZones(resolver, zones)
	if err != nil {
		return nil, err
	}
	dns01.SetDefaultClient(dns01.NewClient(&dns01.Options{
		RecursiveNameservers: []string{server.Address()},
		Timeout:              5 * time.Second,
	}))
	return func() { _ = server.Close() }, nil
}

// propagation checks only the sandbox's DNS server, because lego would query authoritative servers on port 53.
// Unlike lego's own check, it stops when the issuer has to stop.
func propagation() dns01.ChallengeOption {
	return dns01.CombineOptions(
		dns01.DisableAuthoritativeNssPropagationRequirement(),
		dns01.WrapPreCheck(func(ctx context.Context, _, fqdn, value string, check dns01.PreCheckFunc) (bool, error) {
			if err := ctx.Err(); err != nil {
				return true, err
			}
			return check(ctx, fqdn, value)
		}),
	)
}
