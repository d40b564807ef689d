/* A domain without an operating system: says on its console what it was given - its command line, and the SHA-256 of
 * its own program and of its ramdisk as they lie in its memory - and then does what the word then= of the command line
 * says: block (without it), poweroff, reboot or crash. It trusts its start_info page and nothing else. */
#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/sched.h>

#include "sha256.h"

#define PAGE 4096

extern uint8_t image_start[], image_end[]; /* unikernel.lds */
_Noreturn void unikernel_main(const struct start_info *info);

static struct {
	struct xencons_interface *ring;
	evtchn_port_t port;
} console;

static long hypercall(unsigned long number, unsigned long op, void *arg)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+D"(op), "+S"(arg)
			 : "0"(number)
			 : "rcx", "r11", "memory");
	return result;
}

/* ---- the console ------------------------------------------------------------------------------------------------ */

/* The page is among those that Xen's domain builder has mapped; the machine's table says which one it is. */
static void console_open(const struct start_info *info)
{
	unsigned long page = machine_to_phys_mapping[info->console.domU.mfn];

	console.ring = (struct xencons_interface *)(image_start + page * PAGE);
	console.port = info->console.domU.evtchn;
}

static void console_notify(void)
{
	struct evtchn_send send = {.port = console.port};

	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
}

static void put_char(char c)
{
	uint32_t at = console.ring->out_prod;
	const volatile uint32_t *read = &console.ring->out_cons;

	while (at - *read >= sizeof(console.ring->out)) {
		console_notify();
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
	}
	console.ring->out[MASK_XENCONS_IDX(at, console.ring->out)] = c;
	__asm__ volatile("" ::: "memory"); /* x86 keeps the order of writes */
	console.ring->out_prod = at + 1;
}

static void put(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_number(size_t n)
{
	char digits[21], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	put(at);
}

static void put_line(const char *what, const char *value)
{
	put(what);
	put(value);
	put("\r\n");
	console_notify();
}

/* "UNIKERNEL <what> <digest> <length>" */
static void put_hash(const char *what, const uint8_t *data, size_t len)
{
	uint8_t digest[32];

	sha256(digest, data, len);
	put(what);
	for (size_t i = 0; i < sizeof(digest); i++) {
		put_char("0123456789abcdef"[digest[i] >> 4]);
		put_char("0123456789abcdef"[digest[i] & 15]);
	}
	put(" ");
	put_number(len);
	put_line("", "");
}

/* ---- what comes then -------------------------------------------------------------------------------------------- */

/* What stands behind the last then= of the command line. */
static const char *word_then(const char *cmdline)
{
	static const char key[] = "then=";
	const char *value = "block";
	size_t n = 0;

	for (; *cmdline; cmdline++) {
		n = *cmdline == key[n] ? n + 1 : *cmdline == key[0];
		if (key[n])
			continue;
		value = cmdline + 1;
		n = 0;
	}
	return value;
}

static _Noreturn void end(const char *then)
{
	struct sched_shutdown how = {.reason = SHUTDOWN_crash};
	/* For no event at all, for ever. */
	struct sched_poll nothing = {.nr_ports = 0, .timeout = 0};

	if (then[0] == 'p')
		how.reason = SHUTDOWN_poweroff;
	if (then[0] == 'r')
		how.reason = SHUTDOWN_reboot;
	if (then[0] != 'b')
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &how);
	for (;;)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, &nothing);
}

_Noreturn void unikernel_main(const struct start_info *info)
{
	const char *cmdline = (const char *)info->cmd_line;

	console_open(info);
	put_line("UNIKERNEL cmdline ", cmdline);
	put_hash("UNIKERNEL text ", image_start, (size_t)(image_end - image_start));
	put_hash("UNIKERNEL ramdisk ", (const uint8_t *)info->mod_start, info->mod_len);
	put_line("UNIKERNEL READY ", word_then(cmdline));
	end(word_then(cmdline));
}
