#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/build.sh VARIANT SRC OUT: builds the vendored libraries.
#
#   host     BearSSL for the machine's own libc, for debug, tsan, cov and fuzz
#   asan     the same under AddressSanitizer and UBSan. The two unaligned
#            options go off because BearSSL reads unaligned words on purpose on
#            x86, which UBSan rightly reports
#   ARCH     (x86_64, aarch64) musl and BearSSL for the release binary
#
# Results: OUT/VARIANT/libbearssl.a and, for an ARCH, OUT/ARCH/musl with its
# compiler wrapper, and OUT/ARCH/linux-headers.
set -eu

variant=$1
src=$(cd "$2" && pwd)
mkdir -p "$3/$variant"
out=$(cd "$3/$variant" && pwd)
jobs=${JOBS:-$(nproc)}
machine=$(uname -m)
cross=
case $variant in
host | asan | "$machine") ;;
*) cross=$variant-linux-gnu- ;;
esac

# The arithmetic and the ciphers that connections spend their time in are built
# for speed, the rest of BearSSL to be small: byte code, parsers, framing, and
# what only a processor without AES instructions runs.
fast="sha2small sha2big aes_x86ni aes_x86ni_ctr ghash_pclmul chacha20_ct
chacha20_sse2 poly1305_ctmulq ec_p256_m31 ec_c25519_m31 i62_modpow2 i31_montmul
i31_muladd i31_add i31_sub i31_decmod i31_modpow ccopy"

# bearssl CC AR OPTIMISATION CFLAGS [NAME...]: these objects with -O2.
bearssl() {
	cc=$1
	ar=$2
	level=$3
	flags="-W -Wall -fPIC -DBR_RDRAND=0 $4"
	shift 4
	mkdir -p "$out/obj"
	{
		[ $# -eq 0 ] || make -s -C "$src/bearssl" -j"$jobs" \
		    BUILD="$out" CC="$cc" CFLAGS="$flags -O2" "$@"
		make -s -C "$src/bearssl" -j"$jobs" lib BUILD="$out" CC="$cc" \
		    AR="$ar" ARFLAGS=-rcsD CFLAGS="$flags $level"
	} >"$out/bearssl.log" 2>&1 || {
		echo "vendor: BearSSL ($variant) does not build:" >&2
		tail -n 20 "$out/bearssl.log" >&2
		exit 1
	}
	rm -rf "$out/obj"
}

# The kernel's headers alone, without those of the machine's libc beside them.
kernel_headers() {
	for inc in "/usr/$variant-linux-gnu/include" /usr/include; do
		asm=$inc/asm
		[ -d "$asm" ] || asm=$inc/$variant-linux-gnu/asm
		[ ! -d "$asm" ] || break
	done
	[ -f "$inc/linux/version.h" ] || {
		echo "vendor: no kernel headers (package linux-libc-dev)" >&2
		exit 1
	}
	mkdir -p "$out/linux-headers"
	ln -sfn "$inc/linux" "$out/linux-headers/linux"
	ln -sfn "$inc/asm-generic" "$out/linux-headers/asm-generic"
	ln -sfn "$asm" "$out/linux-headers/asm"
}

# Out of tree, so that several architectures share one source. Without a -O of
# ours, musl builds memory and string functions for speed, the rest to be small.
musl() {
	target=
	[ "$variant" = "$machine" ] || target=--target=$variant-linux-musl
	rm -rf "$out/musl" "$out/musl-build"
	mkdir "$out/musl-build"
	(cd "$out/musl-build" &&
	    CC="${cross}gcc" CROSS_COMPILE="$cross" \
	    CFLAGS="-fstack-clash-protection -ffile-prefix-map=$src=vendor" \
	    "$src/musl/configure" --prefix="$out/musl" ${target:+"$target"} \
	    --disable-shared --enable-wrapper=gcc && make -j"$jobs" && make install) \
	    >"$out/musl.log" 2>&1 || {
		echo "vendor: musl does not build:" >&2
		grep -E 'rror|No such' "$out/musl.log" | grep -v '^gcc' |
		    head -n 20 >&2
		exit 1
	}
	rm -rf "$out/musl-build"
}

echo "vendor: building for $variant"
case $variant in
host)
	bearssl gcc ar -O2 -g
	;;
asan)
	bearssl gcc ar -O1 "-g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DBR_LE_UNALIGNED=0 -DBR_BE_UNALIGNED=0"
	;;
*)
	kernel_headers
	musl
	cet=
	[ "$variant" != x86_64 ] || cet=-fcf-protection=none
	objects=
	for name in $fast; do
		objects="$objects $out/obj/$name.o"
	done
	# shellcheck disable=SC2086 # one word for each object
	bearssl "$out/musl/bin/musl-gcc" "${cross}ar" -Os "-ffunction-sections -fdata-sections -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero -fno-asynchronous-unwind-tables -fno-unwind-tables $cet -ffile-prefix-map=$src=vendor" $objects
	;;
esac
