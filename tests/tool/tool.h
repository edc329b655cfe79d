/* SPDX-License-Identifier: MIT */
/* tests/tool/tool.h: what the tools share: commands by name, messages, files, child processes. */
#ifndef TESTS_TOOL_TOOL_H
#define TESTS_TOOL_TOOL_H

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct tool_verb {
	const char *name, *args;
	int n_args; /* at least */
	int (*main)(int argc, char **argv);
};

/* Runs the verb that argv names; prints how to use the tool if there is none. */
static inline int tool_main(const char *tool, const struct tool_verb *verbs, size_t n, int argc,
                            char **argv)
{
	for (size_t i = 0; argc > 1 && i < n; i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].n_args)
			return verbs[i].main(argc - 2, argv + 2);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "usage: %s %s %s\n", tool, verbs[i].name, verbs[i].args);
	return 2;
}

/* Returns 1, the tools' status of a failure. */
static inline int tool_complain(const char *what, const char *name)
{
	fprintf(stderr, "%s: %s\n", name, what);
	return 1;
}

static inline int tool_write(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	int bad = !f || fwrite(data, 1, size, f) != size;

	return (f && fclose(f)) || bad ? tool_complain("cannot write", path) : 0;
}

/* Its stdin is /dev/null, its stdout `output`, its stderr ours. */
static inline int tool_start(char *const argv[], int output, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	int r;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	r = posix_spawnp(ret, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return r == 0 ? 0 : tool_complain(strerror(r), argv[0]);
}

#endif
