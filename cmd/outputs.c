/* SPDX-License-Identifier: MIT */
/* cmd/outputs.c: opens, bounds and closes the files that a guest's output goes to. */
#include "cmd/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/labels.h"
#include "cmd/progress.h"
#include "cmd/settings.h"
#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"
#include "core/base/log.h"
#include "core/out/run_result.h"
#include "core/vm/signals.h"
#include "firmware/images.h"

enum { READER_MS = 20 }; /* how often to try again to open a pipe that has no reader */

/* Whether it is a FIFO without a reader; opening a socket fails with ENXIO, too. */
static bool pipe_unread(const char *path, int errnum)
{
	struct stat st;

	return errnum == ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int refuse_link(const struct confine *in, const char *path, struct error *err)
{
	auto_free char *target = in ? NULL : realpath(path, NULL);

	error_set(err, ERROR_OUTPUT, "cannot write '%s': it is a symbolic link", path);
	error_why(err, "whoever can make a link there could choose which file is overwritten");
	return error_fix(err, "name the file itself%s%s%s", target ? ", '" : "",
	                 target ? target : "", target ? "'" : "");
}

static int refuse_outside(const struct confine *in, const char *path, struct error *err)
{
	confine_refuse(in, path, err);
	return error_fix(err, "name a file inside of that folder, or confine to one that holds "
	                      "everything");
}

char *folder_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_name = slash ? slash + 1 : path;
	return slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
}

/* Checks an output without opening it; not its permissions, as another user may run it. */
static int output_look(const struct confine *in, const char *path, struct error *err)
{
	const char *name;
	auto_free char *folder = folder_of(path, &name);
	auto_fd int fd = -1;
	struct stat st;

	if (!in && output_descriptor(path) >= 0)
		return 0;
	fd = folder ? confine_open(in, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) : -ENOMEM;
	if (fd == -EXDEV && in)
		return refuse_outside(in, path, err);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		error_sys(err, ERROR_OUTPUT, -fd, "cannot write '%s'", path);
		error_why(err, "'%s' %s", folder,
		          fd == -ENOENT ? "does not exist" : "is not a folder");
		return error_fix(err, "make the folder, or name a file in one that exists");
	}
	if (fd < 0 || fstatat(fd, *name ? name : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return refuse_link(in, path, err);
	if (!S_ISDIR(st.st_mode))
		return 0;
	error_sys(err, ERROR_OUTPUT, EISDIR, "cannot write '%s'", path);
	return error_fix(err, "name a file in that folder");
}

/* Adds to an error the key that names the output, and its place. */
static int output_at(const struct manifest *m, enum key_id id, struct error *err)
{
	error_wrap(err, "%s", keys[id].name);
	return manifest_at(m, id, err);
}

void outputs_look(const struct manifest *m, struct findings *f)
{
	const struct {
		enum key_id id;
		const char *path;
	} rows[] = { { KEY_SERIAL, m->serial.path },
		     { KEY_DEBUG_PORT, m->debug_port.path },
		     { KEY_BOOT_VARS_KEEP, m->vars_keep.path } };
	struct error err = { 0 };

	for (size_t i = 0; m->file && i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].path || output_look(m->confine, rows[i].path, &err) == 0)
			continue;
		output_at(m, rows[i].id, &err);
		findings_add(f, SEVERITY_ERROR, &err);
	}
}

/*
 * A FIFO can only be opened once somebody reads from it. open(2) would wait for that forever; we
 * wait until the run's time limit or a signal. O_APPEND: if somebody empties the file meanwhile, as
 * logrotate does, writing goes on at its start; without it, the file would get a hole.
 */
static int file_open(const struct confine *in, const char *path, uint64_t timeout_ms,
                     struct error *err)
{
	const int flags =
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	uint64_t end_ms = clock_ms() + timeout_ms;
	int fd = -1;

	/* /dev/fd/N is duplicated: opening it would truncate its file */
	if (!in && output_descriptor(path) >= 0) {
		int given = fcntl(output_descriptor(path), F_GETFL);

		if (given >= 0 && !(given & O_PATH) && (given & O_ACCMODE) != O_RDONLY)
			fd = fcntl(output_descriptor(path), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return fd >= 0 ? fd
		               : error_sys(err, ERROR_OUTPUT, given < 0 ? errno : EBADF,
		                           "cannot write '%s'", path);
	}
	fd = confine_open(in, path, flags, 0666);
	if (fd < 0 && pipe_unread(path, -fd))
		progress_say("waiting for a reader of the output's pipe");
	while (fd < 0 && pipe_unread(path, -fd) && !stop_signo() && clock_ms() < end_ms) {
		poll(NULL, 0, READER_MS);
		fd = confine_open(in, path, flags, 0666);
	}
	if (fd >= 0)
		return fd;
	if (fd == -EXDEV && in)
		return refuse_outside(in, path, err);
	if (fd == -ELOOP && readlink(path, (char[1]){ 0 }, 1) >= 0)
		return refuse_link(in, path, err);
	error_sys(err, ERROR_OUTPUT, -fd, "cannot write '%s'", path);
	if (pipe_unread(path, -err->code))
		error_why(err, "it is a pipe, and nobody opened it for reading");
	return err->code;
}

static bool same_file(const struct stat *st, dev_t dev, ino_t ino)
{
	return st->st_dev == dev && st->st_ino == ino;
}

/* What else the run uses this file for; NULL: nothing. */
static const char *file_used_as(const struct outputs *o, const struct outputs_choice *c,
                                const struct manifest *m, const struct stat *st)
{
	const struct {
		const struct blob *blob;
		const char *what;
	} inputs[] = {
		{ &c->images->firmware, "boot.firmware" },
		{ &c->images->kernel, "boot.kernel" },
		{ &c->images->initrd, "boot.initrd" },
		{ &c->images->vars, "boot.vars.path" },
	};
	const struct {
		int fd;
		const char *what;
	} outputs[] = {
		{ o->serial, "serial" },
		{ o->debug, "debug_port" },
		{ o->serial_log, SERIAL_LOG },
		{ o->debug_log, DEBUG_LOG },
	};
	struct stat is;

	for (size_t i = 0; c->images && i < ARRAY_SIZE(inputs); i++)
		if (same_file(st, inputs[i].blob->read_from.dev, inputs[i].blob->read_from.ino))
			return inputs[i].what;
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++)
		if (outputs[i].fd >= 0 && fstat(outputs[i].fd, &is) == 0 &&
		    same_file(st, is.st_dev, is.st_ino))
			return outputs[i].what;
	return m->file && stat(m->file, &is) == 0 && same_file(st, is.st_dev, is.st_ino)
	               ? "the manifest"
	               : NULL;
}

/*
 * Empties a file that was opened, after another check for conflicts (cmd/conflicts.h): the paths
 * may have changed since the first one, but open files can't.
 */
static int file_begin(const struct outputs *o, const struct outputs_choice *c,
                      const struct manifest *m, const char *path, int fd, struct error *err)
{
	const char *what;
	struct stat st;

	if (output_descriptor(path) >= 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	what = file_used_as(o, c, m, &st);
	if (what) {
		error_set(err, ERROR_OUTPUT_CONFLICT,
		          "cannot write '%s': it is the same file as %s", path, what);
		return error_why(err, "the path has been changed since, and now leads there");
	}
	return ftruncate(fd, 0) < 0 ? error_sys(err, ERROR_OUTPUT, errno, "cannot write '%s'", path)
	                            : 0;
}

/* Opens a device's output; *ret_own is the descriptor to close later, or unchanged. */
static int sink_open(const struct outputs *o, const struct manifest *m, enum key_id id,
                     const struct manifest_sink *s, const struct outputs_choice *c, int *ret_fd,
                     int *ret_own, struct error *err)
{
	bool console = c->console;
	const int fds[] = { [SINK_NONE] = -1,
		            [SINK_STDOUT] = console ? STDOUT_FILENO : -1,
		            [SINK_STDERR] = STDERR_FILENO };
	auto_fd int fd = -1;

	if (s->kind == SINK_FILE && !console && output_descriptor(s->path) == STDOUT_FILENO)
		return *ret_fd = -1, 0;
	if (s->kind != SINK_FILE) {
		*ret_fd = fds[s->kind];
		return 0;
	}
	fd = file_open(m->confine, s->path, m->timeout_ms, err);
	if (fd < 0 || file_begin(o, c, m, s->path, fd, err) < 0)
		return output_at(m, id, err);
	*ret_fd = *ret_own = fd_steal(&fd);
	return 0;
}

/*
 * The prefix of a device's lines; NULL: none. CI systems obey commands in our output, and a line
 * with a prefix is none.
 */
static const char *prefix_make(char *to, size_t cap, const struct outputs_choice *c,
                               const struct manifest_sink *s, const char *device)
{
	static const char *const ci[] = { "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION" };
	const char *value = NULL;
	bool prefixed;

	for (size_t i = 0; i < ARRAY_SIZE(ci) && !(value && value[0]); i++)
		value = getenv(ci[i]);
	prefixed = c->prefix ||
	           (s->kind != SINK_FILE && value && value[0] && strcmp(value, "false") != 0);
	snprintf(to, cap, "%s%s%s", c->label ? c->label : "", c->label ? " | " : "",
	         prefixed ? device : "");
	return to[0] ? to : NULL;
}

static int stats_open(struct outputs *o, const struct manifest *m, const struct outputs_choice *c,
                      struct error *err)
{
	/* never confined: the path is not the manifest's, but the user's own */
	auto_fd int fd = file_open(NULL, o->stats_path, m->timeout_ms, err);

	if (fd < 0 || file_begin(o, c, m, o->stats_path, fd, err) < 0)
		return err->code;
	o->stats = fdopen(fd, "w");
	if (!o->stats)
		return error_sys(err, ERROR_OUTPUT, errno, "cannot write '%s'", o->stats_path);
	fd_steal(&fd);
	return 0;
}

/* Keeps a file within log_limit; `folder` is where it lies, and where its tails may be made. */
static int file_bound(struct output_file *f, int fd, int folder, const char *path, const char *name,
                      const struct manifest *m, struct error *err)
{
	int r = folder < 0 ? folder : log_file_init(&f->log, fd, folder, name, m->log_limit);

	f->bounded = r == 0;
	return r < 0 ? error_sys(err, ERROR_OUTPUT, -r, "cannot keep '%s' within log_limit", path)
	             : 0;
}

/* The same for a file that the manifest names; pipes, devices and descriptors have no limit. */
static int sink_bound(struct outputs *o, int which, int fd, const char *path,
                      const struct manifest *m, struct error *err)
{
	struct output_file *f = &o->files[which];
	const char *name = NULL;
	auto_free char *folder = path ? folder_of(path, &name) : NULL;
	struct stat st;

	if (fd < 0 || output_descriptor(path) >= 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	f->folder = folder ? confine_open(m->confine, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
	                   : -ENOMEM;
	return file_bound(f, fd, f->folder, path, name, m, err);
}

struct vm_devices outputs_devices(const struct manifest *m)
{
	struct vm_devices d = {
		.exit_port_given = m->exit_port_given,
		.exit_port = m->exit_port,
		.rng = m->rng,
		.vsock_cid = m->vsock_cid,
		.hvc = m->hvc,
		.certs = { .path = m->certs.path, .confine = m->confine, .pinned = m->certs.pinned }
	};

	memcpy(d.certs.sha256, m->certs.sha256, sizeof(m->certs.sha256));
	return d;
}

int outputs_open(struct outputs *o, const struct manifest *m, const struct outputs_choice *c,
                 struct error *err)
{
	struct stream_target *to = o->devices.streams;

	o->devices = outputs_devices(m);
	to[STREAM_SERIAL].prefix =
		prefix_make(o->serial_prefix, sizeof(o->serial_prefix), c, &m->serial, "serial: ");
	to[STREAM_DEBUG].prefix =
		prefix_make(o->debug_prefix, sizeof(o->debug_prefix), c, &m->debug_port, "debug: ");
	to[STREAM_SERIAL_LOG].fd = o->serial_log;
	to[STREAM_DEBUG_LOG].fd = o->debug_log;
	o->stats_path = c->stats_path;
	if (sink_open(o, m, KEY_SERIAL, &m->serial, c, &to[STREAM_SERIAL].fd, &o->serial, err) <
	            0 ||
	    sink_open(o, m, KEY_DEBUG_PORT, &m->debug_port, c, &to[STREAM_DEBUG].fd, &o->debug,
	              err) < 0)
		return err->code;
	if (sink_bound(o, STREAM_SERIAL, o->serial, m->serial.path, m, err) < 0 ||
	    sink_bound(o, STREAM_DEBUG, o->debug, m->debug_port.path, m, err) < 0)
		return err->code;
	if (o->serial_log >= 0 && file_bound(&o->files[STREAM_SERIAL_LOG], o->serial_log,
	                                     o->folder.fd, SERIAL_LOG, SERIAL_LOG, m, err) < 0)
		return err->code;
	if (o->debug_log >= 0 && file_bound(&o->files[STREAM_DEBUG_LOG], o->debug_log, o->folder.fd,
	                                    DEBUG_LOG, DEBUG_LOG, m, err) < 0)
		return err->code;
	for (int i = 0; i < VM_STREAMS; i++)
		to[i].file = o->files[i].bounded ? &o->files[i].log : NULL;
	return c->stats_path ? stats_open(o, m, c, err) : 0;
}

size_t outputs_ready(struct outputs *o, struct landlock_folder to[static OUTPUTS_FOLDERS])
{
	const int folders[OUTPUTS_FOLDERS] = { o->folder.fd, o->files[STREAM_SERIAL].folder,
		                               o->files[STREAM_DEBUG].folder };

	for (int i = 0; i < VM_STREAMS; i++)
		if (o->files[i].bounded)
			log_file_ready(&o->files[i].log);
	for (size_t i = 0; i < OUTPUTS_FOLDERS; i++)
		to[i] = (struct landlock_folder){ folders[i], true };
	return OUTPUTS_FOLDERS;
}

int outputs_console(struct outputs *o, struct vm *vm, struct error *err)
{
	const char *what = "the console's";
	int r = stream_flush(vm, STREAM_SERIAL);

	if (r == 0 && o->debug >= 0) {
		what = "the debug port's";
		r = stream_flush(vm, STREAM_DEBUG);
	}
	if (r == 0)
		return 0;
	error_sys(err, ERROR_OUTPUT, -r, "%s output can't be written", what);
	return r == -EAGAIN ? error_why(err, "its reader stalled, and the guest had ended")
	                    : err->code;
}

/* Joins the first and the last part of a file that log_limit cut. */
static int file_end(struct outputs *o, int which)
{
	struct output_file *f = &o->files[which];
	int r = f->bounded ? log_file_end(&f->log) : 0;

	if (r == 0 && f->bounded && f->log.dropped > 0)
		log_notice("%s: %" PRIu64 " bytes in the middle are missing: log_limit",
		           f->log.name, f->log.dropped);
	return r;
}

/* Writes what is left of a log and closes it. After a failure, what was written stays. */
static int log_end(struct outputs *o, enum vm_stream which, const char *name, int *fd,
                   struct vm *vm, bool ran, struct error *err)
{
	int r = vm ? stream_end(vm, which) : 0, e = file_end(o, which);
	struct stat st;

	if (*fd < 0)
		return 0;
	if (!ran && fstat(*fd, &st) == 0 && st.st_size == 0)
		folder_remove(&o->folder, name);
	r = r == 0 ? e : r;
	if (close(*fd) < 0 && r == 0)
		r = -errno;
	*fd = -1;
	if (r == 0)
		return 0;
	error_sys(err, ERROR_OUTPUT, -r, "cannot write '%s/%s'", o->folder.path, name);
	return error_fix(err, "free some space; part of the file was lost");
}

int outputs_logs(struct outputs *o, struct vm *vm, bool ran, struct error *err)
{
	struct error errs[5] = { 0 };
	int first = -1;

	log_end(o, STREAM_SERIAL_LOG, SERIAL_LOG, &o->serial_log, vm, ran, &errs[0]);
	log_end(o, STREAM_DEBUG_LOG, DEBUG_LOG, &o->debug_log, vm, ran, &errs[1]);
	if (o->stats && fclose(o->stats) != 0)
		error_sys(&errs[2], ERROR_OUTPUT, errno, "cannot write '%s'", o->stats_path);
	o->stats = NULL;
	for (int i = STREAM_SERIAL; i <= STREAM_DEBUG; i++) {
		int r;

		if (vm) /* outputs_console() has reported what can't be written */
			stream_end(vm, (enum vm_stream)i);
		r = file_end(o, i);
		if (r < 0)
			error_sys(&errs[3 + i], ERROR_OUTPUT, -r, "cannot write the end of '%s'",
			          o->files[i].log.name);
	}
	for (int i = 4; i >= 0; i--)
		first = errs[i].code < 0 ? i : first;
	if (first < 0)
		return 0;
	*err = errs[first];
	return err->code;
}

uint64_t outputs_dropped(const struct outputs *o, const struct vm *vm, bool debug)
{
	const struct output_file *log = &o->files[debug ? STREAM_DEBUG_LOG : STREAM_SERIAL_LOG];
	const struct output_file *sink = &o->files[debug ? STREAM_DEBUG : STREAM_SERIAL];
	uint64_t total = stream_bytes(vm, debug ? STREAM_DEBUG : STREAM_SERIAL);

	/* not log.dropped alone: a full disk drops bytes, too */
	return log->bounded ? total - (log->log.written - log->log.dropped) : sink->log.dropped;
}

void outputs_close(struct outputs *o)
{
	for (int i = 0; i < VM_STREAMS; i++)
		if (o->files[i].bounded)
			log_file_close(&o->files[i].log);
	fd_cleanup(&o->files[STREAM_SERIAL].folder);
	fd_cleanup(&o->files[STREAM_DEBUG].folder);
	if (o->stats)
		fclose(o->stats);
	fd_cleanup(&o->serial);
	fd_cleanup(&o->debug);
	fd_cleanup(&o->serial_log);
	fd_cleanup(&o->debug_log);
	folder_close(&o->folder);
	*o = OUTPUTS_NONE;
}
