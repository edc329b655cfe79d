/* SPDX-License-Identifier: MIT */
/* tests/snp/vmsa_fields_test.c: the table of VMSA fields against the structure. */
#include "core/snp/vmsa_fields.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "core/base/array.h"
#include "core/snp/vmsa.h"

static const struct page_field *field_named(const char *name)
{
	for (const struct page_field *f = vmsa_fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	cr_assert_fail("no field '%s'", name);
	return NULL;
}

Test(vmsa_fields, ascend_without_overlap_and_lie_in_the_page)
{
	size_t end = 0;

	for (const struct page_field *f = vmsa_fields; f->name; f++) {
		cr_expect_geq(f->at, end, "%s overlaps the field before it", f->name);
		cr_expect(f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8, "%s",
		          f->name);
		end = f->at + f->size;
		cr_expect_leq(end, sizeof(struct snp_vmsa));
		cr_expect(f->key || f->cause, "nothing is said about %s", f->name);
	}
}

#define AT(name, member)                                                                           \
	{                                                                                          \
		name, offsetof(struct snp_vmsa, member)                                            \
	}

Test(vmsa_fields, are_where_the_structure_has_them)
{
	static const struct {
		const char *name;
		size_t at;
	} rows[] = {
		AT("es.selector", es),
		AT("cs.attrib", cs.attrib),
		AT("ss.limit", ss.limit),
		AT("gdtr.base", gdtr.base),
		AT("tr.selector", tr),
		AT("vmpl", vmpl),
		AT("cpl", cpl),
		AT("efer", efer),
		AT("xss", xss),
		AT("cr4", cr4),
		AT("cr3", cr3),
		AT("cr0", cr0),
		AT("dr7", dr7),
		AT("dr6", dr6),
		AT("rflags", rflags),
		AT("rip", rip),
		AT("rsp", rsp),
		AT("rax", rax),
		AT("g_pat", g_pat),
		AT("rcx", rcx),
		AT("rdx", rdx),
		AT("rbx", rbx),
		AT("rbp", rbp),
		AT("rsi", rsi),
		AT("rdi", rdi),
		AT("r8", r8_15),
		AT("sev_features", sev_features),
		AT("xcr0", xcr0),
		AT("mxcsr", mxcsr),
		AT("x87_ftw", ftw),
		AT("x87_fsw", fsw),
		AT("x87_fcw", fcw),
		AT("x87_fop", fop),
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(field_named(rows[i].name)->at, rows[i].at, "%s", rows[i].name);
}

/* Or a difference in it would have no name. */
Test(vmsa_fields, cover_every_byte_that_a_launch_sets)
{
	struct vcpu_state s;
	struct snp_vmsa v;

	memset(&s, 0xff, sizeof(s));
	s.more = (struct vcpu_more){ .set = false };
	snp_vmsa_of(&s, UINT64_MAX, VMSA_KVM, &v);
	for (size_t at = 0; at < sizeof(v); at++) {
		const struct page_field *f = vmsa_fields;

		while (f->name && !(at >= f->at && at < (size_t)f->at + f->size))
			f++;
		cr_expect(f->name || ((const uint8_t *)&v)[at] == 0, "byte 0x%zx has no name", at);
	}
	cr_expect_eq(page_field_get(&v, field_named("rdx")), UINT64_MAX);
	cr_expect_eq(page_field_get(&v, field_named("mxcsr")), 0x1f80);
	cr_expect_eq(page_field_get(&v, field_named("x87_fcw")), 0x37f);
	cr_expect_eq(page_field_get(&v, field_named("cpl")), 3);
}
