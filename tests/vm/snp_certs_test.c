/* SPDX-License-Identifier: MIT */
/* tests/vm/snp_certs_test.c: a guest's requests for certificates, and how each is answered. */
#include "core/vm/snp_certs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/snp/certs.h"
#include "core/vm/abi.h"
#include "core/vm/stats.h"
#include "tests/fake/fixture.h"

#define EXIT_PORT 0xf4
#define PAGES     ((gpa_t)0x40000) /* in memory that fixture_ovmf doesn't load */
#define SHARED    4                /* pages, from there */

static char folder[] = "/tmp/snpvmm-certs-XXXXXX";
static char path[sizeof(folder) + 8];
static uint8_t content[9000];

static void begin(void)
{
	log_set_level(LOG_QUIET);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/certs", folder);
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 7 + 1);
}

static void finish(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(snp_certs, .init = begin, .fini = finish);

static void file_write(const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* A table with one certificate of so many bytes, in the file. */
static struct buffer table_write(size_t size)
{
	const struct snp_cert_content one = { "VCEK", content, size };
	struct buffer table = { 0 };

	snp_certs_write(&one, 1, &table);
	cr_assert_not(table.failed);
	file_write(table.data, table.size);
	return table;
}

static void table_file(size_t size)
{
	auto_buffer struct buffer table = table_write(size);

	cr_assert_gt(table.size, size);
}

struct played {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
};

/* A guest that makes four pages shared, asks once, and ends. */
static struct played play(gpa_t gpa, uint64_t npages, bool pinned)
{
	const struct fake_exit exits[] = { fake_map_gpa(PAGES, SHARED, 0),
		                           fake_req_certs(gpa, npages), fake_out(EXIT_PORT, 1, 5) };
	const struct vm_devices devices = { .exit_port_given = true,
		                            .exit_port = EXIT_PORT,
		                            .certs = { .path = path, .pinned = pinned } };
	struct fixture s = fixture_default();
	struct played played = { .f = fake_kvm_new(FAKE_REQ_CERTS), .p = fixture_plan(&s) };
	struct outcome o;

	fake_kvm_script(played.f, 0, exits, ARRAY_SIZE(exits));
	fake_kvm_watch_lock(played.f, path);
	played.vm = fixture_launch(played.f, &platform_snp, played.p, &devices);
	o = fixture_run(played.vm);
	cr_assert_eq(o.kind, GUEST_EXITED, "%s", o.detail);
	cr_assert_eq(o.code, 5u);
	cr_assert(fake_kvm_answer(played.f, 0, 1).seen);
	return played;
}

static void end(struct played *played)
{
	fixture_end(played->f, played->vm);
	plan_free(played->p);
	fake_kvm_free(played->f);
}

Test(snp_certs, requests_are_counted)
{
	struct stats_report r;
	struct played played;

	table_file(100);
	played = play(PAGES, SHARED, false);
	stats_report(played.vm, &r);
	cr_expect_eq(r.exits[EXIT_CERTS], 1u);
	cr_expect_eq(r.exits[EXIT_OTHER], 0u);
	end(&played);
}

static void check_answer(gpa_t gpa, uint64_t npages, uint64_t ret, uint64_t npages_after)
{
	struct played played = play(gpa, npages, false);
	struct fake_answer a = fake_kvm_answer(played.f, 0, 1);

	cr_expect_eq(a.ret, ret, "0x%llx, %llu pages: %llu", (unsigned long long)gpa,
	             (unsigned long long)npages, (unsigned long long)a.ret);
	cr_expect_eq(a.npages, npages_after, "%llu", (unsigned long long)a.npages);
	cr_expect_eq(a.locked, ret == 0, "locked: %d, answer %llu", a.locked,
	             (unsigned long long)ret);
	end(&played);
}

Test(snp_certs, the_table_is_in_the_guests_pages_and_locked_until_the_firmware_has_the_request)
{
	static const size_t sizes[] = { 1, PAGE_SIZE - 48, PAGE_SIZE - 47, 9000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		auto_buffer struct buffer table = table_write(sizes[i]);
		uint64_t pages = (table.size + PAGE_SIZE - 1) / PAGE_SIZE;
		struct played played = play(PAGES, pages, false);
		struct fake_answer a = fake_kvm_answer(played.f, 0, 1);
		const uint8_t *at = memory_at(&played.vm->memory, PAGES, pages * PAGE_SIZE);

		cr_expect_eq(a.ret, 0u);
		cr_expect_eq(a.npages, pages);
		cr_expect(a.locked);
		cr_assert_not_null(at);
		cr_expect_eq(memcmp(at, table.data, table.size), 0);
		cr_expect(bytes_zero(at + table.size, pages * PAGE_SIZE - table.size));
		end(&played);
	}
}

Test(snp_certs, too_few_pages_are_told_how_many_it_takes)
{
	table_file(9000);
	check_answer(PAGES, 0, ENOSPC, 3);
	check_answer(PAGES, 2, ENOSPC, 3);
	check_answer(PAGES, 3, 0, 3);
	/* more than it takes, of which the rest isn't looked at */
	check_answer(PAGES, SHARED + 1, 0, SHARED + 1);
	check_answer(PAGES, UINT64_MAX, 0, UINT64_MAX);
	check_answer(0, 0, ENOSPC, 3);
}

Test(snp_certs, pages_that_are_private_or_no_memory_are_the_guests_fault)
{
	table_file(9000);
	check_answer(PAGES - PAGE_SIZE, 3, EIO, 3);                /* the first is private */
	check_answer(PAGES + (SHARED - 2) * PAGE_SIZE, 3, EIO, 3); /* the last is */
	check_answer(FIXTURE_LOW + FIXTURE_NEXT, 3, EIO, 3);       /* a hole */
	check_answer((gpa_t)1 << 50, 3, EIO, 3);
	check_answer(UINT64_MAX - PAGE_SIZE + 1, 3, EIO, 3); /* they wrap around */
	check_answer(UINT64_MAX - PAGE_SIZE + 1, UINT64_MAX, EIO, UINT64_MAX);
	check_answer(PAGES + 8, 3, EIO, 3);
}

/* Whatever became of the file since the launch: attestation goes on, without certificates. */
static void check_empty(const char *what)
{
	struct played played = play(PAGES, 1, false);
	struct fake_answer a = fake_kvm_answer(played.f, 0, 1);
	const uint8_t *at = memory_at(&played.vm->memory, PAGES, PAGE_SIZE);

	cr_expect_eq(a.ret, 0u, "%s: %llu", what, (unsigned long long)a.ret);
	cr_assert_not_null(at);
	cr_expect(bytes_zero(at, PAGE_SIZE), "%s", what);
	end(&played);
	check_answer(PAGES - PAGE_SIZE, 1, EIO, 1); /* pages that can't be written still are none */
}

Test(snp_certs, a_file_that_is_gone_or_garbage_is_an_empty_table)
{
	auto_buffer struct buffer table = { 0 };

	check_empty("missing");
	file_write("", 0);
	check_empty("empty");
	file_write("garbage, and more than an entry", 31);
	check_empty("garbage");
	table = table_write(100);
	file_write(table.data, table.size - 1);
	check_empty("cut");
	cr_assert_eq(truncate(path, (off_t)SNP_CERTS_SIZE + 1), 0);
	check_empty("too large");
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	check_empty("a folder");
	rmdir(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	check_empty("a FIFO");
}

Test(snp_certs, without_pages_a_file_that_is_gone_takes_none)
{
	struct played played = play(0, 0, false);

	cr_expect_eq(fake_kvm_answer(played.f, 0, 1).ret, 0u);
	cr_expect_eq(fake_kvm_answer(played.f, 0, 1).npages, 0u);
	end(&played);
}

Test(snp_certs, another_file_than_the_pinned_one_is_an_empty_table)
{
	struct played played;
	const uint8_t *at;

	table_file(100);
	played = play(PAGES, 1, true); /* the pin is all zeros */
	at = memory_at(&played.vm->memory, PAGES, PAGE_SIZE);
	cr_expect_eq(fake_kvm_answer(played.f, 0, 1).ret, 0u);
	cr_assert_not_null(at);
	cr_expect(bytes_zero(at, PAGE_SIZE));
	end(&played);
}

Test(snp_certs, while_a_tool_has_the_file_locked_the_guest_is_told_to_ask_again)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct played played;
	int fd;

	table_file(100);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	played = play(PAGES, 1, false);
	cr_expect_eq(fake_kvm_answer(played.f, 0, 1).ret, (uint64_t)EAGAIN);
	end(&played);
	close(fd);
	check_answer(PAGES, 1, 0, 1);
}

Test(snp_certs, a_stop_while_the_firmware_has_the_request_is_not_lost)
{
	struct played played;
	struct vcpu *v;

	table_file(100);
	played = play(PAGES, 1, false);
	v = &played.vm->vcpus[0];
	for (int stopping = 0; stopping < 2; stopping++) {
		v->certs_fd = open(path, O_RDONLY | O_CLOEXEC);
		v->run->immediate_exit = 1;
		atomic_store(&played.vm->stopping, stopping);
		snp_certs_sent(v);
		cr_expect_eq(v->certs_fd, -1);
		cr_expect_eq(v->run->immediate_exit, stopping);
	}
	v->run->immediate_exit = 1; /* it isn't ours then */
	atomic_store(&played.vm->stopping, false);
	snp_certs_sent(v);
	cr_expect_eq(v->run->immediate_exit, 1);
	end(&played);
}

Test(snp_certs, a_kernel_that_cannot_ask_is_refused_by_name)
{
	const struct vm_devices devices = { .certs = { .path = path } };
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	struct error err = { 0 };
	struct vm *vm = NULL;

	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &devices, &vm, &err), 0);
	cr_expect_eq(err.kind, ERROR_HOST_UNSUPPORTED);
	cr_expect_not_null(strstr(err.text, "snp.certs"), "%s", err.text);
	cr_expect_not_null(strstr(err.fix, "7.0"), "%s", err.fix);
	cr_expect_str_empty(fake_kvm_complaint(f));
	cr_expect_eq(fake_kvm_leaks(f), 0u);
}
