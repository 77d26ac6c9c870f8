// Package kube reads the few objects that the issuer requires from a Kubernetes API server over plain REST.
package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is more than the API server stores in one object, and sufficient for a list of routes.
const maxBody = 16 << 20

// Client reads from one API server.
type Client struct {
	server string
	token  string
	http   *http.Client
}

// NotFoundError is the error of a missing object or kind.
type NotFoundError struct {
	Kind, Namespace, Name string
}

// Error has the text of the API server.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s %q not found in namespace %s", e.Kind, e.Name, e.Namespace)
}

// IsNotFound reports whether err is a NotFoundError.
func IsNotFound(err error) bool {
	var notFound *NotFoundError
	return errors.As(err, &notFound)
}

// StatefulSet reads a StatefulSet.
func (c *Client) StatefulSet(ctx context.Context, namespace, name string) (*StatefulSet, error) {
	return get[StatefulSet](ctx, c, "/apis/apps/v1", "statefulset", namespace, name)
}

// Pod reads a pod.
func (c *Client) Pod(ctx context.Context, namespace, name string) (*Pod, error) {
	return get[Pod](ctx, c, "/api/v1", "pod", namespace, name)
}

// ConfigMap reads a ConfigMap.
func (c *Client) ConfigMap(ctx context.Context, namespace, name string) (*ConfigMap, error) {
	return get[ConfigMap](ctx, c, "/api/v1", "configmap", namespace, name)
}

// Secret reads a Secret.
func (c *Client) Secret(ctx context.Context, namespace, name string) (*Secret, error) {
	return get[Secret](ctx, c, "/api/v1", "secret", namespace, name)
}

// Service reads a Service.
func (c *Client) Service(ctx context.Context, namespace, name string) (*Service, error) {
	return get[Service](ctx, c, "/api/v1", "service", namespace, name)
}

// Ingresses lists the namespace's Ingresses.
func (c *Client) Ingresses(ctx context.Context, namespace string) ([]Ingress, error) {
	return list[Ingress](ctx, c, "/apis/networking.k8s.io/v1", "ingress", "ingresses", namespace)
}

// HTTPRoutes lists the namespace's HTTPRoutes; none if the Gateway API is not installed.
func (c *Client) HTTPRoutes(ctx context.Context, namespace string) ([]HTTPRoute, error) {
	routes, err := list[HTTPRoute](ctx, c, "/apis/gateway.networking.k8s.io/v1", "httproute", "httproutes", namespace)
	if IsNotFound(err) {
		return nil, nil
	}
	return routes, err
}

func get[T any](ctx context.Context, c *Client, api, kind, namespace, name string) (*T, error) {
	object := new(T)
	path := fmt.Sprintf("%s/namespaces/%s/%ss/%s", api, url.PathEscape(namespace), kind, url.PathEscape(name))
	return object, c.read(ctx, path, &NotFoundError{Kind: kind, Namespace: namespace, Name: name}, object)
}

func list[T any](ctx context.Context, c *Client, api, kind, plural, namespace string) ([]T, error) {
	var objects struct {
		Items []T `json:"items"`
	}
	path := fmt.Sprintf("%s/namespaces/%s/%s", api, url.PathEscape(namespace), plural)
	err := c.read(ctx, path, &NotFoundError{Kind: kind, Namespace: namespace, Name: "*"}, &objects)
	return objects.Items, err
}

func (c *Client) read(ctx context.Context, path string, notFound *NotFoundError, into any) error {
	what := notFound.Kind + " " + notFound.Namespace + "/" + notFound.Name
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.server, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}

	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer response.Body.Close()

	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	switch {
	case response.StatusCode == http.StatusNotFound:
		return notFound
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("read %s: the API server responds with %s: %s", what, response.Status, statusMessage(body))
	}
	// The decoder's errors can contain the input, which may be a Secret.
	if json.Unmarshal(body, into) != nil {
		return fmt.Errorf("read %s: the API server's response is not such an object", what)
	}
	return nil
}

// statusMessage is the message in the Status object that the API server sends with an error.
func statusMessage(body []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &status) != nil || status.Message == "" {
		return "no message"
	}
	return status.Message
}
