/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/assembly.c: libFuzzer target: whatever a firmware image, an IGVM file or a kernel asks
 * for, what is measured is what is launched: the digest is that of a firmware (the fake's) which
 * gets the pages from the launch. No image's word decides how much memory that takes.
 */
#include "firmware/assemble.h"

#include "config/manifest.h"
#include "core/base/log.h"
#include "core/out/saved.h"
#include "core/snp/digest.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/vm_priv.h"
#include "firmware/igvm_plan.h"
#include "firmware/images.h"
#include "firmware/save.h"
#include "tests/fake/kvm.h"
#include "tests/fuzz/heap.h"
#include "tests/fuzz/kernel.h"
#include "tests/make/igvm.h"
#include "tests/make/image.h"

#define MIB ((size_t)1 << 20)

/* Sections anywhere; mostly where RAM may be. */
static struct blob ovmf_take(struct input *in)
{
	static const uint32_t types[] = { OVMF_SEC_MEM,  OVMF_SECRETS,       OVMF_CPUID,
		                          OVMF_SVSM_CAA, OVMF_KERNEL_HASHES, 0x99 };
	struct image_spec s = image_default();
	unsigned how = (unsigned)take(in, 1);

	s.size = PAGE_SIZE << how % 4;
	s.reset = !(how & 4);
	s.reset_eip = how & 8 ? (uint32_t)take(in, 4) : 0x80b004;
	s.n_sections = how >> 4;
	for (size_t i = 0; i < s.n_sections; i++) {
		struct ovmf_section *o = &s.sections[i];

		o->type = types[take(in, 1) % ARRAY_SIZE(types)];
		o->gpa = (uint32_t)take(in, 2) * PAGE_SIZE;
		o->size = (uint32_t)take(in, 1) * PAGE_SIZE;
		if (o->size == 0) {
			o->gpa = (uint32_t)take(in, 4);
			o->size = (uint32_t)take(in, 4);
		}
		if (o->type == OVMF_KERNEL_HASHES) {
			s.hash_gpa = o->gpa + (uint32_t)take(in, 2) % 0xd00;
			s.hash_size = 0x300;
		}
	}
	return image_make(&s);
}

static struct blob igvm_take(struct input *in)
{
	struct snp_vmsa vmsa = igvm_vmsa();
	struct igvm_file f = { 0 };
	uint8_t page[PAGE_SIZE];

	igvm_add_platform(&f, IGVM_SNP, IGVM_SEV_SNP, 0);
	igvm_add_policy(&f, IGVM_SNP, 0x30000);
	for (unsigned n = 0; n < 64 && in->left > 0; n++) {
		static const uint32_t parameters[] = { IGVM_VP_COUNT, IGVM_MEMORY_MAP, IGVM_MADT,
			                               IGVM_COMMAND_LINE, IGVM_ENVIRONMENT_INFO };
		unsigned what = (unsigned)take(in, 1);
		uint64_t gpa = take(in, 2) * PAGE_SIZE;
		uint32_t area = what >> 4 & 3;

		switch (what % 7) {
		case 0:
			igvm_add_area(&f, take(in, 1) % 64, PAGE_SIZE << what / 16, 0);
			break;
		case 1:
			igvm_add_parameter(&f, parameters[take(in, 1) % ARRAY_SIZE(parameters)],
			                   area, (uint32_t)take(in, 2));
			break;
		case 2:
			igvm_add_insert(&f, gpa, IGVM_SNP, (uint32_t)take(in, 1) % 64);
			break;
		case 3:
			igvm_add_required(&f, gpa, IGVM_SNP, (uint32_t)(what / 16 * PAGE_SIZE));
			break;
		case 4:
			igvm_add_vp(&f, SNP_VMSA_GPA, (uint16_t)(what / 16), &vmsa);
			break;
		default:
			image_noise(page, sizeof(page), gpa);
			igvm_add_page(&f, gpa, what & 8 ? page : NULL, what >> 4 & 7,
			              (uint16_t)(take(in, 1) % 5));
		}
	}
	return igvm_make(&f);
}

/* What is in the guest's memory on plain KVM is what the plan says. */
static int region_compare(void *self, const struct region *r, struct error *err)
{
	struct vm *vm = self;
	const uint8_t *at = memory_at(&vm->memory, r->gpa, r->size);

	(void)err;
	must(at && (!r->bytes || !memcmp(at, r->bytes, r->size)));
	return 0;
}

static void launch(const struct plan *p, const struct platform *on, const uint8_t *digest)
{
	static const struct plan_ops compare = { .region = region_compare };
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm_devices d = { .exit_port_given = true, .exit_port = 0xf4 };
	struct error err = { 0 };
	struct vm *vm = NULL;

	if (vm_launch(fake_kvm_sys(f), on, p, &d, &vm, &err) < 0) {
		must_explain(&err);
		must(fake_kvm_leaks(f) == 0);
		return;
	}
	must(!fake_kvm_complaint(f)[0]);
	if (digest)
		must(!memcmp(fake_kvm_measurement(f), digest, SNP_DIGEST_SIZE));
	else
		must(plan_replay(p, &compare, vm, &err) == 0);
	vm_free(vm);
	must(fake_kvm_leaks(f) == 0 && !fake_kvm_complaint(f)[0]);
}

/* What launch.json has of it is of the same pages. */
static void check_saved(const struct manifest *m, const struct images *images, const struct plan *p,
                        const struct snp_digest *d)
{
	auto_saved struct saved saved = { 0 };
	struct error err = { 0 };
	uint64_t pages = 0;

	must(save_launch(m, images, p, d, &saved, &err) == 0);
	must(!memcmp(saved.measurement, d->value, SNP_DIGEST_SIZE));
	for (size_t i = 0; i < saved.n_regions; i++)
		pages += saved.regions[i].size / PAGE_SIZE;
	must(pages == d->pages);
}

static void check(const struct manifest *m, const struct images *images, const struct platform *on)
{
	size_t given = images->firmware.size + images->kernel.size + images->initrd.size;
	auto_plan const struct plan *p = NULL;
	auto_digest struct snp_digest d = { .ledger_wanted = true, .pages_wanted = true };
	struct error err = { 0 };
	int r;

	heap_begin();
	r = assemble(m, images, on, &p, &err);
	if (r == 0 && on->measured && !plan_settings(p)->no_measurement)
		must(snp_digest_of(p, &d, &err) == 0);
	heap_check(8 * MIB + 2 * given, 32 * MIB + 2 * given + m->memory);
	if (r == 0 && d.pages > 0)
		check_saved(m, images, p, &d);
	if (r < 0)
		must_explain(&err);
	else if (!plan_settings(p)->measure_only && !plan_settings(p)->no_measurement)
		launch(p, on, on->measured ? d.value : NULL);
}

/* Two bytes: what boots, the profile and the platform; memory in MiB and the number of vCPUs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned how = (unsigned)take(&in, 1), more = (unsigned)take(&in, 1);
	struct manifest m = { .file = (char *)"m.yaml",
		              .name = (char *)"m",
		              .platform = how & 4 ? MANIFEST_KVM : MANIFEST_SNP,
		              .vcpus = 1 + more % 4,
		              .vcpu_sig = 0x800f12,
		              .memory = (1 + more / 16) * 2 * MIB + (more & 8 ? PAGE_SIZE : 0),
		              .policy = 0x30000,
		              .guest_features = 1,
		              .cmdline = (char *)"console=ttyS0",
		              .exit_port_given = true,
		              .exit_port = 0xf4,
		              .rng = more & 4,
		              .profile = (how & 0x80) ? (how >> 4) % PROFILES : PROFILE_QEMU };
	auto_images struct images images = { 0 };

	log_set_level(LOG_QUIET);
	m.kernel_hashes = how & 8;
	if (how % 4 != 1)
		m.firmware.path = (char *)"f";
	if (how % 4 == 1 || how & 0x40)
		m.kernel.path = (char *)"k";
	m.direct = how % 4 == 1;
	if (m.kernel.path)
		images.kernel = kernel_take(&in);
	if (how % 4 == 0)
		images.firmware = ovmf_take(&in);
	else if (how % 4 != 1)
		images.firmware = igvm_take(&in);
	if (how % 4 != 0 && m.firmware.path)
		igvm_policy(&m, &images.firmware);
	check(&m, &images, &platform_snp);
	if (how & 4)
		check(&m, &images, &platform_kvm);
	return 0;
}
