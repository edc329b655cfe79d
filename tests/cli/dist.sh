#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/cli/dist.sh: the release tarball, its checksums and its bill of materials; all versions agree.
# shellcheck source=tests/cli/lib.inc disable=SC1091
. tests/cli/lib.inc
: "${B:=build}"
case $B in /*) ;; *) B=$PWD/$B ;; esac
version=$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)

begin 'package, spec and program have the version of CHANGELOG.md'
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)" = "$version" ] || wrong "debian/changelog has $(head -n 1 debian/changelog)"
[ "$(sed -n 's/^Version: *//p' packaging/snpvmm.spec)" = "$version" ] || wrong 'packaging/snpvmm.spec has another'
grep -q -F -e " - $version-" packaging/snpvmm.spec || wrong 'its changelog has another'
call --version
out_has "$version"

begin 'the packages build with what the Makefile installs for a build'
libraries=$(sed -n 's/^BUILD_DEPS *:= *//p' Makefile | tr ' ' '\n' | sed -n '/^lib.*-dev$/{/^libc6-dev$/!p;}' | sort)
sed -n '/^Build-Depends:/,/^[A-Z].*:/s/.*\(lib[a-z0-9.-]*-dev\),.*/\1/p' debian/control | sort >"$T/depends"
[ "$libraries" = "$(cat "$T/depends")" ] || wrong "debian/control lists $(cat "$T/depends"), the Makefile $libraries"
for name in $(sed -n 's/^PKGS *:= *//p' Makefile); do
  grep -q -x "BuildRequires: *pkgconfig($name)" packaging/snpvmm.spec || wrong "the spec lacks $name"
done

# An unpacked tarball, or git's files.
if git -C . rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -e .git ]; then listed='git ls-files'; else listed=''; fi
make_dist() { # FOLDER EPOCH OUT
  run env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES SOURCE_DATE_EPOCH="$2" sh -c 'cd "$0" && umask "$1" && sh packaging/dist.sh "$2" "$3" &&
    sh packaging/sbom.sh "$2" "$3" -lyaml -l:libcrypto.a -lpthread && sh packaging/sums.sh "$3"' "$1" "$4" "$version" "$3"
}
export B CC="${CC:-cc}"

begin 'the tarball has each file, with one time and no owner'
make_dist . 1000000000 "$T/one" 022
wants 0
tarball=$T/one/snpvmm-$version.tar.gz
tar -tvzf "$tarball" --full-time --numeric-owner >"$T/listed"
! grep -v -E '^-rw(x|-)r-(x|-)r-(x|-) 0/0 +[0-9]+ 2001-09-09 [0-9:]+ snpvmm-' "$T/listed" >"$T/others" || wrong "$(head -n 3 "$T/others")"
tar -tzf "$tarball" | sed "s|^snpvmm-$version/||" >"$T/names"
LC_ALL=C sort -c "$T/names" || wrong 'they are not sorted'
[ -z "$listed" ] || $listed | LC_ALL=C sort | cmp -s - "$T/names" || wrong 'other files than git has'
for name in README.md CHANGELOG.md LICENSE Makefile debian/control packaging/snpvmm.spec snpvmm.yaml.example; do
  grep -q -x -F "$name" "$T/names" || wrong "$name is missing"
done

begin 'a tarball of what was unpacked, in another folder and with another umask, has the same bytes'
mkdir "$T/another folder"
tar -xzf "$tarball" -C "$T/another folder"
mkdir "$T/another folder/snpvmm-$version/build" "$T/another folder/snpvmm-$version/build-san"
: >"$T/another folder/snpvmm-$version/build/snpvmm"
make_dist "$T/another folder/snpvmm-$version" '' "$T/two" 077
wants 0
for name in "snpvmm-$version.tar.gz" "snpvmm-$version.spdx.json" SHA256SUMS; do
  cmp "$T/one/$name" "$T/two/$name" >>"$T/why" 2>&1
done

begin 'without one of the files there is no tarball, and nothing is left behind'
mkdir "$T/three"
mkdir "$T/git" && printf '#!/bin/sh\necho README.md\necho gone\n' >"$T/git/git" && chmod 755 "$T/git/git"
mkdir -p "$T/tree/.git"
echo text >"$T/tree/README.md"
(dist=$PWD/packaging/dist.sh && cd "$T/tree" && SOURCE_DATE_EPOCH=1 PATH="$T/git:$PATH" sh "$dist" 1 "$T/three") >"$T/said" 2>&1 && wrong 'status 0'
grep -q gone "$T/said" || wrong "$(cat "$T/said")"
[ -z "$(ls -A "$T/three")" ] || wrong "left behind: $(ls -A "$T/three")"

begin 'SHA256SUMS has both, and is right'
[ "$(grep -c . "$T/one/SHA256SUMS")" = 2 ] || wrong "$(cat "$T/one/SHA256SUMS")"
(cd "$T/one" && sha256sum --quiet -c SHA256SUMS) >>"$T/why" 2>&1
echo >>"$tarball"
! (cd "$T/one" && sha256sum --quiet -c SHA256SUMS) >/dev/null 2>&1 || wrong 'a change is not noticed'

begin 'an unknown library is refused, not left out'
run env B="$B" CC="$CC" sh packaging/sbom.sh "$version" "$T/two" -lyaml -lunheard-of
wants 1
err_is 'packaging/sbom.sh: the library unheard-of has no line here'

if command -v python3 >/dev/null; then
  begin 'the bill of materials is SPDX 2.3, and its hashes are those of files and programs'
  run python3 tests/cli/spdx.py "$T/two/snpvmm-$version.spdx.json" "$T/two/snpvmm-$version.tar.gz" "$B"
  wants 0
  out_is 'STATIC_LINK openssl
DYNAMIC_LINK glibc
DYNAMIC_LINK libyaml'
else
  skip 'the bill of materials is SPDX 2.3' 'there is no python3'
fi

finish
