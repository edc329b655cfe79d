/* SPDX-License-Identifier: MIT */
/* tests/out/result_test.c: the fields of each result, and of a measurement's in each format. */
#include "core/out/result.h"

#include <cbor.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/doctor.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/stats.h"
#include "tests/make/printed.h"

static struct snp_ledger_line ledger[] = {
	{ 0xfffff000, 4096, "normal", "firmware", { 0x11, 0x22 }, true, { 0x44 } },
	{ 0xfffffffff000, 4096, "vmsa", "vcpu 0 (bsp)", { 0x33 }, false, { 0 } },
};
static struct snp_digest digest = {
	.value = { 0xab, 0xcd },
	.pages = 2,
	.ledger = ledger,
	.n_ledger = ARRAY_SIZE(ledger),
};
static struct measure_result result = {
	.manifest = "guest.yaml",
	.profile = "qemu",
	.vcpu_type = "EPYC-v4",
	.vcpus = 1,
	.vcpu_sig = 0x800f12,
	.guest_features = 0x21,
	.digest = &digest,
};

/* A map with this one key, or with NULL the result itself. */
static struct tree *measured(const char *key)
{
	struct tree *t = tree_new();

	if (key)
		tree_map(t, NULL);
	result_measure(t, key, &result);
	if (key)
		tree_end(t);
	return t;
}

#define ZEROS_46 /* bytes, in hex */                                                               \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"         \
	"000000000000"

/* The fields that scripts rely on. */
Test(result, of_measure_has_the_promised_fields)
{
	auto_json json_t *j = printed_json(measured(NULL));

	json_text_is(j, "schema", "snpvmm.measure/1");
	json_text_is(j, "manifest", "guest.yaml");
	json_text_is(j, "measurement", "abcd" ZEROS_46);
	json_text_is(j, "profile", "qemu");
	json_text_is(j, "vcpu_type", "EPYC-v4");
	json_text_is(j, "vcpu_sig", "0x800f12");
	json_text_is(j, "guest_features", "0x21");
	json_number_is(j, "vcpus", 1);
	json_number_is(j, "pages", 2);
	cr_expect_null(json_object_get(j, "regions"), "regions are for --pages");
}

/* Without an ID block a report has zeros, and with one that is made for the run any key. */
Test(result, of_measure_has_what_a_report_will_hold_and_no_more)
{
	static const char *const of_block[] = { "family_id", "image_id", "svn", "id_key_digest",
		                                "author_key_digest" };
	auto_json json_t *none = printed_json(measured(NULL)), *some = NULL, *all = NULL;

	cr_expect_null(json_object_get(none, "policy"));
	cr_expect_null(json_object_get(none, "host_data"));
	result.reference = (struct reference){
		.policy_known = true,
		.policy = 0xb0000,
		.host_data_known = true,
		.host_data = { 0xaa },
		.id_block = true,
		.family_id = { 0xfa },
		.image_id = { 0x1a },
		.svn = 7,
	};
	some = printed_json(measured(NULL));
	json_text_is(some, "policy", "0xb0000");
	json_text_is(some, "host_data",
	             "aa00000000000000000000000000000000000000000000000000000000000000");
	json_text_is(some, "family_id", "fa000000000000000000000000000000");
	json_text_is(some, "image_id", "1a000000000000000000000000000000");
	json_number_is(some, "svn", 7);
	result.reference.id_key_known = result.reference.author_key_known = true;
	result.reference.id_key_digest[0] = 0x1d;
	result.reference.author_key_digest[0] = 0xa0;
	all = printed_json(measured(NULL));
	json_text_is(all, "id_key_digest", "1d00" ZEROS_46);
	json_text_is(all, "author_key_digest", "a000" ZEROS_46);
	for (size_t i = 0; i < ARRAY_SIZE(of_block); i++) {
		cr_expect_null(json_object_get(none, of_block[i]), "%s", of_block[i]);
		cr_expect_eq(!json_object_get(some, of_block[i]), i >= 3, "%s", of_block[i]);
	}
}

Test(result, of_measure_lists_regions_in_launch_order_when_a_ledger_was_wanted)
{
	auto_json json_t *j = NULL;
	json_t *regions;

	digest.ledger_wanted = true;
	j = printed_json(measured(NULL));
	regions = json_object_get(j, "regions");
	cr_assert_eq(json_array_size(regions), 2);
	json_text_is(json_array_get(regions, 0), "gpa", "0xfffff000");
	json_number_is(json_array_get(regions, 0), "size", 4096);
	json_text_is(json_array_get(regions, 0), "type", "normal");
	json_text_is(json_array_get(regions, 0), "label", "firmware");
	json_text_is(json_array_get(regions, 0), "digest_after", "1122" ZEROS_46);
	json_text_is(json_array_get(regions, 0), "sha384", "44" ZEROS_46 "00");
	json_text_is(json_array_get(regions, 1), "gpa", "0xfffffffff000");
	json_text_is(json_array_get(regions, 1), "type", "vmsa");
	cr_expect_eq(json_object_size(json_array_get(regions, 1)), 5);
}

Test(result, of_measure_stands_under_the_key_it_is_given)
{
	auto_json json_t *j = printed_json(measured("measure"));

	cr_expect_eq(json_object_size(j), 1);
	json_text_is(json_object_get(j, "measure"), "schema", "snpvmm.measure/1");
}

Test(result, with_an_empty_ledger_has_an_empty_list)
{
	auto_json json_t *j = NULL;

	digest.ledger_wanted = true;
	digest.n_ledger = 0;
	j = printed_json(measured(NULL));
	cr_expect(json_is_array(json_object_get(j, "regions")));
	cr_expect_eq(json_array_size(json_object_get(j, "regions")), 0);
}

static bool cbor_is(const cbor_item_t *key, const char *text)
{
	return cbor_string_length(key) == strlen(text) &&
	       !memcmp(cbor_string_handle(key), text, strlen(text));
}

/* The same fields in CBOR as in JSON, bytes as bytes. */
Test(result, of_measure_has_the_same_fields_in_cbor)
{
	auto_json json_t *j = printed_json(measured(NULL));
	struct cbor_load_result read;
	size_t size, found = 0;
	char *bytes = printed(measured(NULL), tree_print_cbor, &size);
	cbor_item_t *map = cbor_load((uint8_t *)bytes, size, &read);
	struct cbor_pair *pairs;
	const char *key;
	json_t *value;

	cr_assert(map && cbor_isa_map(map));
	cr_expect_eq(read.read, size);
	cr_expect_eq(cbor_map_size(map), json_object_size(j));
	pairs = cbor_map_handle(map);
	json_object_foreach(j, key, value) for (size_t i = 0; i < cbor_map_size(map);
	                                        i++) if (cbor_is(pairs[i].key, key))
	{
		found++;
		cr_expect_eq(cbor_isa_uint(pairs[i].value), json_is_integer(value));
		cr_expect_eq(cbor_isa_bytestring(pairs[i].value), !strcmp(key, "measurement"));
		if (!strcmp(key, "measurement"))
			cr_expect_arr_eq(cbor_bytestring_handle(pairs[i].value), digest.value, 48);
	}
	cr_expect_eq(found, json_object_size(j));
	cbor_decref(&map);
	free(bytes);
}

static json_t *stats_json(const struct stats_report *r)
{
	struct tree *t = tree_new();

	result_stats(t, NULL, r);
	return printed_json(t);
}

Test(result, of_a_run_has_its_exits)
{
	const struct stats_report r = {
		.exits = { [EXIT_PORT] = 5, [EXIT_PAGE_STATE] = 2 },
		.total = 7,
		.pages_shared = 11,
		.devices = { { .name = "fw_cfg",
		               .exits = 5,
		               .ports = { { 0x510, 3 }, { 0x511, 1 } },
		               .n_ports = 2,
		               .others = 1 } },
		.n_devices = 1,
		.serial_seen = true,
		.serial_us = 1234567,
		.fwcfg_there = true,
		.fwcfg = { .dma_count = 9, .dma_refused = 1 },
		.hvc_there = true,
		.hvc = { .requests = 3, .sent = 40, .exits = 1 },
		.debug_line = "ASSERT",
	};
	auto_json json_t *j = stats_json(&r);
	json_t *device = json_array_get(json_object_get(j, "devices"), 0);

	json_text_is(j, "schema", "snpvmm.stats/1");
	json_number_is(j, "total", 7);
	json_number_is(json_object_get(j, "exits"), "port", 5);
	json_number_is(json_object_get(j, "exits"), "page_state", 2);
	json_number_is(json_object_get(j, "exits"), "mmio", 0);
	json_text_is(device, "name", "fw_cfg");
	json_text_is(json_array_get(json_object_get(device, "ports"), 0), "port", "0x510");
	json_number_is(json_array_get(json_object_get(device, "ports"), 1), "exits", 1);
	json_number_is(device, "other_ports", 1);
	json_number_is(j, "pages_made_shared", 11);
	json_number_is(j, "first_serial_us", 1234567);
	json_number_is(json_object_get(j, "fw_cfg"), "transfers", 9);
	json_number_is(json_object_get(j, "fw_cfg"), "refused", 1);
	json_number_is(json_object_get(j, "hvc"), "requests", 3);
	json_number_is(json_object_get(j, "hvc"), "sent", 40);
	json_number_is(json_object_get(j, "hvc"), "received", 0);
	json_number_is(json_object_get(j, "hvc"), "exits", 1);
	json_text_is(j, "debug_line", "ASSERT");
	cr_expect_null(json_object_get(j, "first_debug_us"), "none came");
}

Test(result, of_a_run_leaves_out_what_was_not_there)
{
	auto_json json_t *j = stats_json(&(struct stats_report){ .debug_line = "" });

	cr_expect_null(json_object_get(j, "fw_cfg"));
	cr_expect_null(json_object_get(j, "hvc"));
	cr_expect_null(json_object_get(j, "first_serial_us"));
	cr_expect_null(json_object_get(j, "debug_line"));
	cr_expect_eq(json_array_size(json_object_get(j, "devices")), 0u);
}

Test(result, of_doctor_has_the_promised_fields)
{
	static const struct doctor_report r = {
		.host = { .kernel = "6.12.0", .cpu = "AMD EPYC", .firmware = "1.55.21" },
		.checks = { { .name = "kvm",
		              .state = DOCTOR_OK,
		              .needed_for = NULL,
		              .finding = "it opens" },
		            { .name = "cpu",
		              .state = DOCTOR_MISSING,
		              .needed_for = &platform_snp,
		              .finding = "none",
		              .why = "old",
		              .fix = "buy" } },
		.count = 2,
	};
	auto_json json_t *j = NULL;
	json_t *platforms, *host, *checks;
	struct tree *t = tree_new();

	result_doctor(t, NULL, &r);
	j = printed_json(t);
	platforms = json_object_get(j, "platforms");
	host = json_object_get(j, "host");
	checks = json_object_get(j, "checks");
	cr_expect_eq(json_object_size(j), 4u);
	json_text_is(j, "schema", "snpvmm.doctor/1");
	cr_expect_eq(json_object_size(platforms), 2u);
	cr_expect(json_is_true(json_object_get(platforms, "kvm")));
	cr_expect(json_is_false(json_object_get(platforms, "snp")));
	json_text_is(host, "kernel", "6.12.0");
	json_text_is(host, "cpu", "AMD EPYC");
	json_text_is(host, "firmware", "1.55.21");
	cr_assert_eq(json_array_size(checks), 2u);
	json_text_is(json_array_get(checks, 0), "name", "kvm");
	json_text_is(json_array_get(checks, 0), "needed_for", "both");
	json_text_is(json_array_get(checks, 0), "why", "");
	json_text_is(json_array_get(checks, 1), "state", "missing");
	json_text_is(json_array_get(checks, 1), "needed_for", "snp");
	json_text_is(json_array_get(checks, 1), "finding", "none");
	json_text_is(json_array_get(checks, 1), "why", "old");
	json_text_is(json_array_get(checks, 1), "fix", "buy");
	cr_expect_eq(json_object_size(json_array_get(checks, 1)), 6u);
}
