/* SPDX-License-Identifier: MIT */
/*
 * core/dev/log_file.c: writes the file itself, then two tails in turn; at the end, joins the three.
 */
#include "core/dev/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/file.h"

/* The maximum length of the line between head and tail. */
enum { LINE_CAP = 128 };

const char *const log_file_tails[LOG_FILE_TAILS] = { ".tail-1", ".tail-2" };
enum { OLDER, NEWER };

static int tail_name(const struct log_file *f, int which, char to[static NAME_MAX + 1])
{
	int n = snprintf(to, NAME_MAX + 1, "%s%s", f->name, log_file_tails[which]);

	return n <= NAME_MAX ? 0 : -ENAMETOOLONG;
}

static void tail_remove(const struct log_file *f, int which)
{
	char name[NAME_MAX + 1];

	if (tail_name(f, which, name) == 0)
		unlinkat(f->folder, name, 0);
}

int log_file_init(struct log_file *f, int fd, int folder, const char *name, uint64_t limit)
{
	struct stat is, named;

	*f = (struct log_file){
		.fd = fd, .folder = folder, .half = (limit - LINE_CAP) / 2, .tails = { -1, -1 }
	};
	if (strlen(name) >= sizeof(f->name))
		return -ENAMETOOLONG;
	strcpy(f->name, name);
	if (fstat(fd, &is) < 0 || fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (is.st_dev != named.st_dev || is.st_ino != named.st_ino)
		return -ESTALE; /* the name is now another file's */
	for (int i = 0; i < LOG_FILE_TAILS; i++)
		tail_remove(f, i); /* left over from a run that was killed */
	return 0;
}

int log_file_ready(struct log_file *f)
{
	char name[NAME_MAX + 1];
	int r = 0;

	for (int i = LOG_FILE_TAILS - 1; i >= 0 && r == 0; i--) {
		r = f->tails[i] >= 0 ? 0 : tail_name(f, i, name);
		if (f->tails[i] >= 0 || r < 0)
			continue;
		f->tails[i] =
			openat(f->folder, name,
		               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0666);
		r = f->tails[i] < 0 ? -errno : 0;
	}
	return r;
}

/* Exchanges the names; not every file system can do that at once. */
static int tails_exchange(const struct log_file *f)
{
	char older[NAME_MAX + 1], newer[NAME_MAX + 1], third[NAME_MAX + 1];
	int d = f->folder, n = snprintf(third, sizeof(third), "%s.tail-0", f->name);

	if (tail_name(f, OLDER, older) < 0 || tail_name(f, NEWER, newer) < 0 || n > NAME_MAX)
		return -ENAMETOOLONG;
	if (renameat2(d, older, d, newer, RENAME_EXCHANGE) == 0)
		return 0;
	return renameat(d, older, d, third) < 0 || renameat(d, newer, d, older) < 0 ||
	                       renameat(d, third, d, newer) < 0
	               ? -errno
	               : 0;
}

/* The newer tail is full, and becomes the older; the older is emptied for the newest bytes. */
static int tail_turn(struct log_file *f)
{
	int r = log_file_ready(f), older = f->tails[OLDER];

	if (r < 0 || !f->cut) {
		f->cut = r == 0;
		return r;
	}
	if (ftruncate(older, 0) < 0)
		return -errno;
	r = tails_exchange(f);
	if (r < 0)
		return r;
	f->tails[OLDER] = f->tails[NEWER];
	f->tails[NEWER] = older;
	f->dropped += f->older;
	f->older = f->newer;
	f->newer = 0;
	return 0;
}

ssize_t log_file_write(struct log_file *f, const void *bytes, size_t size)
{
	uint64_t *fill;
	struct stat st;
	ssize_t n;
	bool head;

	/* A log rotator may have emptied the file. */
	if (f->head >= f->half && !f->cut && fstat(f->fd, &st) == 0)
		f->head = MIN(f->head, (uint64_t)st.st_size);
	head = f->head < f->half;
	fill = head ? &f->head : &f->newer;

	if (!head && (!f->cut || f->newer >= f->half)) {
		int r = tail_turn(f);

		if (r < 0) {
			errno = -r;
			return -1;
		}
	}
	n = write(head ? f->fd : f->tails[NEWER], bytes, MIN(size, f->half - *fill));
	if (n <= 0)
		return n;
	*fill += (uint64_t)n;
	f->written += (uint64_t)n;
	if (head)
		f->last = ((const char *)bytes)[n - 1];
	return n;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Appends one of the tails to the file, from byte `from` on. */
static int tail_append(const struct log_file *f, int which, uint64_t from)
{
	int r = lseek(f->tails[which], (off_t)from, SEEK_SET) < 0 ? -errno : 0;
	char bytes[16384];
	ssize_t n = 1;

	while (r == 0 && n != 0) {
		n = read(f->tails[which], bytes, sizeof(bytes));
		if (n > 0)
			r = write_all(f->fd, bytes, (size_t)n);
		else if (n < 0 && errno != EINTR)
			r = -errno;
	}
	return r;
}

void log_file_close(struct log_file *f)
{
	for (int i = 0; i < LOG_FILE_TAILS; i++) {
		if (f->tails[i] >= 0 && !f->cut)
			tail_remove(f, i);
		fd_cleanup(&f->tails[i]);
		f->tails[i] = -1;
	}
}

int log_file_end(struct log_file *f)
{
	uint64_t tails = f->older + f->newer, skip = tails > f->half ? tails - f->half : 0;
	char line[LINE_CAP];
	struct stat st;
	int n, r;

	if (!f->cut) {
		log_file_close(f);
		return 0;
	}
	r = fstat(f->fd, &st) < 0 ? -errno : 0;
	n = snprintf(line, sizeof(line),
	             "%s--- snpvmm: %" PRIu64 " bytes are missing here: log_limit ---\n",
	             f->last == '\n' ? "" : "\n", f->dropped + skip);
	if (r == 0 && f->dropped + skip > 0)
		r = write_all(f->fd, line, (size_t)n);
	if (r == 0 && f->older > 0)
		r = tail_append(f, OLDER, skip);
	if (r == 0)
		r = tail_append(f, NEWER, 0);
	if (r < 0) /* undo, so that no byte is in two of the three files */
		return ftruncate(f->fd, st.st_size) < 0 ? -errno : r;
	f->dropped += skip;
	f->cut = false; /* their bytes are in the file now */
	log_file_close(f);
	return 0;
}
