# containerd and kubelet: one real node, with the bridge as its address and network.
# shellcheck shell=bash disable=SC2154

volumes=240

node_install() {
  packages containerd=containerd runc=runc /usr/lib/cni/bridge=containernetworking-plugins iptables=iptables \
    mount=mount modprobe=kmod conntrack=conntrack dnsmasq=dnsmasq-base mvn=maven python3=python3
  build_control_plane
  build_python
  build_monitoring
}

ctr_() { ctr --address "$run/containerd/socket" -n k8s.io "$@"; }

containerd_config() {
  local host
  mkdir -p "$run/containerd/hosts" "$run/cni"
  for host in ghcr.io docker.io registry.corp.example _default; do
    mkdir -p "$run/containerd/hosts/$host"
    printf 'server = "http://%s"\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$registry" "$registry" \
      >"$run/containerd/hosts/$host/hosts.toml"
  done
  # The images stay between runs: only what the registry holds anew is pulled again.
  cat >"$run/containerd/config.toml" <<TOML
version = 2
root = "$bed/containerd"
state = "$run/containerd/state"
[grpc]
  address = "$run/containerd/socket"
[ttrpc]
  address = "$run/containerd/ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "bed.local/pause:1"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$run/containerd/hosts"
TOML
  cat >"$run/cni/10-bed.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "bed", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$run/cni-addresses", "routes": [{"dst": "0.0.0.0/0", "gw": "$gateway"}],
     "ranges": [[{"subnet": "10.244.0.0/24", "gateway": "$gateway", "rangeStart": "10.244.0.10"}]]}}]}
JSON
}

# All but 1500m of the machine's cores.
node_reserved() { echo "$(($(nproc) > 1 ? $(nproc) * 1000 - 1500 : 0))m"; }

kubelet_config() {
  mkdir -p "$run/kubelet" "$run/pod-logs" "$run/manifests"
  cat >"$run/kubelet/config.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $gateway
failCgroupV1: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
# Room for about three instances with the default request: more at once only starve each other.
systemReserved: {cpu: $(node_reserved)}
containerRuntimeEndpoint: unix://$run/containerd/socket
tlsCertFile: $run/pki/node.crt
tlsPrivateKeyFile: $run/pki/node.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $run/pki/ca.crt}}
authorization: {mode: Webhook}
clusterDNS: [$gateway]
clusterDomain: cluster.local
healthzBindAddress: 127.0.0.1
healthzPort: 10248
podLogsDir: $run/pod-logs
failSwapOn: false
maxPods: 110
serializeImagePulls: false
syncFrequency: 10s
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
YAML
}

# Names of Pods and Services are not served; those that a test gives away in
# $run/dns/hosts are, and all others come from the machine's own resolver.
dns_up() {
  local upstream
  mkdir -p "$run/dns"
  upstream=$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)
  spawn dns dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --bind-interfaces \
    --listen-address "$gateway" --no-hosts --hostsdir "$run/dns" --no-resolv --server "$upstream" \
    --log-facility=- --log-queries --local=/cluster.local/
}

# rule COMMAND CHAIN ARGUMENT...: a rule of address translation that bears the bed's name.
rule() {
  local command=$1 chain=$2
  shift 2
  iptables -t nat "$command" "$chain" -m comment --comment openclaw-bed "$@" 2>/dev/null
}

# each_rule COMMAND: Pods reach the world under the machine's address, and the API server under
# that of its Service, which a kube-proxy would see to.
each_rule() {
  local bad=0
  rule "$1" POSTROUTING -s "$pods" ! -d "$pods" -j MASQUERADE || bad=1
  rule "$1" PREROUTING -i "$bridge" -d 10.96.0.1/32 -p tcp --dport 443 -j DNAT --to-destination "$apiserver" || bad=1
  return "$bad"
}

forwarding_up() {
  cat /proc/sys/net/ipv4/ip_forward >"$run/ip_forward"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # The API server listens on the loopback address alone.
  echo 1 >"/proc/sys/net/ipv4/conf/$bridge/route_localnet"
  forwarding_ended
  each_rule -A
}

forwarding_ended() { while each_rule -D; do :; done; }

forwarding_down() {
  forwarding_ended
  if [ -e "$run/ip_forward" ]; then cat "$run/ip_forward" >/proc/sys/net/ipv4/ip_forward; fi
}

node_up() {
  if [ "$(id -u)" -ne 0 ]; then fail "the node needs root: containers, mounts and a bridge"; fi
  forwarding_up
  dns_up
  containerd_config
  kubelet_config
  spawn containerd containerd --config "$run/containerd/config.toml"
  wait_for 30 containerd ctr_ version
  # It answers before the part that kubelet speaks to does, and kubelet asks that one once.
  wait_for 30 containerd grep -q 'msg="Start streaming server"' "$run/logs/containerd"
  remove_containers
  if [ "$(cat "$bed/containerd/images" 2>/dev/null)" != "$key_of_images" ]; then
    # The same tag may now be another image.
    ctr_ images ls -q | xargs -r "$(command -v ctr)" --address "$run/containerd/socket" -n k8s.io images rm >/dev/null
    echo "$key_of_images" >"$bed/containerd/images"
  fi
  # Its tag stays while its sources change.
  ctr_ images rm "$(controller_name)" >/dev/null 2>&1
  spawn kubelet "$(program kubernetes)/kubelet" --config "$run/kubelet/config.yaml" --root-dir "$run/kubelet/root" \
    --kubeconfig "$run/pki/node.kubeconfig" --hostname-override "$node" --node-ip "$gateway"
  wait_for 60 kubelet kc wait --for=condition=Ready --timeout=1s "node/$node"
  # A zone as a cloud gives it, which an example asks for.
  kc label --overwrite node "$node" kubernetes.io/os=linux topology.kubernetes.io/zone=eu-central-1a >/dev/null
  volumes_up
}

# Local volumes get the Pod's fsGroup, as those of a cloud do and hostPath does not. Each is
# used once.
volumes_up() {
  local class n
  {
    for class in "" $(storage_classes); do
      cat <<YAML
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: ${class:-bed}
  annotations: {storageclass.kubernetes.io/is-default-class: "$([ -n "$class" ] || echo true)"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
      for n in $(seq "$([ -n "$class" ] && echo 6 || echo "$volumes")"); do volume "${class:-bed}" "$n"; done
    done
  } >"$run/volumes.yaml"
  kc apply --server-side -f "$run/volumes.yaml" >/dev/null
}

# The classes that the examples name.
storage_classes() { sed -n 's/^ *storageClass: *//p' "$here"/../../examples/*.yaml | sort -u; }

volume() {
  mkdir -p "$run/volumes/$1-$2"
  cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: $1-$2}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce, ReadWriteMany, ReadOnlyMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: $1
  local: {path: $run/volumes/$1-$2}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$node]}]}]
YAML
}

node_status() {
  lives containerd && lives kubelet && lives dns &&
    kc wait --for=condition=Ready --timeout=1s "node/$node" >/dev/null 2>&1
}

# What a kubelet that is gone has left: tasks, then containers with their snapshots.
remove_containers() {
  local each
  for each in $(ctr_ tasks ls -q 2>/dev/null); do ctr_ tasks rm -f "$each" >/dev/null 2>&1 || true; done
  for each in $(ctr_ containers ls -q 2>/dev/null); do ctr_ containers rm "$each" >/dev/null 2>&1 || true; done
}

node_down() {
  local each
  if lives kubelet && control_plane_status; then
    # The kubelet takes its mounts and addresses back only from Pods that it ends itself.
    kc delete pods --all --all-namespaces --grace-period=0 --force --wait=false >/dev/null 2>&1 || true
    kc delete statefulsets,jobs,deployments,daemonsets --all --all-namespaces --wait=false >/dev/null 2>&1 || true
    kc delete pods --all --all-namespaces --grace-period=0 --force --wait=false >/dev/null 2>&1 || true
    for each in $(seq 50); do
      if [ -z "$(ctr_ tasks ls -q 2>/dev/null)" ]; then break; fi
      sleep 0.2
    done
  fi
  stop kubelet
  if lives containerd; then remove_containers; fi
  stop containerd
  pkill -9 -f "containerd-shim.*-address $run/containerd/" 2>/dev/null || true
  sleep 0.2
  # Deepest first.
  awk -v run="$run/" '$2 ~ "^" run || $2 ~ "^/run/netns/cni-" || $2 ~ "^/var/run/netns/cni-" { print $2 }' /proc/mounts |
    sort -r | while read -r each; do umount -l "$each" 2>/dev/null || true; done
  rm -f /run/netns/cni-* /var/log/containers/*_openclaw-bed-* 2>/dev/null || true
  find /var/log/containers -xtype l -delete 2>/dev/null || true
  for each in /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods; do
    if [ -d "$each" ]; then find "$each" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
  done
  rm -rf /var/lib/cni/results 2>/dev/null || true
  stop dns
  forwarding_down
}
