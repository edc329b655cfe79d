# SPDX-License-Identifier: MIT
# tests/guest/build.mk: a real Linux guest for tests: stock Debian kernels, and an initrd of ours for each.
# Both come from Debian's archive at the first `make guest-images`, later from a cache (tests/guest/fetch.sh).

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

$(B)/guest/vmlinuz-%: $(GUEST_DIR)/fetch.sh
	@echo "  FETCH   $@"
	mkdir -p $(@D) && sh $< linux-image-$*-cloud-amd64 $(B)/guest/kernel-$*
	cp $(B)/guest/kernel-$*/boot/vmlinuz-* $@.new && mv $@.new $@
$(B)/guest/initrd-%.cpio.gz: $(B)/guest/vmlinuz-% $(addprefix $(GUEST_DIR)/,make-initrd.sh init) \
                              $(B)/snpvmm-guest $(GUEST_OUT)/mkcpio
	@echo "  INITRD  $@"
	sh $(GUEST_DIR)/make-initrd.sh $@ $(B)/guest/kernel-$* $(GUEST_OUT) $(B)/snpvmm-guest $(addprefix --module ,$(GUEST_MODULES))
