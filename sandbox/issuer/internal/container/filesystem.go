package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"issuer/internal/kube"
)

// Filesystem maps the paths of a container to paths of this machine. The files of Secret and ConfigMap volumes are
// written below a private root; those of a persistent volume are in the directory for the volume. Every
// other path maps to a missing file below the root: a file of this machine is never mistaken for one of the
// container.
type Filesystem struct {
	root       string
	persistent []persistentMount
}

type persistentMount struct {
	at, directory string
}

// NewFilesystem writes the container's files below root, which must be a private directory. The directory home
// is used for the persistent volume of the container, unless it is empty.
func NewFilesystem(ctx context.Context, root, home string, pod *kube.Pod, c kube.Container, source Source) (*Filesystem, error) {
	volumes := map[string]kube.Volume{}
	for _, volume := range pod.Spec.Volumes {
		volumes[volume.Name] = volume
	}
	fs := &Filesystem{root: root}
	for _, mount := range c.VolumeMounts {
		volume, ok := volumes[mount.Name]
		if !ok {
			return nil, fmt.Errorf("container %s mounts volume %s, which the pod does not have", c.Name, mount.Name)
		}
		if err := fs.mount(ctx, mount, volume, home, source); err != nil {
			return nil, fmt.Errorf("FailedMount: volume %s at %s: %w", mount.Name, mount.MountPath, err)
		}
	}
	return fs, nil
}

// Host returns the path on this machine of the container's absolute path.
func (fs *Filesystem) Host(containerPath string) string {
	containerPath = path.Clean("/" + containerPath)
	if mount, ok := fs.on(containerPath); ok {
		return filepath.Join(mount.directory, filepath.FromSlash(strings.TrimPrefix(containerPath, mount.at)))
	}
	return filepath.Join(fs.root, filepath.FromSlash(containerPath))
}

// Persistent reports whether a file at the path outlives the container.
func (fs *Filesystem) Persistent(containerPath string) bool {
	_, ok := fs.on(path.Clean("/" + containerPath))
	return ok
}

func (fs *Filesystem) on(containerPath string) (persistentMount, bool) {
	var best persistentMount
	for _, mount := range fs.persistent {
		if within(containerPath, mount.at) && len(mount.at) > len(best.at) {
			best = mount
		}
	}
	return best, best.at != ""
}

func within(containerPath, directory string) bool {
	return containerPath == directory || strings.HasPrefix(containerPath, strings.TrimRight(directory, "/")+"/")
}

func (fs *Filesystem) mount(ctx context.Context, mount kube.VolumeMount, volume kube.Volume, home string, source Source) error {
	if mount.SubPathExpr != "" {
		return errors.New("the sandbox does not support subPathExpr")
	}
	at := path.Clean("/" + mount.MountPath)
	if volume.PersistentVolumeClaim != nil {
		if home != "" {
			directory := filepath.Join(home, filepath.FromSlash(mount.SubPath))
			fs.persistent = append(fs.persistent, persistentMount{at: at, directory: directory})
		}
		return nil
	}
	content, ok, err := volumeFiles(ctx, volume, source)
	if err != nil || !ok {
		return err
	}
	return fs.write(at, subPath(content, mount.SubPath))
}

// subPath returns the files of a mount of one path of the volume. A file appears at the mount path itself, which is
// the empty name here; a directory appears with its content.
func subPath(content files, sub string) files {
	if sub == "" {
		return content
	}
	if value, isFile := content[sub]; isFile {
		return files{"": value}
	}
	below := files{}
	for name, value := range content {
		if rest, ok := strings.CutPrefix(name, sub+"/"); ok {
			below[rest] = value
		}
	}
	return below
}

func (fs *Filesystem) write(at string, content files) error {
	for name, value := range content {
		if name != "" && !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("the path %q is outside the volume", name)
		}
		file := filepath.Join(fs.root, filepath.FromSlash(path.Join(at, name)))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, value, 0o600); err != nil {
			return err
		}
	}
	return nil
}
