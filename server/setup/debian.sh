#!/bin/sh
# Installs what is missing of Debian's packages, as root or through sudo, and
# makes the system user that a server started by root runs as.
#   debian.sh run    what building and running need
#   debian.sh test   and what the tests need
set -eu

case "${1:-run}" in
run) needed="postgresql-15-postgis-3 gcc libc6-dev" ;;
test) needed="postgresql-15-postgis-3 gcc libc6-dev chromium fonts-noto-cjk libegl1 libgl1-mesa-dri" ;;
-h | --help)
	sed -n '2,5p' "$0"
	exit 0
	;;
*)
	echo "debian.sh: run or test, not $1" >&2
	exit 2
	;;
esac

have() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=""
for package in $needed; do
	have "$package" || missing="$missing $package"
done
user_missing=""
[ "$(id -u)" -eq 0 ] && { id yiping >/dev/null 2>&1 || user_missing=yes; }
[ -z "$missing$user_missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "These packages are missing and need root to install:$missing" >&2
		exit 1
	}
	as_root="sudo"
fi

if [ -n "$missing" ]; then
	command -v apt-get >/dev/null || {
		echo "These packages are missing, and this is no Debian to install them on:$missing" >&2
		exit 1
	}
	echo "Installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0"
	$apt update
	# Debian's package makes a cluster of its own unless told not to beforehand.
	if ! have postgresql-common; then
		$apt install --no-install-recommends postgresql-common
		$as_root sed -i "s/^#\?create_main_cluster.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf
	fi
	# shellcheck disable=SC2086 # a list of words
	$apt install --no-install-recommends $missing
fi
if [ -n "$user_missing" ]; then
	useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin yiping
fi
