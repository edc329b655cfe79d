/* SPDX-License-Identifier: MIT */
/* guest/main.c: snpvmm-guest, by which software in a guest reports to snpvmm. */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/unistd.h>

#include "guest/arg.h"
#include "guest/frame.h"
#include "guest/report.h"
#include "guest/sys.h"

#define DEFAULT_PORT 0xf4 /* exit_port of a manifest that doesn't set it */

static const char help[] =
	"Usage: snpvmm-guest COMMAND\n"
	"Tell snpvmm, from within a guest, how it went.\n"
	"\n"
	"  exit [--port=PORT] N     end this guest with status N, by its exit port (0xf4)\n"
	"  report [--data=HEX] [--data-file=FILE] [--certs] [--measurement] [--raw]\n"
	"                           print this guest's attestation report as lines of\n"
	"                           base64, only its measurement in hex, or its bytes; up\n"
	"                           to 64 bytes of yours go into it; with --certs, print the\n"
	"                           host's certificates after it\n"
	"  ready                    print the line \"snpvmm-guest: ready\"\n"
	"\n"
	"  --help, --version\n";

static int error(const char *what, const char *why)
{
	say("snpvmm-guest: error: ", what, why ? ": " : "", why ? why : "", "\n", (char *)NULL);
	return 1;
}

/* Prints `argument` in quotes before `what`, unless it is NULL. */
static int usage(const char *argument, const char *what)
{
	say("snpvmm-guest: error: ", argument ? "'" : "", argument ? argument : "",
	    argument ? "' " : "", what, "\nTry 'snpvmm-guest --help'.\n", (char *)NULL);
	return 2;
}

/*
 * The value of "--name VALUE" or "--name=VALUE" at *i, which is moved to VALUE; NULL: it is another
 * argument.
 */
static const char *option_value(const char *name, int argc, char **argv, int *i)
{
	const char *at = argv[*i];

	for (; *name; name++, at++)
		if (*at != *name)
			return NULL;
	if (*at == '=')
		return at + 1;
	return *at || *i + 1 == argc ? NULL : argv[++*i];
}

/* --- the console --- */

/*
 * Like tcdrain(3): neither the end of the VM nor messages of the kernel wait for bytes that are on
 * their way to the UART.
 */
static void drain(int fd)
{
	sys_call(__NR_ioctl, fd, TCSBRK, 1);
}

/*
 * Keeps kernel messages off the console, so that they don't break our lines apart. Only root may.
 */
static void kernel_quiet(bool quiet)
{
	drain(STDOUT);
	sys_call(__NR_syslog, quiet ? 6 : 7, 0, 0); /* SYSLOG_ACTION_CONSOLE_OFF, _ON */
}

static int written(int r)
{
	return r < 0 ? error("cannot write to standard output", errno_text(r)) : 0;
}

/* --- exit --- */

/* Writes a byte if the value fits, else a dword. */
static void port_out(uint16_t port, uint32_t value)
{
	if (value <= UINT8_MAX)
		__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port));
	else
		__asm__ volatile("outl %0, %w1" : : "a"(value), "Nd"(port));
}

static int port_permit(uint16_t port)
{
	/*
	 * ioperm(), not iopl(): under SNP an OUT raises #VC, whose handler only checks the task's
	 * I/O bitmap (Linux arch/x86/coco/sev/core.c, vc_ioio_check()). iopl(3) sets up no bitmap,
	 * so the OUT would end in #GP.
	 */
	long r = sys_call(__NR_ioperm, port, 4, 1);

	if (r == 0)
		return 0;
	error("the kernel doesn't permit access to the exit port", errno_text(r));
	say(r == -ENOSYS ? "  fix: use a kernel with CONFIG_X86_IOPL_IOPERM\n"
	                 : "  fix: run it as root, on a kernel that isn't locked down\n",
	    (char *)NULL);
	return 1;
}

static int command_exit(int argc, char **argv)
{
	uint64_t port = DEFAULT_PORT, status;
	const char *value = NULL, *digits;
	char text[24];
	int console;

	for (int i = 0; i < argc; i++) {
		const char *named = option_value("--port", argc, argv, &i);

		if (named && !arg_number(named, UINT16_MAX - 3, &port))
			return usage(named, "is not a port from 0 to 0xfffc");
		if (named)
			continue;
		if (value)
			return usage(argv[i], "is one argument too many");
		value = argv[i];
	}
	if (!value)
		return usage(NULL, "exit needs a status");
	if (!arg_number(value, UINT32_MAX, &status))
		return usage(value, "is not a status from 0 to 0xffffffff");
	if (port_permit((uint16_t)port) != 0)
		return 1;
	sys_call(__NR_sync, 0, 0, 0);
	drain(STDOUT);
	drain(STDERR);
	console = sys_open("/dev/console", O_WRONLY | O_NOCTTY);
	if (console >= 0)
		drain(console);
	port_out((uint16_t)port, (uint32_t)status);
	digits = number_text(port, 16, text);
	error("nothing ended this guest at port", digits);
	say("  fix: exit_port of the manifest and --port must be the same\n", (char *)NULL);
	return 1;
}

/* --- report --- */

struct report_options {
	uint8_t data[REPORT_DATA_SIZE + 1]; /* a byte more, to detect files that are too long */
	bool raw, measurement, certs;
};

static int data_file(const char *path, uint8_t data[REPORT_DATA_SIZE + 1])
{
	long n = sys_read(path, data, REPORT_DATA_SIZE + 1);

	if (n < 0)
		return error(path, errno_text(n));
	if (n > REPORT_DATA_SIZE)
		return error(path, "has more than 64 bytes; use a hash of it, such as sha512sum's");
	return 0;
}

static int report_option(int argc, char **argv, int *i, struct report_options *o)
{
	const char *value = option_value("--data", argc, argv, i);
	size_t size;

	if (value && !arg_hex(value, o->data, REPORT_DATA_SIZE, &size))
		return usage(value, "is not pairs of hex digits, at most 64");
	if (value)
		return 0;
	value = option_value("--data-file", argc, argv, i);
	if (value)
		return data_file(value, o->data);
	if (text_same(argv[*i], "--raw"))
		o->raw = true;
	else if (text_same(argv[*i], "--measurement"))
		o->measurement = true;
	else if (text_same(argv[*i], "--certs"))
		o->certs = true;
	else
		return usage(argv[*i], "is unknown, or its value is missing");
	return 0;
}

static int print_measurement(const uint8_t *report)
{
	char line[2 * MEASUREMENT_SIZE + 1];

	for (size_t i = 0; i < MEASUREMENT_SIZE; i++) {
		line[2 * i] = "0123456789abcdef"[report[REPORT_MEASUREMENT + i] >> 4];
		line[2 * i + 1] = "0123456789abcdef"[report[REPORT_MEASUREMENT + i] & 15];
	}
	line[sizeof(line) - 1] = '\n';
	return sys_write(STDOUT, line, sizeof(line));
}

static int print_frame(const struct frame *f, const uint8_t *bytes, size_t size)
{
	char line[FRAME_LINE + 1];
	size_t n = 0, length;
	int r = 0;

	while (r == 0 && (length = frame_line(f, bytes, size, n++, line)) > 0)
		r = sys_write(STDOUT, line, length);
	return r;
}

static int print_part(const struct report_options *o, const struct frame *f, const uint8_t *bytes,
                      size_t size)
{
	return o->raw ? sys_write(STDOUT, bytes, size) : print_frame(f, bytes, size);
}

static int command_report(int argc, char **argv)
{
	static struct report_options o;
	static struct report report;
	int r;

	for (int i = 0; i < argc; i++) {
		r = report_option(argc, argv, &i, &o);
		if (r != 0)
			return r;
	}
	if (o.raw && o.measurement)
		return usage(NULL, "--raw or --measurement, not both");
	if (o.certs && o.measurement)
		return usage(NULL, "--certs or --measurement, not both");
	if (o.raw && sys_is_terminal(STDOUT)) {
		error("--raw: standard output is a terminal", NULL);
		say("  fix: send the bytes to a file or a pipe; without --raw the report is text\n",
		    (char *)NULL);
		return 1;
	}
	report.certs_wanted = o.certs;
	if (!report_get(o.data, &report))
		return 1;
	if (!o.raw)
		kernel_quiet(true);
	if (o.measurement)
		r = print_measurement(report.bytes);
	else
		r = print_part(&o, &frame_report, report.bytes, report.size);
	if (r == 0 && report.certs_size > 0)
		r = print_part(&o, &frame_certs, report.certs, report.certs_size);
	if (!o.raw)
		kernel_quiet(false);
	if (r < 0 || !o.certs || report.certs_size > 0)
		return written(r);
	error("the host gave no certificates", NULL);
	say("  fix: name a table as snp.certs in the manifest; the host needs Linux 7.0 or later\n",
	    (char *)NULL);
	return 1;
}

/* --- ready --- */

static int command_ready(int argc, char **argv)
{
	static const char line[] = "snpvmm-guest: ready\n";
	int r;

	if (argc > 0)
		return usage(argv[0], "is one argument too many");
	kernel_quiet(true);
	r = sys_write(STDOUT, line, sizeof(line) - 1);
	kernel_quiet(false);
	return written(r);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "exit", command_exit },
		{ "report", command_report },
		{ "ready", command_ready },
	};

	if (argc < 2)
		return usage(NULL, "a command is missing");
	for (int i = 1; i < argc; i++)
		if (text_same(argv[i], "--help"))
			return written(sys_write(STDOUT, help, sizeof(help) - 1));
	if (text_same(argv[1], "--version"))
		return written(sys_write(STDOUT, "snpvmm-guest " SNPVMM_VERSION "\n",
		                         sizeof("snpvmm-guest " SNPVMM_VERSION)));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (text_same(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	return usage(argv[1], "is not a command");
}
