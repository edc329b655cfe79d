# SPDX-License-Identifier: MIT
# tests/guest/build.mk: a real Linux guest for tests: stock Debian kernels, and an initrd of ours for each.
# Both are made of Debian's packages, which come from its archive at the first `make guest-images` and later from a cache.

# The first is for all that boots Linux, the other for a test of what is old; Debian 13 doesn't have it any more.
GUEST_SERIES := 6.12
GUEST_OLD    := 6.1
GUEST_BOTH    = $(B)/guest/vmlinuz-$(1) $(B)/guest/initrd-$(1).cpio.gz
GUEST_DIR    := tests/guest
# What a disk, a vsock, a random number generator and dm-verity need beyond what is built in.
GUEST_MODULES := virtio_pci virtio_blk dm_verity virtio_rng vmw_vsock_virtio_transport
GUEST_OUT    := $(B)/tests/guest

.PHONY: guest-tools guest-images
guest-tools: $(B)/snpvmm-guest $(GUEST_OUT)/mkcpio
guest-images: $(call GUEST_BOTH,$(GUEST_SERIES))
	$(MAKE) $(call GUEST_BOTH,$(GUEST_OLD)) || echo "  without  Linux $(GUEST_OLD)"

$(GUEST_OUT)/mkcpio: $(B)/$(GUEST_DIR)/mkcpio.o $(B)/libsnpvmm.a
	@echo "  LD      $@"
	$(CC) $(ALLCFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

.PRECIOUS: $(B)/guest/%/guest.yaml
GUEST_MAKER := guest/mkguest/snpvmm-mkguest
$(B)/guest/%/guest.yaml: $(GUEST_MAKER) $(GUEST_DIR)/init $(B)/snpvmm-guest
	@echo "  GUEST   $(@D)"
	mkdir -p $(dir $(@D))
	sh $< --kernel linux-image-$*-cloud-amd64 --init $(GUEST_DIR)/init --guest $(B)/snpvmm-guest $(addprefix --module ,$(GUEST_MODULES)) \
	  $(@D) 2>$(@D).log || { cat $(@D).log >&2; exit 1; }
$(B)/guest/vmlinuz-%: $(B)/guest/%/guest.yaml
	cp $(@D)/$*/vmlinuz $@.new && mv $@.new $@
$(B)/guest/initrd-%.cpio.gz: $(B)/guest/%/guest.yaml
	cp $(@D)/$*/initrd.img $@.new && mv $@.new $@
