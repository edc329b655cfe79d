# SPDX-License-Identifier: MIT
# packaging/build.mk: what a release consists of, all in $(DIST): `make dist`, `make deb`, `make rpm`.
DIST ?= $(B)/dist

dist: all
	sh packaging/dist.sh '$(VERSION)' '$(DIST)'
	B='$(B)' CC='$(CC)' sh packaging/sbom.sh '$(VERSION)' '$(DIST)' $(LDLIBS)
	sh packaging/sums.sh '$(DIST)'
# From the tarball, so that what isn't in it is missed at once.
deb:
	sh packaging/dist.sh '$(VERSION)' '$(DIST)'
	sh packaging/deb.sh '$(VERSION)' '$(DIST)'
	sh packaging/sums.sh '$(DIST)'
rpm:
	sh packaging/dist.sh '$(VERSION)' '$(DIST)'
	sh packaging/rpm.sh '$(VERSION)' '$(DIST)'
	sh packaging/sums.sh '$(DIST)'
