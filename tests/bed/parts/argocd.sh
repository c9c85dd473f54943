# Argo CD without its web server: application-controller, applicationset-controller,
# repo-server and redis, as processes that see the cluster by a kubeconfig.
# shellcheck shell=bash disable=SC2154

argocd_install() {
  packages redis-server=redis-server gpg=gnupg git=git ssh=openssh-client
  build_argocd
  made "$bed/argocd-manifests-$ARGOCD" argocd_manifests
}

argocd_manifests() {
  local folder
  folder=$(module github.com/argoproj/argo-cd/v3 "$ARGOCD")
  cp "$folder"/manifests/crds/*-crd.yaml .
  cp "$folder"/hack/{git-verify-wrapper,gpg-wrapper}.sh .
  chmod -R u+w . && chmod +x ./*.sh
}

# argocd_as PROGRAM COMMAND...: the one program is what its name says.
argocd_as() {
  local name=$1
  shift
  spawn "$name" env ARGOCD_BINARY_NAME="argocd-$name" ARGOCD_FAKE_IN_CLUSTER=true ARGOCD_APPLICATIONSET_CONTROLLER_REQUEUE_AFTER=10s KUBECONFIG="$run/pki/argocd.kubeconfig" \
    HOME="$run/argocd" TMPDIR="$run/argocd/tmp" GNUPGHOME="$run/argocd/gnupg" ARGOCD_GPG_ENABLED=false \
    ARGOCD_RECONCILIATION_TIMEOUT=10s ARGOCD_RECONCILIATION_JITTER=0s ARGOCD_APPLICATIONSET_CONTROLLER_REQUEUE_AFTER=10s \
    ARGOCD_TLS_DATA_PATH="$run/argocd/tls" ARGOCD_SSH_DATA_PATH="$run/argocd/ssh" ARGOCD_PLUGINSOCKFILEPATH="$run/argocd/plugins" \
    PATH="$(program argocd):$bed/argocd-manifests-$ARGOCD:$(dirname "$OPENCLAW_TOOLS_KUSTOMIZE"):$PATH" \
    "$(program argocd)/argocd" "$@" --loglevel info --logformat text
}

argocd_up() {
  mkdir -p "$run"/argocd/{tmp,gnupg,tls,ssh,plugins}
  chmod 700 "$run/argocd/gnupg"
  kc apply --server-side --force-conflicts -f "$bed/argocd-manifests-$ARGOCD" >/dev/null
  # A kind that was just made has no conditions to wait for yet.
  for _ in $(seq 100); do
    if kc wait --for=condition=Established --timeout=10s crd/applications.argoproj.io crd/appprojects.argoproj.io >/dev/null 2>&1; then break; fi
    sleep 0.2
  done
  sed -e "s,@GIT@,$git_http," -e "s,@USER@,$git_user," -e "s,@PASSWORD@,$git_password," "$here/config/argocd.yaml" |
    kc apply --server-side --force-conflicts -f - >/dev/null
  if ! [ -e "$run/pki/argocd.kubeconfig" ]; then
    certificate argocd /O=system:masters/CN=argocd
    kubeconfig argocd
    kc --kubeconfig "$run/pki/argocd.kubeconfig" config set-context bed --namespace argocd >/dev/null
  fi
  spawn redis redis-server --bind "${redis%:*}" --port "${redis#*:}" --save '' --appendonly no --dir "$run/argocd"
  argocd_as repo-server --disable-tls --client-ca-path '' --address "${repo_server%:*}" --port "${repo_server#*:}" \
    --metrics-address 127.0.0.1 --metrics-port 18084 --redis "$redis" --revision-cache-expiration 5s
  wait_for 60 repo-server bash -c "exec 3<>/dev/tcp/${repo_server/://}"
  argocd_as application-controller --kubeconfig "$run/pki/argocd.kubeconfig" --namespace argocd --redis "$redis" \
    --repo-server "$repo_server" --repo-server-plaintext --metrics-port 18082 --app-resync 10 --app-resync-jitter 0 --status-processors 10 --operation-processors 10
  argocd_as applicationset-controller --kubeconfig "$run/pki/argocd.kubeconfig" --namespace argocd \
    --argocd-repo-server "$repo_server" --repo-server-plaintext --metrics-addr 127.0.0.1:18083 --probe-addr 127.0.0.1:18085 --webhook-addr 127.0.0.1:18086 \
    --enable-leader-election=false
  wait_for 60 application-controller curl -sf http://127.0.0.1:18082/healthz
  wait_for 60 applicationset-controller curl -s http://127.0.0.1:18085/healthz
}

argocd_status() {
  lives redis && lives repo-server && lives application-controller && lives applicationset-controller
}

argocd_down() {
  stop application-controller
  stop applicationset-controller
  stop repo-server
  stop redis
}
