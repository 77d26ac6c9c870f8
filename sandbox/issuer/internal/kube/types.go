package kube

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// The types below have only the fields of the API objects that the issuer reads.

// Metadata is an object's metadata.
type Metadata struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	UID               string            `json:"uid"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	DeletionTimestamp string            `json:"deletionTimestamp"`
}

// StatefulSet is apps/v1 StatefulSet.
type StatefulSet struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		Replicas    *int   `json:"replicas"`
		ServiceName string `json:"serviceName"`
	} `json:"spec"`
	Status struct {
		UpdateRevision string `json:"updateRevision"`
	} `json:"status"`
}

// Pod is v1 Pod.
type Pod struct {
	Metadata Metadata  `json:"metadata"`
	Spec     PodSpec   `json:"spec"`
	Status   PodStatus `json:"status"`
}

// PodSpec is the part of a pod with its containers and volumes.
type PodSpec struct {
	NodeName           string      `json:"nodeName"`
	ServiceAccountName string      `json:"serviceAccountName"`
	Containers         []Container `json:"containers"`
	Volumes            []Volume    `json:"volumes"`
}

// PodStatus is the node's report on a pod.
type PodStatus struct {
	Phase string `json:"phase"`
	PodIP string `json:"podIP"`
}

// Container is one container of a pod.
type Container struct {
	Name         string          `json:"name"`
	EnvFrom      []EnvFromSource `json:"envFrom"`
	Env          []EnvVar        `json:"env"`
	Ports        []ContainerPort `json:"ports"`
	VolumeMounts []VolumeMount   `json:"volumeMounts"`
}

// ContainerPort is a named port.
type ContainerPort struct {
	Name          string `json:"name"`
	ContainerPort int    `json:"containerPort"`
}

// EnvFromSource is a ConfigMap or Secret whose keys become variables.
type EnvFromSource struct {
	Prefix       string     `json:"prefix"`
	ConfigMapRef *ObjectRef `json:"configMapRef"`
	SecretRef    *ObjectRef `json:"secretRef"`
}

// ObjectRef names a ConfigMap or a Secret.
type ObjectRef struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional"`
}

// EnvVar is one variable, with its value or its source.
type EnvVar struct {
	Name      string        `json:"name"`
	Value     string        `json:"value"`
	ValueFrom *EnvVarSource `json:"valueFrom"`
}

// EnvVarSource is the source of a variable's value.
type EnvVarSource struct {
	ConfigMapKeyRef  *KeyRef         `json:"configMapKeyRef"`
	SecretKeyRef     *KeyRef         `json:"secretKeyRef"`
	FieldRef         *FieldRef       `json:"fieldRef"`
	ResourceFieldRef json.RawMessage `json:"resourceFieldRef"`
}

// KeyRef names one key of a ConfigMap or a Secret.
type KeyRef struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional"`
}

// FieldRef names a field of the pod.
type FieldRef struct {
	FieldPath string `json:"fieldPath"`
}

// VolumeMount is the path of a volume in a container.
type VolumeMount struct {
	Name        string `json:"name"`
	MountPath   string `json:"mountPath"`
	SubPath     string `json:"subPath"`
	SubPathExpr string `json:"subPathExpr"`
}

// Volume is one volume of a pod.
type Volume struct {
	Name                  string           `json:"name"`
	Secret                *SecretVolume    `json:"secret"`
	ConfigMap             *ConfigMapVolume `json:"configMap"`
	Projected             *ProjectedVolume `json:"projected"`
	PersistentVolumeClaim *struct {
		ClaimName string `json:"claimName"`
	} `json:"persistentVolumeClaim"`
}

// SecretVolume is a Secret as files.
type SecretVolume struct {
	SecretName string      `json:"secretName"`
	Items      []KeyToPath `json:"items"`
	Optional   bool        `json:"optional"`
}

// ConfigMapVolume is a ConfigMap as files.
type ConfigMapVolume struct {
	Name     string      `json:"name"`
	Items    []KeyToPath `json:"items"`
	Optional bool        `json:"optional"`
}

// ProjectedVolume is several sources in one volume.
type ProjectedVolume struct {
	Sources []struct {
		Secret    *ConfigMapVolume `json:"secret"`
		ConfigMap *ConfigMapVolume `json:"configMap"`
	} `json:"sources"`
}

// KeyToPath maps a key to a path.
type KeyToPath struct {
	Key  string `json:"key"`
	Path string `json:"path"`
}

// ConfigMap is v1 ConfigMap.
type ConfigMap struct {
	Metadata   Metadata          `json:"metadata"`
	Data       map[string]string `json:"data"`
	BinaryData map[string][]byte `json:"binaryData"`
}

// Secret is v1 Secret.
type Secret struct {
	Metadata Metadata          `json:"metadata"`
	Data     map[string][]byte `json:"data"`
}

// Service is v1 Service.
type Service struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		Selector map[string]string `json:"selector"`
		Ports    []ServicePort     `json:"ports"`
	} `json:"spec"`
}

// ServicePort is one port of a Service.
type ServicePort struct {
	Name       string      `json:"name"`
	Port       int         `json:"port"`
	TargetPort IntOrString `json:"targetPort"`
}

// IntOrString is a port number or the name of a container's port.
type IntOrString string

// UnmarshalJSON accepts a number as well as a string.
func (v *IntOrString) UnmarshalJSON(data []byte) error {
	if n, err := strconv.Atoi(string(data)); err == nil {
		*v = IntOrString(strconv.Itoa(n))
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("neither a number nor a string: %s", data)
	}
	*v = IntOrString(s)
	return nil
}

// Ingress is networking.k8s.io/v1 Ingress.
type Ingress struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		Rules []struct {
			Host string `json:"host"`
			HTTP *struct {
				Paths []struct {
					Path    string `json:"path"`
					Backend struct {
						Service *struct {
							Name string `json:"name"`
							Port struct {
								Name   string `json:"name"`
								Number int    `json:"number"`
							} `json:"port"`
						} `json:"service"`
					} `json:"backend"`
				} `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	} `json:"spec"`
}

// HTTPRoute is gateway.networking.k8s.io/v1 HTTPRoute.
type HTTPRoute struct {
	Metadata Metadata `json:"metadata"`
	Spec     struct {
		Hostnames []string `json:"hostnames"`
		Rules     []struct {
			BackendRefs []struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
				Port int    `json:"port"`
			} `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}
