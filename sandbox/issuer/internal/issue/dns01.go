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

// dnsProvider makes a provider out of the environment, as the Akash provider does when it starts.
func dnsProvider(name string) (challenge.ProviderTimeout, error) {
	if name == "gcloud" {
		return gcloud.NewDNSProvider()
	}
	return cloudflare.NewDNSProvider()
}

// useResolver makes lego ask the sandbox's DNS server instead of those in resolv.conf, until stop is called.
func useResolver(resolver string, zones []string) (stop func(), err error) {
	if resolver == "" {
		return nil, fmt.Errorf("dns-01 needs a DNS server of the sandbox; give its address with --dns-resolver")
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

// propagation checks the sandbox's DNS server alone, since lego would ask authoritative servers on port 53; and it stops
// when the issuer has to, which lego's own wait does not.
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
