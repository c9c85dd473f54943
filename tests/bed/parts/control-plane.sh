# etcd, kube-apiserver, controller-manager and scheduler with certificates of their own.
# shellcheck shell=bash disable=SC2154

control_plane_install() {
  packages openssl=openssl ip=iproute2 curl=curl
  build_control_plane
  made "$(foreign_crds_folder)" foreign_crds
}

# Named by the function's own text, so that another list is another folder.
foreign_crds_folder() { echo "$bed/crds-$GATEWAY_API-$PROMETHEUS_OPERATOR-$TRAEFIK-$(declare -f foreign_crds | sha256sum | cut -c1-8)"; }

# Kinds of others that the rendered output uses.
foreign_crds() {
  cp "$(module sigs.k8s.io/gateway-api "$GATEWAY_API")"/config/crd/standard/gateway.networking.k8s.io_{gateways,gatewayclasses,httproutes}.yaml .
  cp "$(module github.com/prometheus-operator/prometheus-operator "$PROMETHEUS_OPERATOR")"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules,servicemonitors}.yaml .
  cp "$(module github.com/traefik/traefik/v3 "$TRAEFIK")"/docs/content/reference/dynamic-configuration/traefik.io_middlewares.yaml .
  chmod u+w ./*
}

# certificate NAME SUBJECT [ALTERNATIVE NAMES]: a key and a certificate of the bed's CA.
certificate() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$run/pki/$1.key"
  openssl req -new -key "$run/pki/$1.key" -subj "$2" -out "$run/pki/$1.csr"
  openssl x509 -req -in "$run/pki/$1.csr" -CA "$run/pki/ca.crt" -CAkey "$run/pki/ca.key" -CAcreateserial \
    -days 30 -out "$run/pki/$1.crt" -extfile <(
      echo "basicConstraints=CA:FALSE"
      echo "extendedKeyUsage=serverAuth,clientAuth"
      if [ -n "${3:-}" ]; then echo "subjectAltName=$3"; fi
    ) 2>/dev/null
}

# kubeconfig NAME: for the certificate of that name.
kubeconfig() {
  cat >"$run/pki/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: bed
clusters:
  - name: bed
    cluster: {server: "https://$apiserver", certificate-authority: $run/pki/ca.crt}
users:
  - name: $1
    user: {client-certificate: $run/pki/$1.crt, client-key: $run/pki/$1.key}
contexts:
  - name: bed
    context: {cluster: bed, user: $1}
YAML
}

make_pki() {
  mkdir -p "$run/pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=bed-ca \
    -keyout "$run/pki/ca.key" -out "$run/pki/ca.crt" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$run/pki/service-account.key"
  openssl ec -in "$run/pki/service-account.key" -pubout -out "$run/pki/service-account.pub" 2>/dev/null
  certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$gateway,IP:10.96.0.1,DNS:kubernetes.default.svc,DNS:localhost"
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate admin /O=system:masters/CN=admin
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate node "/O=system:nodes/CN=system:node:$node" "IP:$gateway,DNS:$node"
  for each in admin controller-manager scheduler node; do kubeconfig "$each"; done
}

# The bridge is the node's address and the Pods' gateway, so it comes before all else.
bridge_up() {
  if ip link show "$bridge" >/dev/null 2>&1; then return; fi
  ip link add "$bridge" type bridge
  ip addr add "$gateway/24" dev "$bridge"
  ip link set "$bridge" up
}

control_plane_up() {
  local kubernetes
  kubernetes=$(program kubernetes)
  if [ "$(id -u)" -eq 0 ]; then bridge_up; fi
  if ! [ -e "$run/pki/node.kubeconfig" ]; then make_pki; fi
  spawn etcd "$(program etcd)/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "http://$etcd" --advertise-client-urls "http://$etcd" --listen-peer-urls http://127.0.0.1:12380
  spawn kube-apiserver "$kubernetes/kube-apiserver" --etcd-servers "http://$etcd" \
    --bind-address "${apiserver%:*}" --secure-port "${apiserver#*:}" --advertise-address "$gateway" \
    --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC \
    --kubelet-preferred-address-types InternalIP --allow-privileged --client-ca-file "$run/pki/ca.crt" \
    --tls-cert-file "$run/pki/apiserver.crt" --tls-private-key-file "$run/pki/apiserver.key" \
    --kubelet-client-certificate "$run/pki/kubelet-client.crt" --kubelet-client-key "$run/pki/kubelet-client.key" \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$run/pki/service-account.pub" \
    --service-account-signing-key-file "$run/pki/service-account.key"
  wait_for 60 kube-apiserver kc get --raw /readyz
  spawn kube-controller-manager "$kubernetes/kube-controller-manager" \
    --kubeconfig "$run/pki/controller-manager.kubeconfig" --use-service-account-credentials --leader-elect=false \
    --service-account-private-key-file "$run/pki/service-account.key" --root-ca-file "$run/pki/ca.crt" \
    --bind-address 127.0.0.1 --concurrent-statefulset-syncs 10
  spawn kube-scheduler "$kubernetes/kube-scheduler" --kubeconfig "$run/pki/scheduler.kubeconfig" \
    --leader-elect=false --bind-address 127.0.0.1
  wait_for 60 kube-controller-manager kc get serviceaccount default -n default
  kc apply --server-side -f "$(foreign_crds_folder)" >/dev/null
}

control_plane_status() {
  local each
  for each in etcd kube-apiserver kube-controller-manager kube-scheduler; do lives "$each" || return 1; done
  kc get --raw /readyz >/dev/null 2>&1
}

control_plane_down() {
  stop kube-scheduler
  stop kube-controller-manager
  stop kube-apiserver
  stop etcd
  ip link del "$bridge" 2>/dev/null || true
}
