# An OCI registry with the images under the names that the manifests use: containerd is told
# to ask it for every host.
# shellcheck shell=bash disable=SC2154

registry_install() {
  packages docker-registry=docker-registry curl=curl
  layers_install
  controller_install
}

registry_up() {
  mkdir -p "$bed/registry"
  cat >"$run/registry.yaml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $bed/registry}, delete: {enabled: true}}
http: {addr: "$registry"}
YAML
  spawn registry docker-registry serve "$run/registry.yaml"
  wait_for 20 registry curl -sf "http://$registry/v2/"
  if [ "$(cat "$bed/registry/pushed" 2>/dev/null)" != "$key_of_images" ]; then
    images_push
    echo "$key_of_images" >"$bed/registry/pushed"
  fi
  controller_push
}

registry_status() { lives registry && curl -sf "http://$registry/v2/" >/dev/null; }
registry_down() { stop registry; }
