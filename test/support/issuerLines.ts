const host = "provider.example.com";

/** A line for each of the issuer's errors, as the provider, lego or the CA writes it. */
export const issuerLines: Readonly<Record<string, string>> = {
  "log-dns-provider": "Error: cert issuer: invalid config: invalid dns provider googleCloud",
  "log-email": "Error: cert issuer: invalid config: invalid email",
  "log-credential-missing":
    "Error: cloudflare: some credentials information are missing: CLOUDFLARE_EMAIL,CLOUDFLARE_API_KEY or CLOUDFLARE_DNS_API_TOKEN",
  "log-credential-refused":
    "dns01: error presenting token: googlecloud: googleapi: Error 403: Forbidden, forbidden",
  "log-zone": "dns01: error presenting token: cloudflare: could not find zone for domain",
  "log-rate-limit":
    "acme: error: 429 :: POST :: …/new-order :: urn:ietf:params:acme:error:rateLimited :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-11-21 10:00:00 UTC",
  "log-account": "acme: error: 400 :: urn:ietf:params:acme:error:accountDoesNotExist",
  "log-caa": "acme: error: 403 :: urn:ietf:params:acme:error:caa :: CAA record prevents issuance",
  "log-challenge-connection":
    "acme: error: 400 :: urn:ietf:params:acme:error:connection :: Timeout during connect (likely firewall problem)",
  "log-challenge-answer": "acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: 404",
  "log-challenge-dns": "urn:ietf:params:acme:error:dns :: DNS problem: NXDOMAIN looking up A",
  "log-propagation": "propagation: time limit exceeded: last error: NS ns1.example.com.",
  "log-directory":
    "Error: get directory at 'https://acme-v02.api.letsencrypt.org/directory': dial tcp: i/o timeout",
  "log-http-solver": `[INFO] [${host}] acme: use http-01 solver`,
  "log-given-up": `unable to obtain certificate for ${host} after 5 retries. giving up. provider will not check this certificate until next restart`,
  "log-renewal-failed": `failed to renew certificate for ${host}: error`,
};
