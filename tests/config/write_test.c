/* SPDX-License-Identifier: MIT */
/*
 * tests/config/write_test.c: what was written loads as what it was written from, key by key, and
 * measures alike.
 */
#include "config/write.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.h"
#include "config/kind.h"
#include "config/manifest.h"
#include "config/yaml.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "tests/make/idblock.h"
#include "tests/make/image.h"

#define HEX48                                                                                      \
	"8d02277b9361cbdb0a797aef4f5a2d2e8cc989ab640e7b9805aac395b74ea988133ebbd052c39b61477de1e5" \
	"464725a5"
#define ONES48                                                                                     \
	"1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" \
	"11111111"
#define HEX32 "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773"

static const struct manifest_hashes unknown;

static struct manifest parsed(const char *path, const char *text,
                              const struct manifest_setting *set, size_t n)
{
	const struct manifest_choice choice = { .set = set, .n_set = n, .run = 0 };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(manifest_parse(path, (const uint8_t *)text, strlen(text), &choice, &m, &err),
	             0, "%u:%u: %s\n%s", err.line, err.column, err.text, text);
	return m;
}

/* The caller's. */
static char *written(const struct manifest *m, const struct manifest_hashes *h)
{
	char *text = NULL;
	size_t size = 0;
	struct error err = { 0 };
	FILE *f = open_memstream(&text, &size);

	cr_assert_not_null(f);
	cr_assert_eq(manifest_write(m, h, f, &err), 0, "%s", err.text);
	fclose(f);
	return text;
}

static void same_text(const char *name, const char *a, const char *b)
{
	cr_expect((!a && !b) || (a && b && strcmp(a, b) == 0), "%s: '%s' and '%s'", name, a, b);
}

/* `a` as the first manifest has it: perhaps relative. */
static void same_path(const char *name, const char *a, const char *b)
{
	auto_free char *here = getcwd(NULL, 0), *joined = NULL;

	cr_assert(asprintf(&joined, "%s%s%s", a && a[0] == '/' ? "" : here,
	                   a && a[0] == '/' ? "" : "/", a ? a : "") > 0);
	same_text(name, a ? joined : NULL, b);
}

static void same_patterns(const char *name, const struct manifest_patterns *a,
                          const struct manifest_patterns *b)
{
	cr_assert_eq(a->count, b->count, "%s", name);
	for (size_t i = 0; i < a->count; i++)
		same_text(name, a->list[i].text, b->list[i].text);
}

static void same_pins(const struct manifest *a, const struct manifest *b)
{
	cr_assert_eq(a->n_pins, b->n_pins);
	for (size_t i = 0; i < a->n_pins; i++)
		cr_expect(a->pins[i].vcpus == b->pins[i].vcpus &&
		          memcmp(a->pins[i].digest, b->pins[i].digest, PLAN_DIGEST) == 0);
}

static void same_key(const struct key *k, const struct manifest *ma, const struct manifest *mb)
{
	const void *a = (const char *)ma + k->offset, *b = (const char *)mb + k->offset;
	const struct manifest_file *fa = a, *fb = b;
	const struct manifest_sink *sa = a, *sb = b;
	const struct manifest_key *ka = a, *kb = b;

	if (k->kind == &kind_text || k->kind == &kind_line || k->kind == &kind_vcpu_type) {
		same_text(k->name, *(char *const *)a, *(char *const *)b);
	} else if (k->kind == &kind_file || k->kind == &kind_firmware) {
		same_path(k->name, fa->path, fb->path);
		cr_expect(fa->pinned == fb->pinned && !memcmp(fa->sha256, fb->sha256, 32), "%s",
		          k->name);
	} else if (k->kind == &kind_files) {
		cr_assert_eq(ma->n_initrd_more, mb->n_initrd_more);
		for (size_t i = 0; (fa = manifest_initrd(ma, i)); i++) {
			fb = manifest_initrd(mb, i);
			cr_assert_not_null(fb);
			same_path(k->name, fa->path, fb->path);
			cr_expect(fa->pinned == fb->pinned && !memcmp(fa->sha256, fb->sha256, 32));
		}
	} else if (k->kind == &kind_sink) {
		cr_expect_eq(sa->kind, sb->kind, "%s", k->name);
		same_path(k->name, sa->path, sb->path);
	} else if (k->kind == &kind_pins) {
		same_pins(ma, mb);
	} else if (k->kind == &kind_key) {
		cr_expect_eq(ka->ephemeral, kb->ephemeral, "%s", k->name);
		same_path(k->name, ka->path, kb->path);
	} else if (k->kind == &kind_keep) {
		cr_expect_eq(ma->vars_keep.back, mb->vars_keep.back);
		same_path(k->name, ma->vars_keep.path, mb->vars_keep.path);
	} else if (k->kind == &kind_patterns) {
		same_patterns(k->name, a, b);
	} else if (k->kind == &kind_disks) {
		cr_assert_eq(ma->n_disks, mb->n_disks);
		for (size_t i = 0; i < ma->n_disks; i++) {
			const struct manifest_disk *da = &ma->disks[i], *db = &mb->disks[i];

			same_path(k->name, da->image.path, db->image.path);
			same_text(k->name, da->serial, db->serial);
			cr_expect_eq(da->mode, db->mode);
			cr_expect_eq(da->image.pinned, db->image.pinned);
			cr_expect_arr_eq(da->image.sha256, db->image.sha256, 32);
		}
	} else { /* plain bytes */
		cr_expect(k->size == 0 || memcmp(a, b, k->size) == 0, "%s", k->name);
	}
}

static void same(const struct manifest *a, const struct manifest *b)
{
	for (size_t i = 0; i < KEYS; i++)
		same_key(&keys[i], a, b);
	same_text("builtin", a->builtin, b->builtin);
	cr_expect_eq(a->vcpu_sig, b->vcpu_sig);
	cr_expect_eq(a->id_block_given, b->id_block_given);
	cr_expect_eq(a->identity_given, b->identity_given);
	cr_expect_eq(a->ovmf_hash_given, b->ovmf_hash_given);
	cr_expect_eq(a->exit_port_given, b->exit_port_given);
	cr_expect_eq(a->rng, b->rng);
	cr_expect_eq(a->vsock_cid, b->vsock_cid);
	cr_expect_eq(a->hvc, b->hvc);
	cr_expect(a->exit_any == b->exit_any && a->exit_none == b->exit_none &&
	          a->exit_expected == b->exit_expected);
}

/* Written, loaded as another file in another folder, and written again. */
static void round_trip(const struct manifest *m)
{
	auto_free char *text = written(m, &unknown), *again = NULL;
	auto_manifest struct manifest back = parsed("/else/where.yaml", text, NULL, 0);

	same(m, &back);
	cr_expect(back.runs == 1 && !back.variant);
	again = written(&back, &unknown);
	cr_expect_str_eq(text, again);
}

static void text_round_trip(const char *text)
{
	auto_manifest struct manifest m = parsed("dir/guest.yaml", text, NULL, 0);

	round_trip(&m);
}

/* No key has its default. */
static char *everything(void)
{
	uint8_t digest[48] = { 1 }, block[96], auth[4096];
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	idblock_make(digest, 0xb0000, true, block, auth);
	fputs("version: 1\nname: all of it\nplatform: kvm\nboot:\n"
	      "  firmware: {path: /fw.fd, sha256: " HEX32 "}\n  kernel: ../k\n  initrd: i\n"
	      "  cmdline: a b\n  kernel_hashes: true\n"
	      "  vars: {path: {path: v.fd, sha256: " HEX32 "}, keep: kept.fd}\n"
	      "vcpus: 4\nvcpu_type: 0xa20f12\nmemory: 68K\nsnp:\n"
	      "  policy: {debug: true, abi: '1.51'}\n  guest_features: 0x21\n"
	      "  host_data: hex:" HEX32 "\n  gosvw: base64:AAECAwQFBgcICQoLDA0ODw==\n"
	      "  id_block: hex:",
	      f);
	for (size_t i = 0; i < sizeof(block); i++)
		fprintf(f, "%02x", block[i]);
	fputs("\n  id_auth: hex:", f);
	for (size_t i = 0; i < sizeof(auth); i++)
		fprintf(f, "%02x", auth[i]);
	fputs("\n  certs: {path: certs.bin, sha256: " HEX32 "}\n"
	      "measure: {profile: gce, ovmf_hash: " HEX48 ",\n"
	      "  svsm: {path: svsm.bin, sha256: " HEX32 "}, vars_size: 528K}\n"
	      "serial: com1.log\ndebug_port: stderr\nexit_port: 0x501\nlog_limit: 1G\nrng: true\n"
	      "vsock: {cid: 42}\nhvc: true\n"
	      "disks: [a.img, {path: b.img, mode: rw, serial: b-1, sha256: " HEX32 "}]\nexpect:\n"
	      "  measurement: {1: " HEX48 ", 4: [" ONES48 ", " HEX48 "]}\n"
	      "  console: [a, b]\n  never: [c]\n  exit: 7\n  report: false\ntimeout: 90s\nsilence: "
	      "1500ms\n",
	      f);
	fclose(f);
	return text;
}

/* The value of a dotted key in a tree; NULL: none. */
static const struct yaml_tree *tree_at(const struct yaml_tree *map, const char *name)
{
	size_t n = strcspn(name, ".");

	for (const struct yaml_tree *c = map->first; c; c = c->next)
		if (strlen(c->key) == n && strncmp(c->key, name, n) == 0)
			return name[n] ? tree_at(c, name + n + 1) : c;
	return NULL;
}

Test(write, says_true_where_variables_are_written_back)
{
	auto_manifest struct manifest m = parsed(
		"m.yaml",
		"version: 1\nplatform: kvm\nboot: {firmware: f, vars: {path: v, keep: true}}\n",
		NULL, 0);
	auto_free char *text = written(&m, &unknown);

	round_trip(&m);
	cr_expect_not_null(strstr(text, "    keep: true\n"), "%s", text);
}

Test(write, has_each_key_with_what_was_said)
{
	auto_free char *given = everything(), *text = NULL;
	auto_manifest struct manifest m = parsed("dir/guest.yaml", given, NULL, 0);
	auto_yaml struct yaml_tree *from = NULL, *to = NULL;
	struct error err = { 0 };

	round_trip(&m);
	text = written(&m, &unknown);
	cr_assert_eq(yaml_tree_parse("g", (uint8_t *)given, strlen(given), &from, NULL, &err), 0);
	cr_assert_eq(yaml_tree_parse("t", (uint8_t *)text, strlen(text), &to, NULL, &err), 0);
	for (size_t i = 0; i < KEYS; i++) {
		/*
		 * snp.identity is in place of snp.id_block, and boot.accept goes with no firmware:
		 * the next tests have them
		 */
		bool none = i == KEY_BOOT_ACCEPT || keys[i].kind == &kind_matrix ||
		            strncmp(keys[i].name, "snp.identity.", 13) == 0;
		const struct yaml_tree *said = tree_at(from, keys[i].name);

		cr_expect_eq(said == NULL, none, "this test lacks %s", keys[i].name);
		cr_expect_eq(tree_at(to, keys[i].name) == NULL, none, "%s", keys[i].name);
		if (said && said->kind == YAML_SCALAR && keys[i].default_value)
			cr_expect_str_neq(said->text, keys[i].default_value, "%s", keys[i].name);
	}
	cr_expect_eq(strncmp(text, "# written by snpvmm ", 20), 0);
	cr_expect_not_null(strstr(text, ": the manifest of this run, resolved\nversion: 1\n"));
}

Test(write, names_the_keys_of_an_identity_and_says_nothing_of_what_is_in_them)
{
	auto_manifest struct manifest m =
		parsed("/d/guest.yaml",
	               "version: 1\nboot: {kernel: /k}\nsnp:\n  identity:\n    svn: 0x7\n"
	               "    id_key: id.pem\n    author_key: ../a.pem\n"
	               "    family_id: hex:00112233445566778899aabbccddeeff\n",
	               NULL, 0);
	auto_free char *text = written(&m, &unknown);

	cr_expect_not_null(strstr(text, "  gosvw: hex:00000000000000000000000000000000\n"
	                                "  identity:\n"
	                                "    id_key: \"/d/id.pem\"\n"
	                                "    author_key: \"/d/../a.pem\"\n"
	                                "    family_id: hex:00112233445566778899aabbccddeeff\n"
	                                "    image_id: hex:00000000000000000000000000000000\n"
	                                "    svn: 7\n"
	                                "measure:\n"),
	                   "%s", text);
	round_trip(&m);
}

Test(write, writes_defaults_out)
{
	auto_manifest struct manifest m =
		parsed("guest.yaml", "version: 1\nboot: {firmware: builtin:selftest}\n", NULL, 0);
	auto_free char *text = written(&m, &unknown);

	cr_assert_str_eq(strchr(text, '\n') + 1, "version: 1\n"
	                                         "name: \"guest\"\n"
	                                         "platform: snp\n"
	                                         "boot:\n"
	                                         "  firmware: builtin:selftest\n"
	                                         "  kernel_hashes: false\n"
	                                         "vcpus: 1\n"
	                                         "vcpu_type: \"EPYC-v4\"\n"
	                                         "memory: 512M\n"
	                                         "snp:\n"
	                                         "  policy: 0x30000\n"
	                                         "  guest_features: 0x1\n"
	                                         "  host_data: hex:00000000000000000000000000000000"
	                                         "00000000000000000000000000000000\n"
	                                         "  gosvw: hex:00000000000000000000000000000000\n"
	                                         "measure:\n"
	                                         "  profile: qemu\n"
	                                         "serial: stdout\n"
	                                         "debug_port: none\n"
	                                         "exit_port: 0xf4\n"
	                                         "log_limit: 64M\n"
	                                         "expect:\n"
	                                         "  console: []\n"
	                                         "  never:\n"
	                                         "    - \"Kernel panic\"\n"
	                                         "  report: false\n"
	                                         "timeout: 1m\n");
}

Test(write, loads_as_what_it_was)
{
	static const char *const texts[] = {
		"version: 1\nboot: {firmware: builtin:selftest}\n",
		"version: 1\nboot: {firmware: {path: 'builtin:odd'}}\n",
		"version: 1\nboot: {kernel: k, initrd: /i}\nserial: none\ndebug_port: ./stderr\n",
		"version: 1\nboot: {firmware: f, kernel: k, kernel_hashes: false}\n",
		"version: 1\nboot: {firmware: f, kernel: {path: k, sha256: '0x" HEX32 "'}}\n",
		"version: 1\nboot: {kernel: k, cmdline: ''}\nexit_port: false\nmemory: 1T\n",
		"version: 1\nboot: {kernel: k, accept: lazy}\n",
		"version: 1\nboot: {kernel: k}\nexpect: {exit: any, never: []}\ntimeout: 1ms\n",
		"version: 1\nboot: {kernel: k}\nexpect: {exit: none, console: [a, '', \"\\t\"]}\n",
		"version: 1\nboot: {kernel: k}\nexpect: {exit: 0, measurement: " HEX48 "}\n",
		"version: 1\nboot: {kernel: k}\nexpect: {measurement: [" HEX48 ", " ONES48 "]}\n",
		"version: 1\nboot: {kernel: k}\nexpect: {exit: 4294967295}\nsilence: 34560m\n",
		"version: 1\nboot: {kernel: k}\nsnp: {guest_features: 0xffffffffffffffff}\n",
		"version: 1\nboot: {kernel: k}\nmatrix: {vcpus: [9], expect.never: [[x, y]]}\n",
		"version: 1\nboot: {kernel: k}\nsnp: {identity: {id_key: ephemeral, svn: 1}}\n",
		"version: 1\nboot: {kernel: k}\nsnp: {identity: {id_key: ./ephemeral}}\n",
		"version: 1\nboot: {kernel: k}\nsnp: {host_data: random}\nexpect: {report: true}\n",
		"version: 1\nname: 'null'\nboot: {kernel: '~'}\nvcpu_type: EPYC\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		text_round_trip(texts[i]);
}

Test(write, quotes_what_needs_it)
{
	static const char *const lines[] = {
		"\"a\\b\\\\\" # c: d",
		"- x",
		"  two  spaces  ",
		"{a: [b]}",
		"line\\nbreak\\r\\n\\ttab",
		"\\x01\\x1b\\x1f\\x7f",
		"\\x80\\x85\\x9f\\xa0\\u2028\\u2029\\ufeff\\ufffe\\uffff",
		"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\U0010ffff",
		"!!str &a *b %c @d `e` | > ? null ~ true",
		"'single' \\\"double\\\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[256];

		snprintf(text, sizeof(text),
		         i == 0 ? "version: 1\nboot: {kernel: k, cmdline: '%s'}\n"
		                : "version: 1\nboot: {kernel: k, cmdline: \"%s\"}\n",
		         lines[i]);
		text_round_trip(text);
	}
}

Test(write, takes_every_character_that_the_loader_takes)
{
	for (long c = 1; c <= 0x10ffff; c += c < 0x3000 || c > 0xf000 ? 1 : 97) {
		auto_manifest struct manifest m = { 0 };
		char text[96];

		if ((c >= 0xd800 && c < 0xe000) || (c > 0x10100 && c % 4093))
			continue;
		snprintf(text, sizeof(text),
		         "version: 1\nboot: {kernel: k, cmdline: \"< \\U%08lx >\"}\n", c);
		m = parsed("dir/guest.yaml", text, NULL, 0);
		round_trip(&m);
	}
}

Test(write, lists_the_files_of_an_initrd_each_with_its_hash)
{
	auto_manifest struct manifest m = parsed(
		"m.yaml", "version: 1\nboot: {kernel: k, initrd: [/a, {path: /b}, /c]}\n", NULL, 0);
	uint8_t hashes[3][32];
	const struct manifest_hashes h = { .of[KEY_BOOT_INITRD] = hashes[0] };

	memset(hashes[0], 0x0a, 32);
	memset(hashes[1], 0x0b, 32);
	memset(hashes[2], 0x0c, 32);
	round_trip(&m);
	auto_free char *text = written(&m, &h);

	cr_expect_not_null(strstr(text, "  initrd:\n    - { path: \"/a\", sha256: \"0a0a"), "%s",
	                   text);
	cr_expect_not_null(strstr(text, "\n    - { path: \"/b\", sha256: \"0b0b"), "%s", text);
	cr_expect_not_null(strstr(text, "\n    - { path: \"/c\", sha256: \"0c0c"), "%s", text);
	cr_expect_null(strstr(text, "kernel: { path: \"/k\", sha256"), "%s", text);
}

Test(write, takes_a_long_command_line)
{
	auto_free char *line = malloc(65536);
	struct manifest_setting set = { .key = "boot.cmdline", .value = line };
	auto_manifest struct manifest m = { 0 };

	memset(line, '"', 65535);
	line[0] = 'a'; /* a quote would begin one */
	line[65535] = '\0';
	m = parsed("m.yaml", "version: 1\nboot: {firmware: f, kernel: k}\n", &set, 1);
	round_trip(&m);
}

Test(write, merges_counts_that_are_written_in_two_ways)
{
	auto_manifest struct manifest m =
		parsed("m.yaml",
	               "version: 1\nboot: {kernel: k}\nexpect:\n  measurement: {1: " HEX48
	               ", 2: " HEX48 ", 0x1: " ONES48 "}\n",
	               NULL, 0);
	auto_free char *text = written(&m, &unknown);
	auto_manifest struct manifest back = parsed("m.yaml", text, NULL, 0);

	cr_assert_eq(back.n_pins, 3);
	cr_assert(back.pins[0].vcpus == 1 && back.pins[0].digest[0] == 0x8d);
	cr_assert(back.pins[1].vcpus == 1 && back.pins[1].digest[0] == 0x11);
	cr_assert(back.pins[2].vcpus == 2 && back.pins[2].digest[0] == 0x8d);
}

Test(write, says_of_a_path_that_is_not_text_what_can_be_said)
{
	auto_manifest struct manifest m =
		parsed("/a\xff/g\xe2\x82.yaml", "version: 1\nboot: {kernel: k}\n", NULL, 0);
	auto_free char *text = written(&m, &unknown);

	cr_expect_not_null(strstr(text, "{ path: \"/a\\uFFFD/k\" }"), "%s", text);
	cr_expect_not_null(strstr(text, "name: \"g\xef\xbf\xbd\""), "%s", text);
}

/* A folder with a firmware image, entered. */
static char folder[] = "/tmp/snpvmm-write-XXXXXX";

static void enter_folder(void)
{
	struct image_spec spec = image_default();
	auto_blob struct blob image = image_make(&spec);
	FILE *f;

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(mkdir("sub", 0777), 0);
	cr_assert_eq(symlink("fw.fd", "link"), 0);
	f = fopen("fw.fd", "w");
	cr_assert_not_null(f);
	fwrite(image.data, 1, image.size, f);
	fclose(f);
}

static void leave_folder(void)
{
	unlink("link");
	unlink("fw.fd");
	rmdir("sub");
	cr_expect_eq(chdir("/"), 0);
	rmdir(folder);
}

static void measured(const struct manifest *m, uint8_t to[static SNP_DIGEST_SIZE])
{
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	auto_digest struct snp_digest digest = { 0 };
	struct error err = { 0 };

	cr_assert_eq(images_load(m, &images, &err), 0, "%s", err.text);
	cr_assert_eq(assemble(m, &images, &platform_snp, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(snp_digest_of(plan, &digest, &err), 0, "%s", err.text);
	memcpy(to, digest.value, SNP_DIGEST_SIZE);
}

Test(write, measures_alike_wherever_it_lies, .init = enter_folder, .fini = leave_folder)
{
	static const char *const texts[] = {
		"version: 1\nboot: {firmware: builtin:selftest}\nvcpus: 3\n",
		"version: 1\nboot: {firmware: ../link}\nvcpus: 2\nvcpu_type: EPYC-Milan\n",
		"version: 1\nboot: {firmware: ../fw.fd}\nsnp: {guest_features: 0x21}\n",
		"version: 1\nboot: {firmware: ../fw.fd}\nmeasure: {profile: gce}\nmatrix: {vcpus: "
		"[5]}\n",
		"version: 1\nboot: {firmware: ../fw.fd}\nmeasure: {ovmf_hash: " HEX48 "}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_manifest struct manifest m = parsed("sub/m.yaml", texts[i], NULL, 0);
		auto_free char *text = written(&m, &unknown);
		auto_manifest struct manifest back = parsed("/no/where.yaml", text, NULL, 0);
		uint8_t a[SNP_DIGEST_SIZE], b[SNP_DIGEST_SIZE];

		measured(&m, a);
		cr_assert_eq(chdir("/"), 0);
		measured(&back, b);
		cr_assert_eq(chdir(folder), 0);
		cr_expect_arr_eq(a, b, sizeof(a), "%s", text);
	}
}

Test(write, pins_files_and_resolves_them, .init = enter_folder, .fini = leave_folder)
{
	uint8_t firmware[32] = { 0xf1 }, kernel[32] = { 0xf2 }, initrd[32] = { 0xf3 };
	const struct manifest_hashes h = { .of = { [KEY_BOOT_FIRMWARE] = firmware,
		                                   [KEY_BOOT_KERNEL] = kernel,
		                                   [KEY_BOOT_INITRD] = initrd } };
	auto_manifest struct manifest m = parsed(
		"sub/m.yaml",
		"version: 1\nboot: {firmware: ../link, kernel: {path: k, sha256: " HEX32 "}, "
		"initrd: i}\nserial: out.log\n",
		NULL, 0);
	auto_free char *text = written(&m, &h), *path = NULL;
	auto_manifest struct manifest back = parsed("/no/where.yaml", text, NULL, 0);

	cr_assert(asprintf(&path, "%s/fw.fd", folder) > 0);
	cr_expect_str_eq(back.firmware.path, path);
	cr_expect(back.firmware.pinned && memcmp(back.firmware.sha256, firmware, 32) == 0);
	cr_expect(back.kernel.pinned && memcmp(back.kernel.sha256, kernel, 32) == 0);
	cr_expect(back.initrd.pinned && memcmp(back.initrd.sha256, initrd, 32) == 0);
	cr_expect_not_null(strstr(text, "/sub/k\""), "%s", text);
	cr_expect_not_null(strstr(text, "/sub/out.log\"\n"), "%s", text);
}

/* Of each key whose kind reads files, in turn. */
Test(write, gives_a_file_the_hash_of_its_own_key_alone)
{
	auto_manifest struct manifest m =
		parsed("m.yaml",
	               "version: 1\nplatform: kvm\nsnp: {certs: /c}\n"
	               "boot: {firmware: /f, kernel: /k, initrd: /i, vars: {path: /p}}\n"
	               "measure: {svsm: /s}\n",
	               NULL, 0);
	const uint8_t hash[32] = { 0xee, 0xee };
	unsigned files = 0;

	for (size_t i = 0; i < KEYS; i++) {
		const struct kind *kind = keys[i].kind;
		struct manifest_hashes h = { 0 };
		auto_free char *text = NULL, *line = NULL;
		const char *pinned;

		h.of[i] = hash;
		text = written(&m, &h);
		pinned = strstr(text, "sha256:");
		if (kind != &kind_file && kind != &kind_files && kind != &kind_firmware) {
			cr_expect_null(pinned, "%s: %s", keys[i].name, text);
			continue;
		}
		files++;
		cr_assert(asprintf(&line, "%s: { path: \"/%c\", sha256: \"eeee00",
		                   key_last(keys[i].name), key_last(keys[i].name)[0]) > 0);
		cr_expect_not_null(strstr(text, line), "%s: %s", line, text);
		cr_expect(pinned && !strstr(pinned + 1, "sha256:"), "%s: %s", line, text);
	}
	cr_expect_eq(files, 6, "give this test's manifest the new key");
}

Test(write, says_so_when_it_cannot)
{
	auto_manifest struct manifest m =
		parsed("guest.yaml", "version: 1\nboot: {firmware: builtin:selftest}\n", NULL, 0);
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_assert_lt(manifest_write(&m, &unknown, full, &err), 0);
	cr_assert_eq(err.kind, ERROR_OUTPUT);
	fclose(full);
}
