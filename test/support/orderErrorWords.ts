/**
 * Messages of cert-manager about orders and challenges, by the id of the finding that explains them. Version
 * v1.21.2 builds them in pkg/issuer/acme/dns and pkg/controller, around the messages of Cloudflare, Google, Let's
 * Encrypt and Go.
 */
export const orderErrorWords: Readonly<Record<string, readonly string[]>> = {
  "wildcard-order-denied": [
    "The CertificateRequest was denied by an approval controller: No policy approved this request: Error: connection refused",
  ],
  "wildcard-order-webhook": [
    'Failed create new order resource akash-gateway/wildcard-ingress-1-1: Internal error occurred: failed calling webhook "webhook.cert-manager.io": failed to call webhook: Post "https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s": no endpoints available for service "cert-manager-webhook"',
    'Internal error occurred: failed calling webhook "webhook.cert-manager.io": failed to call webhook: Post "https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'Internal error occurred: failed calling webhook "webhook.cert-manager.io": failed to call webhook: Post "https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s": context deadline exceeded',
  ],
  "wildcard-order-busy": [
    "Failed to create Order: 500 urn:ietf:params:acme:error:serverInternal: Error creating new order",
    "Failed to create Order: 503 urn:ietf:params:acme:error:rateLimited: Service busy; retry later.",
    "Failed to create Order: 503 : <html><h1>503 Service Unavailable</h1></html>",
    "GoogleCloud API call failed: googleapi: Error 503: The service is currently unavailable., backendError",
    "GoogleCloud API call failed: googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded",
    'while querying the Cloudflare API for GET "/zones?name=example.com" \n\t Error: 971: Please wait and consider throttling your request speed',
  ],
  "wildcard-order-api-disabled": [
    "GoogleCloud API call failed: googleapi: Error 403: Cloud DNS API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/dns.googleapis.com/overview?project=123456789012 then retry., accessNotConfigured",
  ],
  "wildcard-order-billing": [
    "GoogleCloud API call failed: googleapi: Error 403: The billing account for the owning project is disabled in state absent, accountDisabled",
  ],
  "wildcard-order-rate-limit": [
    "Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-11-21 10:00:00 UTC",
  ],
  "wildcard-order-identifier": [
    'Failed to create Order: 400 urn:ietf:params:acme:error:rejectedIdentifier: Invalid identifiers requested :: Cannot issue for "*.ingress.example.local": Domain name does not end with a valid public suffix (TLD)',
    'Failed to create Order: 400 urn:ietf:params:acme:error:malformed: NewOrder request contained invalid DNS names :: Domain name "a.ingress.example.com" is redundant with a wildcard domain in the same request. Remove one or the other from the certificate request.',
  ],
  "wildcard-order-account": [
    'Failed to create Order: 400 urn:ietf:params:acme:error:accountDoesNotExist: Unable to validate JWS :: Account "https://acme-v02.api.letsencrypt.org/acme/acct/1" not found',
    'Failed to create Order: 403 urn:ietf:params:acme:error:unauthorized: Unable to validate JWS :: Account is not valid, has status "deactivated"',
  ],
  "wildcard-order-caa-unanswered": [
    "Error accepting authorization: acme: authorization error for ingress.example.com: 400 urn:ietf:params:acme:error:dns: DNS problem: SERVFAIL looking up CAA for ingress.example.com - the domain's nameservers may be malfunctioning",
    "Failed to finalize Order: 403 urn:ietf:params:acme:error:caa: Error finalizing order :: rechecking caa: While processing CAA for *.ingress.example.com: DNS problem: query timed out looking up CAA for example.com",
  ],
  "wildcard-order-caa": [
    "Error accepting authorization: acme: authorization error for ingress.example.com: 403 urn:ietf:params:acme:error:caa: CAA record for *.ingress.example.com prevents issuance",
    "Failed to finalize Order: 403 urn:ietf:params:acme:error:caa: Error finalizing order :: While processing CAA for *.ingress.example.com: CAA record for example.com prevents issuance",
  ],
  "wildcard-order-credential-missing": [
    'error getting cloudflare secret: secrets "wildcard-cloudflare-dns" not found',
    'specified key "api-token" not found in secret akash-gateway/wildcard-cloudflare-dns',
    'error getting clouddns service account: secrets "wildcard-gcp-dns" not found',
    "error instantiating google clouddns challenge solver: Unable to acquire config: invalid character 'x' looking for beginning of value",
    "error instantiating cloudflare challenge solver: the Cloudflare API token is invalid (does the API token contain a newline?)",
  ],
  "wildcard-order-clock": [
    'GoogleCloud API call failed: Get "https://dns.googleapis.com/dns/v1/projects/p/managedZones/example-com": oauth2: "invalid_grant" "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."',
    'while querying the Cloudflare API for GET "/zones?name=example.com": Get "https://api.cloudflare.com/client/v4/zones?name=example.com": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:00Z is before 2026-10-01T00:00:00Z',
  ],
  "wildcard-order-refused": [
    'while attempting to find Zones for domain _acme-challenge.ingress.example.com.\nwhile querying the Cloudflare API for GET "/zones?name=example.com" \n\t Error: 9109: Invalid access token',
    'while querying the Cloudflare API for POST "/zones/e1/dns_records" \n\t Error: 10000: Authentication error',
    'while querying the Cloudflare API for GET "/zones?name=com" \n\t Error: 6003: Invalid request headers<- 6111: Invalid format for Authorization header',
    "googleapi: Error 403: Forbidden, forbidden",
    'GoogleCloud API call failed: Get "https://dns.googleapis.com/dns/v1/projects/p/managedZones": oauth2: cannot fetch token: 400 Bad Request\nResponse: {"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
  ],
  "wildcard-order-cname-loop": [
    'Waiting for DNS-01 challenge propagation: Found recursive CNAME record to "_acme-challenge.ingress.example.com." when looking up "loop.example.com."',
  ],
  "wildcard-order-dns": [
    'Waiting for DNS-01 challenge propagation: Could not determine authoritative nameservers for "_acme-challenge.ingress.example.com."',
    "Waiting for DNS-01 challenge propagation: Could not find the SOA record in the DNS tree for the domain '_acme-challenge.ingress.example.com.' using nameservers [1.1.1.1:53]",
    "Waiting for DNS-01 challenge propagation: Could not determine the zone for \"_acme-challenge.ingress.example.com.\": When querying the SOA record for the domain 'example.com.' using nameservers [10.43.0.10:53], rcode was expected to be 'NOERROR' or 'NXDOMAIN', but got 'SERVFAIL'",
  ],
  "wildcard-order-zone": [
    "Found no Zones for domain _acme-challenge.ingress.example.com. (neither in the sub-domain nor in the SLD) please make sure your domain-entries in the config are correct and the API key is correctly setup with Zone.read rights.",
    "googleapi: Error 404: The 'parameters.managedZone' resource named 'example-com' does not exist., notFound",
    "No matching GoogleCloud domain found for domain example.com.",
  ],
  "wildcard-order-propagation": [
    'Waiting for DNS-01 challenge propagation: DNS record for "ingress.example.com" not yet propagated',
    "Waiting for DNS-01 challenge propagation: NS ns1.example.com.:53 returned REFUSED for _acme-challenge.ingress.example.com.",
  ],
  "wildcard-order-validation": [
    'Error accepting authorization: acme: authorization error for ingress.example.com: 403 urn:ietf:params:acme:error:unauthorized: Incorrect TXT record "x" found at _acme-challenge.ingress.example.com',
    "Error accepting authorization: acme: authorization error for ingress.example.com: 400 urn:ietf:params:acme:error:dns: DNS problem: NXDOMAIN looking up TXT for _acme-challenge.ingress.example.com - check that a DNS record exists for this domain",
    "Error accepting authorization: acme: authorization error for ingress.example.com: 400 urn:ietf:params:acme:error:dnssec: DNSSEC validation failed for _acme-challenge.ingress.example.com",
  ],
  "wildcard-order-ca-unreachable": [
    'unexpected non-ACME API error: Get "https://acme-v02.api.letsencrypt.org/directory": dial tcp: lookup acme-v02.api.letsencrypt.org: no such host',
    'while attempting to find Zones for domain _acme-challenge.ingress.example.com.\nwhile querying the Cloudflare API for GET "/zones?name=example.com": Get "https://api.cloudflare.com/client/v4/zones": dial tcp 203.0.113.1:443: i/o timeout',
  ],
};
