/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/kvm.h: a KVM and a PSP behind struct kvm_sys, as strict as the kernel (Linux 6.12
 * unless said otherwise).
 */
#ifndef TESTS_FAKE_KVM_H
#define TESTS_FAKE_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan/region.h"
#include "core/vm/sys.h"

struct fake_kvm; /* tests/fake/state.h */

enum fake_flag {
	/* LAUNCH_UPDATE does a part and returns 0, and sometimes fails with EAGAIN */
	FAKE_PARTIAL_UPDATES = 1 << 0,
	/* the firmware doesn't vouch for some bits of the host's CPUID */
	FAKE_CPUID_REFUSED_ONCE = 1 << 1,
	FAKE_CPUID_REFUSED_ALWAYS = 1 << 2, /* it refuses every page, each time for another bit */
	FAKE_NO_SNP = 1 << 3,               /* KVM only has VMs of type 0 */
	FAKE_GMEM_MMAP = 1 << 4,            /* Linux 6.18: guest_memfd that can be mapped */
	FAKE_NO_GIB_PAGES = 1 << 5,         /* guests have no 1 GiB pages (pdpe1gb) */
	/*
	 * Linux 6.19: /dev/kvm reports which policy bits KVM accepts, and leaves the rest to the
	 * firmware
	 */
	FAKE_POLICY_REPORTED = 1 << 6,
	FAKE_NO_MP_STATE = 1 << 7,  /* KVM_GET_MP_STATE fails */
	FAKE_REQ_CERTS = 1 << 8,    /* Linux 7.0: KVM can ask for certificates */
	FAKE_OTHER_DIGEST = 1 << 9, /* it measures something that nobody predicts */
};

/*
 * What FAKE_CPUID_REFUSED_ONCE clears, and what the host's CPUID has set: leaf 0x80000021 EAX bit
 * 3.
 */
#define FAKE_REFUSED_LEAF 0x80000021
#define FAKE_REFUSED_BIT  3
#define FAKE_SYNTHESISED  0x86U /* ECX of that leaf: what Linux adds, and no firmware vouches for */
#define FAKE_C_BIT        51
#define FAKE_ASIDS        99 /* for SNP guests */

struct fake_kvm *fake_kvm_new(unsigned flags);
void fake_kvm_free(struct fake_kvm *f); /* NULL is fine; also frees what was leaked */
const struct kvm_sys *fake_kvm_sys(struct fake_kvm *f);

static inline void fake_kvm_cleanup(struct fake_kvm **f)
{
	fake_kvm_free(*f);
}
#define auto_fake __attribute__((cleanup(fake_kvm_cleanup)))

/* Faults. */

enum fake_call_kind {
	FAKE_OPEN,
	FAKE_IOCTL,
	FAKE_MAP,
	FAKE_UNMAP,
	FAKE_HUGE,
	FAKE_CLOEXEC,
	FAKE_DISCARD,
	FAKE_CLOSE,
	FAKE_CALL_KINDS
};

struct fake_call {
	enum fake_call_kind kind;
	unsigned long request; /* of an ioctl */
	/*
	 * Of an ioctl: the number that it takes (a capability, a VM type), a slot's size or an SEV
	 * command's id. Of a mapping: its size.
	 */
	uint64_t argument;
};

/* The n-th call, whichever it is, fails with errnum and has no effect; n counts from 1. */
void fake_kvm_fail(struct fake_kvm *f, unsigned n, int errnum);
/* The firmware's status if that call is an SEV command. */
void fake_kvm_fail_status(struct fake_kvm *f, uint32_t status);
/* The call that was made to fail; NULL: none yet. */
const struct fake_call *fake_kvm_failed(const struct fake_kvm *f);
/* Opening `path` fails. */
void fake_kvm_open_fails(struct fake_kvm *f, const char *path, int errnum);

/*
 * The next `times` calls of KVM_PRE_FAULT_MEMORY do nothing and fail with errnum; 0: they report
 * success.
 */
void fake_kvm_prefault_fails(struct fake_kvm *f, int errnum, unsigned times);

/* Another guest has this CID; 0: others have all of them. */
void fake_kvm_cid_taken(struct fake_kvm *f, uint64_t cid);

/* Findings. */

unsigned fake_kvm_calls(struct fake_kvm *f); /* so far */
unsigned fake_kvm_calls_of(struct fake_kvm *f, enum fake_call_kind kind);
/* Descriptors and mappings that are still open. */
unsigned fake_kvm_leaks(struct fake_kvm *f);
/* The first rule that was broken, in words; "": none. The call failed if it would in the kernel. */
const char *fake_kvm_complaint(struct fake_kvm *f);
/* How often the firmware refused a CPUID page. */
unsigned fake_kvm_refusals(struct fake_kvm *f);
/* The launch digest, 48 bytes, once LAUNCH_FINISH has succeeded; NULL before. */
const uint8_t *fake_kvm_measurement(struct fake_kvm *f);
/* A bit for each VM type that was asked for. */
uint64_t fake_kvm_vm_types(struct fake_kvm *f);
/* The private side of a page: what the firmware encrypted there; NULL: not loaded. */
const uint8_t *fake_kvm_loaded(struct fake_kvm *f, gpa_t gpa);
/* EAX, EBX, ECX, EDX of a leaf of vCPU `index`; false: it doesn't have that leaf. */
bool fake_kvm_cpuid(struct fake_kvm *f, unsigned index, uint32_t leaf, uint32_t subleaf,
                    uint32_t ret[4]);
/* How often line `irq` went from low to high. */
unsigned fake_kvm_irq_rises(struct fake_kvm *f, unsigned irq);
/* How often vhost began to serve, and whether it does. */
unsigned fake_kvm_vhost_starts(struct fake_kvm *f);
bool fake_kvm_vhost_runs(struct fake_kvm *f);
/* How many eventfds raise a GSI now; the data of the message that GSI 24 + `route` stands for. */
unsigned fake_kvm_irqfds(struct fake_kvm *f);
uint32_t fake_kvm_routed(struct fake_kvm *f, unsigned route);
/* The state that KVM_SET_MP_STATE set for vCPU `index`; -1: never set. */
int fake_kvm_mp_state(struct fake_kvm *f, unsigned index);
/* MTRRdefType of vCPU `index`: 0 as after reset, until KVM_SET_MSRS. */
uint64_t fake_kvm_mtrr_def_type(struct fake_kvm *f, unsigned index);
/* Bytes of private memory allocated in advance, and in how many calls. */
uint64_t fake_kvm_prefaulted(struct fake_kvm *f);
unsigned fake_kvm_prefaults(struct fake_kvm *f);

/* A memory slot as KVM has it. */
struct fake_slot_info {
	gpa_t gpa;
	uint64_t size;
	const uint8_t *at;
	bool gmem; /* it has a guest_memfd */
};
bool fake_kvm_slot(struct fake_kvm *f, unsigned number, struct fake_slot_info *ret);
/* The 4096 bytes that were measured for vCPU `index`. */
const uint8_t *fake_kvm_vmsa(struct fake_kvm *f, unsigned index);

/* What happened to memory, in order. */
enum fake_memory_act {
	FAKE_MADE_PRIVATE,
	FAKE_MADE_SHARED,
	FAKE_FREED_PRIVATE, /* a hole in the guest_memfd */
	FAKE_FREED_SHARED,  /* MADV_DONTNEED on the shared side */
	FAKE_PROVIDED,      /* by KVM_PRE_FAULT_MEMORY */
};

struct fake_memory_event {
	enum fake_memory_act act;
	gpa_t gpa;
	uint64_t size;
};

/* The events since the last call of fake_kvm_memory_forget(). */
size_t fake_kvm_memory_events(struct fake_kvm *f, const struct fake_memory_event **ret);
void fake_kvm_memory_forget(struct fake_kvm *f);

/* KVM_RUN. */

enum { FAKE_IO_BYTES = 64, FAKE_PAYLOAD = 8 };

/* One return of KVM_RUN; or, for a debugger, an instruction, where it returns only if asked to. */
struct fake_exit {
	enum { FAKE_RETURN, FAKE_STEP, FAKE_INT3, FAKE_ACCESS } trace;
	uint64_t address, size; /* of an instruction, or of the data that it accesses */
	bool write;
	int result;      /* 0 or a negative errno */
	uint32_t reason; /* KVM_EXIT_... */
	/* waits until kicked; with a reason, that exit happens then, else -EINTR */
	bool wait;
	/* with `wait`: in HLT with interrupts off, else in HLT with interrupts on */
	bool halt;
	unsigned rise; /* waits until this interrupt line is high, or until kicked */
	struct fake_exit_io {
		bool out;
		uint8_t size;
		uint16_t port;
		uint32_t count;
		uint8_t data[FAKE_IO_BYTES];
	} io;                           /* KVM_EXIT_IO */
	uint64_t payload[FAKE_PAYLOAD]; /* other exits: kvm_run's union, from its start */
	uint64_t rip;                   /* then; 0: as before */
};

struct fake_exit fake_out(uint16_t port, unsigned size, uint32_t value);
struct fake_exit fake_out_string(uint16_t port, const char *text); /* at most FAKE_IO_BYTES */
struct fake_exit fake_in(uint16_t port, unsigned size, unsigned count);
struct fake_exit fake_mmio_read(gpa_t gpa, unsigned length);
struct fake_exit fake_mmio_write(gpa_t gpa, unsigned length, uint64_t value);
/* ret is 0x5a5a... before */
struct fake_exit fake_map_gpa(gpa_t gpa, uint64_t pages, uint64_t attributes);
struct fake_exit fake_hypercall(uint64_t nr);
struct fake_exit fake_memory_fault(gpa_t gpa, bool private);
struct fake_exit fake_req_certs(gpa_t gpa, uint64_t npages);
struct fake_exit fake_system_event(uint32_t type, uint64_t data);
struct fake_exit fake_reason(uint32_t reason, uint64_t first); /* any other; first: its payload */
struct fake_exit fake_errno(int errnum);                       /* KVM_RUN itself fails */
struct fake_exit fake_wait(void);
struct fake_exit fake_halt(void);
struct fake_exit fake_late(struct fake_exit e); /* as if it happened at the same time as the kick */
/* Lines of the IOAPIC, then one for each message, by the last octal digit of its data. */
enum { FAKE_IRQS = 24, FAKE_MSI = FAKE_IRQS, FAKE_MSIS = 8, FAKE_LINES = FAKE_MSI + FAKE_MSIS };
struct fake_exit fake_until_irq(unsigned irq);

/* Linear addresses of a vCPU with paging: memory begins here. Without, it begins at 0. */
#define FAKE_LINEAR 0xffff800000000000ULL
struct fake_exit fake_step(uint64_t pc); /* the instruction at this linear address */
struct fake_exit fake_int3(uint64_t pc); /* the guest's own INT3 */
/* what the instruction before it does to data */
struct fake_exit fake_access(uint64_t address, uint64_t size, bool write);
/* KVM_GUESTDBG_INJECT_DB and _BP, if they ever were injected. */
unsigned fake_kvm_injected(struct fake_kvm *f, unsigned index);
struct kvm_regs; /* linux/kvm.h */
struct kvm_regs *fake_kvm_regs(struct fake_kvm *f, unsigned index);

/*
 * vCPU `index` returns from KVM_RUN in these ways, one after another; then it waits to be kicked.
 */
void fake_kvm_script(struct fake_kvm *f, unsigned index, const struct fake_exit *exits, size_t n);

/* What the VMM left in kvm_run for the i-th exit, read at the next KVM_RUN. */
struct fake_answer {
	bool seen;
	uint8_t in[FAKE_IO_BYTES]; /* I/O: the bytes read */
	uint64_t mmio;             /* MMIO: the 8 bytes read */
	uint64_t ret;              /* hypercall, certificates */
	uint64_t npages;           /* certificates */
	bool locked;               /* certificates: whether the file was locked meanwhile */
};
struct fake_answer fake_kvm_answer(struct fake_kvm *f, unsigned index, size_t i);

/* While KVM passes a request for certificates on, looks whether this file is locked. */
void fake_kvm_watch_lock(struct fake_kvm *f, const char *path);

/* Blocks until vCPU `index` waits to be kicked. */
void fake_kvm_await_wait(struct fake_kvm *f, unsigned index);

#endif
