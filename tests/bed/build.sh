# Builds the Go programs of the bed from the modules in go/, which pin every dependency.
# shellcheck shell=bash

# program MODULE: where its folder lies; the sums of its modules name it.
program() { echo "$bin/$1-$(hash_of "go/$1")"; }

# build MODULE FLAGS PACKAGE=PROGRAM...
build() {
  local module=$1 flags=$2
  shift 2
  made "$(program "$module")" go_build "$module" "$flags" "$@"
}

# The file `tags` of a module leaves parts out of what is built.
go_build() {
  local module=$1 flags=$2 go each toolchain tags
  shift 2
  toolchain=$(sed -n 's/^GO=//p' "$here/../tools/versions")
  tags=$(cat "$here/go/$module/tags" 2>/dev/null || true)
  go=$(go_program)
  for each in "$@"; do
    (cd "$here/go/$module" && GOTOOLCHAIN=go$toolchain GOFLAGS=-buildvcs=false GOWORK=off CGO_ENABLED=0 \
      "$go" build -mod=readonly -trimpath -tags "$tags" -ldflags "-s -w $flags" -o "$OLDPWD/${each#*=}" "${each%%=*}")
  done
}

# pinned MODULE NAME VERSION: the module's go.mod says what `versions` says.
pinned() {
  grep -qE "^(require)?[[:space:]]*$2 v$3( |\$)" "$here/go/$1/go.mod" ||
    fail "go/$1/go.mod does not pin $2 v$3, as versions does"
}

kubernetes_flags() {
  local package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s=%s ' "$package.gitVersion" "v$KUBERNETES" "$package.gitMajor" "${KUBERNETES%%.*}" \
      "$package.gitMinor" "$(cut -d. -f2 <<<"$KUBERNETES")" "$package.gitTreeState" clean \
      "$package.gitCommit" unknown "$package.buildDate" 1970-01-01T00:00:00Z
  done
}

build_control_plane() {
  pinned etcd go.etcd.io/etcd/server/v3 "$ETCD"
  pinned kubernetes k8s.io/kubernetes "$KUBERNETES"
  build etcd '' go.etcd.io/etcd/server/v3=etcd
  build kubernetes "$(kubernetes_flags)" k8s.io/kubernetes/cmd/kube-{apiserver=kube-apiserver,controller-manager=kube-controller-manager,scheduler=kube-scheduler} \
    k8s.io/kubernetes/cmd/kubelet=kubelet
}

build_argocd() {
  pinned argocd github.com/argoproj/argo-cd/v3 "$ARGOCD"
  build argocd "-X github.com/argoproj/argo-cd/v3/common.version=$ARGOCD" github.com/argoproj/argo-cd/v3/cmd=argocd
}

build_s3() {
  pinned versitygw github.com/versity/versitygw "$VERSITYGW"
  build versitygw '' github.com/versity/versitygw/cmd/versitygw=versitygw
}

build_rclone() {
  pinned rclone github.com/rclone/rclone "$RCLONE"
  build rclone '' github.com/rclone/rclone=rclone
}

build_collector() {
  pinned collector go.opentelemetry.io/collector/otelcol "$COLLECTOR"
  build collector '' .=otelcol
}

# What a test asks whether series, alerts and dashboard are of any use.
build_monitoring() {
  pinned prometheus github.com/prometheus/prometheus "$PROMETHEUS"
  build prometheus '' github.com/prometheus/prometheus/cmd/prometheus=prometheus
  pinned state-metrics k8s.io/kube-state-metrics/v2 "$STATE_METRICS"
  build state-metrics '' k8s.io/kube-state-metrics/v2=kube-state-metrics
}

# A CPython in the layout of the archives that uv installs. Those themselves are to be had from
# no package registry; this build of the same release is, in a Java package.
build_python() { made "$(python_folder)" archive_python; }
python_folder() { echo "$bed/python-$PYTHON"; }

archive_python() {
  local from=org/bytedeco/cpython/linux-x86_64 to=python
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact="org.bytedeco:cpython:$PYTHON:jar:linux-x86_64" -DoutputDirectory=.
  python3 -m zipfile -e cpython-*.jar out
  mkdir -p "$to/lib"
  cp -a "out/$from/bin" "out/$from/include" "out/$from/libpython3.12.so.1.0" "$to/"
  cp -a "out/$from/lib/python3.12" "$to/lib/"
  cp "out/$from/libffi.so.7" "$to/lib/python3.12/"
  chmod +x "$to"/bin/*
  rm -rf "$to/lib/python3.12/test"
  tar -czf python.tar.gz "$to"
  rm -rf out "$to" cpython-*.jar
}

# The bed's own small programs.
build_bed() { build bed '' ./gitd=gitd ./pause=pause; }

# module PATH VERSION: fetches a module for the files in it, and prints where it lies.
module() {
  local toolchain
  toolchain=$(sed -n 's/^GO=//p' "$here/../tools/versions")
  (cd / && GOTOOLCHAIN=go$toolchain GOFLAGS=-mod=mod "$(go_program)" mod download -json "$1@v$2") |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

# A Go that fetches the toolchain that it is asked for: Debian 12's cannot.
go_program() {
  if [[ $(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 21 ]; then
    echo go
  else
    echo "$OPENCLAW_TOOLS_GO"
  fi
}
