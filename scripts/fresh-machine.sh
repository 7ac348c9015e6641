#!/usr/bin/env bash
# A developer's proof that a fresh machine is enough: runs .ci/run, or the command given, in a clone of HEAD on a bare
# Debian that has nothing but this machine's Node and network settings. Needs root on Debian, mmdebstrap and git.
set -euo pipefail

# What is mounted below is seen by nobody else, and whatever is left running ends with this script.
if [[ $$ != 1 ]]; then
  exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi

cd "$(dirname "$0")/.."
root=$(mktemp -d /tmp/trunkline-machine-XXXX)
mount --bind "$root" "$root"
trap 'umount -R "$root"; rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"

mmdebstrap --quiet --variant=apt --include=ca-certificates bookworm "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"

node=$(readlink -f "$(command -v node)")
npm=$(npm root --global)/npm
tar -C / -c "${node#/}" "${npm#/}" | tar -C "$root" -x
ln -sf "$node" "$root/usr/local/bin/node"
ln -s "$npm/bin/npm-cli.js" "$root/usr/local/bin/npm"
ln -s "$npm/bin/npx-cli.js" "$root/usr/local/bin/npx"

cp -L /etc/resolv.conf "$root/etc/"
cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/"
settings=()
for name in http_proxy https_proxy no_proxy NODE_EXTRA_CA_CERTS; do
  [[ -z ${!name:-} ]] || settings+=("$name=${!name}")
done
[[ -z ${NODE_EXTRA_CA_CERTS:-} ]] || install -D "$NODE_EXTRA_CA_CERTS" "$root$NODE_EXTRA_CA_CERTS"

git clone --quiet --no-hardlinks . "$root/trunkline"
[[ $# -gt 0 ]] || set -- .ci/run
env -i HOME=/root CI=true PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
  chroot "$root" sh -c 'cd /trunkline && exec "$@"' sh "$@"
