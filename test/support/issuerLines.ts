const host = "provider.example.com";
const api = "https://acme-v02.api.letsencrypt.org/acme";
const order = `${api}/new-order`;
const authorization = `${api}/chall/1/2/a`;

/** An error of an attempt as the provider writes it: quoted, if it has spaces (cosmossdk.io/log). */
function attempt(error: string): string {
  return `10:01AM ERR failed to obtain certificate for ${host} err=${JSON.stringify(error)} module=cert-issuer`;
}

/** The error of a challenge as lego wraps it (challenge/resolver/errors.go). */
function challenge(error: string): string {
  return attempt(`error: one or more domains had a problem:\n[${host}] ${error}\n`);
}

/** The error of a DNS provider as lego wraps it (challenge/dns01/dns_challenge.go). */
function presenting(error: string): string {
  return challenge(`[${host}] acme: error presenting token: ${error}`);
}

/** An ACME error as lego writes it (acme/errors.go). */
function problem(status: number, type: string, detail: string, url?: string): string {
  const called = url === undefined ? "" : ` :: POST :: ${url}`;
  return `acme: error: ${status}${called} :: urn:ietf:params:acme:error:${type} :: ${detail}`;
}

/** An ACME error in response to a call. */
function refused(status: number, type: string, detail: string, url = order): string {
  return attempt(problem(status, type, detail, url));
}

/** An ACME error of a validation. */
function invalid(status: number, type: string, detail: string): string {
  return challenge(`invalid authorization: ${problem(status, type, detail)}`);
}

/** A response of Google as its client writes it. */
function google(status: number, text: string): string {
  return presenting(
    `googlecloud: API call ManagedZones.Get for explicit zone ID "example-com" in project "my-project" failed: googleapi: Error ${status}: ${text}`,
  );
}

/**
 * Log lines by the id of their error, as the provider (0.16), lego (4.26), Let's Encrypt's CA, Google and
 * Cloudflare write them. The end-to-end test writes the first line of each.
 */
export const issuerLines: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "log-dns-provider": [
    "Error: cert issuer: invalid config: invalid dns provider googleCloud",
    "Error: unsupported DNS provider: cloudflare",
  ],
  "log-email": [
    "Error: cert issuer: invalid config: invalid email",
    `Error: ${problem(400, "invalidContact", 'Error validating contact(s) :: contact email has forbidden domain "example.com"', `${api}/new-acct`)}`,
    `Error: ${problem(400, "unsupportedContact", "Error validating contact(s) :: only contact scheme 'mailto:' is supported", `${api}/new-acct`)}`,
  ],
  "log-settings": [
    "Error: cert issuer: invalid config: invalid ca dir url",
    "Error: cert issuer: invalid config: invalid owner address",
    "Error: cert issuer: invalid config: invalid path to storage dir",
    'Error: cert issuer: invalid config: invalid port value "70000" for http-01 challenge. allowed range 1..65535',
  ],
  "log-clock": [
    presenting(
      'googlecloud: could not find zone: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones/example-com?alt=json&prettyPrint=false": oauth2: "invalid_grant" "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."',
    ),
    "Error: get directory at 'https://acme-v02.api.letsencrypt.org/directory': Get \"https://acme-v02.api.letsencrypt.org/directory\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:00Z is before 2026-10-01T00:00:00Z",
  ],
  "log-credential-missing": [
    "Error: cloudflare: some credentials information are missing: CLOUDFLARE_EMAIL,CLOUDFLARE_API_KEY or some credentials information are missing: CLOUDFLARE_DNS_API_TOKEN,CLOUDFLARE_ZONE_API_TOKEN",
    "Error: googlecloud: project name missing",
    "Error: googlecloud: project ID not found in Google Cloud Service Account file",
    "Error: googlecloud: unable to acquire config: invalid character 'x' looking for beginning of value",
    'Error: googlecloud: unable to acquire config: google: read JWT from JSON credentials: "type" field is "external_account" (expected "service_account")',
    "Error: googlecloud: unable to read Service Account file: open /config/dns/service-account.json: no such file or directory",
    "Error: googlecloud: unable to get Google Cloud client: google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
    "2026/11/29 10:01:45 Failed to read the file /config/dns/service-account.json (defined by env var GCE_SERVICE_ACCOUNT_FILE): open /config/dns/service-account.json: no such file or directory",
    presenting(
      'cloudflare: failed to find zone example.com.: unable to communicate with the API server: error: Get "https://api.cloudflare.com/client/v4/zones?name=example.com&per_page=50": net/http: invalid header field value for "Authorization"',
    ),
  ],
  "log-api-disabled": [
    google(
      403,
      "Cloud DNS API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/dns.googleapis.com/overview?project=123456789012 then retry., accessNotConfigured",
    ),
  ],
  "log-billing": [
    google(
      403,
      "The billing account for the owning project is disabled in state absent, accountDisabled",
    ),
  ],
  "log-api-busy": [
    presenting(
      "cloudflare: failed to create TXT record: [status code 429] 971: Please wait and consider throttling your request speed",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: [status code 503] 10000: Service unavailable",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: unexpected status code: [status code: 502] body: <html><head><title>502 Bad Gateway</title></head></html>",
    ),
    google(429, "Quota exceeded for quota metric 'Queries', rateLimitExceeded"),
    google(403, "Rate Limit Exceeded, rateLimitExceeded"),
    google(503, "The service is currently unavailable., backendError"),
    presenting("googlecloud: googleapi: got HTTP response code 502 with body: <html>"),
    presenting("googlecloud: apply change: time limit exceeded: last error: status: pending"),
    presenting(
      'googlecloud: API call ManagedZones.List failed: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones": oauth2: cannot fetch token: 503 Service Unavailable\nResponse: ',
    ),
  ],
  "log-dns-redirected": [
    presenting("cloudflare: failed to find zone com.: zone could not be found"),
    "cloudflare: failed to find zone com.: zone could not be found",
    presenting("cloudflare: failed to find zone co.uk.: zone could not be found"),
    presenting(
      "cloudflare: failed to find zone com.: [status code 400] 1003: Invalid or missing zone id.",
    ),
    presenting("googlecloud: no matching domain found for domain com."),
    presenting("googlecloud: no public zone found for domain org."),
    presenting(
      `cloudflare: could not find zone for domain "${host}": [fqdn=_acme-challenge.${host}.] could not find the start of authority for '_acme-challenge.${host}.' [question='com. IN  SOA', code=NXDOMAIN]`,
    ),
  ],
  "log-dns-blocked": [
    presenting(
      `cloudflare: could not find zone for domain "${host}": [fqdn=_acme-challenge.${host}.] could not find the start of authority for '_acme-challenge.${host}.': DNS call error: read udp 10.42.0.9:41234->1.1.1.1:53: i/o timeout [ns=1.1.1.1:53, question='com. IN  SOA']\nDNS call error: read udp 10.42.0.9:45678->8.8.8.8:53: i/o timeout [ns=8.8.8.8:53, question='com. IN  SOA']`,
    ),
    presenting(
      `googlecloud: could not find zone: [fqdn=_acme-challenge.${host}.] unexpected response for 'example.com.' [question='example.com. IN  SOA', code=SERVFAIL]`,
    ),
    challenge(
      "propagation: time limit exceeded: last error: authoritative nameservers: DNS call error: read udp 10.42.0.9:41234->173.245.58.1:53: i/o timeout [ns=ns1.example.net.:53, question='_acme-challenge.provider.example.com. IN  TXT']",
    ),
    challenge(
      "propagation: time limit exceeded: last error: initial recursive nameserver: DNS call error: dial udp 1.1.1.1:53: connect: network is unreachable [ns=1.1.1.1:53, question='_acme-challenge.provider.example.com. IN  TXT']",
    ),
    challenge(
      "propagation: time limit exceeded: last error: [zone=example.com.] could not determine authoritative nameservers",
    ),
  ],
  "log-zone": [
    "dns01: error presenting token: cloudflare: could not find zone for domain",
    presenting("cloudflare: failed to find zone example.com.: zone could not be found"),
    presenting(
      "cloudflare: failed to find zone example.com.: ambiguous zone name; an account ID might help",
    ),
    presenting("googlecloud: no matching domain found for domain example.com."),
    presenting("googlecloud: no public zone found for domain example.com."),
    presenting(
      "cloudflare: failed to create TXT record: [status code 404] 7003: Could not route to /zones/e1/dns_records, perhaps your object identifier is invalid?",
    ),
    google(400, "Invalid value for 'parameters.managedZone': 'Example', invalid"),
    google(
      404,
      "The 'parameters.managedZone' resource named 'example-com' does not exist., notFound",
    ),
  ],
  "log-credential-refused": [
    "dns01: error presenting token: googlecloud: googleapi: Error 403: Forbidden, forbidden",
    google(
      401,
      "Request had invalid authentication credentials. Expected OAuth 2 access token, authError",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: [status code 403] 9109: Invalid access token",
    ),
    presenting(
      "cloudflare: failed to create TXT record: [status code 403] 10000: Authentication error",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: [status code 401] 1000: Invalid API Token",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: [status code 400] 6003: Invalid request headers; 6111: Invalid format for Authorization header",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: [status code 403] 9109: Cannot use the access token from location: 203.0.113.7",
    ),
    presenting(
      'googlecloud: API call ManagedZones.Get for explicit zone ID "example-com" in project "my-project" failed: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones/example-com?alt=json&prettyPrint=false": oauth2: "invalid_grant" "Invalid JWT Signature."',
    ),
    presenting(
      'googlecloud: API call ManagedZones.List failed: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones": oauth2: "invalid_grant" "Invalid grant: account not found"',
    ),
    presenting(
      "googlecloud: API call ManagedZones.List failed: Get \"https://dns.googleapis.com/dns/v1/projects/my-project/managedZones\": compute: Received 403 `Unable to generate access token; IAM returned 403 Forbidden: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).`",
    ),
    `2026/11/29 10:01:45 [WARN] [${host}] acme: cleaning up failed: cloudflare: failed to find zone example.com.: [status code 403] 9109: Invalid access token `,
  ],
  "log-api-unreachable": [
    presenting(
      'cloudflare: failed to find zone example.com.: unable to communicate with the API server: error: Get "https://api.cloudflare.com/client/v4/zones?name=example.com&per_page=50": dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: server misbehaving',
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: unable to unmarshal response: [status code: 200] body: <html>Login</html> error: invalid character '<' looking for beginning of value",
    ),
    presenting(
      "cloudflare: failed to find zone example.com.: unexpected status code: [status code: 403] body: <html>Blocked</html>",
    ),
    presenting(
      'googlecloud: API call ManagedZones.List failed: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones": oauth2: cannot fetch token: Post "https://oauth2.googleapis.com/token": dial tcp 142.250.1.95:443: i/o timeout',
    ),
    presenting(
      'googlecloud: Get "https://dns.googleapis.com/dns/v1/projects/my-project/managedZones/example-com/rrsets": net/http: TLS handshake timeout',
    ),
  ],
  "log-record-exists": [
    presenting(
      "cloudflare: failed to create TXT record: [status code 400] 81058: An identical record already exists.",
    ),
    presenting(
      "cloudflare: failed to create TXT record: [status code 400] 81057: The record already exists.",
    ),
  ],
  "log-record-quota": [
    presenting(
      "cloudflare: failed to create TXT record: [status code 400] 81045: Record quota exceeded.",
    ),
  ],
  "log-record-refused": [
    presenting(
      "cloudflare: failed to create TXT record: [status code 400] 1004: DNS Validation Error; 9005: Content for TXT record is invalid.",
    ),
    presenting(
      'googlecloud: failed to perform changes [zone example-com, change {"additions":[{"name":"_acme-challenge.provider.example.com.","rrdatas":["x"],"ttl":120,"type":"TXT"}]}]: googleapi: Error 409: The resource \'entity.change.additions[_acme-challenge.provider.example.com.][TXT]\' named \'_acme-challenge.provider.example.com. (TXT)\' already exists, alreadyExists',
    ),
    presenting(
      "googlecloud: failed to perform changes [zone example-com, change {\"deletions\":[]}]: googleapi: Error 412: Precondition not met for 'entity.change.deletions[0]', conditionNotMet",
    ),
  ],
  "log-propagation": [
    "propagation: time limit exceeded: last error: NS ns1.example.com.",
    challenge(
      "propagation: time limit exceeded: last error: authoritative nameservers: NS ns1.example.net.:53 did not return the expected TXT record [fqdn: _acme-challenge.provider.example.com., value: x]: ",
    ),
    challenge(
      "propagation: time limit exceeded: last error: authoritative nameservers: NS ns1.example.net.:53 returned NXDOMAIN for _acme-challenge.provider.example.com.",
    ),
    challenge("propagation: time limit exceeded"),
  ],
  "log-listener": [
    challenge(
      `[${host}] acme: error presenting token: could not start HTTP server for challenge: listen tcp :5002: bind: address already in use`,
    ),
  ],
  "log-no-solver": [
    challenge(`[${host}] acme: could not determine solvers`),
    challenge(`[${host}] acme: unable to find challenge dns-01`),
    challenge(`[${host}] acme: no DNS Provider configured`),
  ],
  "log-volume": [
    attempt(
      `failed to save resource for ${host}: unable to save key file: write /root/.akash/.certissuer/x/certificates/${host}.key: no space left on device`,
    ),
    "Error: mkdir /root/.akash/.certissuer/x/accounts: read-only file system",
    "Error: open /root/.akash/.certissuer/x/accounts/ca/you@example.com/keys/you@example.com.key: permission denied",
  ],
  "log-storage-damaged": [
    `10:01AM ERR failed to read resource for ${host} err="unexpected end of JSON input" module=cert-issuer`,
    `10:01AM ERR invalid PEM certificate data for ${host} module=cert-issuer`,
    `10:01AM ERR failed to parse certificate ${host} err="x509: malformed certificate" module=cert-issuer`,
    attempt("no certificates were found while parsing the bundle"),
    attempt("failed to parse private key"),
    attempt('unknown PEM header "OPENSSH PRIVATE KEY"'),
    attempt("PEM decode did not yield a valid block. Is the certificate in the right format?"),
    "Error: unexpected end of JSON input",
    "Error: invalid character 'x' looking for beginning of value",
    "Error: cert storage: parse: pem file contains remaining data",
    "Error: cert storage: invalid private key type: OPENSSH PRIVATE KEY",
    attempt(`cert storage: missing private key for domain ${host}`),
  ],
  "log-paused": [
    refused(
      429,
      "rateLimited",
      `Your account is temporarily prevented from requesting certificates for ${host} and possibly others. Please visit: https://portal.letsencrypt.org/sfe/v1/unpause?jwt=x`,
    ),
  ],
  "log-directory": [
    "Error: get directory at 'https://acme-v02.api.letsencrypt.org/directory': dial tcp: i/o timeout",
    "Error: get directory at 'https://acme-v02.api.letsencrypt.org/directory': Get \"https://acme-v02.api.letsencrypt.org/directory\": GET https://acme-v02.api.letsencrypt.org/directory giving up after 6 attempt(s): unexpected HTTP status 503 Service Unavailable",
    "Error: get directory at 'https://ca.example.com/directory': 404 ::GET :: https://ca.example.com/directory :: invalid character '<' looking for beginning of value :: <html>",
    "Error: get directory at 'http://ca.example.com/directory': Get \"http://ca.example.com/directory\": HTTPS is required: http://ca.example.com/directory",
    "Error: directory missing new registration URL",
  ],
  "log-rate-limit": [
    "acme: error: 429 :: POST :: …/new-order :: urn:ietf:params:acme:error:rateLimited :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-11-21 10:00:00 UTC",
    refused(
      429,
      "rateLimited",
      'too many certificates (50) already issued for "example.com" in the last 168h0m0s, retry after 2026-12-01 02:03:04 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-registered-domain',
    ),
    refused(
      429,
      "rateLimited",
      `too many failed authorizations (5) for ${JSON.stringify(host)} in the last 1h0m0s, retry after 2026-11-29 11:02:03 UTC: see https://letsencrypt.org/docs/rate-limits/#authorization-failures-per-hostname-per-account`,
    ),
    refused(
      429,
      "rateLimited",
      "too many new orders (300) from this account in the last 3h0m0s, retry after 2026-11-29 11:02:03 UTC",
    ),
    `Error: ${problem(429, "rateLimited", "too many new registrations (10) from this IP address in the last 3h0m0s, retry after 2026-11-29 11:02:03 UTC", `${api}/new-acct`)}`,
    // After five retries, without the CA's message.
    attempt(`Post "${order}": POST ${order} giving up after 6 attempt(s)`),
  ],
  "log-ca-trouble": [
    attempt(
      `Post "${order}": POST ${order} giving up after 6 attempt(s): unexpected HTTP status 500 Internal Server Error`,
    ),
    invalid(500, "serverInternal", "During secondary validation: Secondary validation RPC failed"),
    refused(500, "serverInternal", "Error creating new order"),
    refused(503, "rateLimited", "Service busy; retry later."),
    attempt(
      `503 ::POST :: ${order} :: invalid character '<' looking for beginning of value :: <html><h1>503 Service Unavailable</h1></html>`,
    ),
  ],
  "log-ca-unreachable": [
    attempt(
      `failed to post JWS message: failed to sign content: failed to get nonce from HTTP HEAD: Head "${api}/new-nonce": HEAD ${api}/new-nonce giving up after 6 attempt(s): Head "${api}/new-nonce": dial tcp: lookup acme-v02.api.letsencrypt.org: i/o timeout`,
    ),
    attempt(
      `Post "${order}": POST ${order} giving up after 6 attempt(s): Post "${order}": read tcp 10.42.0.9:41234->172.65.32.248:443: read: connection reset by peer`,
    ),
    attempt(
      `Post "${order}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ),
  ],
  "log-account-binding": [
    `Error: server requires External Account Binding: KID and HMAC must be set`,
    `Error: ${problem(400, "externalAccountRequired", "External account binding required", `${api}/new-acct`)}`,
  ],
  "log-account": [
    "acme: error: 400 :: urn:ietf:params:acme:error:accountDoesNotExist",
    refused(
      400,
      "accountDoesNotExist",
      `Unable to validate JWS :: Account "${api}/acct/1" not found`,
    ),
    refused(
      403,
      "unauthorized",
      'Unable to validate JWS :: Account is not valid, has status "deactivated"',
    ),
    `Error: ${problem(403, "unauthorized", "An account with the provided public key exists but is deactivated", `${api}/new-acct`)}`,
    refused(
      403,
      "userActionRequired",
      "Terms of service have changed, url: https://ca.example.com/terms",
    ),
    refused(400, "malformed", "must agree to terms of service"),
    refused(
      400,
      "badPublicKey",
      "Unable to validate JWS :: invalid request signing key: public key is forbidden",
    ),
  ],
  "log-identifier": [
    refused(
      400,
      "rejectedIdentifier",
      'Invalid identifiers requested :: Cannot issue for "provider.example.local": Domain name does not end with a valid public suffix (TLD)',
    ),
    refused(
      400,
      "rejectedIdentifier",
      'Disallowed identifier requested :: Cannot issue for "provider.example.com": The ACME server refuses to issue a certificate for this domain name, because it is forbidden by policy',
    ),
    refused(
      400,
      "unsupportedIdentifier",
      'NewOrder request included unsupported identifier: type "ip", value "192.0.2.1"',
    ),
    refused(
      400,
      "malformed",
      'Invalid identifiers requested :: Cannot issue for "x..y": Domain name can not have two dots in a row',
    ),
  ],
  "log-dnssec": [
    invalid(400, "dnssec", "DNSSEC validation failed for example.com"),
    invalid(
      400,
      "dns",
      "DNS problem: looking up A for provider.example.com: DNSSEC: Bogus: validation failure <provider.example.com. A IN>: no signatures",
    ),
    invalid(
      400,
      "dns",
      "DNS problem: looking up TXT for _acme-challenge.provider.example.com: DNSSEC: Signature Expired",
    ),
  ],
  "log-caa-unanswered": [
    invalid(
      400,
      "dns",
      "While processing CAA for provider.example.com: DNS problem: SERVFAIL looking up CAA for example.com - the domain's nameservers may be malfunctioning",
    ),
    attempt(
      `error: one or more domains had a problem:\n${host}: ${problem(403, "caa", "Error finalizing order :: rechecking caa: While processing CAA for provider.example.com: DNS problem: query timed out looking up CAA for provider.example.com", `${api}/finalize/1/2`)}`,
    ),
  ],
  "log-caa": [
    "acme: error: 403 :: urn:ietf:params:acme:error:caa :: CAA record prevents issuance",
    invalid(
      403,
      "caa",
      "While processing CAA for provider.example.com: CAA record for example.com prevents issuance",
    ),
    refused(
      403,
      "compound",
      'Errors during validation, problem: "urn:ietf:params:acme:error:caa" :: CAA record for example.com prevents issuance',
    ),
  ],
  "log-challenge-dns": [
    "urn:ietf:params:acme:error:dns :: DNS problem: NXDOMAIN looking up A",
    invalid(
      400,
      "dns",
      "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.provider.example.com - check that a DNS record exists for this domain",
    ),
    invalid(
      400,
      "dns",
      "DNS problem: query timed out looking up A for provider.example.com; DNS problem: query timed out looking up AAAA for provider.example.com",
    ),
    invalid(
      400,
      "dns",
      "no valid A records found for provider.example.com; no valid AAAA records found for provider.example.com",
    ),
    invalid(
      400,
      "dns",
      "During secondary validation: DNS problem: networking error looking up A for provider.example.com",
    ),
  ],
  "log-challenge-ipv6": [
    invalid(
      400,
      "connection",
      `2001:db8::10: Fetching http://${host}/.well-known/acme-challenge/x: Connection refused`,
    ),
    invalid(
      403,
      "unauthorized",
      `2001:db8::10: Invalid response from http://${host}/.well-known/acme-challenge/x: 404`,
    ),
    invalid(
      400,
      "connection",
      `During secondary validation: 2001:db8::10: Fetching http://${host}/.well-known/acme-challenge/x: Timeout after connect (your server may be slow or overloaded)`,
    ),
  ],
  "log-challenge-redirect": [
    invalid(
      400,
      "connection",
      `203.0.113.10: Fetching https://${host}:8443/.well-known/acme-challenge/x: Invalid port in redirect target. Only ports 80 and 443 are supported, not 8443`,
    ),
    invalid(
      400,
      "connection",
      `203.0.113.10: Fetching http://${host}/.well-known/acme-challenge/x: Redirect loop detected`,
    ),
    invalid(
      400,
      "connection",
      `203.0.113.10: Fetching http://${host}/.well-known/acme-challenge/x: Too many redirects`,
    ),
  ],
  "log-challenge-connection": [
    "acme: error: 400 :: urn:ietf:params:acme:error:connection :: Timeout during connect (likely firewall problem)",
    invalid(
      400,
      "connection",
      `203.0.113.10: Fetching http://${host}/.well-known/acme-challenge/x: Connection refused`,
    ),
    invalid(
      400,
      "connection",
      `During secondary validation: 203.0.113.10: Fetching http://${host}/.well-known/acme-challenge/x: Timeout during connect (likely firewall problem)`,
    ),
    invalid(
      400,
      "tls",
      `203.0.113.10: Fetching https://${host}/.well-known/acme-challenge/x: remote error: tls: handshake failure`,
    ),
  ],
  "log-order": [
    attempt(
      `error: one or more domains had a problem:\n${host}: ${problem(403, "orderNotReady", 'Order\'s status ("pending") is not acceptable for finalization', `${api}/finalize/1/2`)}`,
    ),
    refused(400, "badNonce", "Unable to validate JWS :: JWS has an invalid anti-replay nonce"),
    refused(
      409,
      "alreadyReplaced",
      "While checking renewal exemption status :: cannot indicate an order replaces certificate with serial 1, which already has a replacement order",
    ),
    refused(409, "conflict", "New key is already in use for a different account"),
    refused(
      403,
      "unauthorized",
      "Error finalizing order :: authorizations for these identifiers not valid: provider.example.com",
    ),
    refused(
      400,
      "malformed",
      "Unable to update challenge :: authorization must be pending",
      authorization,
    ),
    refused(400, "malformed", "Unable to update challenge :: expired authorization", authorization),
    challenge("the authorization state deactivated"),
    challenge("the server didn't respond to our request (status=pending)"),
    challenge("invalid authorization"),
    attempt(`error: one or more domains had a problem:\n${host}: invalid order: %!w(<nil>)`),
    attempt(`error: one or more domains had a problem:\n${host}: certificate: time limit exceeded`),
    refused(404, "malformed", "No such challenge", authorization),
  ],
  "log-challenge-answer": [
    "acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: 404",
    invalid(
      403,
      "unauthorized",
      `203.0.113.10: Invalid response from http://${host}/.well-known/acme-challenge/x: 404`,
    ),
    invalid(
      403,
      "unauthorized",
      'The key authorization file from the server did not match this challenge. Expected "x" (got "TEST")',
    ),
    invalid(403, "unauthorized", "No TXT record found at _acme-challenge.provider.example.com"),
    invalid(
      403,
      "unauthorized",
      'Incorrect TXT record "x" (and 1 more) found at _acme-challenge.provider.example.com',
    ),
    invalid(403, "incorrectResponse", "The response did not match the challenge"),
  ],
  "log-protocol": [
    refused(
      400,
      "malformed",
      'Unable to validate JWS :: JWS header parameter \'url\' incorrect. Expected "https://a" got "https://b"',
    ),
    refused(400, "badCSR", "Error finalizing order :: unable to parse CSR: asn1: structure error"),
    refused(
      400,
      "badSignatureAlgorithm",
      "Unable to validate JWS :: JWS signature header contains unsupported algorithm",
    ),
    refused(400, "badRevocationReason", "unsupported revocation reason"),
    refused(400, "alreadyRevoked", "Certificate already revoked"),
    refused(400, "invalidProfile", 'profile name "x" not recognized'),
    refused(400, "compound", "Several problems"),
    attempt(
      `404 ::POST :: ${order} :: invalid character '<' looking for beginning of value :: <html>Not found</html>`,
    ),
    attempt("authorization[get]: empty URL"),
    attempt(`error: one or more domains had a problem:\n${host}: order[get]: empty URL`),
    attempt(`[${host}] Certificate bundle starts with a CA certificate`),
  ],
  "log-cleanup": [
    `2026/11/29 10:01:45 [WARN] [${host}] acme: cleaning up failed: context deadline exceeded `,
    "2026/11/29 10:01:45 cloudflare: failed to delete TXT record: request canceled",
    `2026/11/29 10:01:45 [WARN] [${host}] acme: cleaning up failed: cloudflare: failed to delete TXT record: [status code 404] 81044: Record does not exist. `,
    `2026/11/29 10:01:45 [WARN] [${host}] acme: cleaning up failed: googlecloud: googleapi: Error 412: Precondition not met for 'entity.change.deletions[0]', conditionNotMet `,
  ],
  "log-http-solver": [`[INFO] [${host}] acme: use http-01 solver`],
  "log-given-up": [
    `unable to obtain certificate for ${host} after 5 retries. giving up. provider will not check this certificate until next restart`,
  ],
  "log-renewal-failed": [`failed to renew certificate for ${host}: error`],
};

/** The line that the end-to-end tests write for an error. */
export function issuerLine(id: string): string {
  return issuerLines[id]?.[0] ?? "";
}

/** Lines without a finding: those of a successful certificate, and those that only appear to be errors. */
export const harmlessLines: readonly string[] = [
  `2026/11/29 10:01:45 [INFO] [${host}] acme: Obtaining bundled SAN certificate`,
  `2026/11/29 10:01:45 [INFO] [${host}] acme: use dns-01 solver`,
  `2026/11/29 10:01:45 [INFO] [${host}] acme: Could not find solver for: tls-alpn-01`,
  `2026/11/29 10:01:45 [INFO] [${host}] acme: Waiting for DNS record propagation.`,
  `2026/11/29 10:01:45 [INFO] retry due to: ${problem(400, "badNonce", "Unable to validate JWS :: JWS has an invalid anti-replay nonce", order)}`,
  `2026/11/29 10:01:45 [WARN] [${host}] acme: cleaning up failed: cloudflare: unknown record ID for '_acme-challenge.${host}.' `,
  `2026/11/29 10:01:45 [WARN] Received request for domain ${host} with method GET but the domain did not match any challenge. Please ensure you are passing the Host header properly.`,
  '10:01AM ERR finished with error err="context canceled" module=cert-issuer',
  '10:01AM ERR couldn\'t check balance err="rpc error: connection refused" module=bidengine',
];
