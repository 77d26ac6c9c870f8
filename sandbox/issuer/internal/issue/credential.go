package issue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-acme/lego/v5/platform/env"
)

// Credential identifies the DNS credential in use without disclosing it.
type Credential struct {
	Provider     string `json:"provider"`
	ClientEmail  string `json:"clientEmail,omitempty"`
	PrivateKeyID string `json:"privateKeyId,omitempty"`
	Project      string `json:"project,omitempty"`
	Zone         string `json:"zone,omitempty"`
	// Digest is the first twelve hexadecimal digits of the token's SHA-256.
	Digest string `json:"sha256,omitempty"`
}

// String returns a short description of the credential.
func (c *Credential) String() string {
	switch {
	case c.ClientEmail != "":
		text := fmt.Sprintf("Google service account %s, key %s, project %s", c.ClientEmail, c.PrivateKeyID, c.Project)
		if c.Zone != "" {
			text += ", zone " + c.Zone
		}
		return text
	case c.Provider == "gcloud" && c.Digest == "":
		return "Google's default credentials of the pod, project " + c.Project
	case c.Provider == "gcloud":
		return "Google access token, SHA-256 " + c.Digest + "…"
	default:
		return "Cloudflare API token, SHA-256 " + c.Digest + "…"
	}
}

// credential finds the DNS provider's credential in the environment, in lego's order.
func credential(provider string) *Credential {
	if provider == "cf" {
		return &Credential{Provider: provider, Digest: digest(cloudflareToken())}
	}
	c := &Credential{Provider: provider, Project: env.GetOrFile("GCE_PROJECT"), Zone: env.GetOrFile("GCE_ZONE_ID")}
	serviceAccount := env.GetOrFile("GCE_SERVICE_ACCOUNT")
	if serviceAccount == "" {
		if token := env.GetOrFile("GCE_ACCESS_TOKEN"); token != "" {
			c.Digest = digest(token)
		}
		return c
	}
	var key struct {
		ClientEmail  string `json:"client_email"`
		PrivateKeyID string `json:"private_key_id"`
		ProjectID    string `json:"project_id"`
	}
	// The gcloud provider has parsed the key already and has refused invalid JSON.
	_ = json.Unmarshal([]byte(serviceAccount), &key)
	c.ClientEmail, c.PrivateKeyID = key.ClientEmail, key.PrivateKeyID
	if c.Project == "" {
		c.Project = key.ProjectID
	}
	return c
}

func cloudflareToken() string {
	first := func(names ...string) string {
		for _, name := range names {
			if value := env.GetOrFile(name); value != "" {
				return value
			}
		}
		return ""
	}
	key := first("CLOUDFLARE_API_KEY", "CF_API_KEY")
	if key != "" && first("CLOUDFLARE_EMAIL", "CF_API_EMAIL") != "" {
		return key
	}
	return first("CLOUDFLARE_DNS_API_TOKEN", "CF_DNS_API_TOKEN")
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(strings.TrimRight(secret, "\r\n")))
	return hex.EncodeToString(sum[:])[:12]
}
