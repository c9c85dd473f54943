# A Git server: the same bare repositories over HTTP with a password, over HTTPS with the
# bed's CA, and over SSH with a key.
# shellcheck shell=bash disable=SC2154

git_user=git
git_password=bed-password

git_install() {
  packages git=git sshd=openssh-server /usr/lib/git-core/git-http-backend=git
  build_bed
}

git_up() {
  local server
  server=$(program bed)/gitd
  mkdir -p "$run/git" "$run/ssh"
  if ! [ -e "$run/pki/git.crt" ]; then certificate git /CN=git "IP:$gateway,IP:127.0.0.1,DNS:git.bed"; fi
  spawn git-http "$server" -listen "$git_http" -folder "$run/git" -user "$git_user" -password "$git_password"
  spawn git-https "$server" -listen "${git_http%:*}:13443" -folder "$run/git" -user "$git_user" -password "$git_password" \
    -certificate "$run/pki/git.crt" -key "$run/pki/git.key"
  if ! [ -e "$run/ssh/client" ]; then
    ssh-keygen -q -t ed25519 -N '' -C bed -f "$run/ssh/host"
    ssh-keygen -q -t ed25519 -N '' -C bed -f "$run/ssh/client"
    cp "$run/ssh/client.pub" "$run/ssh/authorized_keys"
    echo "[${git_ssh%:*}]:${git_ssh#*:} $(cut -d' ' -f1,2 "$run/ssh/host.pub")" >"$run/ssh/known_hosts"
  fi
  mkdir -p /run/sshd
  cat >"$run/ssh/config" <<TXT
ListenAddress $git_ssh
HostKey $run/ssh/host
AuthorizedKeysFile $run/ssh/authorized_keys
PidFile none
StrictModes no
PasswordAuthentication no
UsePAM no
PermitRootLogin prohibit-password
TXT
  spawn git-ssh "$(command -v sshd)" -D -e -f "$run/ssh/config"
  wait_for 20 git-http bash -c "exec 3<>/dev/tcp/${git_http/://}"
  wait_for 20 git-ssh ssh-keyscan -p "${git_ssh#*:}" "${git_ssh%:*}"
}

git_status() { lives git-http && lives git-https && lives git-ssh; }

git_down() {
  stop git-http
  stop git-https
  stop git-ssh
}
