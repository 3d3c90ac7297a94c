#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/fetch.sh ARCHIVE SRC: obtains the files of vendor.lock into ARCHIVE,
# verifies them, and unpacks and patches them into SRC/musl and SRC/bearssl.
#
# Places, in this order: ARCHIVE itself (a machine without a network), the
# distribution's source packages, the projects' own release pages. The second
# one uses a private apt configuration made from the machine's own mirrors and
# keys, so that Debian 12 can take Debian 13's source package; the system's
# configuration and package lists are only read. A file is believed because of
# its SHA-256 alone, whichever way it came.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
archive=$1
src=$2
lock=$here/vendor.lock
mkdir -p "$archive" "$src"
archive=$(cd "$archive" && pwd)
src=$(cd "$src" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
why=

for tool in tar gzip xz patch sha256sum; do
	command -v "$tool" >/dev/null || {
		echo "vendor: $tool is not installed" >&2
		exit 1
	}
done

# verified FILE SHA256: FILE is there and has this hash.
verified() {
	[ -f "$1" ] && echo "$2  $1" | sha256sum -c --status 2>/dev/null
}

# Every mirror of Debian itself that this machine uses, one URI a line, from
# both forms of apt source files; security mirrors are left out.
mirrors() {
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
	    sed -n 's/^URIs:[ \t]*//p' | tr ' ' '\n'
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
	    sed -n 's/^deb\(-src\)\{0,1\}[ \t]\{1,\}\(\[[^]]*\][ \t]*\)\{0,1\}\([^ \t]*\).*/\3/p'
}

# apt_sources DISTRIBUTION SUITE: writes $work/apt.sources; fails where this
# machine has no mirror of that distribution.
apt_sources() {
	case $1 in
	deb) pattern=debian parts=main ;;
	ubuntu) pattern=ubuntu parts=universe ;;
	esac
	keyring=/usr/share/keyrings/$pattern-archive-keyring.gpg
	uri=$(mirrors | sed 's,/*$,,' | grep -v -e security -e debug -e ddebs |
	    grep -E "/$pattern(-ports)?(\.list)?\$" | head -n 1)
	[ -n "$uri" ] || uri=$(mirrors | sed 's,/*$,,' | grep "$pattern" |
	    grep -v -e security -e debug -e ddebs | head -n 1)
	if [ -z "$uri" ] || [ ! -f "$keyring" ]; then
		return 1
	fi
	printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n' \
	    "$uri" "$2" "$parts" "$keyring" >"$work/apt.sources"
}

apt_private() {
	apt-get -q -o Dir::Etc::sourcelist="$work/apt.sources" \
	    -o Dir::Etc::sourceparts=/dev/null \
	    -o Dir::State::lists="$work/lists-$suite" \
	    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
	    -o Acquire::Retries=2 -o Acquire::Languages=none "$@"
}

# from_apt DISTRIBUTION:SUITE:PACKAGE=VERSION FILE: leaves FILE in $work.
from_apt() {
	package=${1##*:}
	suite=${1#*:}
	suite=${suite%%:*}
	command -v apt-get >/dev/null || {
		why="$why; no apt-get here"
		return 1
	}
	apt_sources "${1%%:*}" "$suite" || {
		why="$why; apt has no mirror for $1"
		return 1
	}
	if [ ! -d "$work/lists-$suite" ]; then
		mkdir -p "$work/lists-$suite/partial" \
		    "$work/cache/archives/partial"
		apt_private update >"$work/log" 2>&1 || true
	fi
	# A part that the mirror lacks fails the command, not the other parts;
	# and a later version of the package has the same upstream part.
	(cd "$work" && apt_private source --download-only "$package" ||
	    apt_private source --download-only "${package%%=*}") \
	    >>"$work/log" 2>&1 || true
	[ -f "$work/$2" ] && return 0
	why="$why; apt ($uri $suite): $(grep '^E:' "$work/log" |
	    head -n 1 | cut -c4-160)"
	return 1
}

# from_url URL FILE: leaves FILE in $work.
from_url() {
	if command -v curl >/dev/null; then
		curl -fsSL --connect-timeout 20 --retry 2 -o "$work/$2" "$1" \
		    2>"$work/err" && return 0
	elif command -v wget >/dev/null; then
		wget -q -T 20 -t 2 -O "$work/$2" "$1" 2>"$work/err" && return 0
	elif [ -x /usr/lib/apt/apt-helper ]; then
		/usr/lib/apt/apt-helper download-file "$1" "$work/$2" \
		    >"$work/err" 2>&1 && return 0
	else
		echo "neither curl nor wget here" >"$work/err"
	fi
	why="$why; $1: $(grep -v '^ *$' "$work/err" | tail -n 1 | cut -c1-120)"
	return 1
}

# obtain USE: sets $got to the verified file for one use of the lock.
obtain() {
	why=
	while read -r use name version file sum where; do
		[ "$use" = "$1" ] || continue
		got=$archive/$file
		verified "$got" "$sum" && return 0
		[ ! -f "$got" ] || why="$why; $got has another SHA-256"
	done <"$lock"
	while read -r use name version file sum where <&3; do
		[ "$use" = "$1" ] || continue
		got=$archive/$file
		case $where in
		deb:* | ubuntu:*)
			from_apt "$where" "$file" || continue
			;;
		https:*)
			from_url "$where" "$file" || continue
			;;
		esac
		if verified "$work/$file" "$sum"; then
			cp "$work/$file" "$got.part"
			mv "$got.part" "$got"
			echo "vendor: $name $version: $file"
			return 0
		fi
		why="$why; $file from $where has another SHA-256"
	done 3<"$lock"
	got=
	return 1
}

need() {
	obtain "$1" && return 0
	echo "vendor: cannot get $1 (put it into vendor/archive/)$why" >&2
	exit 1
}

# unpack FILE NAME: replaces $src/NAME by the content of the archive.
unpack() {
	rm -rf "${src:?}/$2" "$work/unpack"
	mkdir "$work/unpack"
	tar -xf "$1" -C "$work/unpack"
	mv "$work"/unpack/* "$src/$2"
}

# apply NAME PATCH
apply() {
	patch -s -f -p1 -d "$src/$1" <"$2" || {
		echo "vendor: ${2##*/} does not apply to $1" >&2
		exit 1
	}
}

need bearssl
unpack "$got" bearssl
need musl
unpack "$got" musl
if obtain musl-debian; then
	tar -xf "$got" -C "$work"
	while read -r p; do
		[ -z "$p" ] || apply musl "$work/debian/patches/$p"
	done <"$work/debian/patches/series"
else
	echo "vendor: without Debian's musl patches, taking our own$why" >&2
	for p in "$here"/patches/musl-fallback-*.patch; do
		apply musl "$p"
	done
fi
for name in musl bearssl; do
	for p in "$here/patches/$name"-0*.patch; do
		[ ! -f "$p" ] || apply "$name" "$p"
	done
done
