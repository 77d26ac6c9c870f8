// Package route checks whether a CA's http-01 request for the provider's host would reach the challenge port of the
// pod.
package route

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"issuer/internal/kube"
)

// httpPort is the port of every http-01 request (RFC 8555, section 8.3).
const httpPort = 80

// Path is the route of the request.
type Path struct {
	Client    *kube.Client
	Namespace string
	Service   string
	Pod       *kube.Pod
	Container kube.Container
}

// Check returns an error that names the first obstacle between the host and the challenge port.
func (p Path) Check(ctx context.Context, host string, challengePort int) error {
	service, err := p.Client.Service(ctx, p.Namespace, p.Service)
	if err != nil {
		return fmt.Errorf("http-01 cannot reach the pod: %w", err)
	}
	if err := p.checkService(service, challengePort); err != nil {
		return fmt.Errorf("http-01 cannot reach the pod: Service %s/%s: %w", p.Namespace, p.Service, err)
	}
	routed, err := p.routed(ctx, service, host)
	if err != nil {
		return fmt.Errorf("http-01 cannot reach the pod: %w", err)
	}
	if !routed {
		return fmt.Errorf("http-01 cannot reach the pod: no Ingress and no HTTPRoute of namespace %s sends %s to port %d of "+
			"Service %s", p.Namespace, host, httpPort, p.Service)
	}
	return nil
}

func (p Path) checkService(service *kube.Service, challengePort int) error {
	if len(service.Spec.Selector) == 0 {
		return fmt.Errorf("it has no selector, so it selects no pod")
	}
	for key, value := range service.Spec.Selector {
		if p.Pod.Metadata.Labels[key] != value {
			return fmt.Errorf("its selector %s=%s does not match pod %s", key, value, p.Pod.Metadata.Name)
		}
	}
	for _, port := range service.Spec.Ports {
		if port.Port != httpPort {
			continue
		}
		target, err := p.targetPort(port)
		if err != nil {
			return err
		}
		if target != challengePort {
			return fmt.Errorf("port %d targets container port %d, but the issuer listens on %d "+
				"(AP_CERT_ISSUER_HTTP_CHALLENGE_PORT)", httpPort, target, challengePort)
		}
		return nil
	}
	return fmt.Errorf("it has no port %d", httpPort)
}

func (p Path) targetPort(port kube.ServicePort) (int, error) {
	if port.TargetPort == "" {
		return port.Port, nil
	}
	if number, err := strconv.Atoi(string(port.TargetPort)); err == nil {
		return number, nil
	}
	for _, declared := range p.Container.Ports {
		if declared.Name == string(port.TargetPort) {
			return declared.ContainerPort, nil
		}
	}
	return 0, fmt.Errorf("port %d targets the container's port %q, which does not exist", port.Port, port.TargetPort)
}

func (p Path) routed(ctx context.Context, service *kube.Service, host string) (bool, error) {
	ingresses, err := p.Client.Ingresses(ctx, p.Namespace)
	if err != nil {
		return false, err
	}
	for _, ingress := range ingresses {
		if ingressTargets(ingress, service, host) {
			return true, nil
		}
	}
	routes, err := p.Client.HTTPRoutes(ctx, p.Namespace)
	if err != nil {
		return false, err
	}
	for _, route := range routes {
		if routeTargets(route, service, host) {
			return true, nil
		}
	}
	return false, nil
}

func ingressTargets(ingress kube.Ingress, service *kube.Service, host string) bool {
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil || !matches(rule.Host, host) {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			backend := path.Backend.Service
			if backend == nil || backend.Name != service.Metadata.Name || !strings.HasPrefix("/.well-known/acme-challenge/", path.Path) {
				continue
			}
			if backend.Port.Number == httpPort || portNumber(service, backend.Port.Name) == httpPort {
				return true
			}
		}
	}
	return false
}

func portNumber(service *kube.Service, name string) int {
	for _, port := range service.Spec.Ports {
		if name != "" && port.Name == name {
			return port.Port
		}
	}
	return 0
}

func routeTargets(route kube.HTTPRoute, service *kube.Service, host string) bool {
	named := len(route.Spec.Hostnames) == 0
	for _, hostname := range route.Spec.Hostnames {
		named = named || matches(hostname, host)
	}
	if !named {
		return false
	}
	for _, rule := range route.Spec.Rules {
		for _, backend := range rule.BackendRefs {
			if (backend.Kind == "" || backend.Kind == "Service") && backend.Name == service.Metadata.Name && backend.Port == httpPort {
				return true
			}
		}
	}
	return false
}

// matches compares as Ingress and HTTPRoute do: an empty pattern matches every host, *.example.com every host below
// example.com.
func matches(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(host, "."+suffix)
	}
	return pattern == "" || strings.EqualFold(pattern, host)
}
