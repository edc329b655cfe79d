/* SPDX-License-Identifier: MIT */
/*
 * core/vm/snp_certs.c: the certificate table for extended guest requests. Kernel side:
 * arch/x86/kvm/svm/sev.c, snp_req_certs_err() and snp_complete_req_certs(); guest side:
 * drivers/virt/coco/sev-guest.
 */
#include "core/vm/snp_certs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha2.h"
#include "core/snp/certs.h"
#include "core/vm/abi.h"
#include "core/vm/vm_priv.h"

/* An empty table: the entry of zeros that ends every table. */
static const uint8_t no_certs[24];

int snp_certs_probe(const struct kvm_sys *sys, int kvm, struct error *err)
{
	uint64_t value = 0;
	struct kvm_device_attr attribute = { .group = KVM_X86_GRP_SEV,
		                             .attr = KVM_X86_SEV_SNP_REQ_CERTS,
		                             .addr = (uintptr_t)&value };

	if (sys->ioctl(sys->self, kvm, KVM_GET_DEVICE_ATTR, &attribute) == 0 && value)
		return 0;
	error_set(err, ERROR_HOST_UNSUPPORTED, "this host's KVM can't hand out 'snp.certs'");
	error_why(err, "the kernel is older than 7.0 and gives every guest an empty table of "
	               "certificates");
	return error_fix(err, "use Linux 7.0 or later, or leave 'snp.certs' out");
}

/*
 * Locks the file as the kernel's documentation requires (amd-memory-encryption.rst,
 * KVM_SEV_SNP_ENABLE_REQ_CERTS): a tool that loads another key into the firmware holds a write lock
 * meanwhile. Never waits, so that the vCPU's thread can always be stopped. False: a tool holds the
 * lock, or has just replaced the file.
 */
static bool certs_lock(struct vm_certs_state *state, int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int errnum = fcntl(fd, F_OFD_SETLK, &lock) < 0 ? errno : 0;
	struct stat opened, now;

	if (errnum == EAGAIN || errnum == EACCES)
		return false;
	if (errnum && !state->unlocked_reported) {
		log_notice("'%s' can't be locked: %s; while the host's key is changed, the guest "
		           "may get certificates for another key",
		           state->file.path, strerror(errnum));
		state->unlocked_reported = true;
	}
	return fstat(fd, &opened) < 0 || stat(state->file.path, &now) < 0 ||
	       (opened.st_ino == now.st_ino && opened.st_dev == now.st_dev);
}

static int certs_read(const struct vm_certs *file, int fd, struct blob *ret, struct error *err)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	uint8_t digest[SHA256_SIZE];
	size_t done = 0, size, count;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > SNP_CERTS_SIZE)
		return error_set(err, ERROR_FILE, "'%s' is not a regular file of at most %zu bytes",
		                 file->path, SNP_CERTS_SIZE);
	size = (size_t)st.st_size;
	r = blob_zero(size, ret, err);
	while (r == 0 && done < size) {
		ssize_t n = pread(fd, ret->data + done, size - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			r = error_sys(err, ERROR_FILE, errno, "cannot read '%s'", file->path);
		else if (n == 0)
			r = error_set(err, ERROR_FILE_CHANGED,
			              "'%s' was truncated while it was read", file->path);
		else if (n > 0)
			done += (size_t)n;
	}
	if (r == 0 && snp_certs_parse(ret->data, size, certs, &count, err) < 0)
		r = error_wrap(err, "'%s'", file->path);
	if (r < 0 || !file->pinned)
		return r;
	sha256(ret->data, size, digest);
	return file_pin_check(file->path, file->sha256, digest, err);
}

/* Returns EIO if the guest named pages that can't be written; a Linux guest then gives up. */
static int certs_write(struct vm *vm, const struct exit_snp_req_certs *call, const uint8_t *table,
                       size_t size)
{
	uint64_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;

	if (call->gpa % PAGE_SIZE || call->gpa > UINT64_MAX - pages * PAGE_SIZE)
		return EIO;
	for (uint64_t i = 0; i < pages; i++)
		if (!memory_at(&vm->memory, call->gpa + i * PAGE_SIZE, PAGE_SIZE))
			return EIO;
	for (uint64_t i = 0; i < pages; i++) {
		uint8_t *to = memory_at(&vm->memory, call->gpa + i * PAGE_SIZE, PAGE_SIZE);
		size_t n = MIN(size - i * PAGE_SIZE, PAGE_SIZE);

		if (!to) /* made private in between, by another vCPU */
			return EIO;
		memcpy(to, table + i * PAGE_SIZE, n);
		memset(to + n, 0, PAGE_SIZE - n);
	}
	return 0;
}

void snp_certs_answer(struct vm *vm, struct vcpu *v, struct exit_snp_req_certs *call)
{
	struct vm_certs_state *state = &vm->certs;
	auto_blob struct blob table = BLOB_NONE;
	const uint8_t *bytes = no_certs;
	size_t size = 0;
	struct error err = { 0 };
	auto_fd int fd = -1;
	uint64_t pages;

	pthread_mutex_lock(&state->lock);
	/* without O_NONBLOCK, a FIFO in its place would block the vCPU's thread */
	fd = confine_open(state->file.confine, state->file.path,
	                  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		error_sys(&err, ERROR_FILE, -fd, "cannot open '%s'", state->file.path);
	if (fd >= 0 && !certs_lock(state, fd)) {
		pthread_mutex_unlock(&state->lock);
		call->ret = EAGAIN;
		return;
	}
	/*
	 * After EIO, a Linux guest can't attest any more; an empty table only lacks certificates.
	 */
	if (fd < 0 || certs_read(&state->file, fd, &table, &err) < 0) {
		if (strcmp(state->reported, err.text) != 0)
			log_at(LOG_QUIET,
			       "the guest gets no certificates with its report: %s%s%s%s", err.text,
			       err.why[0] ? " (" : "", err.why, err.why[0] ? ")" : "");
		memcpy(state->reported, err.text, sizeof(state->reported));
		size = call->npages > 0 ? sizeof(no_certs) : 0;
	} else {
		state->reported[0] = '\0';
		bytes = table.data;
		size = table.size;
	}
	pthread_mutex_unlock(&state->lock);
	pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	if (call->npages < pages) {
		call->npages = pages;
		call->ret = ENOSPC;
		return;
	}
	call->ret = (uint64_t)certs_write(vm, call, bytes, size);
	if (call->ret)
		return;
	/*
	 * The next KVM_RUN passes the request to the firmware. immediate_exit makes it return
	 * before it enters the guest, so that the file is unlocked as soon as possible.
	 */
	v->certs_fd = fd_steal(&fd);
	if (v->certs_fd >= 0)
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

void snp_certs_sent(struct vcpu *v)
{
	if (v->certs_fd < 0)
		return;
	fd_cleanup(&v->certs_fd);
	v->certs_fd = -1;
	__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	/*
	 * threads_stop() sets vm->stopping before immediate_exit. If the 1 overwritten above was
	 * its, vm->stopping is already set.
	 */
	if (atomic_load(&v->vm->stopping))
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}
