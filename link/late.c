/* SPDX-License-Identifier: MIT */
/*
 * link/late.c: late PROGRAM: the last step of linking. Most runs of the program need SHA-2 and
 * nothing else of libcrypto, but at each start the dynamic loader would put the program's address
 * into 16,000 pointers in libcrypto's tables: 84 pages to copy, a fifth of the time of `measure`.
 * So the table of relocations is sorted, those of libcrypto's tables first, and the loader is told
 * of the rest alone. core/attest/crypto.c does the first part when libcrypto is first used.
 *
 * Changes nothing, and reports nothing, if the linker didn't leave what it needs.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attest/late.h"

struct program {
	uint8_t *bytes;
	size_t size;
};

static const Elf64_Shdr *section(const struct program *p, const char *name)
{
	const Elf64_Ehdr *e = (const void *)p->bytes;
	const Elf64_Shdr *s = (const void *)(p->bytes + e->e_shoff);
	const char *names = (const char *)p->bytes + s[e->e_shstrndx].sh_offset;

	for (size_t i = 0; i < e->e_shnum; i++)
		if (strcmp(names + s[i].sh_name, name) == 0)
			return &s[i];
	return NULL;
}

static uint64_t *dynamic(const struct program *p, const Elf64_Shdr *s, Elf64_Sxword tag)
{
	Elf64_Dyn *d = (Elf64_Dyn *)(p->bytes + s->sh_offset);

	for (size_t i = 0; i < s->sh_size / sizeof(*d); i++)
		if (d[i].d_tag == tag)
			return &d[i].d_un.d_val;
	return NULL;
}

/* Stable, so that the loader goes through memory in order. */
static size_t sort(Elf64_Rela *r, size_t count, const Elf64_Shdr *tables)
{
	Elf64_Rela *sorted = malloc((count + 1) * sizeof(*r));
	size_t late = 0, n = 0;

	if (!sorted)
		return 0;
	for (int want_late = 1; want_late >= 0; want_late--) {
		for (size_t i = 0; i < count; i++) {
			bool is_late = r[i].r_offset >= tables->sh_addr &&
			               r[i].r_offset + 8 <= tables->sh_addr + tables->sh_size &&
			               ELF64_R_TYPE(r[i].r_info) == R_X86_64_RELATIVE;

			if (is_late == want_late)
				sorted[n++] = r[i];
		}
		late = want_late ? n : late;
	}
	memcpy(r, sorted, count * sizeof(*r));
	free(sorted);
	return late;
}

static void make_late(const struct program *p)
{
	const Elf64_Ehdr *e = (const void *)p->bytes;
	const Elf64_Shdr *tables, *rela, *dyn, *note;
	uint64_t *address, *size, *count;
	struct late l;

	if (p->size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_machine != EM_X86_64 || e->e_type != ET_DYN)
		return;
	tables = section(p, ".data.rel.ro.late");
	rela = section(p, ".rela.dyn");
	dyn = section(p, ".dynamic");
	note = section(p, LATE_SECTION);
	if (!tables || !rela || !dyn || !note || note->sh_size != sizeof(l))
		return;
	address = dynamic(p, dyn, DT_RELA);
	size = dynamic(p, dyn, DT_RELASZ);
	count = dynamic(p, dyn, DT_RELACOUNT);
	if (!address || !size || !count || *address != rela->sh_addr || *size < rela->sh_size)
		return;
	l = (struct late){ .relocations = *address,
		           .count =
		                   sort((Elf64_Rela *)(p->bytes + rela->sh_offset), *count, tables),
		           .start = tables->sh_addr,
		           .end = tables->sh_addr + tables->sh_size };
	*address += l.count * sizeof(Elf64_Rela);
	*size -= l.count * sizeof(Elf64_Rela);
	*count -= l.count;
	memcpy(p->bytes + note->sh_offset, &l, sizeof(l));
}

int main(int argc, char **argv)
{
	struct program p = { 0 };
	struct stat st;
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &st) < 0) {
		fprintf(stderr, "late: %s\n", argc == 2 ? argv[1] : "usage: late PROGRAM");
		return 1;
	}
	p.size = (size_t)st.st_size;
	p.bytes = mmap(NULL, p.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p.bytes == MAP_FAILED) {
		perror("late: mmap");
		return 1;
	}
	make_late(&p);
	return munmap(p.bytes, p.size) < 0 || close(fd) < 0;
}
