#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/setup.sh PURPOSE...: installs what a purpose needs and is not there,
# with apt-get and without a question. It says which packages before it begins,
# and says nothing when all is there.
#
#   build     the release binary and unit tests
#   test      end-to-end tests
#   page      a browser for the page for people
#   lint      analysers; also coverage
#   fuzz      libFuzzer
#   interop   clients written by others
#   deploy    what reads the files of deploy/
#   arm64     the release binary for arm64, and running it
#   image     a container image out of binaries
#   image-test  taking it apart and running it
#   dockerfile  building one from Dockerfile.scratch
#   push      the image into a registry
#   workflows  what checks .github/workflows
#   reproducible  a build on another day
#   sbom      bills of materials and their schemas
#   timing    memcheck
#   bench     what is measured against
set -u

missing=

# want PACKAGE PATH|COMMAND: the package brings this file or command.
want() {
	case $2 in
	/*) [ -e "$2" ] && return ;;
	*) command -v "$2" >/dev/null && return ;;
	esac
	case " $missing " in
	*" $1 "*) ;;
	*) missing="$missing $1" ;;
	esac
}

for purpose in "$@"; do
	case $purpose in
	build)
		want gcc gcc
		want libc6-dev /usr/include/stdio.h
		want linux-libc-dev /usr/include/linux/version.h
		want binutils readelf
		want patch patch
		want xz-utils xz
		# Only for libraries that are neither in vendor/archive/ nor in
		# the distribution.
		want ca-certificates /etc/ssl/certs/ca-certificates.crt
		command -v wget >/dev/null || want curl curl
		;;
	test)
		want python3 python3
		want curl curl
		want openssl openssl
		want python3-prometheus-client \
		    /usr/lib/python3/dist-packages/prometheus_client
		python3 -c 'import jsonschema' 2>/dev/null ||
		    want python3-jsonschema /none
		;;
	page)
		want chromium /usr/bin/chromium
		want fonts-dejavu-core /usr/share/fonts/truetype/dejavu
		want nodejs node
		want npm npm
		;;
	lint)
		want clang clang
		want clang-tidy clang-tidy
		want llvm llvm-cov
		want cppcheck cppcheck
		want shellcheck shellcheck
		want python3 python3
		# All sources are read, those beside OpenSSL as well.
		want libssl-dev /usr/include/openssl/evp.h
		;;
	fuzz)
		want clang clang
		rt=$(clang -print-runtime-dir 2>/dev/null || echo /none)
		want libclang-rt-dev "$rt"
		;;
	interop)
		want nodejs node
		want npm npm
		want python3 python3
		want python3-botocore /usr/lib/python3/dist-packages/botocore
		want awscli /usr/bin/aws
		;;
	deploy)
		want nodejs node
		want npm npm
		want python3 python3
		python3 -c 'import yaml' 2>/dev/null || want python3-yaml /none
		python3 -c 'import botocore' 2>/dev/null ||
		    want python3-botocore /none
		# promtool is in the package of prometheus, which would start a
		# server: tests/deploy/run.sh only unpacks it.
		want systemd systemd-analyze
		want bubblewrap bwrap
		;;
	iam)
		want python3 python3
		want python3-jmespath /usr/lib/python3/dist-packages/jmespath
		want awscli /usr/bin/aws
		;;
	timing)
		want valgrind valgrind
		;;
	bench)
		want python3 python3
		want openssl openssl
		want libssl-dev /usr/include/openssl/evp.h
		want curl curl
		want wrk wrk
		want nginx /usr/sbin/nginx
		;;
	arm64)
		want qemu-user-static qemu-aarch64-static
		want qemu-user-static qemu-x86_64-static
		[ "$(uname -m)" = aarch64 ] || {
			want gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
			want linux-libc-dev-arm64-cross \
			    /usr/aarch64-linux-gnu/include/linux/version.h
		}
		;;
	image)
		want python3 python3
		;;
	image-test)
		want bubblewrap bwrap
		want skopeo skopeo
		want podman podman
		want docker-registry docker-registry
		want qemu-user-static qemu-aarch64-static
		want curl curl
		;;
	dockerfile)
		want buildah buildah
		want debootstrap debootstrap
		want python3 python3
		;;
	push)
		want skopeo skopeo
		;;
	workflows)
		want nodejs node
		want npm npm
		want python3-yaml /usr/lib/python3/dist-packages/yaml
		;;
	reproducible)
		want faketime faketime
		;;
	sbom)
		want python3 python3
		want nodejs node
		want npm npm
		;;
	*)
		echo "setup: no such purpose: $purpose" >&2
		exit 2
		;;
	esac
done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing"
if ! command -v apt-get >/dev/null; then
	echo "setup: these packages are missing:$missing; no apt-get here" >&2
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "setup: these packages are missing:$missing; not root, and no sudo here" >&2
		exit 1
	fi
	as_root="sudo -n"
	# -n: nothing is asked, unless a person is there to answer sudo.
	[ ! -t 0 ] || as_root=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # words on purpose
install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends "$@" >"$log" 2>&1 </dev/null
}
# shellcheck disable=SC2086
$as_root apt-get update -q >"$log" 2>&1 </dev/null ||
    echo "setup: apt-get update: $(grep -E '^(E|W|Err)' "$log" | head -n 1)" >&2
# shellcheck disable=SC2086
install $missing && exit 0

# Something is not to be had: take the others, and say what and why.
bad=0
for package in $missing; do
	install "$package" || {
		echo "setup: cannot install $package: $(grep '^E:' "$log" |
		    head -n 1 | cut -c4-)" >&2
		bad=1
	}
done
exit $bad
