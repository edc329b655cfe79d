/* SPDX-License-Identifier: MIT */
/*
 * tests/guest/vsock.c: a stream over vsock, for the host and for the guest:
 *
 *   vsock listen PORT      what the first connection sends, to stdout
 *   vsock send CID PORT    stdin, to who listens there; tries for ten seconds
 */
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int copy(int from, int to)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		for (ssize_t done = 0, m; done < n; done += m)
			if ((m = write(to, bytes + done, (size_t)(n - done))) < 0)
				return fail("write");
	return n < 0 ? fail("read") : 0;
}

int main(int argc, char **argv)
{
	int listens = argc == 3 && strcmp(argv[1], "listen") == 0;
	struct sockaddr_vm to = { .svm_family = AF_VSOCK };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0), r = -1;

	if (!listens && (argc != 4 || strcmp(argv[1], "send") != 0)) {
		fprintf(stderr, "usage: vsock listen PORT | vsock send CID PORT\n");
		return 2;
	}
	if (fd < 0)
		return fail("socket");
	to.svm_cid = listens ? VMADDR_CID_ANY : (unsigned)strtoul(argv[2], NULL, 0);
	to.svm_port = (unsigned)strtoul(argv[argc - 1], NULL, 0);
	if (listens) {
		if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 1) < 0)
			return fail("listen");
		fd = accept(fd, NULL, NULL);
		return fd < 0 ? fail("accept") : copy(fd, STDOUT_FILENO);
	}
	for (int tries = 0; r < 0 && tries < 100; tries++) {
		r = connect(fd, (struct sockaddr *)&to, sizeof(to));
		if (r < 0)
			usleep(100000);
	}
	return r < 0 ? fail("connect") : copy(STDIN_FILENO, fd);
}
