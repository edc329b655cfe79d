/* SPDX-License-Identifier: MIT */
/*
 * tests/config/manifest_test.c: every key's good and bad values, every default, every place of an
 * error.
 */
#include "config/manifest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/vm/platforms.h"

#define HEX48                                                                                      \
	"8d02277b9361cbdb0a797aef4f5a2d2e8cc989ab640e7b9805aac395b74ea988133ebbd052c39b61477de1e5" \
	"464725a5"
#define ONES48                                                                                     \
	"1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" \
	"11"                                                                                       \
	"111111"
#define HEX32 "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773"

/* The least that a manifest needs, and one line for more. */
#define LEAST        "version: 1\nboot: {firmware: fw.fd}\n"
#define LEAST_KERNEL "version: 1\nboot: {firmware: fw.fd, kernel: k}\n"

static int parse_set(const char *text, const struct manifest_setting *set, size_t n,
                     struct manifest *ret, struct error *err)
{
	const struct manifest_choice choice = { .set = set, .n_set = n, .run = 0 };

	return manifest_parse("dir/guest.yaml", (const uint8_t *)text, strlen(text), &choice, ret,
	                      err);
}

static struct manifest parsed(const char *text)
{
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(parse_set(text, NULL, 0, &m, &err), 0, "%s\n%u:%u: %s", text, err.line,
	             err.column, err.text);
	return m;
}

static struct manifest parsed_with(const char *text, const char *key, const char *value)
{
	struct manifest_setting set = { .key = key, .value = value };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(parse_set(text, &set, 1, &m, &err), 0, "%s=%s: %s", key, value, err.text);
	return m;
}

struct refusal {
	const char *text;
	enum reason kind;
	unsigned line, column;
	const char *says, *fix;
};

static void refuses(const struct refusal *r)
{
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse_set(r->text, NULL, 0, &m, &err), 0, "accepted:\n%s", r->text);
	cr_expect_eq(err.kind, r->kind, "%s[%s] %s", r->text, reason_name(err.kind), err.text);
	cr_expect_str_eq(err.file, "dir/guest.yaml", "%s'%s' %s", r->text, err.file, err.text);
	cr_expect(err.line == r->line && err.column == r->column, "%sat %u:%u: %s", r->text,
	          err.line, err.column, err.text);
	cr_expect_not_null(strstr(err.text, r->says), "%s%s", r->text, err.text);
	if (r->fix)
		cr_expect_not_null(strstr(err.fix, r->fix), "%sfix: %s", r->text, err.fix);
	cr_expect_null(m.file);
}

#define REFUSES(...)                                                                               \
	do {                                                                                       \
		static const struct refusal cases[] = { __VA_ARGS__ };                             \
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                     \
			refuses(&cases[i]);                                                        \
	} while (0)

Test(manifest, has_the_defaults_of_the_interface)
{
	auto_manifest struct manifest m = parsed(LEAST);
	static const uint8_t zero[32];

	cr_assert_str_eq(m.file, "dir/guest.yaml");
	cr_assert_str_eq(m.name, "guest");
	cr_assert_eq(m.platform, MANIFEST_SNP);
	cr_assert_null(m.builtin);
	cr_assert_str_eq(m.firmware.path, "dir/fw.fd");
	cr_assert_not(m.firmware.pinned);
	cr_assert_null(m.kernel.path);
	cr_assert_null(m.initrd.path);
	cr_assert_str_eq(m.cmdline, "console=ttyS0 panic=-1");
	cr_assert_not(m.kernel_hashes);
	cr_assert_eq(m.vcpus, 1);
	cr_assert_str_eq(m.vcpu_type, "EPYC-v4");
	cr_assert_eq(m.vcpu_sig, 0x800f12);
	cr_assert_eq(m.memory, (uint64_t)512 << 20);
	cr_assert_eq(m.policy, 0x30000);
	cr_assert_eq(m.policy_at.line, 0);
	cr_assert_eq(m.guest_features, 1);
	cr_assert_arr_eq(m.host_data, zero, sizeof(m.host_data));
	cr_assert_arr_eq(m.gosvw, zero, sizeof(m.gosvw));
	cr_assert_not(m.id_block_given);
	cr_assert_eq(m.profile, PROFILE_QEMU);
	cr_assert_not(m.ovmf_hash_given);
	cr_assert(m.serial.kind == SINK_STDOUT && !m.serial.path);
	cr_assert(m.debug_port.kind == SINK_NONE && !m.debug_port.path);
	cr_assert(m.exit_port_given);
	cr_assert_eq(m.exit_port, 0xf4);
	cr_assert_null(m.pins);
	cr_assert_eq(m.n_pins, 0);
	cr_assert_not(m.exit_any);
	cr_assert_not(m.exit_expected);
	cr_assert_eq(m.exit_code, 0);
	cr_assert_not(m.exit_none);
	cr_assert_eq(m.console.count, 0);
	cr_assert_eq(m.never.count, 1);
	cr_assert_str_eq(m.never.list[0].text, "Kernel panic");
	cr_assert_eq(m.never.list[0].at.line, 0);
	cr_assert_eq(m.timeout_ms, 60000);
	cr_assert_eq(m.silence_ms, 0);
	cr_assert(m.runs == 1 && m.run == 0 && !m.variant);
}

static const char full[] = "version: 1\n"
			   "name: all of it\n"
			   "platform: kvm\n"
			   "boot:\n"
			   "  firmware: {path: /fw.fd, sha256: 0x" HEX32 "}\n"
			   "  kernel: ../bzImage\n"
			   "  initrd: initrd.img\n"
			   "  cmdline: '  a=\"b c\"\t\\d  '\n"
			   "  kernel_hashes: false\n"
			   "vcpus: 255\n"
			   "vcpu_type: 0xa20f12\n"
			   "memory: 2GiB\n"
			   "snp:\n"
			   "  policy: 0xb0000\n"
			   "  guest_features: 0x21\n"
			   "  host_data: hex:" HEX32 "\n"
			   "  gosvw: base64:AAECAwQFBgcICQoLDA0ODw==\n"
			   "measure:\n"
			   "  profile: gce\n"
			   "  ovmf_hash: " HEX48 "\n"
			   "serial: com1.log\n"
			   "debug_port: stderr\n"
			   "exit_port: 0x501\n"
			   "expect:\n"
			   "  measurement:\n"
			   "    1: " HEX48 "\n"
			   "    0x2: [" ONES48 ", " HEX48 "]\n"
			   "  console: ['^Linux version', \"a\\tb\"]\n"
			   "  never:\n"
			   "    - Oops|BUG\n"
			   "  exit: 0x2a\n"
			   "timeout: 1500ms\n"
			   "silence: 2m\n";

Test(manifest, reads_every_key)
{
	auto_manifest struct manifest m = parsed(full);

	cr_assert_str_eq(m.name, "all of it");
	cr_assert_eq(m.platform, MANIFEST_KVM);
	cr_assert_str_eq(m.firmware.path, "/fw.fd");
	cr_assert(m.firmware.pinned && m.firmware.sha256[0] == 0x7b &&
	          m.firmware.sha256[31] == 0x73);
	cr_assert(m.firmware.at.line == 5 && m.firmware.at.column == 13);
	cr_assert_str_eq(m.kernel.path, "dir/../bzImage");
	cr_assert_eq(m.kernel.at.line, 6);
	cr_assert_str_eq(m.initrd.path, "dir/initrd.img");
	cr_assert_str_eq(m.cmdline, "  a=\"b c\"\t\\d  ");
	cr_assert_not(m.kernel_hashes);
	cr_assert_eq(m.vcpus, 255);
	cr_assert_str_eq(m.vcpu_type, "0xa20f12");
	cr_assert_eq(m.vcpu_sig, 0xa20f12);
	cr_assert_eq(m.memory, (uint64_t)2 << 30);
	cr_assert_eq(m.policy, 0xb0000);
	cr_assert(m.policy_at.line == 14 && m.policy_at.column == 11);
	cr_assert_eq(m.guest_features, 0x21);
	cr_assert(m.host_data[0] == 0x7b && m.host_data[31] == 0x73);
	cr_assert(m.gosvw[0] == 0 && m.gosvw[15] == 15);
	cr_assert_eq(m.profile, PROFILE_GCE);
	cr_assert(m.ovmf_hash_given && m.ovmf_hash[0] == 0x8d && m.ovmf_hash[47] == 0xa5);
	cr_assert_eq(m.serial.kind, SINK_FILE);
	cr_assert_str_eq(m.serial.path, "dir/com1.log");
	cr_assert_eq(m.debug_port.kind, SINK_STDERR);
	cr_assert_eq(m.exit_port, 0x501);
	cr_assert_eq(m.n_pins, 3);
	cr_assert(m.pins[0].vcpus == 1 && m.pins[0].digest[0] == 0x8d);
	cr_assert(m.pins[1].vcpus == 2 && m.pins[1].digest[0] == 0x11);
	cr_assert(m.pins[2].vcpus == 2 && m.pins[2].digest[47] == 0xa5);
	cr_assert(m.pins_at.line == 26 && m.pins_at.column == 5);
	cr_assert(m.exit_expected && !m.exit_any);
	cr_assert_eq(m.exit_code, 42);
	cr_assert_eq(m.console.count, 2);
	cr_assert_str_eq(m.console.list[0].text, "^Linux version");
	cr_assert(m.console.list[0].at.line == 28 && m.console.list[0].at.column == 13);
	cr_assert_str_eq(m.console.list[1].text, "a\tb");
	cr_assert_eq(m.never.count, 1);
	cr_assert_str_eq(m.never.list[0].text, "Oops|BUG");
	cr_assert_eq(m.never.list[0].at.line, 30);
	cr_assert_eq(m.timeout_ms, 1500);
	cr_assert_eq(m.silence_ms, 120000);
}

Test(manifest, takes_kernel_hashes_for_granted_where_they_work)
{
	auto_manifest struct manifest both = parsed("version: 1\nboot: {firmware: f, kernel: k}\n");
	auto_manifest struct manifest direct = parsed("version: 1\nboot: {kernel: k, initrd: i}\n");
	auto_manifest struct manifest written =
		parsed("version: 1\nboot: {firmware: f, kernel: k, kernel_hashes: true}\n");

	cr_assert(both.kernel_hashes);
	cr_assert_not(direct.kernel_hashes);
	cr_assert(written.kernel_hashes);
}

Test(manifest, takes_a_policy_as_a_map)
{
	static const struct {
		const char *map;
		uint64_t policy;
	} cases[] = {
		{ "{}", 0x30000 },
		{ "{debug: true}", 0xb0000 },
		{ "{smt: false}", 0x20000 },
		{ "{smt: true, abi: \"1.51\"}", 0x30133 },
		{ "{abi: 1.50}", 0x30132 },
		{ "{single_socket: true, cxl_allow: true}", 0x330000 },
		{ "{aes256_xts: true, rapl_dis: true}", 0xc30000 },
		{ "{ciphertext_hiding: true, page_swap_disable: true}", 0x3030000 },
		{ "{debug: false, single_socket: false}", 0x30000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[160];

		snprintf(text, sizeof(text), LEAST "snp: {policy: %s}\n", cases[i].map);
		struct manifest m = parsed(text);

		cr_expect_eq(m.policy, cases[i].policy, "%s gave 0x%lx", cases[i].map, m.policy);
		cr_expect_eq(m.policy_at.line, 3);
		manifest_free(&m);
	}
}

Test(manifest, takes_other_good_values)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "version", "0x1" },
		{ "name", "no" },
		{ "name", "1.0" },
		{ "boot.firmware", "{path: 'builtin:odd'}" },
		{ "boot.kernel", "'~'" },
		{ "boot.cmdline", "''" },
		{ "boot.kernel_hashes", "'false'" },
		{ "vcpus", "'4'" },
		{ "vcpu_type", "0x0" },
		{ "vcpu_type", "0xffffffff" },
		{ "vcpu_type", "EPYC-Turin" },
		{ "memory", "64K" },
		{ "memory", "1T" },
		{ "memory", "68K" },
		{ "snp.policy", "196608" },
		{ "snp.guest_features", "0xffffffffffffffff" },
		{ "measure.profile", "ec2" },
		{ "measure.ovmf_hash", "0x" HEX48 },
		{ "serial", "none" },
		{ "serial", "./stderr" },
		{ "debug_port", "/dev/null" },
		{ "exit_port", "1" },
		{ "exit_port", "0xfffe" },
		{ "exit_port", "false" },
		{ "expect.measurement", HEX48 },
		{ "expect.measurement", "[" HEX48 "]" },
		{ "expect.exit", "any" },
		{ "expect.exit", "4294967295" },
		{ "timeout", "1ms" },
		{ "timeout", "34560m" },
		{ "expect.console", "[]" },
		{ "expect.console", "['a{4096}', '']" },
		{ "expect.never", "[]" },
		{ "silence", "1ms" },
		{ "silence", "34560m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest m = parsed_with(LEAST_KERNEL, cases[i].key, cases[i].value);

		manifest_free(&m);
	}
}

Test(manifest, tells_any_and_no_exit_port_from_the_default)
{
	auto_manifest struct manifest any = parsed(LEAST "expect: {exit: any}\nexit_port: false\n");

	cr_assert(any.exit_any && !any.exit_expected);
	cr_assert_not(any.exit_port_given);
	cr_assert_eq(any.exit_port, 0);
}

Test(manifest, lets_a_guest_go_on_once_the_console_is_complete)
{
	auto_manifest struct manifest m =
		parsed(LEAST "expect: {exit: none, console: [ready], never: []}\n");

	cr_assert(m.exit_none && !m.exit_any && !m.exit_expected);
	cr_assert_eq(m.never.count, 0);
	REFUSES({ LEAST "expect: {exit: none}\n", ERROR_CONFLICT, 3, 16,
	          "'expect.exit' is none, but 'expect.console' is not given", "expect.console" },
	        { LEAST "expect: {console: [], exit: none}\n", ERROR_CONFLICT, 3, 29,
	          "'expect.console' is empty", NULL },
	        { LEAST "expect: {exit: nome, console: [x]}\n", ERROR_BAD_VALUE, 3, 16,
	          "not a number", "any, or none" });
}

Test(manifest, says_which_expression_is_none)
{
	struct manifest m = { 0 };
	struct error err = { 0 };

	REFUSES({ LEAST "expect: {console: [ok, 'a(', b]}\n", ERROR_BAD_VALUE, 3, 24,
	          "'expect.console': 'a(': not a regular expression", NULL },
	        { LEAST "expect:\n  never:\n  - a\n  - '(a)\\1'\n", ERROR_BAD_VALUE, 6, 5,
	          "'expect.never': '(a)\\1': a regular expression with a back reference", NULL },
	        { LEAST "expect: {never: ['a{1000}{1000}']}\n", ERROR_BAD_VALUE, 3, 18,
	          "'a{1000}{1000}': not a regular expression", NULL },
	        { LEAST "expect: {never: ['\\y']}\n", ERROR_BAD_VALUE, 3, 18,
	          "not a regular expression", "write \\\\ for a backslash" },
	        { LEAST "expect: {console: ready}\n", ERROR_BAD_VALUE, 3, 19,
	          "'expect.console' must be a list of regular expressions, not a single value",
	          "in brackets" },
	        { LEAST "expect: {console: }\n", ERROR_BAD_VALUE, 3, 19, "must be a list", NULL },
	        { LEAST "expect: {console: {a: b}}\n", ERROR_BAD_VALUE, 3, 19, "not a map", NULL },
	        { LEAST "expect: {console: [[a]]}\n", ERROR_BAD_VALUE, 3, 20,
	          "'expect.console' must be a regular expression, not a list", NULL },
	        { LEAST "expect: {console: [~]}\n", ERROR_BAD_VALUE, 3, 20, "has no value", NULL });
	cr_assert_lt(parse_set(LEAST "expect: {never: ['a(']}\n", NULL, 0, &m, &err), 0);
	cr_assert_str_eq(err.why, "missing closing parenthesis, at character 2");
}

Test(manifest, limits_the_number_of_expressions)
{
	char list[1024] = "[a";
	struct manifest m;
	struct error err = { 0 };

	for (size_t i = 1; i < 256; i++)
		strcat(list, ",a");
	strcat(list, "]");
	m = parsed_with(LEAST, "expect.console", list);
	cr_assert_eq(m.console.count, 256);
	manifest_free(&m);
	strcpy(list + strlen(list) - 1, ",a]");
	cr_assert_lt(parse_set(LEAST,
	                       &(struct manifest_setting){ .key = "expect.console", .value = list },
	                       1, &m, &err),
	             0);
	cr_assert_str_eq(err.text, "'expect.console' has 257 regular expressions; it may have 256");
}

Test(manifest, knows_the_built_in_guest)
{
	auto_manifest struct manifest m =
		parsed("version: 1\nboot: {firmware: builtin:selftest}\n");

	cr_assert_str_eq(m.builtin, "selftest");
	cr_assert_null(m.firmware.path);
	cr_assert_eq(m.firmware.at.line, 2);
	REFUSES({ "version: 1\nboot: {firmware: builtin:selftst}\n", ERROR_BAD_VALUE, 2, 18,
	          "no built-in guest 'selftst'", "did you mean 'selftest'" },
	        { "version: 1\nboot: {firmware: 'builtin:'}\n", ERROR_BAD_VALUE, 2, 18,
	          "no built-in guest ''", "selftest" });
}

Test(manifest, takes_windows_line_ends_and_a_byte_order_mark)
{
	auto_manifest struct manifest m = parsed("\xef\xbb\xbf"
	                                         "version: 1\r\nboot:\r\n  kernel: k\r\n");

	cr_assert_str_eq(m.kernel.path, "dir/k");
	REFUSES({ "\xef\xbb\xbf"
	          "version: 2\r\nboot: {kernel: k}\r\n",
	          ERROR_BAD_VALUE, 1, 10, "must be 1", NULL });
}

Test(manifest, names_itself_after_its_file)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "guest.yaml", "guest" },
		{ "/a/b.c/guest", "guest" },
		{ "a.b.yml", "a.b" },
		{ "/x/.yaml", ".yaml" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest m = { 0 };
		struct error err = { 0 };

		cr_assert_eq(manifest_parse(cases[i].path, (const uint8_t *)LEAST, strlen(LEAST),
		                            NULL, &m, &err),
		             0);
		cr_expect_str_eq(m.name, cases[i].name);
		manifest_free(&m);
	}
}

Test(manifest, refuses_unknown_keys_and_names_the_near_one)
{
	REFUSES({ LEAST "memroy: 1G\n", ERROR_UNKNOWN_KEY, 3, 1, "unknown key 'memroy'",
	          "did you mean 'memory'?" },
	        { LEAST "vcpu: 1\n", ERROR_UNKNOWN_KEY, 3, 1, "'vcpu'", "'vcpus'" },
	        { LEAST "vcpu-type: EPYC\n", ERROR_UNKNOWN_KEY, 3, 1, "'vcpu-type'",
	          "'vcpu_type'" },
	        { LEAST "Timeout: 1s\n", ERROR_UNKNOWN_KEY, 3, 1, "'Timeout'", "'timeout'" },
	        { LEAST "policy: 0x30000\n", ERROR_UNKNOWN_KEY, 3, 1, "'policy'", "'snp.policy'" },
	        { LEAST "kernal: k\n", ERROR_UNKNOWN_KEY, 3, 1, "'kernal'", "'boot.kernel'" },
	        { LEAST "snp: {vcpus: 2}\n", ERROR_UNKNOWN_KEY, 3, 7, "'snp.vcpus'", "'vcpus'" },
	        { LEAST "snp: {polcy: 2}\n", ERROR_UNKNOWN_KEY, 3, 7, "'snp.polcy'",
	          "'snp.policy'" },
	        { LEAST "snpp: {policy: 2}\n", ERROR_UNKNOWN_KEY, 3, 1, "'snpp'", "'snp'" },
	        { LEAST "expect:\n  measurment: x\n", ERROR_UNKNOWN_KEY, 4, 3,
	          "'expect.measurment'", "'expect.measurement'" },
	        { LEAST "snp.policy: 0x30000\n", ERROR_UNKNOWN_KEY, 3, 1, "'snp.policy'",
	          "write 'policy' inside the map 'snp'" },
	        { LEAST "qqqqqqq: 1\n", ERROR_UNKNOWN_KEY, 3, 1, "'qqqqqqq'",
	          "keys here are: version" },
	        { LEAST "snp: {qqqqqqq: 1}\n", ERROR_UNKNOWN_KEY, 3, 7, "'snp.qqqqqqq'",
	          "keys here are: policy, guest_features" },
	        { LEAST "\"\": 1\n", ERROR_UNKNOWN_KEY, 3, 1, "''", "keys here" },
	        { LEAST "\"\\e[2J\": 1\n", ERROR_UNKNOWN_KEY, 3, 1, "'\ufffd[2J'", NULL },
	        { LEAST "snp: {policy: {debg: true}}\n", ERROR_UNKNOWN_KEY, 3, 16,
	          "unknown key 'debg' in 'snp.policy'", "'debug'" },
	        { LEAST "snp: {policy: {xxxxxx: true}}\n", ERROR_UNKNOWN_KEY, 3, 16, "'xxxxxx'",
	          "smt, debug, single_socket" },
	        { "version: 1\nboot: {kernel: {path: p, sha265: x}}\n", ERROR_UNKNOWN_KEY, 2, 26,
	          "unknown key 'sha265' in 'boot.kernel'", "'sha256'" });
}

#define ZEROS16 "0000000000000000"
#define ZEROS64 ZEROS16 ZEROS16 ZEROS16 ZEROS16

Test(manifest, reads_disks_as_paths_or_maps)
{
	static const char one[] = LEAST "disks: a.img\n", none[] = LEAST "disks: []\n",
			  more[] = LEAST
			  "disks:\n  - a.img\n  - {path: /b.img, mode: rw, serial: B_1.-x}\n"
			  "  - {mode: ro, path: c, sha256: " ZEROS64 "}\n";
	struct manifest m = parsed(none);

	cr_assert_eq(m.n_disks, 0);
	manifest_free(&m);
	m = parsed(one);
	cr_assert_eq(m.n_disks, 1);
	cr_assert_str_eq(m.disks[0].image.path, "dir/a.img");
	cr_assert_eq(m.disks[0].mode, DISK_SCRATCH);
	cr_assert_str_eq(m.disks[0].serial, "disk0");
	manifest_free(&m);
	m = parsed(more);
	cr_assert_eq(m.n_disks, 3);
	cr_assert_str_eq(m.disks[1].image.path, "/b.img");
	cr_assert_eq(m.disks[1].mode, DISK_RW);
	cr_assert_str_eq(m.disks[1].serial, "B_1.-x");
	cr_assert_not(m.disks[1].image.pinned);
	cr_assert_eq(m.disks[2].mode, DISK_RO);
	cr_assert_str_eq(m.disks[2].serial, "disk2");
	cr_assert(m.disks[2].image.pinned);
	cr_assert_eq(m.disks[2].image.at.line, 6);
	manifest_free(&m);
}

#define PAIR "a, a, "

Test(manifest, refuses_disks_that_are_none)
{
	REFUSES({ LEAST "disks: {mode: ro}\n", ERROR_MISSING_KEY, 3, 8, "'disks[0]' has no 'path'",
	          "{ path: P, mode: scratch }" },
	        { LEAST "disks:\n", ERROR_BAD_VALUE, 3, 7, "'disks[0]' has no value", NULL },
	        { LEAST "disks: [a, '']\n", ERROR_BAD_VALUE, 3, 12, "'disks[1]' is an empty path",
	          NULL },
	        { LEAST "disks: [[a]]\n", ERROR_BAD_VALUE, 3, 9, "not a list", NULL },
	        { LEAST "disks: [{path: a, mode: r}]\n", ERROR_BAD_VALUE, 3, 25,
	          "'disks[0].mode' cannot be 'r'", "write one of: scratch, ro, rw" },
	        { LEAST "disks: [{path: a, mod: ro}]\n", ERROR_UNKNOWN_KEY, 3, 19,
	          "unknown key 'mod' in 'disks'", "'mode'" },
	        { LEAST "disks: [{path: a, serial: 'a b'}]\n", ERROR_BAD_VALUE, 3, 27,
	          "'disks[0].serial' is no serial number: 'a b'", "1 to 20 letters" },
	        { LEAST "disks: [{path: a, serial: a23456789012345678901}]\n", ERROR_BAD_VALUE, 3,
	          27, "no serial number", NULL },
	        { LEAST "disks: [{path: a, serial: s}, {path: b, serial: s}]\n", ERROR_CONFLICT, 3,
	          31, "two disks have the serial number 's'", "disk0, disk1" },
	        { LEAST "disks: [{path: a, serial: disk1}, b]\n", ERROR_CONFLICT, 3, 35,
	          "two disks have the serial number 'disk1'", NULL },
	        { LEAST "disks: [{path: a, sha256: 00}]\n", ERROR_BAD_VALUE, 3, 27,
	          "'disks[0].sha256'", NULL },
	        { LEAST "disks: [" PAIR PAIR PAIR PAIR PAIR PAIR PAIR PAIR "a]\n", ERROR_BAD_VALUE,
	          3, 57, "'disks' has more than 16", NULL });
}

Test(manifest, says_what_is_missing)
{
	REFUSES({ "boot: {firmware: f}\n", ERROR_MISSING_KEY, 1, 1, "'version' is missing",
	          "version: 1" },
	        { "# c\nvcpus: 1\nboot: {kernel: k}\n", ERROR_MISSING_KEY, 2, 1, "'version'",
	          NULL },
	        { "version: 1\n", ERROR_MISSING_KEY, 1, 1, "nothing to boot", "boot: {" },
	        { "version: 1\nboot: {}\n", ERROR_MISSING_KEY, 2, 1, "nothing to boot", NULL },
	        { "version: 1\nboot: {kernel: {sha256: " HEX32 "}}\n", ERROR_MISSING_KEY, 2, 16,
	          "'boot.kernel' has no 'path'", "path: P" });
}

Test(manifest, wants_a_map_of_keys)
{
	REFUSES({ "version\n", ERROR_SYNTAX, 1, 1, "map of keys", "version: 1" },
	        { "- version: 1\n", ERROR_SYNTAX, 1, 1, "map of keys", NULL },
	        { "", ERROR_SYNTAX, 1, 1, "nothing in it", NULL },
	        { LEAST "snp: 1\n", ERROR_BAD_VALUE, 3, 6, "'snp' must be a map of keys", NULL },
	        { LEAST "snp:\n", ERROR_BAD_VALUE, 3, 5, "'snp' must be a map of keys", NULL },
	        { LEAST "expect: []\n", ERROR_BAD_VALUE, 3, 9, "not a list", NULL });
}

Test(manifest, passes_on_the_places_of_yaml)
{
	REFUSES({ "version: 1\nboot:\n\tkernel: k\n", ERROR_SYNTAX, 3, 1, "a tab", "spaces" },
	        { LEAST "vcpus: 1\nvcpus: 2\n", ERROR_DUPLICATE_KEY, 4, 1, "'vcpus'", NULL },
	        { LEAST "vcpus: *x\n", ERROR_SYNTAX, 3, 8, "aliases", NULL });
}

Test(manifest, wants_the_kind_of_value_that_the_key_has)
{
	REFUSES({ LEAST "vcpus: [1]\n", ERROR_BAD_VALUE, 3, 8,
	          "'vcpus' must be a number, not a list", NULL },
	        { LEAST "memory: {a: 1}\n", ERROR_BAD_VALUE, 3, 9,
	          "must be a size such as 512M, not a map", NULL },
	        { LEAST "vcpus:\n", ERROR_BAD_VALUE, 3, 7, "'vcpus' has no value",
	          "leave the key out" },
	        { LEAST "vcpus: ~\n", ERROR_BAD_VALUE, 3, 8, "'vcpus' has no value", NULL },
	        { LEAST "name: null\n", ERROR_BAD_VALUE, 3, 7, "'name' has no value", NULL },
	        { "version: 1\nboot: {kernel: k, cmdline: }\n", ERROR_BAD_VALUE, 2, 28,
	          "'boot.cmdline' has no value", "\"\" for an empty one" },
	        { "version: 1\nboot: {kernel: ~}\n", ERROR_BAD_VALUE, 2, 16, "no value", NULL },
	        { "version: 1\nboot: {kernel: [k]}\n", ERROR_BAD_VALUE, 2, 16, "must be a path",
	          NULL },
	        { "version: 1\nboot: {kernel: {path: [k]}}\n", ERROR_BAD_VALUE, 2, 23,
	          "'boot.kernel.path' must be a path, not a list", NULL },
	        { "version: 1\nboot: {kernel: {path: }}\n", ERROR_BAD_VALUE, 2, 23,
	          "'boot.kernel.path' has no value", NULL },
	        { LEAST "snp: {policy: [1]}\n", ERROR_BAD_VALUE, 3, 15,
	          "a number or a map, not a list", NULL },
	        { LEAST "snp: {policy: {debug: [1]}}\n", ERROR_BAD_VALUE, 3, 23,
	          "'snp.policy.debug' must be true or false, not a list", NULL },
	        { LEAST "expect: {measurement: [[" HEX48 "]]}\n", ERROR_BAD_VALUE, 3, 24,
	          "a launch digest, not a list", NULL },
	        { LEAST "expect: {measurement: {1: {2: x}}}\n", ERROR_BAD_VALUE, 3, 27,
	          "a launch digest, not a map", NULL });
}

Test(manifest, holds_numbers_to_their_range)
{
	REFUSES({ "version: 2\nboot: {kernel: k}\n", ERROR_BAD_VALUE, 1, 10,
	          "'version' is 2; it must be 1", NULL },
	        { "version: 1.0\nboot: {kernel: k}\n", ERROR_BAD_VALUE, 1, 10, "not a number",
	          NULL },
	        { LEAST "vcpus: 0\n", ERROR_BAD_VALUE, 3, 8, "from 1 to 4096", NULL },
	        { LEAST "vcpus: 4097\n", ERROR_BAD_VALUE, 3, 8, "'vcpus' is 4097", NULL },
	        { LEAST "vcpus: -1\n", ERROR_BAD_VALUE, 3, 8, "not a number", NULL },
	        { LEAST "vcpus: 4294967297\n", ERROR_BAD_VALUE, 3, 8, "from 1 to 4096", NULL },
	        { LEAST "vcpus: 99999999999999999999999999\n", ERROR_BAD_VALUE, 3, 8,
	          "from 1 to 4096", NULL },
	        { LEAST "memory: 512\n", ERROR_BAD_VALUE, 3, 9, "not a size", "512M" },
	        { LEAST "memory: 32K\n", ERROR_BAD_VALUE, 3, 9, "from 64K to 1T", NULL },
	        { LEAST "memory: 2T\n", ERROR_BAD_VALUE, 3, 9, "from 64K to 1T", NULL },
	        { LEAST "memory: 65K\n", ERROR_BAD_VALUE, 3, 9, "not whole pages", "68K" },
	        { LEAST "timeout: 0s\n", ERROR_BAD_VALUE, 3, 10, "from 1ms to", NULL },
	        { LEAST "timeout: 60\n", ERROR_BAD_VALUE, 3, 10, "not a time", "60s" },
	        { LEAST "timeout: 34561m\n", ERROR_BAD_VALUE, 3, 10, "from 1ms to 34560m", NULL },
	        { LEAST "silence: 0s\n", ERROR_BAD_VALUE, 3, 10, "from 1ms to 34560m", NULL },
	        { LEAST "snp: {guest_features: 0x10000000000000000}\n", ERROR_BAD_VALUE, 3, 23,
	          "from 0x0", NULL },
	        { LEAST "snp: {guest_features: 0x20}\n", ERROR_BAD_VALUE, 3, 23, "bit 0", "0x21" },
	        { LEAST "expect: {exit: 4294967296}\n", ERROR_BAD_VALUE, 3, 16, "to 4294967295",
	          "any" },
	        { LEAST "expect: {exit: all}\n", ERROR_BAD_VALUE, 3, 16, "not a number", "any" },
	        { LEAST "expect: {exit: true}\n", ERROR_BAD_VALUE, 3, 16, "not a number", "any" });
}

Test(manifest, refuses_exit_ports_that_are_taken)
{
	REFUSES({ LEAST "exit_port: 0\n", ERROR_BAD_VALUE, 3, 12, "from 1 to 65534", NULL },
	        { LEAST "exit_port: 0xffff\n", ERROR_BAD_VALUE, 3, 12, "0xfffe", NULL },
	        { LEAST "exit_port: true\n", ERROR_BAD_VALUE, 3, 12, "not a number", NULL },
	        { LEAST "exit_port: 0x3f8\n", ERROR_CONFLICT, 3, 12, "serial port", "0xf4" },
	        { LEAST "exit_port: 0x3ff\n", ERROR_CONFLICT, 3, 12, "serial port", NULL },
	        { LEAST "exit_port: 0x402\n", ERROR_CONFLICT, 3, 12, "debug port", NULL },
	        { LEAST "exit_port: 100\n", ERROR_CONFLICT, 3, 12, "0x64, where the keyboard",
	          NULL },
	        { LEAST "exit_port: 0xcf9\n", ERROR_CONFLICT, 3, 12, "reset port", NULL },
	        { LEAST "exit_port: 0x20\n", ERROR_CONFLICT, 3, 12, "interrupt controller", NULL });
}

Test(manifest, refuses_words_that_it_does_not_know)
{
	REFUSES({ LEAST "platform: snpp\n", ERROR_BAD_VALUE, 3, 11, "cannot be 'snpp'", "'snp'" },
	        { LEAST "platform: tdx\n", ERROR_BAD_VALUE, 3, 11, "'tdx'", "snp, kvm" },
	        { LEAST "measure: {profile: qemo}\n", ERROR_BAD_VALUE, 3, 20, "'qemo'", "'qemu'" },
	        { LEAST "measure: {profile: QEMU}\n", ERROR_BAD_VALUE, 3, 20, "'QEMU'", "'qemu'" },
	        { LEAST "measure: {profile: azure}\n", ERROR_BAD_VALUE, 3, 20, "'azure'",
	          "qemu, ec2, gce" },
	        { LEAST "serial: stderr\n", ERROR_BAD_VALUE, 3, 9, "'stderr'", "'./stderr'" },
	        { LEAST "debug_port: stdout\n", ERROR_BAD_VALUE, 3, 13, "'stdout'", "'./stdout'" },
	        { LEAST "serial: ''\n", ERROR_BAD_VALUE, 3, 9, "empty path", NULL },
	        { "version: 1\nboot: {firmware: f, kernel: k, kernel_hashes: yes}\n",
	          ERROR_BAD_VALUE, 2, 47, "must be true or false", "true" });
}

Test(manifest, refuses_cpu_types_that_have_no_signature)
{
	REFUSES({ LEAST "vcpu_type: host\n", ERROR_BAD_VALUE, 3, 12, "cannot be 'host'",
	          "EPYC-Milan" },
	        { LEAST "vcpu_type: EPYC-Millan\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "'EPYC-Milan'" },
	        { LEAST "vcpu_type: EPYC-Gneoa-v2\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "'EPYC-Genoa-v2'" },
	        { LEAST "vcpu_type: EPYC-Siena\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "or a signature such as" },
	        { LEAST "vcpu_type: EPYC-Naples\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "or a signature such as" },
	        { LEAST "vcpu_type: epyc-v4\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "'EPYC-v4'" },
	        { LEAST "vcpu_type: Skylake-Server\n", ERROR_BAD_VALUE, 3, 12, "no CPU model",
	          "EPYC-Rome" },
	        { LEAST "vcpu_type: 0x100000000\n", ERROR_BAD_VALUE, 3, 12, "to 0xffffffff", NULL },
	        { LEAST "vcpu_type: 0xEPYC\n", ERROR_BAD_VALUE, 3, 12, "not a number", NULL },
	        { LEAST "vcpu_type: 8392466\n", ERROR_BAD_VALUE, 3, 12, "neither", "0x800f12" },
	        { LEAST "vcpu_type: ''\n", ERROR_BAD_VALUE, 3, 12, "no CPU model ''", NULL });
}

Test(manifest, explains_why_host_is_no_cpu_type)
{
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse_set(LEAST "vcpu_type: host\n", NULL, 0, &m, &err), 0);
	cr_assert_not_null(strstr(err.why, "depend on the machine"), "%s", err.why);
}

Test(manifest, refuses_policies_that_no_firmware_takes)
{
	REFUSES({ LEAST "snp: {policy: 0x10000}\n", ERROR_BAD_POLICY, 3, 15, "lacks bit 17",
	          "0x30000" },
	        { LEAST "snp: {policy: 0}\n", ERROR_BAD_POLICY, 3, 15, "'snp.policy'", "0x30000" },
	        { LEAST "snp: {policy: 0x4030000}\n", ERROR_BAD_POLICY, 3, 15,
	          "unknown bits: 0x4000000", NULL },
	        { LEAST "snp: {policy: debug}\n", ERROR_BAD_VALUE, 3, 15, "not a number", NULL },
	        { LEAST "snp: {policy: {debug: yes}}\n", ERROR_BAD_VALUE, 3, 23,
	          "'snp.policy.debug' is 'yes'", NULL },
	        { LEAST "snp: {policy: {abi: 1}}\n", ERROR_BAD_VALUE, 3, 21, "'snp.policy.abi'",
	          "1.51" },
	        { LEAST "snp: {policy: {abi: 1.256}}\n", ERROR_BAD_VALUE, 3, 21, "ABI version",
	          NULL });
}

Test(manifest, refuses_paths_that_nobody_means)
{
	REFUSES({ "version: 1\nboot: {kernel: ''}\n", ERROR_BAD_VALUE, 2, 16, "empty path", NULL },
	        { "version: 1\nboot: {kernel: \"a\\nb\"}\n", ERROR_BAD_VALUE, 2, 16,
	          "control character", NULL },
	        { LEAST "name: \"a\\x9bb\"\n", ERROR_BAD_VALUE, 3, 7, "control character (0x9b)",
	          NULL },
	        { LEAST "serial: \"a\\x85\"\n", ERROR_BAD_VALUE, 3, 9, "control character (0x85)",
	          NULL },
	        { LEAST "name: \"a\\eb\"\n", ERROR_BAD_VALUE, 3, 7, "control character (0x1b)",
	          NULL },
	        { LEAST "name: ''\n", ERROR_BAD_VALUE, 3, 7, "'name' is empty", NULL },
	        { "version: 1\nboot: {kernel: {path: k, sha256: abc}}\n", ERROR_BAD_VALUE, 2, 34,
	          "'boot.kernel.sha256' is 'abc' (3 characters)", "64" });
}

Test(manifest, holds_bytes_to_their_length)
{
	REFUSES({ LEAST "snp: {host_data: hex:00}\n", ERROR_BAD_VALUE, 3, 18,
	          "has 1 bytes; it must have 32", "64 digits" },
	        { LEAST "snp: {gosvw: hex:" HEX32 "}\n", ERROR_BAD_VALUE, 3, 14, "it must have 16",
	          NULL },
	        { LEAST "snp: {host_data: " HEX32 "}\n", ERROR_BAD_VALUE, 3, 18, "does not say how",
	          "hex:" },
	        { LEAST "snp: {host_data: file:/none/such}\n", ERROR_FILE, 3, 18, "'snp.host_data'",
	          NULL },
	        { LEAST "measure: {ovmf_hash: abc}\n", ERROR_BAD_VALUE, 3, 22, "launch digest",
	          "96" },
	        { LEAST "expect: {measurement: abc}\n", ERROR_BAD_VALUE, 3, 23, "launch digest",
	          "96" },
	        { LEAST "expect:\n  measurement:\n    - " HEX48 "\n    - abc\n", ERROR_BAD_VALUE, 6,
	          7, "launch digest", NULL },
	        { LEAST "expect: {measurement: []}\n", ERROR_BAD_VALUE, 3, 23, "empty list", NULL },
	        { LEAST "expect: {measurement: {}}\n", ERROR_BAD_VALUE, 3, 23, "empty map", NULL },
	        { LEAST "expect: {measurement: {1: []}}\n", ERROR_BAD_VALUE, 3, 27, "empty list",
	          NULL },
	        { LEAST "expect: {measurement: {0: " HEX48 "}}\n", ERROR_BAD_VALUE, 3, 24,
	          "'vcpus' is 0", NULL },
	        { LEAST "expect: {measurement: {x: " HEX48 "}}\n", ERROR_BAD_VALUE, 3, 24,
	          "not a number", NULL });
}

Test(manifest, refuses_keys_that_do_not_go_together)
{
	REFUSES({ "version: 1\nboot: {firmware: f, initrd: i}\n", ERROR_CONFLICT, 2, 29,
	          "'boot.initrd' without 'boot.kernel'", "kernel" },
	        { "version: 1\nboot: {initrd: i}\n", ERROR_CONFLICT, 2, 16, "'boot.initrd'", NULL },
	        { "version: 1\nboot: {firmware: f, kernel_hashes: true}\n", ERROR_CONFLICT, 2, 36,
	          "without a kernel", "boot.kernel" },
	        { "version: 1\nboot: {firmware: f, accept: eager}\n", ERROR_CONFLICT, 2, 29,
	          "'boot.accept' with a firmware", "leave out one" },
	        { "version: 1\nboot: {kernel: f, kernel_hashes: true}\n", ERROR_CONFLICT, 2, 34,
	          "without a firmware", "boot.firmware" },
	        { "version: 1\nboot: {kernel: k}\nmeasure: {ovmf_hash: " HEX48 "}\n",
	          ERROR_CONFLICT, 3, 22, "'measure.ovmf_hash' without 'boot.firmware'", NULL },
	        { LEAST "snp: {id_block: 'hex:" HEX48 HEX48 "'}\n", ERROR_BAD_ID_BLOCK, 3, 17,
	          "'snp.id_block' without 'snp.id_auth'", "both" });
}

/* A folder with a file of `size` bytes, 0xa5 each. */
static void file_of(const char *path, size_t size)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	while (size--)
		fputc(0xa5, f);
	fclose(f);
}

Test(manifest, takes_an_id_block_with_its_authentication)
{
	char folder[] = "/tmp/snpvmm-manifest-XXXXXX", path[96], text[320];
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/auth", folder);
	file_of(path, 4096);
	snprintf(path, sizeof(path), "%s/m.yaml", folder);
	snprintf(text, sizeof(text), LEAST "snp:\n  id_block: hex:%s\n  id_auth: file:auth\n",
	         HEX48 HEX48);
	cr_expect_eq(manifest_parse(path, (uint8_t *)text, strlen(text), NULL, &m, &err), 0, "%s",
	             err.text);
	cr_expect(m.id_block_given && m.id_block[0] == 0x8d && m.id_block[95] == 0xa5);
	cr_expect(m.id_auth[0] == 0xa5 && m.id_auth[4095] == 0xa5);
	cr_expect(m.id_block_at.line == 4 && m.id_block_at.column == 13);
	manifest_free(&m);
	snprintf(text, sizeof(text), LEAST "snp:\n  id_auth: file:auth\n");
	cr_expect_lt(manifest_parse(path, (uint8_t *)text, strlen(text), NULL, &m, &err), 0);
	cr_expect_eq(err.kind, ERROR_BAD_ID_BLOCK);
	cr_expect(err.line == 4 && err.column == 12, "%u:%u", err.line, err.column);
	snprintf(text, sizeof(text), LEAST "snp:\n  id_block: file:auth\n");
	cr_expect_lt(manifest_parse(path, (uint8_t *)text, strlen(text), NULL, &m, &err), 0);
	cr_expect_not_null(strstr(err.text, "has 4096 bytes; it must have 96"), "%s", err.text);
	snprintf(path, sizeof(path), "%s/auth", folder);
	unlink(path);
	rmdir(folder);
}

Test(manifest, takes_keys_for_an_id_block)
{
	struct error err = { 0 };
	struct manifest m = { 0 };
	const char *text = LEAST "snp:\n  identity:\n    id_key: id.pem\n    svn: 9\n"
				 "    image_id: hex:000102030405060708090a0b0c0d0e0f\n";

	cr_assert_eq(manifest_parse("/d/m.yaml", (uint8_t *)text, strlen(text), NULL, &m, &err), 0,
	             "%s", err.text);
	cr_expect(m.identity_given && !m.id_key.ephemeral && !m.author_key.path && m.svn == 9);
	cr_expect_str_eq(m.id_key.path, "/d/id.pem");
	cr_expect(m.image_id[15] == 15 && m.family_id[15] == 0);
	cr_expect_eq(m.locations[KEY_SNP_IDENTITY_ID_KEY].line, 5);
	manifest_free(&m);
	REFUSES({ LEAST "snp: {identity: {svn: 1}}\n", ERROR_MISSING_KEY, 3, 23,
	          "'snp.identity.svn' without 'snp.identity.id_key'", "ephemeral" },
	        { LEAST "snp: {identity: {author_key: ephemeral, id_key: k}}\n", ERROR_BAD_VALUE, 3,
	          30, "'snp.identity.author_key' cannot be 'ephemeral'", "./ephemeral" },
	        { LEAST "snp: {identity: k.pem}\n", ERROR_BAD_VALUE, 3, 17,
	          "'snp.identity' must be a map of keys", NULL },
	        { LEAST "snp: {identity: {id_kye: k.pem}}\n", ERROR_UNKNOWN_KEY, 3, 18,
	          "'snp.identity.id_kye'", "snp.identity.id_key" },
	        { LEAST "snp: {identity: {zzzzzzz: k.pem}}\n", ERROR_UNKNOWN_KEY, 3, 18,
	          "'snp.identity.zzzzzzz'", "the keys here are: id_key, author_key" },
	        { LEAST "snp: {svn: 1}\n", ERROR_UNKNOWN_KEY, 3, 7, "'snp.svn'",
	          "did you mean 'snp.identity.svn'" },
	        { LEAST "snp: {zzzzzzz: 1}\n", ERROR_UNKNOWN_KEY, 3, 7, "'snp.zzzzzzz'",
	          "gosvw, id_block, id_auth, certs, identity" },
	        { LEAST "snp: {identity: {id_key: k}, id_block: 'hex:" HEX48 HEX48 "'}\n",
	          ERROR_CONFLICT, 3, 26, "'snp.identity.id_key' and 'snp.id_block'", "one" });
}

Test(manifest, loads_from_a_file)
{
	char folder[] = "/tmp/snpvmm-manifest-XXXXXX", path[96];
	struct manifest m = { 0 };
	struct error err = { 0 };
	FILE *f;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/m.yaml", folder);
	cr_expect_lt(manifest_load(path, NULL, &m, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE);
	cr_expect_str_eq(err.file, path);
	cr_expect_lt(manifest_load(folder, NULL, &m, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs(LEAST, f);
	fclose(f);
	cr_expect_eq(manifest_load(path, NULL, &m, &err), 0, "%s", err.text);
	cr_expect_str_eq(m.name, "m");
	cr_expect_eq(strncmp(m.firmware.path, folder, strlen(folder)), 0);
	manifest_free(&m);
	file_of(path, ((size_t)1 << 20) + 1);
	cr_expect_lt(manifest_load(path, NULL, &m, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE_TOO_LARGE);
	cr_expect_not_null(strstr(err.why, "1 MiB"), "%s", err.why);
	file_of(path, 0);
	cr_expect_lt(manifest_load(path, NULL, &m, &err), 0);
	cr_expect_not_null(strstr(err.text, "nothing in it"), "%s", err.text);
	unlink(path);
	rmdir(folder);
}

Test(manifest, lets_settings_override_the_file_and_each_other)
{
	static const struct manifest_setting set[] = {
		{ .key = "vcpus", .value = "2" },
		{ .key = "snp.policy", .value = "{debug: true}" },
		{ .key = "boot.cmdline", .value = "a: b # c" },
		{ .key = "vcpus", .value = "0x3" },
		{ .key = "expect.measurement", .value = "[" HEX48 ", " ONES48 "]" },
		{ .key = "name", .value = "null" },
		{ .key = "boot.kernel", .value = "\"q u\"" },
	};
	auto_manifest struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(
		parse_set(LEAST "vcpus: 999\nsnp: {policy: 0}\n", set, ARRAY_SIZE(set), &m, &err),
		0, "%s", err.text);
	cr_assert_eq(m.vcpus, 3);
	cr_assert_eq(m.policy, 0xb0000);
	cr_assert_eq(m.policy_at.line, 0);
	cr_assert_str_eq(m.cmdline, "a: b # c");
	cr_assert_eq(m.n_pins, 2);
	cr_assert_eq(m.pins_at.line, 0);
	cr_assert_str_eq(m.name, "null");
	cr_assert_str_eq(m.kernel.path, "dir/q u");
	cr_assert(m.kernel_hashes);
}

Test(manifest, takes_a_command_line_from_a_setting_as_it_is)
{
	static const char *const lines[] = { "",    "  a=\"b c\"\t\\d  ", "- x", "%a",
		                             "a#b", "b\xc3\xbc" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct manifest m = parsed_with(LEAST_KERNEL, "boot.cmdline", lines[i]);

		cr_expect_str_eq(m.cmdline, lines[i]);
		manifest_free(&m);
	}
}

Test(manifest, gives_what_a_file_lacks_by_settings)
{
	static const struct manifest_setting set[] = { { .key = "version", .value = "1" },
		                                       { .key = "boot.kernel", .value = "k" } };
	auto_manifest struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(parse_set("{}\n", set, 2, &m, &err), 0, "%s", err.text);
	cr_assert_str_eq(m.kernel.path, "dir/k");
}

Test(manifest, refuses_settings_as_it_refuses_keys)
{
	static const struct {
		const char *key, *value;
		enum reason kind;
		const char *file, *says, *fix;
	} cases[] = {
		{ "vcpu", "1", ERROR_UNKNOWN_KEY, "--set vcpu", "unknown key 'vcpu'", "'vcpus'" },
		{ "policy", "1", ERROR_UNKNOWN_KEY, "--set policy", "'policy'", "'snp.policy'" },
		{ "snp.polcy", "1", ERROR_UNKNOWN_KEY, "--set snp.polcy", "'snp.polcy'",
		  "'snp.policy'" },
		{ "", "1", ERROR_UNKNOWN_KEY, "--set ", "''", "keys here" },
		{ "\x1b", "1", ERROR_UNKNOWN_KEY, "--set \ufffd", "'\ufffd'", NULL },
		{ "snp", "{policy: 1}", ERROR_UNKNOWN_KEY, "--set snp", "a group of keys",
		  "policy" },
		{ "snp.policy.debug", "true", ERROR_UNKNOWN_KEY, "--set snp.policy.debug",
		  "'snp.policy.debug'", "set 'snp.policy' as a whole" },
		{ "disks[0].mode", "ro", ERROR_UNKNOWN_KEY, "--set disks[0].mode",
		  "'disks[0].mode'", "set 'disks' as a whole" },
		{ "snp.identity", "{}", ERROR_UNKNOWN_KEY, "--set snp.identity", "a group of keys",
		  "id_key, author_key, family_id, image_id, svn" },
		{ "snp.identity.name", "1", ERROR_UNKNOWN_KEY, "--set snp.identity.name",
		  "'snp.identity.name'", NULL },
		{ "disks", "[{path: a, mode: wo}]", ERROR_BAD_VALUE, "--set disks",
		  "'disks[0].mode' cannot be 'wo'", "ro, rw" },
		{ "vcpus", "0", ERROR_BAD_VALUE, "--set vcpus", "from 1 to 4096", NULL },
		{ "vcpus", "", ERROR_BAD_VALUE, "--set vcpus", "not a number", NULL },
		{ "vcpus", "[1]", ERROR_BAD_VALUE, "--set vcpus", "not a list", NULL },
		{ "vcpus", "\xff", ERROR_SYNTAX, "--set vcpus", "not UTF-8", NULL },
		{ "boot.kernel", "", ERROR_BAD_VALUE, "--set boot.kernel", "empty path", NULL },
		{ "boot.initrd", "i", ERROR_CONFLICT, "--set boot.initrd", "without 'boot.kernel'",
		  NULL },
		{ "snp.policy", "{debug: true", ERROR_SYNTAX, "--set snp.policy", "braces", NULL },
		{ "snp.policy", "{debug: true, debug: true}", ERROR_DUPLICATE_KEY,
		  "--set snp.policy", "'debug'", NULL },
		{ "snp.policy", "{debg: true}", ERROR_UNKNOWN_KEY, "--set snp.policy", "'debg'",
		  "'debug'" },
		{ "snp.policy", "0", ERROR_BAD_POLICY, "--set snp.policy", "bit 17", "0x30000" },
		{ "measure.ovmf_hash", "x", ERROR_BAD_VALUE, "--set measure.ovmf_hash", "digest",
		  NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest_setting set = { .key = cases[i].key, .value = cases[i].value };
		struct manifest m = { 0 };
		struct error err = { 0 };

		cr_assert_lt(parse_set(LEAST, &set, 1, &m, &err), 0, "%s=%s", set.key, set.value);
		cr_expect_eq(err.kind, cases[i].kind, "%s=%s: %s", set.key, set.value, err.text);
		cr_expect_str_eq(err.file, cases[i].file, "%s=%s: %s", set.key, set.value,
		                 err.file);
		cr_expect(err.line == 0 && err.column == 0, "%s=%s", set.key, set.value);
		cr_expect_not_null(strstr(err.text, cases[i].says), "%s=%s: %s", set.key, set.value,
		                   err.text);
		if (cases[i].fix)
			cr_expect_not_null(strstr(err.fix, cases[i].fix), "%s=%s: %s", set.key,
			                   set.value, err.fix);
	}
}

Test(manifest, limits_the_command_line)
{
	auto_free char *text = calloc(1, 70000);
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_not_null(text);
	memset(text, 'x', 65535);
	m = parsed_with(LEAST_KERNEL, "boot.cmdline", text);
	cr_assert_eq(strlen(m.cmdline), 65535);
	manifest_free(&m);
	text[65535] = 'x';
	cr_assert_lt(parse_set(LEAST_KERNEL,
	                       &(struct manifest_setting){ .key = "boot.cmdline", .value = text },
	                       1, &m, &err),
	             0);
	cr_assert_not_null(strstr(err.text, "65536 bytes; it may have 65535"), "%s", err.text);
}

/* Whatever it says to damaged text, it says it without crashing or leaking. */
static void survives(const uint8_t *text, size_t size)
{
	/* A copy of the exact size, so that the address sanitizer sees a read past the end. */
	auto_free uint8_t *copy = malloc(size + !size);
	struct manifest m = { 0 };
	struct error err = { 0 };
	int r;

	cr_assert_not_null(copy);
	memcpy(copy, text, size);
	r = manifest_parse("m.yaml", copy, size, NULL, &m, &err);
	cr_assert(r == 0 || (err.kind != ERROR_NONE && err.text[0] && err.file[0]),
	          "no error said");
	manifest_free(&m);
}

Test(manifest, survives_being_cut_anywhere)
{
	for (size_t n = 0; n < sizeof(full); n++)
		survives((const uint8_t *)full, n);
}

Test(manifest, survives_any_flipped_byte)
{
	static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x10, 0x20, 0x40, 0x80, 0xff };
	uint8_t text[sizeof(full)];

	memcpy(text, full, sizeof(full));
	for (size_t at = 0; at + 1 < sizeof(full); at++)
		for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
			text[at] ^= masks[i];
			survives(text, sizeof(full) - 1);
			text[at] ^= masks[i];
		}
}

Test(manifest, refuses_ten_mebibytes_of_brackets)
{
	size_t size = (size_t)10 << 20;
	auto_free char *text = malloc(size);
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_not_null(text);
	memset(text, '[', size);
	cr_assert_lt(manifest_parse("m.yaml", (uint8_t *)text, size, NULL, &m, &err), 0);
	cr_assert_eq(err.kind, ERROR_FILE_TOO_LARGE);
	cr_assert_lt(manifest_parse("m.yaml", (uint8_t *)text, 1 << 20, NULL, &m, &err), 0);
	cr_assert_eq(err.kind, ERROR_SYNTAX);
	cr_assert(err.line == 1 && err.column == 17, "%u:%u", err.line, err.column);
}

Test(manifest, gives_names_back)
{
	cr_assert_str_eq(manifest_profile_name(PROFILE_QEMU), "qemu");
	cr_assert_str_eq(manifest_profile_name(PROFILE_EC2), "ec2");
	cr_assert_str_eq(manifest_profile_name(PROFILE_GCE), "gce");
	cr_assert_eq(manifest_platform(&(struct manifest){ .platform = MANIFEST_SNP }),
	             &platform_snp);
	cr_assert_eq(manifest_platform(&(struct manifest){ .platform = MANIFEST_KVM }),
	             &platform_kvm);
	for (size_t i = 0; platform_words[i]; i++)
		cr_assert_not_null(platform_named(platform_words[i]), "%s", platform_words[i]);
}
